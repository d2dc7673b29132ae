"""`report --as-of T --known-then`: what a report said at T, although rows of before T came later."""

import json
from datetime import datetime

import pytest

from abstory.errors import ExitCode
from abstory.warehouse import open_store
from abstory.warehouse.base import Wishes

THEN, AFTER = "2025-11-06T00:00:00+00:00", "2025-11-09T00:00:00+00:00"
WISHES = Wishes({}, None, None, frozenset({"view", "like", "exposure"}))
CTA = """\
version: 1
key: cta
schedule: {start: 2025-11-01, end: 2025-11-15}
factors: {cta: [none, shop_now]}
metrics: {primary: like_rate}
"""


def us(text):
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four viewers of day one; the likes of two of them, and one viewer, came days later."""
    folder = tmp_path_factory.mktemp("late")
    (folder / "experiments").mkdir()
    (folder / "experiments" / "cta.yaml").write_text(CTA)
    shown = [f"cta,v{i},{('none', 'shop_now')[i % 2]},2025-11-01T10:00:00Z" for i in range(5)]
    liked = [f"v{i},s,like,2025-11-01T11:00:00Z" for i in range(4)]
    held = [*liked[:2], "w,s,view,2025-11-05T23:00:00Z"]
    files = {
        "e1": ("experiment,viewer_id,variant,ts", shown[:4], THEN),
        "v1": ("viewer_id,story_id,event,ts", held, THEN),
        "e2": ("experiment,viewer_id,variant,ts", shown[4:], AFTER),
        "v2": ("viewer_id,story_id,event,ts", liked[2:], AFTER),
    }
    paths = {name: folder / f"{name}.csv" for name in files}
    database = folder / "abstory.duckdb"
    with open_store(database, create=True, files=tuple(paths.values())) as store:
        for name, (head, rows, at) in files.items():
            paths[name].write_text("\n".join([head, *rows]) + "\n")
            store.ingest(paths[name], WISHES, now_us=us(at))
    return folder


def told(call, folder, *more):
    code, text, errors = call("-C", folder, "--db", folder / "abstory.duckdb", "report", "cta", "--json", *more)
    assert (code, errors) == (0, "")
    return json.loads(text)


def test_as_of_reads_event_time_and_names_what_came_later(call, folder):
    report = told(call, folder, "--as-of", THEN)
    assert [arm["viewers"] for arm in report["variants"]] == [3, 2]
    assert [report["metrics"][0]["control"], report["as_of_from"]] == [2 / 3, "as given"]
    assert (
        "1 exposure and 2 events of before then arrived later: they count; --known-then leaves them out"
        in (report["method"]["notes"])
    )


def test_known_then_is_what_was_stored_then(call, folder):
    report = told(call, folder, "--as-of", THEN, "--known-then")
    assert [arm["viewers"] for arm in report["variants"]] == [2, 2]
    assert [report["metrics"][0]["control"], report["as_of_from"]] == [1 / 2, "as known then"]
    assert "1 exposure and 2 events of before then arrived later: they are left out" in report["method"]["notes"]


def test_the_late_events_are_named(call, folder):
    check = next(c for c in told(call, folder, "--as-of", AFTER)["data"]["checks"] if c["id"] == "arrived_late")
    assert check["status"] == "warn"
    # Two of five viewers; their window had closed when the store had reached 5 November 23:00, 4.5 days after: whole ones are said.
    assert check["said"] == "2 events of 2 viewers (40.0%) came late, up to 4 d"


def test_before_anything_was_loaded_there_is_nothing_to_know(call, folder):
    report = told(call, folder, "--as-of", "2025-11-04", "--known-then")
    assert report["verdict"]["ruling"] == "NO DATA"
    assert report["method"]["notes"][-1].startswith("nothing was loaded by then")


def test_known_then_needs_an_instant(call, folder):
    code, out, errors = call("-C", folder, "report", "cta", "--known-then")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "--known-then needs an instant" in errors
