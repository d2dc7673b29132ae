"""Adjusted p values and Dunnett beside statsmodels, scipy and a second integral."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.stats import dunnett, multiplicity
from abstory.stats.reading import FixedHorizon
from abstory.stats.sequential import AlwaysValid
from abstory.stats.tails import two_sided_quantile

p_values = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.05, 1.0]), min_size=1, max_size=12)
THEIRS = {"bonferroni": "bonferroni", "holm": "holm", "hochberg": "simes-hochberg", "hommel": "hommel"}
THEIRS |= {"BH": "fdr_bh", "BY": "fdr_by"}


@settings(max_examples=15, deadline=None)
@given(p_values)
def test_adjusted_as_statsmodels_does(p):
    from statsmodels.stats.multitest import multipletests

    for name, adjust in multiplicity.ADJUSTMENTS.items():
        assert adjust(p) == pytest.approx(multipletests(p, method=THEIRS[name])[1], rel=1e-9, abs=1e-12)


@given(p_values)
def test_power_is_ordered(p):
    bonferroni, holm, hochberg, hommel = (
        multiplicity.ADJUSTMENTS[name](p) for name in ("bonferroni", "holm", "hochberg", "hommel")
    )
    for strict, mild in ((bonferroni, holm), (holm, hochberg), (hochberg, hommel), (hommel, tuple(p))):
        assert all(a >= b - 1e-12 for a, b in zip(strict, mild, strict=True))


@pytest.mark.parametrize("adjust", multiplicity.ADJUSTMENTS.values())
def test_nothing_to_adjust(adjust):
    assert adjust([]) == ()


@pytest.mark.parametrize("base", [FixedHorizon(0.05), AlwaysValid(0.05, 5000), dunnett.Dunnett(0.05, (0.7, 0.7))])
def test_a_family_of_one_is_the_reading_itself(base):
    alone = multiplicity.Bonferroni(base, 1)
    assert alone.critical(4000, math.inf) == base.critical(4000, math.inf)
    assert alone.p_value(2.5, 4000, math.inf) == base.p_value(2.5, 4000, math.inf)


def test_a_family_of_nobody_is_refused():
    with pytest.raises(ValueError, match="family"):
        multiplicity.Bonferroni(FixedHorizon(0.05), 0)
    with pytest.raises(ValueError, match="family"):
        dunnett.Dunnett(0.05, ())


@pytest.mark.parametrize("df", [math.inf, 7.0])
@pytest.mark.parametrize("rho", [0.1, 0.5, 0.9, 0.999])
def test_dunnett_of_two_is_the_bivariate_integral(rho, df):
    # P(max |T| > q) from scipy's adaptive quadrature over the density of one T given the other (normal),
    # and its multivariate t for finite df (seeded quasi Monte Carlo, hence the looser tolerance)
    from scipy import integrate, stats

    lam, q = math.sqrt(rho), 2.1
    got = dunnett.dunnett_p(q, (lam, lam), df)
    if math.isinf(df):
        rest = math.sqrt(1 - rho * rho)
        inside = integrate.quad(
            lambda x: stats.norm.pdf(x) * (stats.norm.cdf((q - rho * x) / rest) - stats.norm.cdf((-q - rho * x) / rest)),
            -q, q, epsabs=1e-12, epsrel=1e-12, limit=400,
        )[0]  # fmt: skip
        assert got == pytest.approx(1 - inside, rel=1e-8)
    else:
        t = stats.multivariate_t(shape=[[1, rho], [rho, 1]], df=df, seed=1)
        assert got == pytest.approx(1 - t.cdf([q, q], lower_limit=[-q, -q]), abs=2e-4)


@given(st.lists(st.floats(0, 0.95), min_size=1, max_size=6), st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=30, deadline=None)
def test_dunnett_lies_between_no_adjustment_and_sidak(lambdas, alpha):
    critical = dunnett.dunnett_critical(lambdas, alpha)
    sidak = 1 - (1 - alpha) ** (1 / len(lambdas))
    assert (
        two_sided_quantile(alpha, math.inf) * (1 - 1e-8) <= critical <= two_sided_quantile(sidak, math.inf) * (1 + 1e-8)
    )
    assert dunnett.dunnett_p(critical, lambdas) == pytest.approx(alpha, rel=1e-9)


def test_a_tiny_adjusted_p_is_not_lost_to_cancellation():
    # without dependence it is 1 − (1 − p)^k ~ k p, p = 2 sf(12) = 3.55e-33 (closed form)
    tail = math.erfc(12 / math.sqrt(2))
    assert dunnett.dunnett_p(12.0, (0.0, 0.0, 0.0)) == pytest.approx(3 * tail, rel=1e-6)
    assert dunnett.dunnett_p(12.0, (0.7, 0.7, 0.7)) <= 3 * tail * (1 + 1e-6)


def test_loadings_of_equal_arms_are_the_square_root_of_a_half():
    assert dunnett.loadings(2.0, [2.0, 6.0]) == pytest.approx([math.sqrt(0.5), 0.5])
    assert dunnett.loadings(0.0, [2.0]) == (0.0,)
