"""Viewers told apart by attributes, against a plain reading of the same rows and against the whole."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.metrics import Measure, MeasureKind
from abstory.stats.moments import Moments
from abstory.warehouse import rollup_segments
from abstory.warehouse.rollup import roll_up
from abstory.warehouse.rollup_segments import SHOWN, counted, split


def _of_the_rollup():
    """The store, rows and questions of the roll-up's own tests."""
    spec = importlib.util.spec_from_file_location("abstory_test_rollup", Path(__file__).parent / "test_rollup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


base = _of_the_rollup()
STORE, START, DAY, SECOND = base.STORE, base.START, base.DAY, base.SECOND
QUESTION = replace(base.QUESTION, by=("follower", "country"))
TEXTS = ["new", "existing", "DE", "unknown", "other", "", "1", "1.0", "it's", "x); DROP TABLE events; --", "日本"]
attributes = st.lists(
    st.tuples(
        base.viewers, st.sampled_from(["follower", "country", "country", "else"]), st.sampled_from(TEXTS), base.instants
    ),
    max_size=16,
)


def plain(found):
    return {
        name: ([(s.kind.value, s.name, dict(s.arms)) for s in one.segments], one.pooled, one.later)
        for name, one in found.items()
    }


def ask(exposures, events, attributes, question=QUESTION):
    base.fill(STORE, exposures, events, attributes)
    return split(STORE, question)


@settings(max_examples=60, deadline=None)
@given(base.exposures, base.events, attributes, base.questions, st.integers(1, 3))
def test_every_segment_equals_the_plain_reading(exposures, events, attributes, question, most):
    question = replace(question, by=QUESTION.by)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rollup_segments, "SHOWN", most)
        found = ask(exposures, events, attributes, question)
    assert plain(found) == base.oracle.splits(exposures, events, attributes, question, most)


@settings(max_examples=30, deadline=None)
@given(base.exposures, base.events, attributes, base.questions)
def test_segments_sum_to_the_whole(exposures, events, attributes, question):
    question = replace(question, by=QUESTION.by)
    found = ask(exposures, events, attributes, question)
    whole = roll_up(STORE, question)
    for one in found.values():
        for variant, arm in whole.arms.items():
            pooled = sum(
                (s.arms[variant] for s in one.segments), start=Moments.empty(arm.moments.means, question.pairs)
            )
            assert pooled.n == arm.moments.n
            assert pooled.means == pytest.approx(arm.moments.means)
            assert pooled.covariances == pytest.approx(arm.moments.covariances, rel=1e-9, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(base.exposures, base.events, attributes, st.randoms(use_true_random=False))
def test_order_does_not_matter(exposures, events, attributes, random):
    once = ask(exposures, events, attributes)
    for rows in (exposures, events, attributes):
        random.shuffle(rows)
    assert ask(exposures, events, attributes) == once


def viewers(count, variant="15s"):
    return [base.shown(f"{variant}-{n}", START + n, variant) for n in range(count)]


def test_the_last_value_before_exposure_counts_and_a_later_one_never():
    told = [
        ("15s-0", "follower", "existing", START - 2),
        ("15s-0", "follower", "new", START - 1),
        ("15s-0", "follower", "existing", START),  # at the exposure is not before it
        ("15s-1", "follower", "new", START + 1),
    ]
    found = ask(viewers(2), [], told)["follower"]
    assert [(s.name, s.viewers) for s in found.segments] == [("new", 1), ("unknown", 1)]
    assert found.later == 1


def test_a_table_of_today_is_counted_as_too_late_whatever_the_instant():
    told = [("15s-0", "follower", "new", START + 5 * DAY)]
    question = replace(QUESTION, as_of_us=START + 3 * DAY)
    assert ask(viewers(1), [], told, question)["follower"].later == 1


def test_the_largest_levels_are_shown_and_the_rest_pooled():
    told = [(f"15s-{n}", "country", f"c{n % 12:02}", START - 1) for n in range(100)]
    found = ask(viewers(110), [], told)["country"]
    # 100 viewers over 12 countries: c00 to c03 have nine, the others eight
    assert [s.name for s in found.segments] == [f"c{n:02}" for n in range(SHOWN)] + ["other", "unknown"]
    assert [s.viewers for s in found.segments] == [9] * 4 + [8] * 4 + [32, 10]
    assert found.pooled == 4


def test_an_attribute_nobody_has_is_left_out():
    assert list(ask(viewers(3), [], [("15s-0", "country", "DE", START - 1)])) == ["country"]


@settings(max_examples=40, deadline=None)
@given(base.exposures, attributes, base.questions, st.integers(1, 3))
def test_counts_alone_are_those_of_the_moments(exposures, attributes, question, most):
    question = replace(question, by=QUESTION.by)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rollup_segments, "SHOWN", most)
        found = ask(exposures, [], attributes, question)
        whole = roll_up(STORE, question)
        counts = counted(STORE, question, [whole.arms[arm.variant].moments.n for arm in question.arms])
    bare = {name: (numbers(one), one.pooled) for name, one in counts.items()}
    assert bare == {name: (numbers(one), one.pooled) for name, one in found.items()}


def numbers(one):
    return [(s.kind, s.name, {variant: moments.n for variant, moments in s.arms.items()}) for s in one.segments]


def test_extreme_values_are_summed_exactly():
    value = Measure(MeasureKind.SUM_VALUE, ("purchase-made",))
    question = replace(QUESTION, measures=(value,), pairs=((value.name, value.name),))
    top = 2**63 - 1
    bought = [base.event(f"15s-{n}", "purchase-made", START + n + j, value=top) for n in range(4) for j in range(40)]
    told = [(f"15s-{n}", "country", "DE", START - 1) for n in range(6)]
    moments = ask(viewers(6), bought, told, question)["country"].segments[0].arms["15s"]
    values = [40 * top] * 4 + [0] * 2
    assert moments.variance(value.name) == base.variance(values, values)


def test_caps_are_those_of_the_whole():
    watch = Measure(MeasureKind.SUM_WATCH, ("view",), winsorize=0.5)
    question = replace(QUESTION, measures=(watch,), pairs=((watch.name, watch.name),))
    seen = [base.event(f"15s-{n}", "view", START + n, watch=1000 * (n + 1)) for n in range(5)]
    told = [("15s-4", "country", "DE", START - 1)]
    found = ask(viewers(5), seen, told, question)["country"]
    assert found.segments[0].name == "unknown" or found.segments[0].arms["15s"].means[watch.name] == 3000  # the median
    assert {s.name: s.arms["15s"].means[watch.name] for s in found.segments} == {"DE": 3000, "unknown": 2250}


def test_covariates_are_left_out_of_segments():
    prior = Measure(MeasureKind.BEFORE, attribute="seconds")
    liked = Measure(MeasureKind.ANY, ("like",))
    question = replace(QUESTION, measures=(liked, prior), pairs=((prior.name, liked.name), (prior.name, prior.name)))
    told = [("15s-0", "country", "DE", START - 1), ("15s-0", "seconds", "5", START - 1)]
    found = ask(viewers(2), [], told, question)["country"]
    assert found.segments[0].arms["15s"] == Moments(1, {liked.name: 0.0}, {})
