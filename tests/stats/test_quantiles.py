"""Quantiles of clustered rows: R's survey lies in tests/oracles; here numpy's quantile, coverage, and the refusals."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.estimate import Reason
from abstory.stats.quantiles import Histogram, compare_quantiles, quantile, share_of_rows, woodruff
from abstory.stats.reading import FixedHorizon
from abstory.stats.tails import two_sided_quantile

Z = two_sided_quantile(0.05, math.inf)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.floats(0.001, 0.999))
def test_the_quantile_is_numpys_inverted_distribution(rows, q):
    if abs(q * len(rows) - round(q * len(rows))) > 1e-6:  # at a step numpy rounds as it happens
        assert Histogram.of(Counter(rows)).quantile(q) == np.quantile(rows, q, method="inverted_cdf")


def test_at_a_step_the_lower_value_is_taken():
    histogram = Histogram.of({1.0: 1, 2.0: 1, 3.0: 1, 4.0: 1, 9.0: 0})
    assert [histogram.quantile(q) for q in (0.0, 0.25, 0.5, 0.75, 1.0)] == [1, 1, 2, 3, 4]
    assert histogram.share_at(3.0) == 0.75
    assert histogram.quantile(2.0) == 4


def of_rows(rows, q, critical=Z, read=quantile):
    """From one list of rows a viewer."""
    histogram = Histogram.of(Counter(float(y) for viewer in rows for y in viewer))
    value = histogram.quantile(q)
    return read(histogram, q, share_of_rows([(int(sum(y <= value for y in v)), len(v)) for v in rows]), critical)


def drawn(rng, viewers):
    """Two to six rows a viewer around a level of its own: strongly clustered. Median exp(1)."""
    levels = rng.normal(1, 0.8, viewers)
    return [np.exp(rng.normal(level, 0.4, rng.integers(2, 7))) for level in levels]


def test_intervals_cover_at_the_viewer():
    rng, runs, covered, by_row = np.random.default_rng(6), 200, 0, 0
    for _ in range(runs):
        rows = drawn(rng, 150)
        interval = of_rows(rows, 0.5).estimate.interval
        covered += interval.low <= math.e <= interval.high
        alone = of_rows([[y] for viewer in rows for y in viewer], 0.5).estimate.interval
        by_row += alone.low <= math.e <= alone.high
    assert abs(covered / runs - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)
    assert by_row / runs < 0.85  # what ignoring the viewer would do


def test_one_row_a_viewer_is_the_binomial_error():
    found = of_rows([[float(k)] for k in range(400)], 0.3)
    assert found.share == pytest.approx(0.3)
    assert found.share_error == pytest.approx(math.sqrt(0.3 * 0.7 / 399))


def test_arms_are_compared_by_their_errors():
    rng = np.random.default_rng(9)
    t, c = of_rows([v * 1.5 for v in drawn(rng, 300)], 0.5), of_rows(drawn(rng, 300), 0.5)
    effect = compare_quantiles(t, c, FixedHorizon(0.05))
    assert effect.standard_error == pytest.approx(math.hypot(t.error, c.error), rel=1e-12)
    half = Z * math.hypot(t.error, c.error)
    gap = t.estimate.value - c.estimate.value
    assert effect.difference.interval.low == pytest.approx(gap - half, rel=1e-9)
    assert effect.lift.interval.excludes(0.0) == (effect.p_value < 0.05)


def test_no_number_where_it_does_not_hold():
    rng = np.random.default_rng(1)
    rows = drawn(rng, 200)
    assert of_rows(rows[:99], 0.5).reason is Reason.TOO_FEW
    assert str(of_rows(rows, 0.99)) == "too few viewers (200 viewers for the 0.99 quantile)"
    ties = [np.round(v) for v in rows]
    assert of_rows(ties, 0.5).reason is Reason.NO_VARIATION
    zeros = [v * 0 for v in rows]
    assert str(of_rows(zeros, 0.5)) == "no variation (1 distinct values near the 0.5 quantile)"
    empty = Histogram.of({})
    assert quantile(empty, 0.5, share_of_rows([(1, 1)] * 200), Z).reason is Reason.NO_VIEWERS
    assert share_of_rows([]).reason is Reason.NO_VIEWERS


def test_ties_everywhere_leave_nothing_to_compare():
    point = of_rows([[1.0]] * 200, 0.5, read=woodruff)
    assert compare_quantiles(point, point, FixedHorizon(0.05)).reason is Reason.NO_VARIATION


def test_the_ends_by_hand():
    # 400 viewers of one row, 0..399: se = √(.3 · .7/399) = .022942, so the ranks are 400(.3 ± 1.96 se) = 102.02, 137.98
    found = of_rows([[float(k)] for k in range(400)], 0.3)
    assert (found.estimate.value, found.estimate.interval.low, found.estimate.interval.high) == (119.0, 102.0, 137.0)
