"""When rows arrived: kept by ingest, hidden by a recall, and what came behind counted as a plain reading counts it."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abstory.metrics import Measure, MeasureKind
from abstory.warehouse import open_store
from abstory.warehouse.base import Arm, Exposure, RollUp, Wishes
from abstory.warehouse.parts import Late, Later
from abstory.warehouse.rollup_late import ONE_LOAD_US, frontiers

HOUR = 3_600_000_000
START = 20_000 * 24 * HOUR
WISHES = Wishes({}, None, None, frozenset({"view", "exposure"}))
LIKES = Measure(MeasureKind.COUNT, ("like",))
QUESTION = RollUp("cta", (Arm("a", None), Arm("b", None)), START, START + 99 * HOUR, 2 * HOUR, START + 50 * HOUR, "s",
                  (LIKES,), ())  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("arrival") / "a.duckdb", create=True) as opened:
        yield opened


NAMES = {
    "exposures": "experiment, viewer_id, variant, exposed_at, story_id, fingerprint, forced, arrived_at",
    "events": "viewer_id, story_id, event, occurred_at, watch_ms, value, event_id, arrived_at",
}


def fill(store, exposures, events):
    connection = store.connection
    for table, rows in (("exposures", exposures), ("events", events)):
        connection.execute(f"DELETE FROM {table}")
        marks = (
            "'cta', ?, 'a', ?, 's', NULL, FALSE, ?" if table == "exposures" else "?, ?, 'like', ?, NULL, NULL, NULL, ?"
        )
        if rows:
            connection.executemany(
                f"INSERT INTO {table} ({NAMES[table]}) VALUES ({marks})", [list(row) for row in rows]
            )


arrivals = st.one_of(st.none(), st.sampled_from([0, 1, HOUR // 2, HOUR, 3 * HOUR, 9 * HOUR, 30 * HOUR]))
hours = st.integers(-2, 52).map(lambda hour: START + hour * HOUR)
shown = st.lists(st.tuples(st.sampled_from("uvw"), hours, arrivals), max_size=5)
liked = st.lists(st.tuples(st.sampled_from("uvwx"), st.sampled_from(["s", "t"]), hours, arrivals), max_size=12)


def plainly(exposures, events, question):
    """Event by event: what had the loads of more than an hour before it reached when it came?"""
    first = {}
    for viewer, at, _ in exposures:
        if question.start_us <= at <= question.as_of_us:
            first[viewer] = min(at, first.get(viewer, at))
    counted = [e for e in events if question.start_us <= e[2] < question.as_of_us]
    if all(arrived is None for *_, arrived in counted):
        return None
    behind = []
    for viewer, story, at, arrived in counted:
        if arrived is None or viewer not in first or story != "s":
            continue
        before = [e[2] for e in counted if e[3] is None or e[3] <= arrived - ONE_LOAD_US]
        closes = first[viewer] + question.window_us
        if before and first[viewer] <= at < closes <= min(max(before), question.as_of_us):
            behind.append((viewer, max(before) - at))
    return Late(len(behind), len({v for v, _ in behind}), max((by for _, by in behind), default=0))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shown, liked, st.sampled_from([QUESTION, replace(QUESTION, as_of_us=START + 20 * HOUR)]))
def test_late_events_are_those_a_plain_reading_finds(store, exposures, events, question):
    fill(store, exposures, events)
    assert store.roll_up(question).late == plainly(exposures, events, question)


def test_loads_in_order_and_files_of_one_hour_hold_nothing_late():
    day = 24 * HOUR
    assert frontiers([(day, 0, day - 1), (2 * day, day, 2 * day - 1)]) == {}
    assert frontiers([(day, 0, day - 1), (day + HOUR - 1, 0, day - 1)]) == {}
    assert frontiers([(day, 0, day - 1), (day + HOUR, 0, day - 1)]) == {day + HOUR: day - 1}
    assert frontiers([(None, 0, day), (2 * day, day - 1, 3 * day)]) == {2 * day: day}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shown, liked, st.sampled_from([0, HOUR, 9 * HOUR]))
def test_a_recalled_store_answers_as_one_that_never_had_the_later_rows(store, exposures, events, known):
    fill(store, exposures, events)
    with store.recalled(known):
        recalled = (store.roll_up(QUESTION), store.span("cta"))
    whole = store.roll_up(QUESTION)
    then = [[row for row in rows if row[-1] is None or row[-1] <= known] for rows in (exposures, events)]
    fill(store, *then)
    assert recalled == (store.roll_up(QUESTION), store.span("cta"))
    fill(store, exposures, events)
    assert store.roll_up(QUESTION) == whole


def test_ingest_notes_when_a_row_came_and_a_repeated_row_keeps_its_first_time(tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    v, w = "v,s,view,2026-01-01T00:00:01Z\n", "w,s,view,2026-01-01T00:00:02Z\n"
    first.write_text(f"viewer_id,story_id,event,ts\n{v}")
    second.write_text(f"viewer_id,story_id,event,ts\n{v}{w}")
    at = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
    with open_store(tmp_path / "a.duckdb", create=True, files=(first, second)) as store:
        store.ingest(first, WISHES, now_us=at + HOUR)
        store.ingest(second, WISHES, now_us=at + 2 * HOUR)
        store.record([Exposure("cta", "v", "a", at)])
        kept = store.connection.execute("SELECT viewer_id, arrived_at FROM events ORDER BY ALL").fetchall()
        assert kept == [("v", at + HOUR), ("w", at + 2 * HOUR)]
        assert store.connection.execute("SELECT arrived_at FROM exposures").fetchall() == [(None,)]
        assert store.later("cta", at + HOUR) == Later(exposures=0, events=1, began=True)
        assert store.later("cta", at + HOUR - 1) == Later(exposures=0, events=2, began=False)
