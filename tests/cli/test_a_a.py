"""An A/A test from the file to the gate: two variants of one creative, which nothing but chance tells apart."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest

AA = """\
version: 1
key: a-a
schedule: {start: 2025-11-01, end: 2025-11-15}
factors: {filter: [none], cta: [none]}
variants:
  same: {filter: none, cta: none}
  again: {filter: none, cta: none}
metrics:
  primary: {name: completion_rate, mde: 5%}
  guardrails: {name: hide_rate, margin: 200%}
analysis: {looks: fixed}
decision: {min_per_variant: 500}
"""
FIRST = datetime(2025, 11, 1, tzinfo=UTC)
VIEWERS = 3000


def table(path, head, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def at(minutes):
    return (FIRST + timedelta(minutes=minutes)).isoformat()


@pytest.fixture
def project(tmp_path, call):
    """Viewers whom assignment itself spreads; what they do follows from their number alone."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments/a-a.yaml").write_text(AA, encoding="utf-8")
    viewers = table(tmp_path / "viewers.csv", ["viewer_id"], ([f"viewer-{n}"] for n in range(VIEWERS)))
    assigned = tmp_path / "assigned.csv"
    assert call("-C", tmp_path, "assign", "a-a", "--input", viewers, "-o", assigned, "--dry-run")[0] == 0
    with assigned.open(encoding="utf-8") as file:
        given = {row["viewer_id"]: row["variant"] for row in csv.DictReader(file)}
    seen = (["a-a", f"viewer-{n}", given[f"viewer-{n}"], at(n)] for n in range(VIEWERS))
    done = [[f"viewer-{n}", "launch", "complete", at(n + 1)] for n in range(VIEWERS) if n % 5 < 2]
    hid = [[f"viewer-{n}", "launch", "hide", at(n + 1)] for n in range(0, VIEWERS, 20)]
    late = [["somebody", "launch", "view", at(15 * 24 * 60)]]
    exposures = table(tmp_path / "exposures.csv", ["experiment", "viewer_id", "variant", "ts"], seen)
    events = table(tmp_path / "events.csv", ["viewer_id", "story_id", "event", "ts"], [*done, *hid, *late])
    assert call("-C", tmp_path, "-q", "ingest", exposures, events)[0] == 0
    return tmp_path


def test_it_is_asked_about_and_allowed(project, call):
    code, out, _ = call("-C", project, "validate", "--format", "concise")
    assert code == 0
    assert "W207" in out
    assert call("-C", project, "validate", "--strict")[0] == 2


def test_the_first_declared_is_the_control_and_nothing_wins(project, call):
    code, out, _ = call("-C", project, "report", "a-a", "--as-of", "2025-11-16", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["verdict"]["ruling"] == "KEEP"
    (completion,) = (metric for metric in document["metrics"] if metric["name"] == "completion_rate")
    (comparison,) = completion["comparisons"]
    assert (document["experiment"]["control"], comparison["variant"]) == ("same", "again")
    # What they do does not depend on the variant, so p is uniform; the seed is the contract of assignment.
    assert comparison["p"] > 0.01
    assert call("-C", project, "gate", "a-a", "--as-of", "2025-11-16")[0] == 3
