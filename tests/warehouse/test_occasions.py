"""Exposure by exposure, against a plain reading in Python, and against closed forms."""

from dataclasses import replace
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.metrics import Measure, MeasureKind
from abstory.stats.moments import Moments, pair
from abstory.warehouse.base import Arm, RollUp
from abstory.warehouse.migrations import migrate
from abstory.warehouse.parts import SPACING, Airing
from abstory.warehouse.rollup import roll_up
from abstory.warehouse.rollup_occasions import MOST

HOUR = 3_600_000_000
START = 20_000 * 24 * HOUR
LIKES, WATCH = Measure(MeasureKind.COUNT, ("like",)), Measure(MeasureKind.SUM_WATCH, ("view",))
NAMES = (LIKES.name, WATCH.name)
ARMS = (Arm("a", None), Arm("b", None))
QUESTION = RollUp(
    "cta", ARMS, START, START + 99 * HOUR, 24 * HOUR, START + 300 * HOUR, "s", (LIKES, WATCH), (), repeated=NAMES
)


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        migrate(opened)
        yield opened


def ask(connection, exposures, events, question=QUESTION):
    connection.execute("DELETE FROM exposures; DELETE FROM events")
    for viewer, variant, at, story in exposures:
        row = ["cta", viewer, variant, at, story]
        connection.execute("INSERT INTO exposures (experiment, viewer_id, variant, exposed_at, story_id) VALUES (?, ?, ?, ?, ?)", row)  # fmt: skip
    for row in events:
        connection.execute("INSERT INTO events (viewer_id, event, occurred_at, watch_ms, story_id) VALUES (?, ?, ?, ?, ?)", list(row))  # fmt: skip
    return {name: arm.occasions for name, arm in roll_up(connection, question).arms.items()}


def plainly(exposures, events, question, arm):
    """Viewer by viewer and exposure by exposure; (values at the n-th exposure, slopes and spacings)."""
    names = [one.variant for one in question.arms]
    airings = {airing.story: airing for airing in question.airings}
    kept = [e for e in exposures if question.start_us <= e[2] < question.end_us and e[2] <= question.as_of_us]
    kept = [e for e in kept if not airings or e[3] is None or e[3] in airings]
    at_number, lines = {}, []
    for viewer in sorted({e[0] for e in kept}):
        own = [e for e in kept if e[0] == viewer]
        if min((e[2], names.index(e[1])) for e in own)[1] != names.index(arm):
            continue
        times = sorted({e[2] for e in own})
        ends = [
            min(t + question.window_us, *times[i + 1 : i + 2] or [t + question.window_us]) for i, t in enumerate(times)
        ]
        due = [(t, end) for t, end in zip(times, ends, strict=True) if end <= question.as_of_us][:MOST]
        stories = set(airings) or {question.story}
        values = [
            [
                sum(e[1] == "like" for e in events if e[0] == viewer and t <= e[2] < end and e[4] in stories),
                sum(
                    e[3] or 0
                    for e in events
                    if e[0] == viewer and e[1] == "view" and t <= e[2] < end and e[4] in stories
                ),
            ]
            for t, end in due
        ]
        for number, row in enumerate(values, 1):
            at_number.setdefault(number, []).append(row)
        if len(values) > 1:
            k = len(values)
            slopes = [6 * sum((2 * n - k - 1) * row[m] for n, row in enumerate(values, 1)) for m in range(2)]
            lines.append([*slopes, k * (k * k - 1)])
    return at_number, lines


def moments(rows, names, keys):
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    n = len(rows)
    means = {name: Fraction(sum(column), n) for name, column in columns.items()}
    gaps = {
        k: sum((x - means[k[0]]) * (y - means[k[1]]) for x, y in zip(columns[k[0]], columns[k[1]], strict=True))
        for k in keys
    }
    covariances = {k: float(gap / (n - 1)) if n > 1 else 0.0 for k, gap in gaps.items()}
    return Moments(n, {name: float(mean) for name, mean in means.items()}, covariances)


hours = st.integers(-1, 120).map(lambda hour: START + hour * HOUR)
shown = st.lists(
    st.tuples(st.sampled_from("uvw"), st.sampled_from("aab"), hours, st.sampled_from(["s", "t", None])), max_size=14
)
done = st.lists(
    st.tuples(st.sampled_from("uvw"), st.sampled_from(["like", "view"]), hours, st.sampled_from([None, 0, 1500, 9000]),
              st.sampled_from(["s", "s", "t", "x"])),
    max_size=20,
)  # fmt: skip
questions = st.sampled_from(
    [
        QUESTION,
        replace(QUESTION, as_of_us=START + 60 * HOUR),
        replace(QUESTION, story=None, airings=(Airing("s"), Airing("t"))),
    ]
)


@settings(max_examples=60, deadline=None)
@given(shown, done, questions)
def test_every_exposure_is_what_a_plain_reading_finds(connection, exposures, events, question):
    answer = ask(connection, exposures, events, question)
    for arm in ("a", "b"):
        at_number, lines = plainly(exposures, events, question, arm)
        found = answer[arm]
        own = {(name, name) for name in NAMES}
        assert (found.numbers if found else {}) == {n: moments(rows, NAMES, own) for n, rows in at_number.items()}
        mixed = own | {(SPACING, SPACING)} | {pair(name, SPACING) for name in NAMES}
        wanted = moments(lines, (*NAMES, SPACING), mixed) if lines else None
        assert (found.lines if found else None) == wanted


def test_a_line_through_three_exposures_has_its_slope(connection):
    exposures = [("v", "a", START + n * HOUR, "s") for n in range(3)]
    events = [("v", "view", START + n * HOUR + 1, watch, "s") for n, watch in enumerate([1000, 3000, 8000])]
    lines = ask(connection, exposures, events)["a"].lines
    # Least squares through (1, 1000), (2, 3000), (3, 8000): slope (8000 - 1000) / 2.
    assert lines.means[WATCH.name] / lines.means[SPACING] == 3500


def test_a_question_that_does_not_ask_gets_nothing(connection):
    assert ask(connection, [("v", "a", START, "s")], [], replace(QUESTION, repeated=()))["a"] is None
