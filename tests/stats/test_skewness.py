"""Cochran's rule for differences: published constants, Edgeworth's terms by numpy, laws, and simulated errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats import means, skewness
from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Adjusted
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Sample
from abstory.stats.reading import FixedHorizon

units = st.integers(2, 10**7)
thirds = st.floats(-1e3, 1e3, allow_subnormal=False)


def sample(values):
    gaps = values - values.mean()
    return Sample(len(values), values.mean(), values.var(ddof=1), (gaps**3).mean())


def test_one_huge_arm_leaves_cochrans_rule():
    # Cochran (1977, section 2.15): n > 25 skewness²; control without error makes the difference one sample.
    for n, skew in ((100, 2.0), (2500, 10.0)):
        rho = skewness.of_difference(Sample(n, 0.0, 1.0, skew), Sample(10**12, 0.0, 1.0, skew))
        assert rho == pytest.approx(math.sqrt(1 / 25), rel=1e-4)
    assert 1 / skewness.both_tails(1.959964) ** 2 == pytest.approx(25, rel=0.02)


@pytest.mark.parametrize("critical", [1.2, 1.6449, 1.96, 2.5758, 4.0, 8.0])
def test_at_the_limit_edgeworths_terms_add_a_fifth(critical):
    # Hall (1992, section 2.6): q1 = ρ(2x² + 1)/6, q2 = −ρ² x(x⁴ + 2x² − 3)/18 without kurtosis.
    from scipy.stats import norm

    nominal, density = norm.sf(critical), norm.pdf(critical)
    rho = skewness.both_tails(critical)
    assert 2 * rho**2 * critical * (critical**4 + 2 * critical**2 - 3) / 18 * density == pytest.approx(0.4 * nominal)
    rho = skewness.one_tail(critical)
    assert rho * (2 * critical**2 + 1) / 6 * density == pytest.approx(0.2 * nominal)


def test_far_out_the_limits_go_on():
    for limit in (skewness.both_tails, skewness.one_tail):
        assert limit(24.9) > limit(25.1) == pytest.approx(limit(24.9), rel=0.05)
    assert skewness.both_tails(0.9) == math.inf


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=50), st.lists(st.integers(0, 1000), min_size=3, max_size=50))
def test_it_is_the_skewness_of_both_arms_by_their_sizes(a, b):
    """scipy's skewness of all units around their own arm's mean, times the third cumulant of 1/n weights."""
    from scipy.stats import skew

    t, c = np.array(a, dtype=float), np.array(b, dtype=float)
    both = np.concatenate([t - t.mean(), c - c.mean()])
    if not both.any():
        return
    sizes = abs(1 / len(t) ** 2 - 1 / len(c) ** 2) / (1 / len(t) + 1 / len(c)) ** 1.5
    wanted = abs(skew(both)) * sizes
    assert skewness.of_difference(sample(t), sample(c)) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@given(units, units, thirds, thirds, st.floats(1e-3, 1e3))
def test_signs_order_units_and_means_do_not_matter(n, other, third, theirs, scale):
    a, b = Sample(n, 5.0, 2.0, third), Sample(other, 3.0, 1.0, theirs)
    rho = skewness.of_difference(a, b)
    assert rho >= 0
    assert skewness.of_difference(b, a) == pytest.approx(rho, rel=1e-9)
    mirrored = (Sample(s.n, -s.mean, s.variance, -s.third) for s in (a, b))
    assert skewness.of_difference(*mirrored) == pytest.approx(rho, rel=1e-9)
    scaled = (Sample(s.n, 0.0, s.variance * scale**2, s.third * scale**3) for s in (a, b))
    assert skewness.of_difference(*scaled) == pytest.approx(rho, rel=1e-6, abs=1e-12)


@given(units, thirds)
def test_equal_arms_are_never_too_skewed(n, third):
    assert skewness.of_difference(Sample(n, 1.0, 1.0, third), Sample(n, 2.0, 3.0, third)) == 0


@pytest.mark.parametrize("skew", [4.7, 4.8])
def test_welch_says_so_just_beyond_the_limit(skew):
    # 400 and 3,600: γ (1/400 − 1/3,600)/√(1/400 + 1/3,600) = γ/23.7 against 0.2009 at t's 1.964.
    effect = means.compare(Sample(400, 1.0, 1.0, skew), Sample(3600, 1.0, 1.0, skew), FixedHorizon(0.05))
    if skew < 4.75:
        assert effect.skewness == pytest.approx(skew / 23.717, rel=1e-3)
    else:
        assert effect.reason is Reason.TOO_SKEWED
        assert str(effect).endswith("winsorize the metric, or give variants equal weights)")


def test_a_bound_asks_for_less_skewness_than_two_tails():
    reading = FixedHorizon(0.1)
    effect = means.compare(Sample(400, 1.0, 1.0, 3.0), Sample(3600, 1.0, 1.0, 3.0), reading)
    assert isinstance(effect, Effect)
    assert skewness.bound(effect).reason is Reason.TOO_SKEWED
    little = means.compare(Sample(400, 1.0, 1.0, 2.0), Sample(3600, 1.0, 1.0, 2.0), reading)
    assert skewness.bound(little) is little
    withheld = Undetermined(Reason.UNTRUSTED)
    assert skewness.bound(withheld) is withheld


def test_what_covariates_take_away_makes_the_rest_more_skewed():
    # Three quarters of the variance gone and no third moment: 8 times the skewness.
    evidence = Sample(400, 1.0, 1.0, 0.5), Sample(3600, 1.0, 1.0, 0.5)
    plain = Adjusted(evidence, 1.0, 1.0, 1 / 400, 1 / 3600, 0.0, math.inf)
    less = Adjusted(evidence, 1.0, 1.0, 1 / 1600, 1 / 14400, 0.0, math.inf, removed=0.75)
    one, other = (compare_adjusted(a, FixedHorizon(0.05)) for a in (plain, less))
    assert other.skewness == pytest.approx(8 * one.skewness)


LAWS = {
    "exponential": lambda draws, shape: draws.exponential(1.0, shape),
    "nine of ten are 0": lambda draws, shape: draws.exponential(1.0, shape) * (draws.random(shape) < 0.1),
    "lognormal, sigma 1": lambda draws, shape: draws.lognormal(0.0, 1.0, shape),
    "lognormal, sigma 2": lambda draws, shape: draws.lognormal(0.0, 2.0, shape),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("small", "large"), [(100, 900), (400, 3600), (300, 600)])
def test_the_error_stays_within_a_fifth_of_nominal(law, small, large):
    """Read or not read: of 2,000 experiments without effect, the share read as different, less 3.3 errors."""
    draws, runs, wrong = np.random.default_rng(7), 2000, 0
    arms = [LAWS[law](draws, (runs, n)) for n in (small, large)]
    for a, b in zip(*arms, strict=True):
        effect = means.compare(sample(a), sample(b), FixedHorizon(0.05))
        wrong += isinstance(effect, Effect) and effect.p_value < 0.05
    share = wrong / runs
    assert share - 3.3 * math.sqrt(share * (1 - share) / runs) <= 0.06


def test_without_third_moments_the_same_draws_go_wrong():
    draws, runs, wrong = np.random.default_rng(7), 2000, 0
    for _ in range(runs):
        a, b = (sample(draws.lognormal(0.0, 2.0, n)) for n in (100, 900))
        blind = (Sample(s.n, s.mean, s.variance) for s in (a, b))
        wrong += means.compare(*blind, FixedHorizon(0.05)).p_value < 0.05
    assert wrong / runs > 0.1


def test_linearised_ratios_are_as_skewed_as_ratios():
    from itertools import combinations_with_replacement

    from abstory.stats.linearised import linearise
    from abstory.stats.moments import Moments, triple
    from abstory.stats.ratios import ratio_sample

    rows = [(3, 4), (0, 1), (9, 9), (1, 7), (0, 2)]
    columns = {"y": [y for y, _ in rows], "d": [d for _, d in rows]}

    def summed(names):
        return sum(math.prod(values) for values in zip(*(columns[name] for name in names), strict=True))

    pairs, triples = ([tuple(sorted(key)) for key in combinations_with_replacement(("d", "y"), k)] for k in (2, 3))
    moments = Moments.from_sums(
        5, {name: summed([name]) for name in columns}, {k: summed(k) for k in pairs}, {k: summed(k) for k in triples}
    )
    line = linearise(moments, {"r": ("y", "d")}).sample("r")
    assert line.third == pytest.approx(ratio_sample(moments, "y", "d").third, rel=1e-12)
    assert triple("y", "d", "y") in moments.thirds
