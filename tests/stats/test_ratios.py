"""Ratios of sums by viewer, against rows."""

from statistics import fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.estimate import Reason
from abstory.stats.means import compare
from abstory.stats.moments import Moments
from abstory.stats.ratios import ratio_sample
from abstory.stats.reading import FixedHorizon


def moments(rows):
    sums = {"y": sum(y for y, _ in rows), "d": sum(d for _, d in rows)}
    products = {
        ("y", "y"): sum(y * y for y, _ in rows),
        ("d", "y"): sum(d * y for y, d in rows),
        ("d", "d"): sum(d * d for _, d in rows),
    }
    triples = {
        ("y", "y", "y"): sum(y * y * y for y, _ in rows),
        ("d", "y", "y"): sum(y * y * d for y, d in rows),
        ("d", "d", "y"): sum(y * d * d for y, d in rows),
        ("d", "d", "d"): sum(d * d * d for _, d in rows),
    }
    return Moments.from_sums(len(rows), sums, products, triples)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=40))
def test_a_ratio_is_the_mean_of_its_linearised_values(rows):
    below = fmean(d for _, d in rows)
    got = ratio_sample(moments(rows), "y", "d")
    if not below:
        assert got.reason is Reason.NO_DENOMINATOR
        return
    ratio = sum(y for y, _ in rows) / sum(d for _, d in rows)
    linear = [(y - ratio * d) / below for y, d in rows]
    assert got.mean == pytest.approx(ratio, rel=1e-12)
    assert got.variance == pytest.approx(variance(linear), rel=1e-9, abs=1e-9)
    if got.variance:
        centre = fmean(linear)
        assert got.third == pytest.approx(fmean((e - centre) ** 3 for e in linear), rel=1e-9, abs=1e-6)


def test_no_viewers():
    assert ratio_sample(Moments.empty(("y", "d"), [("y", "y")]), "y", "d").reason is Reason.NO_VIEWERS


def test_proportional_numerators_have_no_variation_not_a_rounding_error_of_one():
    rows = [(d, 3 * d) for d in (1, 2, 7, 11, 13)]
    halves = [(d, 7 * d) for d in (1, 5, 7, 11, 19)]
    assert ratio_sample(moments(rows), "y", "d").variance == 0
    effect = compare(*(ratio_sample(moments(r), "y", "d") for r in (rows, halves)), FixedHorizon(0.05))
    assert effect.reason is Reason.NO_VARIATION


def test_repeated_rows_of_a_viewer_are_one_viewer():
    # ten viewers with a hundred equal views each: the viewer's error, ten times the row's
    rows = [(100 * (k % 2), 100) for k in range(10)]
    got = ratio_sample(moments(rows), "y", "d")
    assert got.n == 10
    assert got.variance == pytest.approx(variance([k % 2 for k in range(10)]), rel=1e-12)
