"""Tails: many degrees of freedom go by expansions, held to scipy's own distribution."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from abstory.stats.tails import normal_equivalent, two_sided_p, two_sided_quantile

degrees = st.floats(1, 12).map(lambda power: 10.0**power)


@given(degrees, st.floats(-32, 0).map(lambda power: 10.0**power))
def test_quantiles_are_scipys(df, alpha):
    assert two_sided_quantile(alpha, df) == pytest.approx(-special.stdtrit(df, alpha / 2), rel=1e-12, abs=1e-12)


@given(degrees, st.floats(-20, 20))
def test_p_values_are_scipys(df, statistic):
    assert two_sided_p(statistic, df) == pytest.approx(2 * special.stdtr(df, -abs(statistic)), rel=1e-11)


@given(st.floats(1e5, 1e12), st.floats(0.0, 11.0))
def test_p_and_quantile_undo_each_other(df, statistic):
    assert two_sided_quantile(two_sided_p(statistic, df), df) == pytest.approx(statistic, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("statistic", [0.0, 1.96, 5.0])
def test_ever_more_degrees_end_in_the_normal(statistic):
    normal = math.erfc(statistic / math.sqrt(2))
    assert two_sided_p(statistic, math.inf) == normal
    assert two_sided_p(statistic, 1e15) == pytest.approx(normal, rel=1e-13)
    assert normal_equivalent(statistic, 1e15) == pytest.approx(statistic, rel=1e-12, abs=1e-12)


def test_the_far_tail_is_finite():
    assert math.isfinite(two_sided_quantile(0.0, math.inf))
    assert math.isfinite(two_sided_quantile(1e-300, 1e6))
    assert two_sided_p(60.0, math.inf) == 0.0
