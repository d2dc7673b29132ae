"""The demo from outside: a fresh process, real files, and a report that finds what was planted."""

import json
import subprocess
import sys

import pytest

from abstory.cli.demo import KEY
from abstory.simulate import LAUNCH, truth
from abstory.spec import load_file


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "abstory", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The demo as `make demo` runs it, once, and the folder it was run in."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, run("demo", cwd=folder)


@pytest.fixture(scope="module")
def project(shown):
    return shown[0] / "abstory-demo"


def test_it_ships_the_variant_that_is_truly_best(shown, project):
    _, done = shown
    assert done.returncode == 0, done.stderr
    experiment = load_file(project / "experiments" / f"{KEY}.yaml")
    best = max(experiment.treatments, key=lambda variant: truth(LAUNCH, variant, "watched_12s"))
    assert f"SHIP {best.name}" in done.stdout


def test_every_planted_lift_lies_in_its_interval(project):
    """The seed is fixed. Seven always-valid intervals at a joint 95 % hold all truths for at least 19 seeds in 20."""
    experiment = load_file(project / "experiments" / f"{KEY}.yaml")
    document = json.loads(run("report", KEY, "--json", cwd=project).stdout)
    (primary,) = [metric for metric in document["metrics"] if metric["name"] == "watched_12s"]
    control = truth(LAUNCH, experiment.control, "watched_12s")
    for comparison in primary["comparisons"]:
        (variant,) = [v for v in experiment.variants if v.name == comparison["variant"]]
        low, high = comparison["lift"]["ci"]
        assert low <= truth(LAUNCH, variant, "watched_12s") / control - 1 <= high


def test_every_step_can_be_typed_again(shown, project):
    typed = [
        line.removeprefix("$ abstory ").split() for line in shown[1].stdout.splitlines() if line.startswith("$ ab")
    ]
    assert [words[0] for words in typed] == ["validate", "assign", "ingest", "report", "gate"]
    assert run("validate", cwd=project).returncode == 0
    again = run("gate", KEY, cwd=project)
    assert again.returncode == 0
    assert again.stdout in shown[1].stdout


def test_a_second_run_makes_a_folder_of_its_own(tmp_path):
    for name in ("audience", "audience-2", "audience-3"):
        run("demo", "audience", "--viewers", "1000", cwd=tmp_path)
        assert (tmp_path / name / "abstory.duckdb").exists()


def test_a_few_viewers_decide_nothing_and_the_exit_code_says_so(tmp_path):
    done = run("demo", "--viewers", "1000", cwd=tmp_path)
    assert done.returncode == 4
    assert "SHIP" not in done.stdout


def test_the_database_named_outside_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("ABSTORY_DB", str(tmp_path / "mine.duckdb"))
    run("demo", "--viewers", "1000", cwd=tmp_path)
    assert not (tmp_path / "mine.duckdb").exists()


def test_no_folder_no_demo(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("demo", "file/inside", cwd=tmp_path)
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
