"""The examples for pipelines, run as far as that goes without their hosts: what they do at each of the gate's answers."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples" / "pipelines"
LOGS = ("data/exposures.csv", "data/events.csv")


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """The demo's project, whose gate says ship, with its logs where the examples look for them."""
    folder = tmp_path_factory.mktemp("stories") / "project"
    typed = [sys.executable, "-m", "abstory", "demo", str(folder)]
    subprocess.run(typed, check=True, capture_output=True)
    (folder / "data").mkdir()
    for name in LOGS:
        shutil.move(folder / Path(name).name, folder / name)
    (folder / "abstory.duckdb").unlink()
    return folder


@pytest.fixture
def project(stories, tmp_path):
    return shutil.copytree(stories, tmp_path / "project")


@pytest.fixture
def shell(project, tmp_path):
    """Runs a command in the project, with `abstory` on the path; an answer stands in for it, with a gate of that code."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "abstory").write_text(
        "#!/bin/sh\n"
        f'[ -n "$ANSWER" ] || exec "{sys.executable}" -m abstory "$@"\n'
        'for word in "$@"; do [ "$word" = gate ] && { echo \'{"recommended": "x"}\'; exit "$ANSWER"; }; done\nexit 0\n'
    )
    (bin_folder / "abstory").chmod(0o755)
    (bin_folder / "python3").symlink_to(sys.executable)
    place = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "GITHUB_OUTPUT": str(tmp_path / "outputs")}

    def shell(command, answer=""):
        path = f"{bin_folder}:{os.environ['PATH']}"
        told = {**os.environ, **place, "PATH": path, **({"ANSWER": str(answer)} if answer != "" else {})}
        return subprocess.run(  # noqa: S602 the examples are shell, and ours
            command, shell=True, cwd=project, env=told, capture_output=True, text=True, check=False
        )

    return shell


def steps():
    jobs = YAML(typ="safe").load((EXAMPLES / "github-actions.yml").read_text(encoding="utf-8"))["jobs"]
    return {step["name"]: step["run"] for step in jobs["gate"]["steps"] if "name" in step}, jobs


def test_github_actions(shell, project, tmp_path):
    runs, jobs = steps()
    for name in ("Check the experiment files", "Load"):
        done = shell(f"bash -e -c '{runs[name]}'")
        assert done.returncode == 0, done.stderr
    # The demo's data end yesterday or before: the age is the runner's affair, the steps are what is tried.
    (tmp_path / "ask.sh").write_text(runs["Ask"].replace("--max-age 24h", "--max-age 30d"))
    done = shell(f"bash -e {tmp_path / 'ask.sh'}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("::notice title=abstory gate%3A OPEN launch-cta")
    outputs = dict(line.split("=", 1) for line in (tmp_path / "outputs").read_text().splitlines())
    assert (outputs["outcome"], outputs["variant"]) == ("open", "warm.12s.shop_now")
    assert "open" in jobs["release"]["if"]
    assert (project / "gate.xml").exists()
    assert shell(runs["Write the page"]).returncode == 0
    assert (project / "report.html").exists()


@pytest.mark.parametrize(("answer", "leaves"), [(0, 0), (3, 0), (4, 0), (1, 1), (2, 2), (5, 5), (6, 6), (130, 130)])
def test_github_actions_fails_where_there_is_no_answer(shell, tmp_path, answer, leaves):
    runs, _ = steps()
    (tmp_path / "ask.sh").write_text(runs["Ask"])
    assert shell(f"bash -e {tmp_path / 'ask.sh'}", answer).returncode == leaves


@pytest.mark.parametrize(
    ("answer", "leaves", "said"),
    [
        (0, 0, "release "),
        (4, 0, "not decided yet"),
        (3, 2, "control stays"),
        (5, 2, "no answer (exit 5)"),
        (1, 2, "no answer (exit 1)"),
    ],
)
def test_make(shell, project, answer, leaves, said):
    shutil.copy(EXAMPLES / "Makefile", project / "Makefile")
    done = shell("make ship", answer)
    assert (done.returncode, said in done.stdout + done.stderr) == (leaves, True), done.stderr
    assert ("release " in done.stdout) is (answer == 0)


def test_make_releases_the_recommended_variant(shell, project):
    shutil.copy(EXAMPLES / "Makefile", project / "Makefile")
    text = (project / "Makefile").read_text().replace("--max-age 24h", "--max-age 30d")
    (project / "Makefile").write_text(text)
    done = shell("make ship")
    assert done.stdout.splitlines()[-1] == "release warm.12s.shop_now", done.stderr
    assert json.loads((project / "gate.json").read_text())["exit_code"] == 0


class Operator:
    """Stands for the scheduler's: it keeps what it was given, and the order."""

    def __init__(self, **given):
        self.given, self.then = given, []

    def __rshift__(self, other):
        self.then.append(other)
        return other


class Dag:
    def __init__(self, **given):
        self.given = given

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def test_airflow(monkeypatch):
    names = ("airflow", "airflow.sdk", "airflow.providers", "airflow.providers.standard")
    for name in (*names, "airflow.providers.standard.operators", "airflow.providers.standard.operators.bash"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["airflow.sdk"].DAG = Dag
    sys.modules["airflow.providers.standard.operators.bash"].BashOperator = Operator
    told = {}
    exec(compile((EXAMPLES / "airflow_dag.py").read_text(encoding="utf-8"), "airflow_dag.py", "exec"), told)  # noqa: S102 ours
    load, gate, release = told["load"], told["gate"], told["release"]
    assert (load.then, gate.then, release.then) == ([gate], [release], [])
    assert gate.given["skip_on_exit_code"] == 4
    assert told["dag"].given["max_active_runs"] == 1
    for task in (load, gate):
        assert " gate launch-cta " in f"{task.given['bash_command']} " or " ingest " in task.given["bash_command"]
