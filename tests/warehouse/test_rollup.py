"""The roll-up on DuckDB against a plain polars reading of the same rows, and against laws and closed forms."""

import importlib.util
from dataclasses import replace
from fractions import Fraction
from importlib import resources
from itertools import combinations_with_replacement, pairwise
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.metrics import EVENTS, Measure, MeasureKind, built_in
from abstory.stats.moments import Moments, pair, triple
from abstory.warehouse import rollup
from abstory.warehouse.base import Arm, Cap, RollUp
from abstory.warehouse.parts import Airing
from abstory.warehouse.rollup import roll_up

HERE = Path(__file__).parent
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
START = 20_000 * DAY
END = START + 14 * DAY
ARMS = (Arm("15s", 15_000), Arm("30s", 30_000), Arm("uncut", None))
MEASURES = (
    Measure(MeasureKind.COUNT, ("view",)),
    Measure(MeasureKind.ANY, ("like", "share")),
    Measure(MeasureKind.SUM_WATCH, ("view", "exit")),
    Measure(MeasureKind.SUM_VALUE, ("purchase-made",)),
    Measure(MeasureKind.COMPLETED),
    Measure(MeasureKind.COMPLETE_VIEWS),
    Measure(MeasureKind.WATCHED, threshold_ms=3000),
    Measure(MeasureKind.FIRST_WATCH, threshold_ms=12_000),
)
PAIRS = tuple(pair(a.name, b.name) for a, b in zip(MEASURES, (*MEASURES[1:], MEASURES[0]), strict=True)) + tuple(
    (m.name, m.name) for m in MEASURES
)
# Products of three of one measure, and of two neighbours as a ratio asks for them.
TRIPLES = tuple(
    dict.fromkeys(
        triple(*key) for a, b in pairwise(MEASURES) for key in combinations_with_replacement((a.name, b.name), 3)
    )
)
QUESTION = RollUp("cta", ARMS, START, END, DAY, END, None, MEASURES, PAIRS)


def _oracle():
    spec = importlib.util.spec_from_file_location("abstory_polars_oracle", HERE / "polars_oracle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


oracle = _oracle()


def store():
    connection = duckdb.connect(":memory:", config={"threads": 2})
    migrations = resources.files("abstory.warehouse").joinpath("sql", "migrations")
    for migration in sorted(migrations.iterdir(), key=lambda path: path.name):
        connection.execute(migration.read_text(encoding="utf-8"))
    return connection


STORE = store()


def fill(connection, exposures, events, attributes=()):
    for table in ("exposures", "events", "attributes"):
        connection.execute(f"DELETE FROM {table}")
    add(connection, exposures, events, attributes)


def add(connection, exposures, events, attributes=()):
    columns = {"exposures": oracle.EXPOSURES, "events": oracle.EVENTS, "attributes": oracle.ATTRIBUTES}
    for table, rows in (("exposures", exposures), ("events", events), ("attributes", attributes)):
        names = ", ".join(columns[table])
        marks = ", ".join("?" for _ in columns[table])
        if rows:
            connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", [list(row) for row in rows])


def ask(exposures, events, question=QUESTION, attributes=()):
    fill(STORE, exposures, events, attributes)
    return roll_up(STORE, question)


def shown(viewer, at, variant="15s", *, experiment="cta", forced=False, story=None):
    return (experiment, viewer, variant, at, story, None, forced)


def event(viewer, name, at, *, watch=None, value=None, story="s"):
    return (viewer, story, name, at, watch, value, None)


viewers = st.sampled_from(["v1", "v2", "v3", "V1", "v1 ", "ü"])
instants = st.one_of(
    st.sampled_from([0, 1, DAY - 1, DAY, DAY + 1, 2 * DAY, 13 * DAY, 14 * DAY - 1, 14 * DAY, -1, -DAY]),
    st.integers(-2 * DAY, 16 * DAY),
).map(lambda offset: START + offset)
exposures = st.lists(
    st.builds(
        shown,
        viewers,
        instants,
        st.sampled_from(["15s", "15s", "30s", "30s", "uncut", "15S", "gone"]),
        experiment=st.sampled_from(["cta", "cta", "cta", "other"]),
        forced=st.sampled_from([False, False, False, True]),
    ),
    max_size=14,
)
events = st.lists(
    st.builds(
        event,
        viewers,
        st.sampled_from(["view", "view", "view", "complete", "like", "share", "exit", "purchase-made", "hide", "VIEW"]),
        instants,
        watch=st.sampled_from([None, 0, 1, 2999, 3000, 12_000, 14_999, 15_000, 15_001, 30_000, 700_000]),
        value=st.sampled_from([None, 0, 1, -5, 10**6]),
        story=st.sampled_from(["s", "s", "t", None]),
    ),
    max_size=25,
)
questions = st.builds(
    lambda story, window, as_of, start, arms: replace(
        QUESTION, story=story, window_us=window, as_of_us=START + as_of, start_us=start, arms=arms
    ),
    story=st.sampled_from([None, "s"]),
    window=st.sampled_from([1, HOUR, DAY, 7 * DAY, 400 * DAY]),
    as_of=st.sampled_from([0, DAY, DAY + 1, 13 * DAY, 14 * DAY, 30 * DAY, 500 * DAY]),
    start=st.sampled_from([START, 0, START + 1]),
    arms=st.permutations(ARMS).map(tuple),
)
skewed = questions.map(lambda question: replace(question, triples=TRIPLES))


@settings(max_examples=100, deadline=None)
@given(exposures, events, skewed)
def test_every_field_equals_the_polars_reading(exposures, events, question):
    assert ask(exposures, events, question) == oracle.answer(exposures, events, question)


@settings(max_examples=25, deadline=None)
@given(exposures, events, questions, st.randoms(use_true_random=False), st.integers(0, 14))
def test_neither_order_nor_split_of_rows_matters(exposures, events, question, random, at):
    once = ask(exposures, events, question)
    random.shuffle(exposures)
    random.shuffle(events)
    fill(STORE, exposures[:at], events[at:])
    add(STORE, exposures[at:], events[:at])
    assert roll_up(STORE, question) == once


@settings(max_examples=25, deadline=None)
@given(exposures, events, skewed)
def test_limbs_sum_to_the_same_moments(exposures, events, question):
    fill(STORE, exposures, events)
    narrow = rollup.Text(question)
    wide = rollup.Text(question, wide=True)
    rows = [list(rollup._found(rollup._fetch(STORE, text.rollup()))) for text in (narrow, wide)]
    for arm in range(len(question.arms)):
        assert rollup._arm(narrow, rows[0], arm, {}) == rollup._arm(wide, rows[1], arm, {})


def test_the_window_opens_at_exposure_and_closes_before_its_length():
    at = START + HOUR
    moments = [at - SECOND, at, at + DAY - 1, at + DAY]
    answer = ask([shown("v", at)], [event("v", "view", when, watch=1) for when in moments])
    assert answer.arms["15s"].moments.means["count(view)"] == 2
    assert answer.before_exposure == 1


def test_silent_viewers_stay_as_zeros():
    answer = ask(
        [shown(f"v{i}", START) for i in range(4)], [event("v0", "like", START), event("stranger", "like", START)]
    )
    moments = answer.arms["15s"].moments
    assert moments.n == 4
    assert moments.means["any(like,share)"] == 0.25
    assert moments.variance("any(like,share)") == 0.25  # 0/1 values: n p (1 - p) / (n - 1) = 4 * 3/16 / 3


def test_a_tie_in_time_goes_to_the_arm_declared_first():
    both = [shown("v", START, "30s"), shown("v", START, "15s")]
    assert ask(both, []).arms["15s"].crossovers == 1
    assert ask(both, [], replace(QUESTION, arms=ARMS[::-1])).arms["30s"].crossovers == 1


def test_a_crossover_stays_with_its_first_arm_and_is_left_out_beside():
    rows = [shown("v", START + 5, "15s"), shown("v", START + 4, "30s"), shown("w", START, "30s")]
    arm = ask(rows, []).arms["30s"]
    assert (arm.moments.n, arm.crossovers, arm.without_crossovers.n) == (2, 1, 1)


def test_exposures_out_of_scope_make_no_crossover():
    rows = [
        shown("v", START),
        shown("v", START, "30s", forced=True),
        shown("v", START, "30s", experiment="other"),
        shown("v", START - 1, "30s"),
        shown("v", END, "30s"),
        shown("v", START, "gone"),
    ]
    answer = ask(rows, [])
    assert answer.arms["15s"].moments.n == 1
    assert answer.arms["15s"].crossovers == 0
    assert (answer.forced, answer.outside_schedule, dict(answer.unknown_variants)) == (1, 2, {"gone": 1})


def test_only_closed_windows_are_analysed_and_later_exposures_ignored():
    as_of = START + 2 * DAY
    rows = [shown("closed", START + DAY), shown("open", START + DAY + 1), shown("later", as_of + 1)]
    answer = ask(rows, [], replace(QUESTION, as_of_us=as_of))
    assert (answer.arms["15s"].moments.n, answer.arms["15s"].immature) == (1, 1)
    assert answer.exposures_by_day == {(20_001, "15s"): 2}


def test_views_at_the_same_instant_resolve_to_the_smaller_watch():
    views = [event("v", "view", START, watch=w) for w in (9000, 4000)] + [event("v", "view", START + 1, watch=1)]
    assert ask([shown("v", START)], views).arms["15s"].moments.means["first_watch(12000ms)"] == 4000


def test_many_exposures_do_not_multiply_events():
    rows = [shown("v", START + i) for i in range(50)]
    answer = ask(rows, [event("v", "view", START + 60, watch=1000)])
    assert answer.arms["15s"].moments.means["sum_watch(view,exit)"] == 1000


def test_an_empty_store_answers_zero_for_every_arm():
    answer = ask([], [])
    assert list(answer.arms) == ["15s", "30s", "uncut"]
    assert all(arm.moments.n == 0 and arm.immature == 0 for arm in answer.arms.values())


def test_a_question_without_measures_counts_viewers():
    answer = ask([shown("v", START)], [event("v", "view", START)], replace(QUESTION, measures=(), pairs=()))
    assert answer.arms["15s"].moments.n == 1


@pytest.mark.parametrize("sign", [1, -1])
def test_extreme_values_are_summed_exactly(sign):
    top = 2**63 - 1
    rows = [shown(f"v{i}", START) for i in range(7)]
    bought = [
        event(f"v{i}", "purchase-made", START + j, value=sign * (top - i * j)) for i in range(6) for j in range(40)
    ]
    watched = [event(f"v{i}", "view", START + j, watch=top - j) for i in range(3) for j in range(5)]
    moments = ask(rows, bought + watched).arms["15s"].moments
    values = [sum(sign * (top - i * j) for j in range(40)) for i in range(6)] + [0]
    watches = [sum(top - j for j in range(5)) for _ in range(3)] + [0] * 4
    value, watch = "sum_value(purchase-made)", "sum_watch(view,exit)"
    assert moments.means[value] == float(Fraction(sum(values), 7))
    assert moments.variance(value) == variance(values, values)
    assert moments.variance(watch) == variance(watches, watches)


def test_a_tiny_spread_on_a_huge_mean_keeps_its_digits():
    rows = [shown(f"v{i}", START) for i in range(3)]
    bought = [event(f"v{i}", "purchase-made", START, value=10**18 + i) for i in range(3)]
    assert ask(rows, bought).arms["15s"].moments.variance("sum_value(purchase-made)") == 1.0  # of 0, 1, 2


def test_cubes_of_huge_values_are_summed_in_limbs():
    rows = [shown(f"v{i}", START) for i in range(3)]
    bought = [event(f"v{i}", "purchase-made", START, value=10**18 + x) for i, x in enumerate((0, 0, 3))]
    name = "sum_value(purchase-made)"
    fill(STORE, rows, bought)
    answer = roll_up(STORE, replace(QUESTION, as_of_us=START + 2 * DAY, triples=((name, name, name),)))
    assert answer.arms["15s"].moments.thirds[name, name, name] == 2.0  # of −1, −1 and 2: (8 − 1 − 1)/3


def variance(a, b):
    """Sample covariance by its definition, in fractions."""
    gaps = sum((x - Fraction(sum(a), len(a))) * (y - Fraction(sum(b), len(b))) for x, y in zip(a, b, strict=True))
    return float(gaps / (len(a) - 1))


@pytest.mark.parametrize("times", [(-(2**62), 2**62), (0, 2**62), (-5, 5)])
def test_schedules_without_edges_do_not_overflow(times):
    start, end = times
    question = replace(QUESTION, start_us=start, end_us=end, as_of_us=end, window_us=1)
    rows = [shown("v", start), shown("w", end - 2, "30s")]
    answer = ask(rows, [event("v", "view", start, watch=2**62)], question)
    assert answer.arms["15s"].moments.means["first_watch(12000ms)"] == 12_000
    assert answer.exposures_by_day == {(start // DAY, "15s"): 1, ((end - 2) // DAY, "30s"): 1}


def test_a_window_of_years_does_not_overflow():
    question = replace(
        QUESTION,
        window_us=2**60,
        as_of_us=2**62,
        measures=(Measure(MeasureKind.FIRST_WATCH, threshold_ms=600_000),),
        pairs=(),
    )
    answer = ask([shown("v", START)], [event("v", "view", START + 2**59, watch=7)], question)
    assert answer.arms["15s"].moments.means["first_watch(600000ms)"] == 7


@pytest.mark.parametrize("name", ["it's", 'a"b', "x); DROP TABLE events; --", "$start", "{first}", "a\nb", "ü"])
def test_no_name_is_ever_read_as_sql(name):
    measures = (Measure(MeasureKind.COUNT, (name,)),)
    question = replace(
        QUESTION, experiment=name, story=name, arms=(Arm(name, 1), Arm("b", None)), measures=measures, pairs=()
    )
    answer = ask(
        [shown("v", START, name, experiment=name)],
        [event("v", name, START, story=name), event("v", name, START)],
        question,
    )
    assert answer.arms[name].moments.means == {measures[0].name: 1.0}
    assert answer.not_attributed == 1


def test_every_built_in_metric_can_be_asked_at_once():
    names = [
        "completion_rate",
        "completions_per_view",
        "watch_seconds",
        "watch_seconds_to_12s",
        "watched_3s",
        "hide_rate",
    ]
    metrics = [built_in(name) for name in names]
    measures = tuple(dict.fromkeys(m for metric in metrics for m in metric.measures))
    pairs = tuple(dict.fromkeys(p for metric in metrics for p in metric.pairs))
    question = replace(QUESTION, measures=measures, pairs=pairs)
    rows = [shown(f"v{i}", START) for i in range(10)]
    log = [event(f"v{i}", name, START + i, watch=1000 * i) for i in range(8) for name in EVENTS]
    assert ask(rows, log, question) == oracle.answer(rows, log, question)


def test_a_logged_variant_that_assignment_does_not_give_is_counted():
    rows = [shown("a1", START), shown("b1", START), shown("b2", START, "30s"), shown("none", START, "30s")]
    rows += [shown("b3", END - 1)]
    assigned = "CASE WHEN viewer_id LIKE 'a%' THEN '15s' WHEN viewer_id LIKE 'b%' THEN '30s' END"
    arms = ask(rows, [], replace(QUESTION, assigned_sql=assigned)).arms
    assert [(arm.checked, arm.mismatched) for arm in arms.values()] == [(2, 1), (2, 1), (0, 0)]


def test_unasked_assignment_is_unchecked():
    arm = ask([shown("v", START)], []).arms["15s"]
    assert (arm.checked, arm.mismatched) == (0, None)


def test_many_viewers_are_checked_on_a_fixed_part(monkeypatch):
    monkeypatch.setattr(rollup, "CHECKED_AT_MOST", 250)
    rows = [shown(f"v{i}", START) for i in range(1000)]
    question = replace(QUESTION, assigned_sql="'30s'")
    first, again = (ask(order, [], question).arms["15s"] for order in (rows, rows[::-1]))
    assert first == again
    assert first.checked == first.mismatched
    assert 180 < first.checked < 320  # binomial(1000, 1/4): mean 250, standard deviation 13.7


@settings(max_examples=25, deadline=None)
@given(exposures, events, questions)
def test_days_pool_to_the_whole(exposures, events, question):
    for arm in ask(exposures, events, question).arms.values():
        pooled = sum(arm.days.values(), start=Moments.empty([m.name for m in question.measures], question.pairs))
        assert pooled.n == arm.moments.n
        assert pooled.means == pytest.approx(arm.moments.means)
        assert pooled.covariances == pytest.approx(arm.moments.covariances, rel=1e-9, abs=1e-9)


PRIOR = tuple(
    Measure(kind, attribute=name)
    for name in ("seconds", "age")
    for kind in (MeasureKind.BEFORE, MeasureKind.KNOWN, MeasureKind.AFTER)
)
WATCH, LIKED = Measure(MeasureKind.SUM_WATCH, ("view",)), Measure(MeasureKind.ANY, ("like",))
BESIDE = replace(
    QUESTION,
    measures=(WATCH, LIKED, *PRIOR),
    pairs=tuple(pair(a.name, b.name) for a in (WATCH, LIKED, *PRIOR) for b in (WATCH, LIKED, *PRIOR)),
)
attributes = st.lists(
    st.tuples(
        viewers,
        st.sampled_from(["seconds", "seconds", "age", "other"]),
        st.sampled_from(["0", "1", "12.5", "-3.25", "1e3", "0.0000015", "99999999999", "x", "", "nan", "1e12", " 7 "]),
        instants,
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(exposures, events, attributes, questions)
def test_attributes_before_exposure_equal_the_polars_reading(exposures, events, attributes, question):
    question = replace(question, measures=BESIDE.measures, pairs=BESIDE.pairs)
    assert ask(exposures, events, question, attributes) == oracle.answer(exposures, events, question, attributes)


@settings(max_examples=25, deadline=None)
@given(exposures, events, attributes, questions)
def test_limbs_sum_attributes_to_the_same_moments(exposures, events, attributes, question):
    question = replace(question, measures=BESIDE.measures, pairs=BESIDE.pairs)
    fill(STORE, exposures, events, attributes)
    narrow, wide = rollup.Text(question), rollup.Text(question, wide=True)
    rows = [list(rollup._found(rollup._fetch(STORE, text.rollup()))) for text in (narrow, wide)]
    for arm in range(len(question.arms)):
        assert rollup._arm(narrow, rows[0], arm, {}) == rollup._arm(wide, rows[1], arm, {})


def test_the_last_value_before_exposure_counts_and_not_the_one_at_it():
    before = [("v", "seconds", "5", START - 2), ("v", "seconds", "7", START - 1), ("v", "seconds", "9", START)]
    means = ask([shown("v", START), shown("w", START)], [], BESIDE, before).arms["15s"].moments.means
    assert (means["before(seconds)"], means["known(seconds)"], means["after(seconds)"]) == (3_500_000, 0.5, 0.0)


def test_a_value_from_after_exposure_is_counted_and_not_used():
    after = [("v", "seconds", "9", START), ("w", "seconds", "8", START + HOUR)]
    means = ask([shown("v", START), shown("w", START)], [], BESIDE, after).arms["15s"].moments.means
    assert (means["before(seconds)"], means["known(seconds)"], means["after(seconds)"]) == (0, 0, 1)


CUT = (
    Measure(MeasureKind.SUM_WATCH, ("view",), winsorize=0.9),
    Measure(MeasureKind.COUNT, ("view",), winsorize=0.5),
    Measure(MeasureKind.COUNT, ("view",)),
)


@settings(max_examples=30, deadline=None)
@given(exposures, events, questions)
def test_values_cut_at_a_quantile_equal_the_polars_reading(exposures, events, question):
    question = replace(question, measures=CUT, pairs=tuple(pair(a.name, b.name) for a in CUT for b in CUT))
    assert ask(exposures, events, question) == oracle.answer(exposures, events, question)


def test_the_cap_is_of_all_variants_together_and_of_values_above_zero():
    rows = [shown(f"v{i}", START, ("15s", "30s")[i % 2]) for i in range(30)]
    log = [event(f"v{i}", "view", START, watch=1000 * i) for i in range(21)]
    answer = ask(rows, log, replace(QUESTION, measures=CUT[:1], pairs=()))
    # R: quantile(1000 * 1:20, .9, type = 7) is 18100; 19 s (odd) and 20 s (even) lie above it.
    assert answer.caps[CUT[0].name] == Cap(18_100, {"15s": 1, "30s": 1, "uncut": 0})
    assert (
        answer.arms["30s"].moments.means[CUT[0].name] == (1000 * (1 + 3 + 5 + 7 + 9 + 11 + 13 + 15 + 17) + 18_100) / 15
    )


@settings(max_examples=30, deadline=None)
@given(exposures, events, questions, st.lists(st.sampled_from([0.01, 0.5, 0.9]), unique=True, max_size=2))
def test_watch_times_and_counts_at_quantiles_equal_the_polars_reading(exposures, events, question, shares):
    question = replace(question, measures=MEASURES[:1], pairs=(), quantiles=tuple(shares))
    assert ask(exposures, events, question) == oracle.answer(exposures, events, question)


AIRINGS = (
    Airing("s", START, START + DAY),
    Airing("t", START + DAY, START + 2 * DAY),
    Airing("u"),
)
aired = st.lists(
    st.builds(
        shown,
        viewers,
        instants,
        st.sampled_from(["15s", "30s", "gone"]),
        forced=st.sampled_from([False, False, True]),
        story=st.sampled_from(["s", "s", "t", "u", "other", None]),
    ),
    max_size=14,
)


@settings(max_examples=100, deadline=None)
@given(aired, events, questions, st.sampled_from([AIRINGS[:1], AIRINGS[:2], AIRINGS, AIRINGS[2:]]), st.booleans())
def test_stories_with_a_time_equal_the_polars_reading(exposures, events, question, airings, ends):
    question = replace(question, airings=airings, story=None, ends_with_story=ends)
    assert ask(exposures, events, question) == oracle.answer(exposures, events, question)


@settings(max_examples=60, deadline=None)
@given(aired, events, questions, st.sampled_from([AIRINGS[:2], AIRINGS]), st.booleans())
def test_pairs_of_stories_equal_the_polars_reading(exposures, events, question, airings, ends):
    crossed = tuple(m.name for m in (MEASURES[0], MEASURES[1], MEASURES[2], MEASURES[4], MEASURES[7]))
    question = replace(question, airings=airings, story=None, ends_with_story=ends, crossed=crossed)
    found = {name: arm.stories for name, arm in ask(exposures, events, question).arms.items()}
    assert found == {arm.variant: oracle.met(exposures, events, question, arm.variant) for arm in question.arms}


def test_an_exposure_counts_from_publication_to_the_end_of_the_story():
    at = [START - 1, START, START + DAY - 1, START + DAY]
    rows = [shown(f"v{i}", when, story="s") for i, when in enumerate(at)] + [shown("w", START, story="other")]
    answer = ask(rows, [], replace(QUESTION, start_us=START - DAY, airings=AIRINGS[:1]))
    assert (answer.arms["15s"].moments.n, answer.off_air, answer.elsewhere) == (2, 2, 1)


def test_a_window_ends_with_its_story_when_that_is_asked():
    rows, likes = [shown("v", START + 20 * HOUR, story="s")], [event("v", "like", START + 25 * HOUR)]
    question = replace(QUESTION, airings=AIRINGS[:1], as_of_us=START + DAY)
    assert ask(rows, likes, question).arms["15s"].immature == 1
    ended = ask(rows, likes, replace(question, ends_with_story=True)).arms["15s"]
    assert (ended.immature, ended.moments.n, ended.moments.means["any(like,share)"]) == (0, 1, 0.0)
    assert set(ended.hours) == {20}
