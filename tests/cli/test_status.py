"""`abstory status`, end to end: whole, broken, draft and empty projects."""

import json

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
