"""Exact looking: confseq and avlm lie in tests/oracles; here laws, and rates of error when one peeks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.stats import means
from abstory.stats.estimate import Reason
from abstory.stats.exact_sequence import (
    AnytimeT,
    anytime_t_critical,
    anytime_t_p,
    beta_binomial_sequence,
    equal_rates_p,
)
from abstory.stats.moments import Sample, Tally
from abstory.stats.proportions import clopper_pearson
from abstory.stats.sequential import AlwaysValid

tallies = st.integers(1, 10**5).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n)))


@settings(deadline=None)
@given(tallies, st.sampled_from([0.01, 0.05, 0.2]), st.floats(10, 1e5))
def test_a_sequence_is_wider_than_a_single_look_and_mirrors(arm, alpha, planned):
    found = beta_binomial_sequence(arm, alpha, planned)
    single = clopper_pearson(arm, min(1.0, 2 * alpha))
    assert 0 <= found.low <= arm.mean + 1e-12
    assert arm.mean - 1e-12 <= found.high <= 1
    assert found.low <= single.low + 1e-9
    back = beta_binomial_sequence(Tally(arm.n, arm.n - arm.successes), alpha, planned)
    assert found.low == pytest.approx(1 - back.high, abs=1e-9)


def test_ends_at_none_and_all():
    assert beta_binomial_sequence(Tally(40, 0), 0.05, 100).low == 0.0
    assert beta_binomial_sequence(Tally(40, 40), 0.05, 100).high == 1.0
    assert beta_binomial_sequence(Tally(0, 0), 0.05, 100).high == 1.0


@pytest.mark.parametrize(("n", "alpha"), [(1, 0.05), (50, 0.5), (10**6, 1e-9)])
def test_one_success_speaks_against_no_low_rate(n, alpha):
    """As p → 0 the evidence of one success tends to κ B(1, κ + n − 1) = κ/(κ + n − 1), which is at most 1."""
    assert beta_binomial_sequence(Tally(n, 1), alpha, 10.0).low == 0.0
    assert beta_binomial_sequence(Tally(n, n - 1), alpha, 10.0).high == 1.0
    assert beta_binomial_sequence(Tally(n + 1, 2), alpha, 10.0).low > 0.0


def test_peeking_at_a_rate_is_rarely_ever_wrong():
    rng, runs, wrong = np.random.default_rng(3), 300, 0
    for _ in range(runs):
        seen = np.cumsum(rng.random(2000) < 0.07)
        looks = [Tally(n, int(seen[n - 1])) for n in range(100, 2001, 100)]
        wrong += any(beta_binomial_sequence(arm, 0.05, 1000).excludes(0.07) for arm in looks)
    assert wrong / runs <= 0.05


def test_successes_alone_under_peeking():
    rng, runs = np.random.default_rng(4), 1500
    arms = (rng.random((runs, 600)) < 0.25).cumsum(axis=1)  # traffic 1 : 3, rates alike
    wrong = alone = 0
    for run in arms:
        looks = [(int(run[n - 1]), n - int(run[n - 1])) for n in range(25, 601, 25)]
        wrong += min(equal_rates_p(look, (0.25, 0.75)) for look in looks) < 0.05
        alone += any(abs(x - 0.25 * (x + y)) > 1.96 * math.sqrt((x + y) * 0.1875) for x, y in looks)
    assert wrong / runs <= 0.05
    assert alone / runs > 0.15
    assert equal_rates_p((200, 100), (0.5, 0.5)) < 1e-4
    assert equal_rates_p((0, 0), (0.5, 0.5)).reason is Reason.TOO_FEW


@given(st.integers(5, 3000), st.floats(1e-4, 1), st.sampled_from([0.01, 0.05, 0.3]))
def test_p_is_the_alpha_at_its_own_critical_value(n, rho2, alpha):
    critical = anytime_t_critical(n, n - 2, rho2, alpha)
    if math.isinf(critical):
        assert anytime_t_p(1e9, n, n - 2, rho2) >= alpha * (1 - 1e-9)
    else:
        assert anytime_t_p(critical, n, n - 2, rho2) == pytest.approx(alpha, rel=1e-7)
        assert critical >= anytime_t_critical(n, math.inf, rho2, alpha) * (1 - 1e-9)


def test_many_degrees_of_freedom_are_the_normal_mixture():
    small, large = AnytimeT(0.05, 5000), AlwaysValid(0.05, 5000)
    assert small.critical(5000, 1e9) == pytest.approx(large.critical(5000, math.inf), rel=1e-6)
    assert small.p_value(3.3, 5000, math.inf) == pytest.approx(large.p_value(3.3, 5000, math.inf), rel=1e-9)
    assert small.at(0.01).rho2 == small.rho2


@settings(deadline=None)
@given(st.integers(2, 400), st.integers(2, 400), st.floats(0, 3), st.sampled_from([0.01, 0.05, 0.3]))
def test_few_units_speak_with_one_voice(n_t, n_c, gap, alpha):
    effect = means.compare(Sample(n_t, 5 + gap, 1.0), Sample(n_c, 5.0, 2.0), AnytimeT(alpha, 300))
    assert effect.difference.interval.excludes(0.0) == (effect.p_value < alpha)
    assert (abs(effect.statistic) > effect.critical) == (effect.p_value < alpha)


def test_rates_and_plans_it_is_not_for():
    assert AnytimeT(0.05, 100).lacks(Tally(50, 5)) == "a normal outcome"
    assert AnytimeT(0.05, 100).lacks(Sample(50, 1.0, 1.0)) == ""
    with pytest.raises(ValueError, match="planned"):
        AnytimeT(0.05, 0)
