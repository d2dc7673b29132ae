"""Margins: statsmodels' TOST lies in tests/oracles; here agreement with intervals, under every reading."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from abstory.stats import means, proportions
from abstory.stats.equivalence import (
    mean_equivalence,
    mean_margin,
    mean_ratio_margin,
    rate_equivalence,
    rate_margin,
    rate_ratio_margin,
    score_test_ratio,
)
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.group_sequential import GroupSequential
from abstory.stats.moments import Sample, Tally
from abstory.stats.reading import FixedHorizon, one_sided
from abstory.stats.sequential import AlwaysValid

readings = st.sampled_from(
    [FixedHorizon(0.05), one_sided(FixedHorizon(0.05)), GroupSequential(0.1, 0.6, (0.3,)), AlwaysValid(0.05, 4000)]
)
samples = st.builds(Sample, st.integers(200, 4000), st.floats(1, 20), st.floats(0.5, 50))
tallies = st.integers(200, 4000).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(20, n - 20)))
margins = st.floats(-0.3, 0.3)


@settings(max_examples=60, deadline=None)
@given(samples, samples, margins, readings)
def test_a_mean_above_its_margin_is_an_interval_above_it(t, c, margin, reading):
    found, effect = mean_margin(t, c, margin, reading), means.compare(t, c, reading)
    interval = effect.difference.interval
    assume(min(abs(interval.low - margin), abs(interval.high - margin)) > 1e-9)
    assert (found.p_above < reading.alpha / 2) == (interval.low > margin)
    assert (found.p_below < reading.alpha / 2) == (interval.high < margin)
    relative = mean_ratio_margin(t, c, 1 + margin, reading)
    if not isinstance(effect.lift, Undetermined) and abs(effect.lift.interval.low - margin) > 1e-9:
        assert (relative.p_above < reading.alpha / 2) == (effect.lift.interval.low > margin)


@settings(max_examples=60, deadline=None)
@given(tallies, tallies, margins, readings)
def test_a_rate_above_its_margin_is_an_interval_above_it(t, c, margin, reading):
    critical = reading.critical(t.n + c.n, math.inf)
    interval = proportions.score_interval_difference(t, c, critical)
    found = rate_margin(t, c, margin, reading)
    if abs(interval.low - margin) > 1e-6:
        assert (found.p_above < reading.alpha / 2) == (interval.low > margin)
    ratio = proportions.score_interval_ratio(t, c, critical)
    if abs(ratio.low - 1 - margin) > 1e-6:
        found = rate_ratio_margin(t, c, 1 + margin, reading)
        assert (found.p_above < reading.alpha / 2) == (ratio.low > 1 + margin)


@given(tallies, tallies, st.floats(0.2, 4))
def test_the_ratio_score_swaps_and_is_zero_at_what_was_seen(t, c, ratio):
    assert score_test_ratio(t, c, ratio) == pytest.approx(-score_test_ratio(c, t, 1 / ratio), rel=1e-8, abs=1e-8)
    assert score_test_ratio(t, c, t.mean / c.mean) == pytest.approx(0.0, abs=1e-6)
    assert score_test_ratio(t, c, 1.0) == pytest.approx(proportions.score_test(t, c), rel=1e-9, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(samples, samples, st.floats(0.1, 5))
def test_alike_is_the_wider_interval_inside_the_margins(t, c, margin):
    found = mean_equivalence(t, c, (-margin, margin), FixedHorizon(0.1))
    interval = means.compare(t, c, FixedHorizon(0.1)).difference.interval
    assert (found.p_value < 0.05) == (-margin < interval.low and interval.high < margin)


def test_rates_alike():
    found = rate_equivalence(Tally(5000, 2500), Tally(5000, 2490), (-0.05, 0.05), FixedHorizon(0.1))
    assert found.p_value < 0.05
    far = rate_equivalence(Tally(50, 25), Tally(50, 24), (-0.05, 0.05), FixedHorizon(0.1))
    assert far.p_value > 0.3


def test_no_number_where_there_is_none():
    flat, fixed = Sample(9, 1.0, 0.0), FixedHorizon(0.05)
    assert mean_margin(flat, flat, 0.0, fixed).reason is Reason.NO_VARIATION
    assert mean_margin(Sample(1, 1.0, 0.0), flat, 0.0, fixed).reason is Reason.TOO_FEW
    assert mean_margin(Sample(0, 0.0, 0.0), flat, 0.0, fixed).reason is Reason.NO_VIEWERS
    assert rate_margin(Tally(0, 0), Tally(5, 1), 0.0, fixed).reason is Reason.NO_VIEWERS
    early = AlwaysValid(0.05, 100)
    assert rate_ratio_margin(Tally(9, 1), Tally(5, 1), 1.0, early).reason is Reason.TOO_EARLY
    assert mean_equivalence(flat, flat, (-1, 1), fixed).reason is Reason.NO_VARIATION
    assert score_test_ratio(Tally(9, 0), Tally(5, 0), 0.9) == 0.0


@given(samples, samples, st.floats(-5, 5))
def test_the_sides_share_one_and_the_sign_leads(t, c, margin):
    found = mean_margin(t, c, margin, FixedHorizon(0.05))
    assert found.p_above + found.p_below == pytest.approx(1.0)
    if abs(found.statistic) > 1e-9:
        assert (found.p_above < 0.5) == (found.statistic > 0)
