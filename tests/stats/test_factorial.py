"""Factors as contrasts of cells: published cases lie in tests/oracles; here statsmodels beside it on rows, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f as f_distribution

from abstory.stats import factorial, means
from abstory.stats.covariates import Arms, adjust
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.factorial_adjusted import adjusted_cells
from abstory.stats.factorial_layout import OVERALL, Layout, additive, saturated
from abstory.stats.factorial_logit import likelihood_ratio, logit_coefficients
from abstory.stats.moments import Moments, Sample, Tally, pair
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import FixedHorizon
from abstory.stats.sequential import AlwaysValid, log_e_value

FIXED = FixedHorizon(0.05)
FACTORS = {"filter": ("none", "warm", "cold"), "cta": ("none", "shop")}
CELLS = tuple((f, c) for f in FACTORS["filter"] for c in FACTORS["cta"])
TWO = Layout(
    {"filter": ("none", "warm"), "cta": ("none", "shop")},
    tuple((f, c) for f in ("none", "warm") for c in ("none", "shop")),
)


def rows(seed, sizes=(9, 14, 11, 25, 7, 30)):
    """Cells of unequal size and variance, as rows."""
    rng = np.random.default_rng(seed)
    return [rng.normal(5 + at / 3, 1 + at / 4, n) for at, n in enumerate(sizes)]


def sample(values):
    return Sample(len(values), float(np.mean(values)), float(np.var(values, ddof=1)))


def cells_of(layout, evidence):
    return factorial.cells([(".".join(cell), one) for cell, one in zip(layout.cells, evidence, strict=True)])


def statsmodels_fit(data):
    """OLS on rows with R's contr.sum written out: overall, filter 1 and 2, cta, their two products."""
    from statsmodels.api import OLS

    first, second = {"none": 1, "warm": 0, "cold": -1}, {"none": 0, "warm": 1, "cold": -1}
    coded = [(first[f], second[f], 1 if c == "none" else -1) for f, c in CELLS]
    x = np.repeat([[1, a, b, c, a * c, b * c] for a, b, c in coded], [len(d) for d in data], axis=0)
    return OLS(np.concatenate(data), x).fit(cov_type="HC2")


def test_coefficients_and_errors_are_those_of_the_saturated_regression_with_hc2():
    data, layout = rows(1), Layout(FACTORS, CELLS)
    fit, found = statsmodels_fit(data), cells_of(layout, map(sample, data))
    ours = [factorial.contrast(found, row, FIXED) for row in saturated(layout).weights]
    assert [one.estimate.value for one in ours] == pytest.approx(list(fit.params), rel=1e-10)
    assert [one.standard_error for one in ours] == pytest.approx(list(fit.bse), rel=1e-10)


def test_terms_are_tested_as_type_three():
    data, layout = rows(2), Layout(FACTORS, CELLS)
    fit, model, found = statsmodels_fit(data), saturated(layout), cells_of(layout, map(sample, data))
    places = {("filter",): [1, 2], ("cta",): [3], ("filter", "cta"): [4, 5]}
    for term, at in places.items():
        theirs = fit.wald_test(np.eye(6)[at], use_f=False, scalar=True)
        test = factorial.wald(found, model.coefficients(term))
        assert (test.statistic, test.df) == (pytest.approx(theirs.statistic, rel=1e-9), len(at))
        assert test.large_sample_p == pytest.approx(theirs.pvalue, rel=1e-9)


def test_main_effect_of_two_cells_is_welch():
    layout = Layout({"cta": ("none", "shop")}, (("none",), ("shop",)))
    a, b = (sample(values) for values in rows(3)[:2])
    found = cells_of(layout, [a, b])
    model = saturated(layout)
    ours = factorial.marginal(found, model.at({"cta": "shop"}), model.at({"cta": "none"}), FIXED)
    theirs = means.compare(b, a, FIXED)
    for name in ("statistic", "p_value", "critical", "standard_error"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-12)
    assert (ours.lift.interval.low, ours.lift.interval.high) == pytest.approx(
        (theirs.lift.interval.low, theirs.lift.interval.high), rel=1e-10
    )


def test_the_marginal_effect_weighs_other_factors_alike_and_the_observed_one_as_met():
    layout = Layout(FACTORS, CELLS)
    sizes = [10, 30, 20, 20, 5, 15]
    model = saturated(layout)
    assert model.at({"cta": "shop"}) == pytest.approx([0, 1 / 3] * 3, abs=1e-12)
    assert model.at({"filter": "warm", "cta": "shop"}) == pytest.approx([0, 0, 0, 1, 0, 0], abs=1e-12)
    assert layout.observed(sizes, "cta", "shop") == pytest.approx([0, 0.4, 0, 0.4, 0, 0.2])


def test_weights_are_kept_for_whoever_asks_next_and_nobody_can_spoil_them():
    model = saturated(Layout(FACTORS, CELLS))
    asked = model.at({"filter": "warm", "cta": "shop"})
    assert model.at({"cta": "shop", "filter": "warm"}) is asked
    assert model.at({"cta": "shop"}) is not asked
    with pytest.raises(ValueError, match="read-only"):
        asked += 1


def test_small_sample_p_is_that_of_f():
    # One contrast: F(1, ν) is t², ν Satterthwaite's. Equal variances and sizes: every ν_i is the same, so is ν.
    layout = Layout(FACTORS, CELLS)
    found = cells_of(layout, [Sample(8, float(at), 2.0) for at in (1, 2, 4, 3, 2, 7)])
    model = saturated(layout)
    one, p = factorial.omnibus_p(found, model.coefficients(("cta",)), FIXED)
    alone = factorial.contrast(found, model.coefficients(("cta",))[0], FIXED)
    assert p == pytest.approx(alone.p_value, rel=1e-12)
    assert one.denominator == pytest.approx(42)
    two, p = factorial.omnibus_p(found, model.coefficients(("filter",)), FIXED)
    assert two.denominator == pytest.approx(_spectral_of_equal(found, model))
    assert p == pytest.approx(f_distribution.sf(two.statistic / 2, 2, two.denominator), rel=1e-9)


def _spectral_of_equal(found, model):
    """Both eigenvectors of a factor with three equal levels lean on cells unequally; Fai & Cornelius' formula by hand."""
    weights = model.coefficients(("filter",))
    v = weights @ np.diag(found.own) @ weights.T
    _, vectors = np.linalg.eigh(v)
    free = [found.satterthwaite(row) for row in vectors.T @ weights]
    expected = sum(nu / (nu - 2) for nu in free)
    return 2 * expected / (expected - 2)


def test_always_valid_for_one_contrast_is_the_house_sequence():
    found = cells_of(TWO, [Tally(4000, x) for x in (900, 1000, 950, 1130)])
    reading, row = AlwaysValid(0.05, 16_000), saturated(TWO).coefficients(("filter", "cta"))
    _, p = factorial.omnibus_p(found, row, reading)
    assert p == pytest.approx(factorial.contrast(found, row[0], reading).p_value, rel=1e-9)


def test_always_valid_for_two_contrasts_is_the_product_of_independent_ones():
    # Independent contrasts: log evidence adds.
    layout = Layout({"cell": tuple("abcd")}, tuple((name,) for name in "abcd"))
    found = cells_of(layout, [Sample(500, mean, 1.0) for mean in (0.1, 0.0, 0.12, 0.0)])
    reading = AlwaysValid(0.05, 2000)
    _, p = factorial.omnibus_p(found, np.array([[1.0, -1, 0, 0], [0, 0, 1, -1]]), reading)
    each = [log_e_value(mean / math.sqrt(2 / 500), 2000, reading.rho2) for mean in (0.1, 0.12)]
    assert p == pytest.approx(min(1.0, math.exp(-sum(each))), rel=1e-9)


def test_any_other_reading_takes_the_least_p_times_their_number():
    layout = Layout(FACTORS, CELLS)
    found = cells_of(layout, [Tally(900, x) for x in (100, 110, 120, 170, 101, 99)])
    rows_, reading = saturated(layout).coefficients(("filter", "cta")), Bonferroni(FIXED, 1)
    _, p = factorial.omnibus_p(found, rows_, reading)
    assert p == pytest.approx(min(1.0, 2 * min(factorial.contrast(found, row, FIXED).p_value for row in rows_)))


def test_a_half_fraction_names_its_aliases():
    # 2^(4−1) with D = ABC: resolution IV, mains clear of pairs, pairs aliased two by two (Wu & Hamada, table 5A.2)
    levels = ("-", "+")
    cells = [(a, b, c) for a in levels for b in levels for c in levels]
    sign = {"-": -1, "+": 1}
    layout = Layout(
        dict.fromkeys("ABCD", levels),
        tuple((a, b, c, levels[(sign[a] * sign[b] * sign[c] + 1) // 2]) for a, b, c in cells),
    )
    model = saturated(layout)
    assert not layout.full
    assert model.aliases(("A",)) == (("B", "C", "D"),)
    assert model.aliases(("A", "B")) == (("C", "D"),)
    assert model.aliases(("C", "D")) == (("A", "B"),)
    assert model.aliases(OVERALL) == (("A", "B", "C", "D"),)
    assert not model.whole(("C", "D"))


def test_three_of_four_cells_tell_main_effects_only_where_there_is_no_interaction():
    layout = Layout(TWO.factors, TWO.cells[:3])
    model = saturated(layout)
    found = cells_of(layout, [Sample(50, mean, 1.0) for mean in (1.0, 4.0, 2.0)])
    warm = factorial.contrast(found, model.at({"filter": "warm"}) - model.at({"filter": "none"}), FIXED)
    assert warm.estimate.value == pytest.approx(1.0)
    assert model.aliases(("filter",)) == (("filter", "cta"),)


def test_two_factors_that_always_go_together_cannot_be_told_apart():
    model = saturated(Layout(TWO.factors, (("none", "none"), ("warm", "shop"))))
    assert model.whole(("filter",))
    assert not model.whole(("cta",))
    assert ("cta",) in model.aliases(("filter",))


def test_an_empty_cell_leaves_what_does_not_need_it():
    found = cells_of(TWO, [Tally(100, 30), Tally(100, 40), Tally(100, 35), Tally(0, 0)])
    model = saturated(TWO)
    warm = factorial.marginal(found, model.at({"filter": "warm"}), model.at({"filter": "none"}), FIXED)
    assert warm == Undetermined(Reason.EMPTY_CELL, "warm.shop")
    assert factorial.wald(found, model.coefficients(("filter", "cta"))) == warm
    simple = factorial.marginal(
        found, model.at({"filter": "warm", "cta": "none"}), model.at({"filter": "none", "cta": "none"}), FIXED
    )
    assert simple.difference.value == pytest.approx(0.05)


def test_the_additive_model_fills_an_empty_cell_as_least_squares_on_rows_does():
    # statsmodels OLS of y on both factors without their product, over the rows of three cells
    from statsmodels.api import OLS

    data = rows(5)[:3]
    model = additive(TWO, [len(one) for one in data] + [0])
    x = np.repeat([[1, 1, 1], [1, 1, -1], [1, -1, 1]], [len(one) for one in data], axis=0)
    fit = OLS(np.concatenate(data), x).fit()
    found = cells_of(TWO, [*map(sample, data), Undetermined(Reason.NO_VIEWERS)])
    ours = [factorial.contrast(found, row, FIXED).estimate.value for row in model.weights]
    assert ours == pytest.approx(list(fit.params), rel=1e-9)


def test_a_rate_of_nought_keeps_its_estimate_and_gets_a_variance():
    found = cells_of(TWO, [Tally(40, 0), Tally(40, 10), Tally(40, 12), Tally(40, 20)])
    assert found.flagged == ("none.none",)
    assert found.means[0] == 0
    p = 0.5 / 41
    assert found.own[0] == pytest.approx(p * (1 - p) / 40)


@pytest.mark.parametrize("term", [("filter",), ("cta",), ("filter", "cta")])
def test_odds_agree_with_a_logistic_regression(term):
    # statsmodels GLM(Binomial) on grouped counts; the deviance a term leaves when dropped is the likelihood ratio
    from statsmodels.api import GLM, families

    layout = Layout(FACTORS, CELLS)
    tallies = [Tally(n, x) for n, x in ((90, 20), (80, 30), (70, 11), (95, 50), (60, 22), (75, 41))]
    model = saturated(layout)
    x = np.hstack([layout.columns(t) for t in layout.terms()])
    y, both, weights = (
        [1.0, 0.0] * 6,
        np.repeat(x, 2, axis=0),
        [n for t in tallies for n in (t.successes, t.n - t.successes)],
    )

    def fitted(columns):
        return GLM(y, columns, family=families.Binomial(), freq_weights=weights).fit(tol=1e-12)

    b, error = logit_coefficients(model, tallies)
    fit = fitted(both)
    assert (list(b), list(error)) == (pytest.approx(list(fit.params), rel=1e-6), pytest.approx(list(fit.bse), rel=1e-6))
    rest = np.hstack([layout.columns(t) for t in layout.terms() if t != term])
    dropped = fitted(np.repeat(rest, 2, axis=0))
    assert likelihood_ratio(model, tallies, term) == pytest.approx(dropped.deviance - fit.deviance, rel=1e-6)


def test_odds_are_infinite_at_a_rate_of_nought():
    tallies = [Tally(40, 0), Tally(40, 10), Tally(40, 12), Tally(40, 20)]
    assert logit_coefficients(saturated(TWO), tallies).reason is Reason.NO_VARIATION
    assert likelihood_ratio(saturated(TWO), tallies, ("filter",)) > 0


def adjusted_moments(rng, n, shift):
    x = rng.normal(2, 1, n)
    y = shift + 0.8 * x + rng.normal(0, 1, n)
    c = np.cov(x, y)
    return Moments(
        n,
        {"x": float(x.mean()), "y": float(y.mean())},
        {pair("x", "x"): c[0, 0], pair("x", "y"): c[0, 1], pair("y", "y"): c[1, 1]},
    )


def test_two_adjusted_cells_are_two_adjusted_arms():
    # the oracle of two arms (R lm by arm, RobinCar2) holds for cells through this
    rng = np.random.default_rng(4)
    a, b = adjusted_moments(rng, 80, 1.0), adjusted_moments(rng, 120, 1.5)
    found = adjusted_cells({"none": a, "shop": b}, "y", ["x"], rate=False)
    two = adjust(Arms(b, a), "y", ["x"])
    assert list(found.means) == pytest.approx([two.control, two.treatment])
    assert found.covariance[0, 1] == pytest.approx(two.covariance)
    assert list(np.diag(found.covariance)) == pytest.approx([two.variance_control, two.variance_treatment])
    assert found.satterthwaite(np.array([-1.0, 1.0])) == pytest.approx(two.df)


def test_covariates_that_do_not_vary_or_too_few_viewers_adjust_nothing():
    rng = np.random.default_rng(4)
    a, b = adjusted_moments(rng, 80, 1.0), adjusted_moments(rng, 11, 1.5)
    assert adjusted_cells({"none": a, "shop": b}, "y", ["x"], rate=False).reason is Reason.TOO_FEW
    assert adjusted_cells({"none": a, "shop": a}, "y", [], rate=False).reason is Reason.NO_VARIATION


sizes = st.lists(st.integers(60, 4000), min_size=4, max_size=4)
shares = st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4)
READINGS = [FIXED, AlwaysValid(0.05, 4000), Bonferroni(FIXED, 3)]


def effect_of(tallies, level, reference, reading, factor="filter"):
    model = saturated(TWO)
    return factorial.marginal(cells_of(TWO, tallies), model.at({factor: level}), model.at({factor: reference}), reading)


@given(sizes, shares, st.sampled_from(READINGS))
@settings(max_examples=150, deadline=None)
def test_interval_p_and_lift_are_one_statement(n, p, reading):
    found = effect_of([Tally(a, round(a * b)) for a, b in zip(n, p, strict=True)], "warm", "none", reading)
    if isinstance(found, Undetermined):
        assert found.reason is Reason.TOO_EARLY
        return
    apart = found.difference.interval.excludes(0.0)
    assert apart == (found.p_value < reading.alpha)
    if not isinstance(found.lift, Undetermined):
        assert apart == found.lift.interval.excludes(0.0)


@given(sizes, shares)
@settings(max_examples=60, deadline=None)
def test_swapping_levels_flips_the_difference_and_scaling_scales_it(n, p):
    tallies = [Tally(a, round(a * b)) for a, b in zip(n, p, strict=True)]
    forth, back = effect_of(tallies, "warm", "none", FIXED), effect_of(tallies, "none", "warm", FIXED)
    assert isinstance(forth, Effect)
    assert back.difference.value == pytest.approx(-forth.difference.value, abs=1e-12)
    assert back.p_value == pytest.approx(forth.p_value, rel=1e-9)
    model = saturated(TWO)
    one = cells_of(TWO, [Sample(t.n, t.mean, t.variance + 0.01) for t in tallies])
    ten = cells_of(TWO, [Sample(t.n, 10 * t.mean, 100 * (t.variance + 0.01)) for t in tallies])
    row = model.coefficients(("filter", "cta"))
    assert factorial.wald(ten, row).statistic == pytest.approx(factorial.wald(one, row).statistic, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("shape", [(2, 2), (3, 2)])
def test_tests_keep_their_size_under_the_null(shape):
    # 2,000 experiments without any effect, 15 skewed rows a cell of unequal variance: 99.9% binomial bounds about 5%
    rng = np.random.default_rng(20261127)
    levels = {"f": tuple("abc"[: shape[0]]), "g": tuple("xyz"[: shape[1]])}
    layout = Layout(levels, tuple((f, g) for f in levels["f"] for g in levels["g"]))
    model = saturated(layout)
    spreads, false = np.linspace(1, 2, len(layout.cells)), {("f",): 0, ("f", "g"): 0}
    for _ in range(2000):
        found = cells_of(layout, [sample(rng.normal(0, s, 15)) for s in spreads])
        for term in false:
            false[term] += factorial.omnibus_p(found, model.coefficients(term), FIXED)[1] < 0.05
    assert all(67 <= count <= 137 for count in false.values()), false
