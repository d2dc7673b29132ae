"""Drawn intervals: what they show of zero is what the interval says of zero."""

import math

from hypothesis import given
from hypothesis import strategies as st

from abstory.report.bars import Axis, draw, limit_for
from abstory.stats.estimate import Estimate, Interval

SIZES = st.one_of(st.floats(-5, 5), st.floats(-1e-9, 1e-9), st.sampled_from([0.0, 1e-300, -1e-300]))
ENDS = st.one_of(SIZES, st.just(math.inf), st.just(-math.inf))


@st.composite
def estimates(draw):
    point = draw(SIZES)
    low, high = sorted((draw(ENDS), draw(ENDS)))
    return Estimate(point, Interval(min(low, point), max(high, point)))


@st.composite
def axes(draw):
    width = 2 * draw(st.integers(3, 30)) + 1
    limit = draw(st.floats(1e-4, 10))
    return Axis(limit, width, draw(st.one_of(st.none(), st.floats(-1, 1))))


@given(axes(), estimates())
def test_a_bar_crosses_zero_exactly_when_the_interval_holds_zero(axis, estimate):
    crosses = draw(axis, estimate)[axis.zero] != "│"
    assert crosses == (not estimate.interval.excludes(0))


@given(axes(), estimates())
def test_a_bar_is_as_wide_as_its_axis_and_arrows_mean_beyond(axis, estimate):
    row = draw(axis, estimate)
    assert len(row) == axis.width
    assert ("▸" in row) == (axis.column(estimate.interval.high) >= axis.width)
    assert ("◂" in row) == (axis.column(estimate.interval.low) < 0)
    assert not ("●" in row and "○" in row)
    assert ("●" in row) <= estimate.interval.excludes(0)


@given(axes(), estimates())
def test_swapping_the_sides_mirrors_the_bar(axis, estimate):
    mirrored = Estimate(-estimate.value, Interval(-estimate.interval.high, -estimate.interval.low))
    turned = draw(Axis(axis.limit, axis.width), mirrored)[::-1].translate(str.maketrans("├┤◂▸", "┤├▸◂"))
    assert turned == draw(Axis(axis.limit, axis.width), estimate)


@given(st.lists(estimates(), max_size=8), st.one_of(st.none(), st.floats(-1, 1)))
def test_the_limit_is_above_zero_and_finite(found, mark):
    assert 1e-5 < limit_for(found, mark) <= 10


def test_a_bar_by_hand():
    axis = Axis(0.08, 17, 0.02)
    assert draw(axis, None) == "        │ ┊      "
    assert draw(axis, Estimate(0.065, Interval(0.042, 0.088))) == "        │ ┊ ├─●─▸"
    assert draw(axis, Estimate(0.016, Interval(-0.006, 0.039))) == "       ├┼─○─┤    "
    assert draw(axis, Estimate(-0.5, Interval(-0.9, -0.1))) == "◂       │ ┊      "
    assert axis.head("−8%", "+8%") == "−8%     0     +8%"
