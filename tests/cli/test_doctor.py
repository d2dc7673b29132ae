"""`abstory doctor`: what is well, what is not, and the exit code that goes with it."""

import json

import duckdb

from abstory.errors import ExitCode


def findings(call, folder):
    code, out, errors = call("-C", folder, "doctor", "--json")
    assert errors == ""
    told = json.loads(out)
    assert told["abstory"] == "doctor/1"
    return code, {one["about"]: one for one in told["findings"]}


def test_a_sound_project(project, call):
    code, told = findings(call, project)
    assert code == ExitCode.DONE
    assert {one["status"] for one in told.values()} == {"ok"}
    assert "6,000 exposures" in told["rows"]["said"]
    assert "1 valid" in told["experiments"]["said"]
    code, out, _ = call("-C", project, "--width", "60", "doctor")
    assert code == ExitCode.DONE
    assert max(map(len, out.splitlines())) <= 60


def test_an_empty_folder_is_no_failure(tmp_path, call):
    code, told = findings(call, tmp_path)
    assert code == ExitCode.DONE
    assert (told["database"]["status"], told["experiments"]["status"]) == ("unknown", "unknown")
    assert not list(tmp_path.iterdir())


def test_a_database_of_others(tmp_path, call):
    with duckdb.connect(tmp_path / "abstory.duckdb") as other:
        other.execute("CREATE TABLE theirs (x INTEGER)")
    code, told = findings(call, tmp_path)
    assert code == ExitCode.ENVIRONMENT
    assert "not an abstory database" in told["database"]["said"]


def test_an_invalid_file(project, call):
    (project / "experiments" / "other.yaml").write_text("version: 1\nkey: other\n")
    code, told = findings(call, project)
    assert code == ExitCode.REFUSED
    assert "1 of 2 files" in told["experiments"]["said"]
    assert "other.yaml" in told["experiments"]["said"]


def test_rows_set_aside_are_told_with_their_reasons(project, call):
    bad = project / "bad.csv"
    bad.write_text("viewer_id,story_id,event,ts\n,launch,view,2025-11-02T00:00:00Z\nv,launch,view,never\n")
    assert call("-C", project, "-q", "ingest", bad)[0] == ExitCode.DONE
    code, told = findings(call, project)
    assert code == ExitCode.DONE
    assert told["set aside"]["status"] == "warn"
    assert told["set aside"]["said"].startswith("2 rows: 1 x ")
