"""Standard streams that are closed, full or gone: never success, never somebody else's file."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from abstory.errors import ExitCode

COMMAND = [sys.executable, "-m", "abstory"]


def shell(redirected, *arguments):
    """As typed in a shell, `>&-` and all."""
    quoted = " ".join(f"'{word}'" for word in [*COMMAND, *map(str, arguments)])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{quoted} {redirected}"], capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


SAYING = [["report", "cta"], ["gate", "cta", "--json"], ["status"], ["--help"]]


@pytest.mark.parametrize("arguments", SAYING, ids=" ".join)
def test_a_closed_stdout_is_never_success(project, arguments):
    assert shell(">&-", "-C", project, *arguments) == (ExitCode.ENVIRONMENT, "", "abstory: stdout is closed\n")


def test_what_needs_no_stdout_does_without(project, tmp_path):
    file = tmp_path / "report.json"
    code, _, errors = shell(">&-", "-C", project, "report", "cta", "-o", file)
    assert (code, errors) == (ExitCode.DONE, f"wrote {file}\n")
    assert file.read_text(encoding="utf-8").startswith("{")


def test_a_closed_stderr_changes_no_code(project):
    assert shell("2>&-", "-C", project, "report", "nope")[:2] == (ExitCode.REFUSED, "")
    code, out, _ = shell("2>&-", "-C", project, "report", "cta")
    assert code == ExitCode.DONE
    assert out.startswith("cta · ")


def test_all_streams_closed(project):
    assert shell("<&- >&- 2>&-", "-C", project, "gate", "cta") == (ExitCode.ENVIRONMENT, "", "")


def test_the_database_never_takes_the_place_of_a_closed_stream(project):
    """The first file opened gets the lowest number: what is printed must not end in it."""
    before = (project / "abstory.duckdb").read_bytes()
    shell(">&- 2>&-", "-C", project, "report", "cta")
    assert (project / "abstory.duckdb").read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", SAYING, ids=" ".join)
def test_a_full_disk_is_never_success(project, arguments):
    assert shell(">/dev/full", "-C", project, *arguments) == (
        ExitCode.ENVIRONMENT,
        "",
        "abstory: no space left to write to\n",
    )


@pytest.mark.parametrize("arguments", [*SAYING, ["report", "cta", "--format", "md"]], ids=" ".join)
def test_a_pipe_that_nobody_reads_is_quiet(project, arguments):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            [*COMMAND, "-C", str(project), *arguments], stdout=closed, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (ExitCode.ENVIRONMENT, "")


AGE = re.compile(rb'"age_us": \d+')
LOCALES = ("C", "de_DE.UTF-8", "tr_TR.UTF-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "cta"],
        ["report", "cta", "--json"],
        ["report", "cta", "--format", "csv"],
        ["status"],
        ["power", "cta"],
    ],
    ids=" ".join,
)
def test_output_is_the_same_under_every_locale(loaded, arguments):
    printed = set()
    for name in LOCALES:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHON"))}
        done = subprocess.run(
            [*COMMAND, "-C", str(loaded), *arguments],
            env=environment | {"LC_ALL": name, "LANG": name, "TZ": "Europe/Istanbul"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed.add(AGE.sub(b"", done.stdout))
    assert len(printed) == 1
