"""`abstory completion`: the scripts, and what they complete, through the shell's own protocol."""

import os
import shutil
import subprocess
import sys

import pytest

from abstory.cli.completion import SHELLS


def completed(project, typed):
    words = ["abstory", "-C", str(project), *typed]
    told = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_ABSTORY_COMPLETE": "bash_complete"}
    code = "import sys; from abstory.cli.main import main; sys.argv = ['abstory']; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code], check=False, env={**os.environ, **told}, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.split()


def test_commands_options_and_keys(project):
    assert completed(project, ["rep"]) == ["plain,report"]
    assert completed(project, ["report", "ct"]) == ["plain,cta"]
    assert "plain,--as-of" in completed(project, ["report", "cta", "--a"])
    assert completed(project, ["gate", "x"]) == []


def test_a_broken_file_disturbs_nothing(project):
    (project / "experiments" / "a.yaml").write_text(": : :\n\t")
    assert completed(project, ["report", "c"]) == ["plain,cta"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_the_shell_can_read(call, shell):
    code, out, _ = call("completion", shell)
    assert code == 0
    assert "_ABSTORY_COMPLETE" in out
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=out, text=True, check=True)
