"""Two means with their errors: ends solve the equation they stand for, and one road gives every kind of mean."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Adjusted
from abstory.stats.estimate import Interval, Reason, Undetermined
from abstory.stats.means import compare, welch_df
from abstory.stats.moments import Sample
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import FixedHorizon
from abstory.stats.sequential import AlwaysValid
from abstory.stats.two import Two, fieller

SAMPLES = st.builds(
    Sample,
    st.integers(2, 10**6),
    st.floats(-50, 50),
    st.one_of(st.just(0.0), st.floats(1e-6, 1e4)),
    st.one_of(st.just(0.0), st.floats(-1e6, 1e6)),
)
READINGS = st.sampled_from(
    [
        FixedHorizon(0.05),
        AlwaysValid(0.05, 20_000),
        Bonferroni(FixedHorizon(0.1), 7),
        Bonferroni(AlwaysValid(0.05, 9), 3),
    ]
)


@given(st.floats(-0.9, 0.9), st.floats(0.1, 4), st.floats(2, 9))
def test_ends_solve_their_own_equation(correlation, critical, mean):
    v_t, v_c = 0.09, 0.16
    shared = correlation * math.sqrt(v_t * v_c)
    interval = fieller(Two(5.0, mean, v_t, v_c, shared, 18, math.inf), critical)
    if critical * 0.4 >= mean * (1 - 1e-9):
        assert interval.reason is Reason.CONTROL_NEAR_ZERO
        return
    for ratio in (interval.low, interval.high):
        spread = v_t - 2 * ratio * shared + ratio * ratio * v_c
        assert abs(5.0 - ratio * mean) / math.sqrt(spread) == pytest.approx(critical, rel=1e-6)


def test_a_certain_control_divides_the_difference():
    assert fieller(Two(6.0, 2.0, 1.0, 0.0, 0.0, 8, math.inf), 2.0) == Interval(2.0, 4.0)


@pytest.mark.parametrize("mean", [0.0, -3.0, 1e-300])
def test_no_ratio_to_a_control_that_may_be_nothing(mean):
    assert fieller(Two(1.0, mean, 1.0, 1.0, 0.0, 8, math.inf), 2.0).reason is Reason.CONTROL_NEAR_ZERO


@given(SAMPLES, SAMPLES, READINGS)
def test_means_that_share_nothing_are_read_alike_on_either_way(treatment, control, reading):
    plain = compare(treatment, control, reading)
    own = treatment.variance / treatment.n, control.variance / control.n
    assume(sum(own) > 0)
    values = treatment.mean, control.mean
    two = Adjusted((treatment, control), *values, *own, 0.0, welch_df(treatment, control))
    assert compare_adjusted(two, reading, method="welch") == plain


@given(SAMPLES, SAMPLES, READINGS)
def test_both_intervals_and_p_say_one_thing(treatment, control, reading):
    effect = compare(treatment, control, reading)
    assume(not isinstance(effect, Undetermined))
    apart = abs(effect.statistic) > effect.critical
    assert apart == (effect.p_value < reading.alpha) == effect.difference.interval.excludes(0.0)
    if not isinstance(effect.lift, Undetermined):
        assert effect.lift.interval.excludes(0.0) == apart
