"""Beliefs: R's quadrature and gbstats lie in tests/oracles; here identities, closed sums, edges."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.stats.bayes import (
    BetaPrior,
    NormalPrior,
    lift_posterior,
    normal_posterior,
    prior_from,
    rate_interval,
    rates_posterior,
)
from abstory.stats.estimate import Reason
from abstory.stats.moments import Sample, Tally

tallies = st.integers(0, 10**6).flatmap(
    lambda n: st.builds(Tally, st.just(n), st.integers(0, n) | st.sampled_from([0, n]))
)
priors = st.sampled_from([BetaPrior(), BetaPrior(0.5, 0.5), BetaPrior(30, 70)])


@settings(max_examples=25, deadline=None)
@given(tallies, tallies, priors)
def test_what_is_lost_either_way_differs_by_the_mean(t, c, prior):
    found = rates_posterior(t, c, prior=prior)
    assert found.loss_keeping - found.loss_shipping == pytest.approx(found.mean, rel=1e-8, abs=1e-11)
    assert 0 <= found.chance <= 1 + 1e-12
    assert found.interval.low <= found.mean + 1e-6
    assert found.mean <= found.interval.high + 1e-6


@settings(max_examples=15, deadline=None)
@given(tallies, tallies)
def test_swapped_arms_swap_beliefs(t, c):
    there, back = rates_posterior(t, c), rates_posterior(c, t)
    assert there.chance == pytest.approx(1 - back.chance, abs=1e-9)
    assert there.loss_shipping == pytest.approx(back.loss_keeping, rel=1e-9, abs=1e-13)
    assert there.interval.low == pytest.approx(-back.interval.high, abs=1e-9)


def test_the_chance_is_the_closed_sum_for_whole_counts():
    # Evan Miller's sum: P(p_t > p_c) = Σ_{i<a_t} B(a_c + i, b_t + b_c)/((b_t + i) B(1 + i, b_t) B(a_c, b_c))
    a_t, b_t, a_c, b_c = 31, 71, 26, 76

    def beta(a, b):
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    parts = (
        math.exp(beta(a_c + i, b_t + b_c) - math.log(b_t + i) - beta(1 + i, b_t) - beta(a_c, b_c)) for i in range(a_t)
    )
    found = rates_posterior(Tally(100, 30), Tally(100, 25))
    assert found.chance == pytest.approx(math.fsum(parts), rel=1e-10)


def test_drawn_differences_lie_inside_the_interval():
    import numpy as np

    rng = np.random.default_rng(8)
    found = rates_posterior(Tally(40, 6), Tally(90, 20), level=0.9)
    drawn = rng.beta(7, 35, 400_000) - rng.beta(21, 71, 400_000)
    assert np.quantile(drawn, [0.05, 0.95]) == pytest.approx([found.interval.low, found.interval.high], abs=1e-3)
    assert np.mean(np.maximum(-drawn, 0)) == pytest.approx(found.loss_shipping, rel=0.01)


@pytest.mark.parametrize("n", [10, 10**4, 10**7])
def test_symmetry_holds_to_the_last_digits_whatever_the_counts(n):
    found = rates_posterior(Tally(0, 0), Tally(n, n // 2))
    assert found.chance == pytest.approx(0.5, abs=1e-11)
    assert found.interval.low == pytest.approx(-found.interval.high, abs=1e-9)


def test_without_data_the_prior_speaks():
    found = rates_posterior(Tally(0, 0), Tally(0, 0))
    assert found.chance == pytest.approx(0.5, abs=1e-12)
    assert found.loss_keeping == pytest.approx(1 / 6, rel=1e-10)  # E(U − V)₊ of two uniforms
    assert rate_interval(Tally(0, 0), level=0.9).low == pytest.approx(0.05, rel=1e-10)


@given(st.floats(-8, 8), st.floats(0.01, 10))
def test_a_normal_belief_against_its_integral(z, deviation):
    found = normal_posterior(z * deviation, deviation)
    assert found.loss_keeping - found.loss_shipping == pytest.approx(found.mean, rel=1e-9, abs=1e-12)
    assert found.loss_keeping >= 0
    assert found.loss_shipping >= 0
    from scipy.integrate import quad
    from scipy.special import ndtr

    wanted = quad(lambda x: float(ndtr(x)), -40, z, epsabs=0, epsrel=1e-11)[0]  # zΦ(z) + φ(z) = ∫Φ up to z
    assert found.loss_keeping / deviation == pytest.approx(wanted, rel=1e-8)


@given(st.floats(0.01, 1), st.floats(-0.5, 0.5))
def test_a_prior_draws_the_lift_towards_itself(tau, mean):
    t, c = Sample(200, 5.5, 9.0), Sample(200, 5.0, 9.0)
    flat = lift_posterior(t, c, prior=NormalPrior(deviation=math.inf))
    found = lift_posterior(t, c, prior=NormalPrior(mean, tau))
    assert flat.mean == pytest.approx(0.1, rel=1e-12)
    assert min(mean, 0.1) - 1e-12 <= found.mean <= max(mean, 0.1) + 1e-12
    assert found.interval.high - found.interval.low < flat.interval.high - flat.interval.low


def test_no_number_where_there_is_none():
    fine = Sample(9, 1.0, 1.0)
    assert lift_posterior(Sample(1, 1.0, 0.0), fine).reason is Reason.TOO_FEW
    assert lift_posterior(fine, Sample(9, 0.0, 1.0)).reason is Reason.CONTROL_NEAR_ZERO
    assert lift_posterior(fine, Sample(9, -1.0, 1.0)).reason is Reason.NEGATIVE_CONTROL
    assert lift_posterior(Sample(9, 1.0, 0.0), Sample(9, 2.0, 0.0)).reason is Reason.NO_VARIATION


def test_a_prior_from_past_stories_is_capped():
    # mean .3, variance .01 · 2/3·... of .2, .3, .4: s² = .01, size .21/.01 − 1 = 20
    past = [Tally(100, 20), Tally(100, 30), Tally(100, 40)]
    prior = prior_from(past, 10_000)
    assert (prior.successes, prior.failures) == pytest.approx((6.0, 14.0))
    capped = prior_from(past, 50)
    assert (capped.successes, capped.failures) == pytest.approx((1.5, 3.5))
    assert prior_from(past[:1], 50).reason is Reason.TOO_FEW
    assert prior_from([Tally(9, 3)] * 3, 50).reason is Reason.NO_VARIATION
    assert prior_from([Tally(9, 0), Tally(9, 9)], 50).reason is Reason.NO_VARIATION


@pytest.mark.parametrize("make", [lambda: BetaPrior(0, 1), lambda: BetaPrior(1, -1), lambda: NormalPrior(0, 0)])
def test_priors_outside_their_domain_are_refused(make):
    with pytest.raises(ValueError, match="positive"):
        make()
