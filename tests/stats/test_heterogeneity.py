"""Q against statsmodels' meta-analysis and weighted regression, its p against scipy, an integral and simulation."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import chi2, norm
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.meta_analysis import combine_effects

from abstory.stats.estimate import Reason
from abstory.stats.heterogeneity import Cell, Heterogeneity, heterogeneity
from abstory.stats.sequential import log_e_value

MEANS, ERRORS = st.floats(0.05, 20), st.floats(0.01, 3)
PAIRS = st.lists(st.tuples(MEANS, ERRORS, MEANS, ERRORS), min_size=2, max_size=6)


def two_arms(groups):
    return [
        cell
        for at, (control, error_c, mean, error) in enumerate(groups)
        for cell in (Cell(at, 0, control, error_c), Cell(at, 1, mean, error))
    ]


def cochran(effects, variances):
    with np.errstate(all="ignore"):  # its random-effects part divides by a between-group variance below 0
        return combine_effects(np.array(effects), np.array(variances), method_re="dl").test_homogeneity()


@given(PAIRS)
def test_one_treatment_is_cochrans_q(groups):
    found = heterogeneity(two_arms(groups), relative=False)
    effects = [mean - control for control, _, mean, _ in groups]
    variances = [error**2 + error_c**2 for _, error_c, _, error in groups]
    oracle = cochran(effects, variances)
    assert found.statistic == pytest.approx(oracle.statistic, rel=1e-6, abs=1e-6)
    assert found.df == oracle.df
    # Not the peer's own p: where all effects agree, its Q is 1e-12 of rounding, and p there goes with the root of Q.
    assert found.p_value() == pytest.approx(chi2.sf(found.statistic, found.df), rel=1e-9)


@given(PAIRS)
def test_relative_is_cochrans_q_of_log_ratios(groups):
    found = heterogeneity(two_arms(groups), relative=True)
    effects = [math.log(mean / control) for control, _, mean, _ in groups]
    variances = [(error / mean) ** 2 + (error_c / control) ** 2 for control, error_c, mean, error in groups]
    oracle = cochran(effects, variances)
    assert found.statistic == pytest.approx(oracle.statistic, rel=1e-6, abs=1e-6)


TABLES = st.integers(2, 4).flatmap(
    lambda arms: st.lists(st.lists(st.tuples(MEANS, ERRORS), min_size=arms, max_size=arms), min_size=2, max_size=5)
)


def cells(table):
    return [Cell(g, a, mean, error) for g, row in enumerate(table) for a, (mean, error) in enumerate(row)]


@given(TABLES)
def test_several_treatments_are_the_wald_test_of_the_saturated_model(table):
    found = heterogeneity(cells(table), relative=False)
    groups, arms = len(table), len(table[0])
    contrasts, covariance = [], np.diag([error**2 for row in table for _, error in row])
    for g in range(1, groups):
        for a in range(1, arms):
            row = np.zeros(groups * arms)
            row[g * arms + a], row[g * arms], row[a], row[0] = 1, -1, -1, 1
            contrasts.append(row)
    contrasts = np.array(contrasts)
    gaps = contrasts @ np.array([mean for row in table for mean, _ in row])
    wald = gaps @ np.linalg.solve(contrasts @ covariance @ contrasts.T, gaps)
    assert found.statistic == pytest.approx(wald, rel=1e-5, abs=1e-6)
    assert found.df == (groups - 1) * (arms - 1)
    assert found.p_value() == pytest.approx(chi2.sf(wald, found.df), rel=1e-4, abs=1e-9)


@given(TABLES, st.data())
def test_a_missing_cell_is_left_out_as_in_weighted_regression(table, data):
    kept = cells(table)
    kept.remove(data.draw(st.sampled_from([cell for cell in kept if cell.arm])))
    found = heterogeneity(kept, relative=False)
    groups, arms = len(table), len(table[0])
    design = [[float(c.group == g) for g in range(groups)] + [float(c.arm == a) for a in range(1, arms)] for c in kept]
    fit = WLS([c.mean for c in kept], design, weights=[c.error**-2 for c in kept]).fit()
    assume(fit.df_resid >= 1)
    assert found.statistic == pytest.approx(fit.ssr, rel=1e-6, abs=1e-6)
    assert found.df == fit.df_resid


@given(TABLES, st.randoms(use_true_random=False), st.floats(0.1, 10), st.floats(-5, 5), st.booleans())
def test_neither_order_nor_scale_nor_a_shift_matters(table, random, scale, shift, relative):
    once = heterogeneity(cells(table), relative=relative)
    by_group = 0 if relative else shift
    moved = [Cell(c.group, c.arm, c.mean * scale + by_group * c.group, c.error * scale) for c in cells(table)]
    random.shuffle(moved)
    again = heterogeneity(moved, relative=relative)
    assert again.statistic == pytest.approx(once.statistic, rel=1e-6, abs=1e-6)
    assert again.df == once.df


def test_equal_effects_have_no_heterogeneity():
    lifted = two_arms([(0.2, 0.01, 0.22, 0.01), (0.6, 0.02, 0.66, 0.02)])
    assert heterogeneity(lifted, relative=True).statistic == pytest.approx(0, abs=1e-9)
    assert heterogeneity(lifted, relative=False).statistic == pytest.approx(0.04**2 / (2e-4 + 8e-4))
    assert heterogeneity(lifted, relative=True).inconsistency == 0
    assert Heterogeneity(4.0, 1).inconsistency == 0.75


@pytest.mark.parametrize(
    ("given", "relative", "reason"),
    [
        ([(0.2, 0.01, 0.3, 0.01)], False, Reason.TOO_FEW),
        ([(0.2, 0.0, 0.3, 0.01), (0.2, 0.01, 0.3, 0.01)], False, Reason.NO_VARIATION),
        ([(0.0, 0.01, 0.3, 0.01), (0.2, 0.01, 0.3, 0.01)], True, Reason.CONTROL_NEAR_ZERO),
    ],
)
def test_what_cannot_be_told(given, relative, reason):
    assert heterogeneity(two_arms(given), relative=relative).reason is reason


def test_nothing_at_all_is_too_few():
    assert heterogeneity([], relative=False).reason is Reason.TOO_FEW


@given(st.floats(0, 60), st.floats(1, 1e6), st.floats(1e-6, 1e-2))
def test_one_degree_of_freedom_is_the_always_valid_p(statistic, n, rho2):
    p = Heterogeneity(statistic**2, 1).always_valid_p(n, rho2)
    assert p == pytest.approx(min(1.0, math.exp(-log_e_value(statistic, n, rho2))), rel=1e-9)


@pytest.mark.parametrize(("x", "y", "information"), [(1.0, 2.0, 0.5), (2.5, -1.0, 3.0), (0.0, 3.5, 8.0)])
def test_two_degrees_are_the_mixture_integrated(x, y, information):
    def evidence(seen):
        """Average likelihood ratio of one contrast over its normal prior; the contrasts are independent."""
        ratio = lambda a: math.exp(seen * a - a * a / 2) * norm.pdf(a, scale=math.sqrt(information))  # noqa: E731
        return quad(ratio, -30, 30, points=[seen])[0]

    found = Heterogeneity(x * x + y * y, 2).always_valid_p(information, 1.0)
    assert found == pytest.approx(min(1.0, 1 / (evidence(x) * evidence(y))), rel=1e-6)


def test_looking_daily_does_not_inflate_it():
    """Five groups alike, 40 looks, 100 viewers an arm and group between them: ever below .05 in at most .05 of runs."""
    draws = np.random.default_rng(20261127)
    runs, groups, looks, batch = 1000, 5, 40, 100
    n = batch * np.arange(1, looks + 1)[:, None, None]
    rates = np.cumsum(draws.binomial(batch, 0.3, size=(runs, looks, groups, 2)), axis=1) / n
    effects, weights = rates[..., 1] - rates[..., 0], 1 / (rates * (1 - rates) / n).sum(axis=-1)
    pooled = (effects * weights).sum(axis=-1) / weights.sum(axis=-1)
    q = (weights * (effects - pooled[..., None]) ** 2).sum(axis=-1)
    viewers = 2 * groups * n.ravel()

    def crossed(run):
        looked = zip(run, viewers, strict=True)
        return any(
            Heterogeneity(float(x), groups - 1).always_valid_p(int(at), 7.936 / 20_000) < 0.05 for x, at in looked
        )

    fixed = np.mean((q > chi2.isf(0.05, groups - 1)).any(axis=1))
    assert fixed > 0.2  # what looking does to the plain test
    assert sum(map(crossed, q)) <= 0.05 * runs + 3 * math.sqrt(0.05 * 0.95 * runs)
