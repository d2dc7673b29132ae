"""`abstory ingest` as a user meets it: counts, reasons, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from abstory.cli.main import run

CASES = Path(__file__).parent.parent / "cases" / "events"
EXPERIMENT = """\
version: 1
key: shop
metrics:
  primary: bought
  define:
    bought: {kind: proportion, event: purchase}
factors:
  cta: [plain, bold]
variants:
  control: {cta: plain}
  bold: {cta: bold}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_counts_on_stdout_and_reasons_on_stderr(project, capsys):
    assert run(["--ascii", "ingest", str(CASES / "131_numbers.csv"), "--show", "2"]) == 0
    said = capsys.readouterr()
    assert " ".join(said.out.replace("|", " ").split()).count("13 2 0 11") == 1
    assert "131_numbers.csv:3: watch_ms is no whole number" in said.err
    assert "11 rows set aside" in said.err


def test_a_refused_file_does_not_stop_the_others(project, capsys):
    names = ("115_utf16.csv", "100_ok.csv", "175_bitflip.parquet", "150_ok.jsonl")
    assert run(["ingest", "--json", *(str(CASES / name) for name in names)]) == 2
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert [(one["stored"], one["duplicate"]) for one in document["files"]] == [(3, 0), (0, 3)]
    assert document["refused"] == 2
    assert said.err.count("abstory: ") == 2


def test_where_every_file_is_refused_nothing_is_written(project, capsys):
    assert run(["ingest", str(CASES / "115_utf16.csv"), str(CASES / "nowhere.csv")]) == 2
    assert not list(project.iterdir())
    assert capsys.readouterr().err.count("abstory: ") == 2


def test_events_that_a_file_of_the_project_declares_are_known(project, capsys):
    rows = write(project / "e.csv", "viewer_id,story_id,event,ts", "v1,s1,purchase,2026-01-01T00:00:00Z")
    assert run(["ingest", "--json", rows]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["quarantined"] == 1
    (project / "experiments").mkdir()
    write(project / "experiments" / "shop.yaml", EXPERIMENT)
    assert run(["ingest", "--json", rows]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["stored"] == 1


def test_mapping_experiment_and_kind(project, capsys):
    rows = write(project / "x.csv", "user,variant,ts", "v1,control,2026-01-01T00:00:00Z")
    assert run(["ingest", rows]) == 2
    assert "no column experiment, viewer_id" in capsys.readouterr().err
    options = ["--map", "user=viewer_id", "--experiment", "hook", "--kind", "exposures", "--json"]
    assert run(["ingest", rows, *options]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["stored"] == 1
    assert run(["ingest", rows, "--map", "user"]) == 2
    assert run(["ingest", rows, "--map", "viewer_id=user"]) == 2
    assert "write --map user=viewer_id" in capsys.readouterr().err


def test_a_held_database_leaves_with_the_code_of_the_environment(project):
    assert run(["ingest", str(CASES / "100_ok.csv")]) == 0
    hold = "from pathlib import Path; from abstory.warehouse import open_store\nwith open_store(Path('abstory.duckdb')): print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        assert run(["ingest", str(CASES / "100_ok.csv")]) == 6
        holder.kill()


def test_a_database_that_is_none_is_left_alone(project, capsys):
    (project / "abstory.duckdb").write_text("my notes, no database\n")
    assert run(["ingest", str(CASES / "100_ok.csv")]) == 6
    assert "not an abstory database" in capsys.readouterr().err
    assert (project / "abstory.duckdb").read_text() == "my notes, no database\n"
