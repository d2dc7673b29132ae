"""Wearing off: R's metafor lies in tests/oracles; here weighted least squares beside it, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.estimate import Reason
from abstory.stats.trend import Cohort, effect_trend

days = st.lists(st.tuples(st.floats(-2, 2), st.floats(0.1, 2)), min_size=5, max_size=20).map(
    lambda rows: [Cohort(day, effect, error) for day, (effect, error) in enumerate(rows)]
)


@given(days)
def test_the_line_is_weighted_least_squares(cohorts):
    x, y = [c.day for c in cohorts], [c.effect for c in cohorts]
    slope, intercept = np.polyfit(x, y, 1, w=[1 / c.standard_error for c in cohorts])
    found = effect_trend(cohorts)
    assert found.slope == pytest.approx(slope, rel=1e-6, abs=1e-9)
    assert found.intercept == pytest.approx(intercept, rel=1e-6, abs=1e-9)
    assert 0 <= found.p_value <= 1
    assert 0 <= found.inconsistency <= 100


@given(days, st.floats(-3, 3), st.integers(-9, 9))
def test_a_shift_of_effects_or_days_leaves_the_slope(cohorts, shift, later):
    moved = effect_trend([Cohort(c.day + later, c.effect + shift, c.standard_error) for c in cohorts])
    plain = effect_trend(cohorts)
    assert moved.slope == pytest.approx(plain.slope, rel=1e-7, abs=1e-9)
    assert moved.pooled == pytest.approx(plain.pooled + shift, rel=1e-9, abs=1e-9)
    assert effect_trend(cohorts[::-1]).late == pytest.approx(plain.late)


def test_a_steady_effect_has_no_trend_and_a_fading_one_has():
    steady = effect_trend([Cohort(d, 0.3, 0.1) for d in range(8)])
    assert steady.slope == pytest.approx(0, abs=1e-15)
    assert steady.p_value == pytest.approx(1.0)
    assert steady.heterogeneity == pytest.approx(0, abs=1e-12)
    assert steady.inconsistency == 0.0
    fading = effect_trend([Cohort(d, 0.8 - 0.1 * d, 0.1) for d in range(8)])
    assert fading.slope == pytest.approx(-0.1)
    assert fading.late == pytest.approx(0.8 - 0.1 * 5.5)
    assert fading.p_value < 0.01


def test_no_number_where_there_is_none():
    few = [Cohort(d % 4, 0.1, 0.1) for d in range(8)]
    assert str(effect_trend(few)) == "too few viewers (4 of 5 days)"
    for error in (0.0, math.inf, math.nan):
        assert effect_trend([Cohort(d, 0.1, error) for d in range(6)]).reason is Reason.NO_VARIATION
