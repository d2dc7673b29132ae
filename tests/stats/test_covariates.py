"""Covariate adjustment from moments: published cases lie in tests/oracles; here statsmodels beside it, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.stats import means
from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Arms, adjust, adjust_pooled, imbalance
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.linearised import linearise
from abstory.stats.moments import Moments, Sample, Tally, pair
from abstory.stats.ratios import ratio_sample
from abstory.stats.reading import FixedHorizon
from abstory.stats.sequential import AlwaysValid
from abstory.stats.strata import post_stratify

FIXED = FixedHorizon(0.05)


def moments(**columns):
    names = list(columns)
    matrix = np.cov(np.array([columns[name] for name in names], dtype=float), ddof=1).reshape(len(names), len(names))
    covariances = {pair(a, b): float(matrix[j, k]) for j, a in enumerate(names) for k, b in enumerate(names)}
    return Moments(len(columns[names[0]]), {name: float(np.mean(columns[name])) for name in names}, covariances)


def drawn(seed, n_t=60, n_c=90, slope_t=0.4, slope_c=1.5):
    rng = np.random.default_rng(seed)
    rows = []
    for n, slope, effect in ((n_t, slope_t, 0.5), (n_c, slope_c, 0.0)):
        x, w = rng.normal(2, 1, n), rng.exponential(30, n)
        rows.append({"x": x, "w": w, "y": 5 + effect + slope * x + 0.02 * w + rng.normal(0, 1, n)})
    return rows


def arms_of(rows):
    return Arms(*(moments(**arm) for arm in rows))


def test_adjusted_means_are_those_of_the_interacted_regression():
    # statsmodels OLS of y on arm, centred covariates and their products: Lin 2013's own regression
    from statsmodels.api import OLS

    rows = drawn(1)
    x = np.vstack([np.column_stack([arm["x"], arm["w"]]) for arm in rows])
    arm = np.repeat([1.0, 0.0], [60, 90])[:, None]
    centred = x - x.mean(axis=0)
    fit = OLS(
        np.concatenate([r["y"] for r in rows]), np.column_stack([np.ones(150), arm, centred, arm * centred])
    ).fit()
    found = adjust(arms_of(rows), "y", ["x", "w"])
    assert found.control == pytest.approx(fit.params[0], rel=1e-10)
    assert found.treatment - found.control == pytest.approx(fit.params[1], rel=1e-9)
    hc2 = fit.get_robustcov_results("HC2").bse[1]
    assert math.sqrt(sum(found.own)) == pytest.approx(hc2, rel=0.05)  # differs by O(1/n)
    assert found.variance > sum(found.own)


def test_without_covariates_it_is_welch():
    arms = arms_of(drawn(2))
    plain = means.compare(arms.treatment.sample("y"), arms.control.sample("y"), FIXED)
    found = compare_adjusted(adjust(arms, "y", []), FIXED)
    assert found.statistic == pytest.approx(plain.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(plain.p_value, rel=1e-10)
    assert found.difference.interval.low == pytest.approx(plain.difference.interval.low, rel=1e-12)
    assert found.lift.interval.high == pytest.approx(plain.lift.interval.high, rel=1e-12)


def test_what_a_covariate_removes():
    found = adjust(arms_of(drawn(3, 4000, 4000, 1.5, 1.5)), "y", ["x"])
    # var(y|x) = 1 + .02² · 900 = 1.36, var(y) = 1.36 + 1.5² = 3.61
    assert found.removed == pytest.approx(1 - 1.36 / 3.61, abs=0.03)
    noise = adjust(arms_of(drawn(3, 4000, 4000, 0, 0)), "y", ["x"])
    assert abs(noise.removed) < 0.01


def test_coverage_counts_the_viewers_as_a_sample():
    # population effect .5 at E[x] = 2; slopes differ by 3, so leaving the last term out would under-cover
    runs, truth, covered, narrow = 1000, 0.5 + 2 * (2.0 - (-1.0)), 0, 0
    for seed in range(runs):
        rng = np.random.default_rng([7, seed])
        x = rng.normal(2, 1, 200)
        y = np.where(np.arange(200) < 100, 5.5 + 2 * x, 5.0 - x) + rng.normal(0, 1, 200)
        both = [{"x": x[:100], "y": y[:100]}, {"x": x[100:], "y": y[100:]}]
        found = adjust(arms_of(both), "y", ["x"])
        gap = abs(found.treatment - found.control - truth)
        covered += gap <= FIXED.critical(200, found.df) * math.sqrt(found.variance)
        narrow += gap <= FIXED.critical(200, found.df) * math.sqrt(sum(found.own))
    assert abs(covered / runs - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)
    assert narrow / runs < 0.90


def test_columns_that_say_nothing_are_named():
    rows = drawn(4)
    for arm in rows:
        arm |= {"flat": np.ones_like(arm["x"]), "again": 3 * arm["x"] - 1}
    found = adjust(arms_of(rows), "y", ["flat", "x", "again", "w", "x"])
    assert (found.used, found.dropped) == (("x", "w"), ("flat", "again"))
    alone = adjust(arms_of(rows), "y", ["x", "w"])
    assert found.variance == pytest.approx(alone.variance, rel=1e-12)


@pytest.mark.parametrize("filled", [0.0, 7.5])
def test_missing_covariates_are_imputation_with_an_indicator(filled):
    rows = drawn(5)
    rng = np.random.default_rng(0)
    for arm in rows:
        seen = (rng.random(len(arm["x"])) < 0.7).astype(float)
        arm |= {"observed": seen, "zero": arm["x"] * seen, "filled": np.where(seen > 0, arm["x"], filled)}
    one = adjust(arms_of(rows), "y", ["zero", "observed"])
    other = adjust(arms_of(rows), "y", ["filled", "observed"])
    assert one.treatment == pytest.approx(other.treatment, rel=1e-10)
    assert one.variance == pytest.approx(other.variance, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.5, 5), st.booleans())
def test_adjusted_effects_speak_with_one_voice_and_swap(seed, critical, level):
    arms = arms_of(drawn(seed % 97, 40, 25))
    reading = FixedHorizon(0.05 if level else math.erfc(critical / math.sqrt(2)))
    there = compare_adjusted(adjust(arms, "y", ["x", "w"]), reading)
    back = compare_adjusted(adjust(Arms(arms.control, arms.treatment), "y", ["x", "w"]), reading)
    said = {
        there.difference.interval.excludes(0.0),
        there.p_value < reading.alpha,
        there.lift.interval.excludes(0.0),
        abs(there.statistic) > there.critical,
    }
    assert len(said) == 1
    assert there.difference.value == pytest.approx(-back.difference.value, rel=1e-9)
    assert (1 + there.lift.interval.low) * (1 + back.lift.interval.high) == pytest.approx(1, rel=1e-8)


def test_no_number_where_there_is_none():
    few = arms_of(drawn(6, 12, 90))
    assert str(adjust(few, "y", ["x", "w"])) == "too few viewers (12 and 90 viewers for 2 covariates)"
    assert adjust(few, "y", []).used == ()
    assert adjust(arms_of(drawn(6, 5, 5)), "y", []).df > 0
    alone = Moments(1, {"x": 1.0, "y": 1.0}, {("x", "x"): 0.0, ("x", "y"): 0.0, ("y", "y"): 0.0})
    assert adjust(Arms(alone, few.control), "y", ["x"]).reason is Reason.TOO_FEW
    nobody = Moments.empty(["x", "y"], [("x", "x"), ("x", "y"), ("y", "y")])
    assert adjust(Arms(nobody, few.control), "y", ["x"]).reason is Reason.NO_VIEWERS
    rows = drawn(6)
    for arm in rows:
        arm["y"] = 2 * arm["x"] + 1
    assert compare_adjusted(adjust(arms_of(rows), "y", ["x"]), FIXED).reason is Reason.NO_VARIATION
    for arm in rows:
        arm["y"] = -1 + 0.01 * arm["w"] ** 0.5
    assert compare_adjusted(adjust(arms_of(rows), "y", ["x"]), FIXED).lift.reason is Reason.NEGATIVE_CONTROL


def test_a_rate_waits_for_its_successes():
    rows = drawn(7, 300, 300)
    for arm in rows:
        arm["y"] = (np.arange(300) < 12).astype(float)
    found = adjust(arms_of(rows), "y", ["x"], rate=True)
    assert found.evidence == (Tally(300, 12), Tally(300, 12))
    assert str(compare_adjusted(found, AlwaysValid(0.05, 600))) == "too early to read (12 of 20 successes)"


def test_pooled_slope_edges():
    rows = drawn(8)
    for arm in rows:
        arm["flat"] = np.zeros_like(arm["x"])
    assert adjust_pooled(arms_of(rows), "y", "flat").reason is Reason.NO_VARIATION
    one = Moments(1, {"x": 1.0, "y": 1.0}, {("x", "x"): 0.0, ("x", "y"): 0.0, ("y", "y"): 0.0})
    assert adjust_pooled(Arms(one, one), "y", "x").reason is Reason.TOO_FEW


def test_equal_arms_with_equal_slopes_adjust_alike():
    arms = arms_of(drawn(9, 5000, 5000, 1.0, 1.0))
    lin, pooled = adjust(arms, "y", ["x"]), adjust_pooled(arms, "y", "x")
    assert lin.treatment - lin.control == pytest.approx(pooled.treatment - pooled.control, abs=2e-4)
    assert lin.variance == pytest.approx(pooled.variance, rel=1e-2)


def test_imbalance_is_welch_on_the_covariate():
    from scipy.stats import ttest_ind

    rows = drawn(10)
    wanted = ttest_ind(rows[0]["x"], rows[1]["x"], equal_var=False).pvalue
    assert imbalance(arms_of(rows), "x") == pytest.approx(wanted, rel=1e-9)
    none = Moments.empty(["x"], [("x", "x")])
    assert isinstance(imbalance(Arms(none, none), "x"), Undetermined)


def test_linearised_moments_are_those_of_linearised_rows():
    rng = np.random.default_rng(3)
    d = rng.poisson(3, 200).astype(float)
    y, x = rng.poisson(0.4 * d).astype(float), rng.normal(size=200) + d
    ratio = y.sum() / d.sum()
    wanted = moments(e=ratio + (y - ratio * d) / d.mean(), x=x)
    raw = moments(y=y, d=d, x=x)
    found = linearise(raw, {"e": ("y", "d")})
    assert found.means["e"] == pytest.approx(ratio, rel=1e-12)
    assert found.covariance("e", "x") == pytest.approx(wanted.covariance("e", "x"), rel=1e-10)
    assert found.variance("e") == pytest.approx(ratio_sample(raw, "y", "d").variance, rel=1e-10)
    elsewhere = moments(y=y + 1, d=d + 2)
    shared = linearise(raw, {"e": ("y", "d")}, around=elsewhere)
    centre = (y + 1).sum() / (d + 2).sum()
    rows = centre + (y - centre * d) / (d + 2).mean()
    assert shared.means["e"] == pytest.approx(rows.mean(), rel=1e-12)
    assert shared.variance("e") == pytest.approx(rows.var(ddof=1), rel=1e-12)


def test_a_ratio_needs_something_to_divide_by():
    nothing = moments(y=[1.0, 2.0], d=[0.0, 0.0])
    assert linearise(nothing, {"e": ("y", "d")}).reason is Reason.NO_DENOMINATOR
    assert linearise(Moments.empty(["y", "d"], []), {"e": ("y", "d")}).reason is Reason.NO_VIEWERS


def test_poor_strata_are_merged_smallest_first():
    rows = {"a": (Sample(50, 1.0, 1.0), Sample(60, 0.5, 1.0)), "b": (Sample(1, 9.0, 0.0), Sample(4, 2.0, 1.0))}
    rows["c"] = (Sample(5, 3.0, 2.0), Sample(9, 2.0, 1.0))
    found = post_stratify(rows)
    assert found.merged == ("b", "c")
    # b and c pooled by hand: treatment mean (9 + 15)/6 = 4, squares 4·2 + 1·25 + 5·1 = 38, variance 38/5
    together = post_stratify({"a": rows["a"], "bc": (Sample(6, 4.0, 7.6), Sample(13, 2.0, 11 / 12))})
    assert found.means.treatment == pytest.approx(together.means.treatment, rel=1e-12)
    assert found.means.variance == pytest.approx(together.means.variance, rel=1e-12)


def test_strata_that_cannot_be_filled_give_no_number():
    assert post_stratify({"a": (Sample(1, 1.0, 0.0), Sample(9, 1.0, 1.0))}).reason is Reason.TOO_FEW
    assert post_stratify({"a": (Sample(0, 0.0, 0.0), Sample(9, 1.0, 1.0))}).reason is Reason.NO_VIEWERS
    assert post_stratify({}).reason is Reason.NO_VIEWERS


def test_one_stratum_is_welch():
    pair_ = Sample(50, 2.0, 1.0), Sample(60, 1.5, 3.0)
    effect, plain = compare_adjusted(post_stratify({"all": pair_}).means, FIXED), means.compare(*pair_, FIXED)
    assert effect.p_value == pytest.approx(plain.p_value, rel=1e-10)
    assert effect.lift.interval.low == pytest.approx(plain.lift.interval.low, rel=1e-10)


def test_two_strata_by_hand():
    strata = {"a": (Sample(30, 2.0, 3.0), Sample(10, 1.0, 2.0)), "b": (Sample(20, 5.0, 1.0), Sample(20, 4.5, 4.0))}
    found = post_stratify(strata).means
    assert found.treatment == pytest.approx(0.5 * 2.0 + 0.5 * 5.0)
    assert found.variance_treatment == pytest.approx(0.25 * (3 / 30 + 1 / 20))
    assert found.variance_control == pytest.approx(0.25 * (2 / 10 + 4 / 20))


def test_each_arms_own_error_is_that_of_its_prediction():
    # statsmodels OLS in each arm, predicted at the covariates' mean over both
    from statsmodels.api import OLS, add_constant

    rows = drawn(1, 20, 30)
    found = adjust(arms_of(rows), "y", ["x", "w"])
    centre = [1.0, *(float(np.mean(np.concatenate([r[name] for r in rows]))) for name in ("x", "w"))]
    for row, own in zip(rows, found.own, strict=True):
        fit = OLS(row["y"], add_constant(np.column_stack([row["x"], row["w"]]))).fit()
        assert own == pytest.approx(float(fit.get_prediction(centre).var_pred_mean[0]), rel=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_what_a_covariate_tells_wholly_is_certain_and_not_a_rounding_error(seed):
    # y is a line through x in either arm: nothing is left to vary, so there is no error to hold a difference against
    rng = np.random.default_rng(seed)
    slope = rng.normal()
    rows = [{"x": x, "y": 1 + slope * x} for x in (rng.gamma(2, 3, 400), rng.gamma(2, 3, 300))]
    found = adjust_pooled(arms_of(rows), "y", "x")
    assert found.own == (0.0, 0.0)
    assert compare_adjusted(found, FIXED).reason is Reason.NO_VARIATION
