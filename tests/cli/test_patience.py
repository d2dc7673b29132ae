"""A bar where a command takes its time: seen on a terminal, never in a pipe, and data stay data."""

import os
import pty
import subprocess
import sys

import pytest

CODE = """
import sys
from abstory.cli import patience
from abstory.cli.main import run
patience.PATIENT_SECONDS = 0.0
sys.exit(run(sys.argv[1:]))
"""


def ran(project, *arguments, terminal):
    """Exit code, stdout and what a terminal (or a pipe) on stderr was sent."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    typed = [sys.executable, "-c", CODE, "-C", str(project), *arguments]
    done = subprocess.Popen(
        typed, stdout=subprocess.PIPE, stderr=theirs, text=True, env={**os.environ, "TERM": "xterm"}
    )
    os.close(theirs)
    out, said = done.communicate()[0], b""
    while chunk := _read(ours):
        said += chunk
    os.close(ours)
    return done.returncode, out, said.decode()


def _read(stream):
    try:
        return os.read(stream, 65536)
    except OSError:  # a terminal whose other end is closed
        return b""


@pytest.mark.parametrize(("command", "bar"), [(("report", "cta"), "reading the log"), (("status",), "experiments")])
def test_a_long_command_is_watched_on_a_terminal_alone(project, command, bar):
    watched, piped = ran(project, *command, terminal=True), ran(project, *command, terminal=False)
    assert watched[0] == piped[0] == 0
    assert watched[1] == piped[1]
    assert bar in watched[2]
    assert piped[2] == ""
    assert ran(project, "-q", *command, terminal=True)[2] == ""
