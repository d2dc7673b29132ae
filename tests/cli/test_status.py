"""`abstory status`, end to end: whole, broken, draft and empty projects."""

import json

import pytest

from abstory.cli.status import _told
from abstory.errors import ExitCode


def add(project, name, text):
    (project / "experiments" / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_a_project(project, call):
    add(project, "broken", "version: 1\nkey: broken\nfactors: {cta: [none]}\n")
    add(project, "draft", "version: 1\nkey: draft\nfactors: {cta: [none, new]}\nmetrics: {primary: like_rate}\n")
    add(
        project,
        "later",
        "version: 1\nkey: later\nschedule: {start: 2150-01-01, end: 2150-02-01, timezone: UTC}\n"
        "factors: {cta: [none, new]}\nmetrics: {primary: like_rate}\n",
    )
    code, out, errors = call("-C", project, "status")
    assert (code, errors) == (ExitCode.DONE, "")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines() if line}
    assert rows["cta"].startswith("ended 6,000 ")
    assert rows["cta"].endswith("SHIP shop_now")
    assert rows["draft"] == "draft 0 NO DATA"
    assert rows["later"] == "not started 0 NO DATA"
    assert rows["broken"] == "broken see below"
    assert "broken: broken.yaml:" in out


def test_the_document(project, call):
    add(project, "broken", "version: [")
    told = json.loads(call("-C", project, "status", "--json")[1])
    assert told["abstory"] == "status/1"
    broken, cta = told["experiments"]
    assert (broken["state"], broken["viewers"]) == ("broken", None)
    assert broken["problem"]
    assert (cta["state"], cta["viewers"], cta["ruling"]) == ("ended", 6000, "SHIP")


def test_no_database_is_no_error(project, call):
    (project / "abstory.duckdb").unlink()
    code, out, errors = call("-C", project, "status")
    assert (code, errors) == (ExitCode.DONE, "")
    assert out.splitlines()[2].split() == ["cta", "ended", "0", "NO", "DATA"]
    assert not (project / "abstory.duckdb").exists()


def test_no_files(tmp_path, call):
    code, out, _ = call("-C", tmp_path, "status")
    assert code == ExitCode.DONE
    assert "abstory new KEY" in out


def test_a_damaged_database(project, call):
    (project / "abstory.duckdb").write_bytes(b"not a database")
    assert call("-C", project, "status")[:2] == (ExitCode.ENVIRONMENT, "")


def test_a_second_look_reads_no_file_again(project, call, monkeypatch):
    first = call("-C", project, "status", "--json")[1]
    monkeypatch.setattr("abstory.spec.project.check_file", lambda path: pytest.fail(f"{path} was checked again"))
    again = call("-C", project, "status", "--json")[1]
    assert json.loads(again)["experiments"] == json.loads(first)["experiments"]


def test_what_changes_is_looked_at_again(project, call, tmp_path):
    def told():
        return {one["key"]: one for one in json.loads(call("-C", project, "status", "--json")[1])["experiments"]}

    assert told()["cta"]["viewers"] == 6000
    more = tmp_path / "more.csv"
    more.write_text("experiment,viewer_id,variant,ts\ncta,late-1,none,2025-11-10T00:00:00Z\n")
    call("-C", project, "-q", "ingest", more)
    assert told()["cta"]["viewers"] == 6001
    file = project / "experiments" / "cta.yaml"
    file.write_text(file.read_text().replace("2025-11-15", "2150-11-15"))
    assert told()["cta"]["state"] == "running"
    file.write_text("version: [")
    assert told()["cta"]["state"] == "broken"


def test_a_key_used_twice_is_seen_though_both_files_are_remembered(project, call):
    call("-C", project, "status")
    add(project, "zz", (project / "experiments" / "cta.yaml").read_text())
    for _ in range(2):
        one, other = json.loads(call("-C", project, "status", "--json")[1])["experiments"]
        assert (one["key"], other["key"], other["state"]) == ("cta", "zz", "broken")
        assert "already used" in other["problem"]


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b'{"program": 1, "found": 2}', b"\xff"])
def test_a_spoilt_cache_is_no_cache(project, call, rubbish, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = call("-C", project, "status")[1]
    (kept,) = (tmp_path / "cache").rglob("*.json")
    kept.write_bytes(rubbish)
    assert call("-C", project, "status") == (ExitCode.DONE, first, "")


def test_a_cache_that_cannot_be_kept_is_no_failure(project, call, monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("a file, not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert call("-C", project, "status")[0] == ExitCode.DONE


def test_the_clock_goes_on_while_nothing_else_changes():
    """State and age follow the instant of the look, not that of what is remembered."""
    entry = dict.fromkeys(("day", "days", "immature", "ruling", "variant", "days_left"))
    entry |= {"key": "x", "file": "x.yaml", "state": "draft", "viewers": 5, "data": "ok", "problem": ""}
    kept = {"entry": entry, "start": 10, "end": 20, "seen": True, "pinned": True, "stale_from": 15}
    looks = [(_told(kept, now).state, _told(kept, now).data) for now in (9, 10, 15, 16, 20)]
    assert looks == [
        ("not started", "ok"),
        ("running", "ok"),
        ("running", "ok"),
        ("running", "warn"),
        ("ended", "warn"),
    ]


def test_a_project_folder_that_is_not_there_is_refused_and_not_read_as_empty(tmp_path, call):
    code, out, told = call("-C", tmp_path / "typo", "status")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert f"there is no project folder {tmp_path / 'typo'}" in told


def test_init_makes_the_project_folder_that_is_not_there(tmp_path, call):
    assert call("-C", tmp_path / "new", "init")[0] == ExitCode.DONE
    assert call("-C", tmp_path / "new", "status")[0] == ExitCode.DONE
