"""Frames from a file to counts: what is kept and set aside, and the roll-up against a plain reading in Python."""

import csv
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abstory.metrics import EVENTS
from abstory.warehouse import open_store
from abstory.warehouse.base import Arm, FrameData, RollUp, Wishes

SECOND = 1_000_000
DAY = 86_400 * SECOND
START = 20_000 * DAY
ARMS = (Arm("three", 15_000, 3), Arm("five", None, 5), Arm("none", None, None))
QUESTION = RollUp("e", ARMS, START, START + 14 * DAY, DAY, START + 10 * DAY, "s", (), ())


def wishes(**frames):
    return Wishes({}, None, None, frozenset((*EVENTS, "exposure")), frames)


@pytest.fixture
def store(tmp_path):
    with open_store(
        tmp_path / "a.duckdb", create=True, files=[tmp_path / f"a.{end}" for end in ("csv", "jsonl", "parquet")]
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("frames") / "a.duckdb", create=True) as opened:
        yield opened


def load(store, path, lines, how=None):
    path.write_text("viewer_id,story_id,event,ts,frame\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return store.ingest(path, how or wishes(), now_us=1)


def frames_of(store):
    return [row[0] for row in store.connection.execute("SELECT frame FROM events ORDER BY occurred_at").fetchall()]


def test_a_frame_is_kept_and_may_be_left_out(store, tmp_path):
    rows = [
        f"v,s,tap_forward,2026-11-03T18:30:0{second}Z,{frame}" for second, frame in enumerate(["1", "", "50", "3.0"])
    ]
    found = load(store, tmp_path / "a.csv", rows)
    assert (found.stored, found.quarantined) == (4, 0)
    assert frames_of(store) == [1, None, 50, 3]


@pytest.mark.parametrize("frame", ["0", "-1", "51", "2.5", "cta", "1e1", "99999999999999999999"])
def test_an_impossible_frame_is_set_aside(store, tmp_path, frame):
    found = load(
        store, tmp_path / "a.csv", [f"v,s,exit,2026-11-03T18:30:00Z,{frame}", "w,s,exit,2026-11-03T18:30:00Z,1"]
    )
    assert (found.stored, found.quarantined) == (1, 1)
    assert dict(found.reasons) == {"frame is no whole number from 1 to 50": 1}


def test_a_frame_beyond_its_story_is_set_aside_and_of_another_story_is_not(store, tmp_path):
    rows = ["v,s,exit,2026-11-03T18:30:00Z,4", "v,s,exit,2026-11-03T18:31:00Z,3", "v,other,exit,2026-11-03T18:32:00Z,4"]
    found = load(store, tmp_path / "a.csv", rows, wishes(s=3))
    assert (found.stored, dict(found.reasons)) == (2, {"frame is beyond the 3 of its story": 1})
    later = load(store, tmp_path / "a.csv", rows, wishes(s=4))
    assert (later.already, later.stored, later.quarantined) == (False, 1, 0)


def test_frames_come_from_json_lines_and_parquet_too(store, tmp_path):
    import polars as pl

    lines = tmp_path / "a.jsonl"
    lines.write_text('{"viewer_id":"v","story_id":"s","event":"exit","ts":"2026-11-03T18:30:00Z","frame":2}\n', "utf-8")
    assert store.ingest(lines, wishes(), now_us=1).stored == 1
    table = tmp_path / "a.parquet"
    row = {"viewer_id": ["v"], "story_id": ["s"], "event": ["swipe"], "ts": ["2026-11-03T18:31:00Z"], "frame": [3]}
    pl.DataFrame(row).write_parquet(table)
    assert store.ingest(table, wishes(), now_us=1).stored == 1
    assert frames_of(store) == [2, 3]


def test_a_store_from_before_frames_reads_on(tmp_path):
    # The schema's second step, as an older version left it, with a row in it.
    import duckdb

    from abstory.warehouse.migrations import migrate, migrations

    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        migrate(connection)
        connection.execute("ALTER TABLE events DROP COLUMN frame")
        connection.execute("INSERT INTO events (viewer_id, event, occurred_at) VALUES ('v', 'exit', 1)")
        frames = next(step for step in migrations() if step.name == "frames" or "frame" in step.sql)
        connection.execute(frames.sql)
        assert connection.execute("SELECT frame FROM events").fetchall() == [(None,)]


# --- the roll-up against a plain reading


def plainly(exposures, events, arm_at, question):
    """One variant's frames, viewer by viewer, in Python."""
    arm = question.arms[arm_at]
    first = {}
    for viewer, at, variant in sorted(exposures, key=lambda e: (e[1], [a.variant for a in question.arms].index(e[2]))):
        first.setdefault(viewer, (at, variant))
    ended, done, beyond, unframed = Counter(), Counter(), 0, 0
    times = Counter()
    for viewer, (at, variant) in first.items():
        if variant != arm.variant or at + question.window_us > question.as_of_us:
            continue
        own = [e for e in events if e[0] == viewer and e[1] == "s" and at <= e[3] < min(at + DAY, question.as_of_us)]
        if not own:
            continue
        inside = [e for e in own if e[5] is not None and e[5] <= arm.frames]
        beyond += sum(e[5] is not None and e[5] > arm.frames for e in own)
        unframed += sum(e[5] is None and e[2] in {"exit", "swipe", "tap_forward", "tap_back"} for e in own)
        completed = any(
            e[2] == "complete" or (e[2] == "view" and arm.length_ms and (e[4] or 0) >= arm.length_ms) for e in own
        )
        furthest = max((e[5] for e in inside), default=1)
        there = {e[2] for e in inside if e[5] == furthest}
        cause = next((name for name in ("swipe", "exit") if name in there), "")
        ended[arm.frames if completed else furthest, "complete" if completed else cause] += 1
        for key in {(e[5], e[2]) for e in inside}:
            done[key] += 1
        times.update((e[5], e[2]) for e in inside)
    return FrameData(dict(ended), {key: (n, times[key]) for key, n in done.items()}, beyond, unframed)


viewers = st.sampled_from(["a", "b", "c", "d"])
moments = st.one_of(st.sampled_from([0, 1, DAY - 1, DAY, 9 * DAY, 9 * DAY + 1]), st.integers(0, 12 * DAY)).map(
    START.__add__
)
exposures = st.lists(st.tuples(viewers, moments, st.sampled_from(["three", "five", "none"])), max_size=8)
names = st.sampled_from(["view", "complete", "exit", "swipe", "tap_forward", "tap_back", "like"])
events = st.lists(
    st.tuples(
        viewers,
        st.sampled_from(["s", "s", "s", "t"]),
        names,
        moments,
        st.sampled_from([None, 4000, 15_000]),
        st.sampled_from([None, 1, 2, 3, 4, 5, 6, 50]),
    ),
    max_size=25,
)


@given(exposures, events)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_roll_up_is_the_plain_reading(shared, exposures, events):
    connection = shared.connection
    connection.execute("DELETE FROM exposures")
    connection.execute("DELETE FROM events")
    for viewer, at, variant in exposures:
        connection.execute(
            "INSERT INTO exposures (experiment, viewer_id, variant, exposed_at) VALUES ('e', ?, ?, ?)",
            [viewer, variant, at],
        )
    for row in events:
        connection.execute(
            "INSERT INTO events (viewer_id, story_id, event, occurred_at, watch_ms, frame) VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
    answer = shared.roll_up(QUESTION)
    for at, arm in enumerate(ARMS):
        wanted = plainly(exposures, events, at, QUESTION) if arm.frames else None
        assert answer.arms[arm.variant].frames == wanted


def test_who_ended_is_never_more_than_who_was_there(shared):
    connection = shared.connection
    connection.execute("DELETE FROM exposures")
    connection.execute("DELETE FROM events")
    connection.execute(
        "INSERT INTO exposures (experiment, viewer_id, variant, exposed_at)"
        f" SELECT 'e', 'v' || i, CASE i % 2 WHEN 0 THEN 'three' ELSE 'five' END, {START} FROM range(1000) t(i)"
    )
    connection.execute(
        "INSERT INTO events (viewer_id, story_id, event, occurred_at, frame)"
        f" SELECT 'v' || (i % 700), 's', 'tap_forward', {START} + i, 1 + i % 5 FROM range(5000) t(i)"
    )
    answer = shared.roll_up(QUESTION)
    three = answer.arms["three"]
    assert (three.moments.n, sum(three.frames.ended.values())) == (500, 350)
    assert three.frames.beyond == 1000
    assert answer.arms["none"].frames is None


def test_no_frames_no_question(shared):
    question = replace(QUESTION, arms=tuple(replace(arm, frames=None) for arm in ARMS))
    assert {arm.frames for arm in shared.roll_up(question).arms.values()} == {None}


def test_the_text_keeps_to_what_other_engines_know():
    from abstory.warehouse.rollup_frames import _Text

    text = _Text(QUESTION).frames().text.upper()
    assert not [word for word in ("FILTER", "QUALIFY", "INTERVAL", "HASH(", "DOUBLE", "BIT_OR", "::") if word in text]


def test_the_events_mapped_by_another_name(store, tmp_path):
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["viewer_id", "story_id", "event", "ts", "card"], ["v", "s", "exit", "2026-11-03T18:30:00Z", 2]]
        )
    store.ingest(path, replace(wishes(), mapping={"card": "frame"}), now_us=1)
    assert frames_of(store) == [2]
