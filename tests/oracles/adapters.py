"""One line a method: from an oracle's inputs to our answer, under the oracle's names."""

import itertools
import math
from collections import Counter
from statistics import fmean, variance

from abstory.stats import (
    adjusted,
    after_stopping,
    bayes,
    cluster_robust,
    covariates,
    dunnett,
    equivalence,
    exact_sequence,
    factorial,
    factorial_layout,
    factorial_logit,
    gatekeeping,
    group_designs,
    group_sequential,
    logrank,
    margins_fixed,
    means,
    multiplicity,
    power,
    proportions,
    quantiles,
    randomization,
    redraws,
    retention,
    retention_clustered,
    sample_ratio,
    sequential,
    slot_power,
    strata,
    trend,
)
from abstory.stats.beta_binomial import beta_binomial
from abstory.stats.estimate import Undetermined
from abstory.stats.exact import boschloo, fisher
from abstory.stats.linearised import linearise
from abstory.stats.moments import Moments, Sample, Tally, pair
from abstory.stats.quasibinomial import quasibinomial
from abstory.stats.ratios import ratio_sample
from abstory.stats.reading import FixedHorizon, one_sided
from abstory.stats.slots import Slots, assignments
from abstory.stats.tails import two_sided_p, two_sided_quantile
from abstory.stats.two import Two, fieller


def rates(i):
    return Tally(i["n_t"], i["x_t"]), Tally(i["n_c"], i["x_c"])


def z(i):
    return two_sided_quantile(1 - i["conf_level"], math.inf)


def ends(interval):
    return {"ci_low": interval.low, "ci_high": interval.high}


def difference(i):
    t, c = rates(i)
    return t.mean - c.mean


def greater(statistic, df):
    half = two_sided_p(statistic, df) / 2
    return half if statistic > 0 else 1 - half


def prop_diff_mn(i):
    return {"diff": difference(i)} | ends(proportions.score_interval_difference(*rates(i), z(i)))


def prop_diff_newcombe(i):
    return {"diff": difference(i)} | ends(proportions.newcombe(*rates(i), z(i)))


def prop_diff_score_test(i):
    score = proportions.score_test(*rates(i), null=i["delta0"], k=1.0 if i["variant"] == "fm" else None)
    return {"z": score, "p_two_sided": two_sided_p(score, math.inf), "p_greater": greater(score, math.inf)}


def risk_ratio(i, k):
    t, c = rates(i)
    ratio = t.mean / c.mean if c.successes else math.inf if t.successes else Undetermined
    return {"ratio": ratio} | ends(proportions.score_interval_ratio(t, c, z(i), k=k))


def wilson_interval(i):
    return ends(proportions.wilson(Tally(i["n"], i["x"]), z(i)))


def clopper_pearson(i):
    return ends(proportions.clopper_pearson(Tally(i["n"], i["x"]), 1 - i["conf_level"]))


def boschloo_both(i):
    p = boschloo(*rates(i))
    return {"p_greater": p.greater, "p_less": p.less}


def of_rows(rows):
    return Sample(len(rows), fmean(rows), variance(rows) if len(rows) > 1 else 0.0)


def of_summary(s):
    return Sample(s["n"], s["mean"], s["var"])


def both(i):
    if "treatment_summary" in i:
        return of_summary(i["treatment_summary"]), of_summary(i["control_summary"])
    return of_summary(i["treatment"]), of_summary(i["control"])


def welch_t(i):
    t, c = of_rows(i["treatment"]), of_rows(i["control"])
    reading = FixedHorizon(1 - i["conf_level"])
    effect = means.compare(t, c, reading)
    if isinstance(effect, Undetermined):
        keys = ("se", "t", "df", "p_two_sided", "p_greater", "ci_low_one_sided", "ci_low", "ci_high")
        return {"diff": t.mean - c.mean} | dict.fromkeys(keys, effect)
    df = means.welch_df(t, c)
    return {
        "diff": effect.difference.value,
        "se": effect.standard_error,
        "t": effect.statistic,
        "df": df,
        "p_two_sided": effect.p_value,
        "p_greater": greater(effect.statistic, df),
        "ci_low_one_sided": means.compare(t, c, one_sided(reading)).difference.interval.low,
    } | ends(effect.difference.interval)


def fieller_lift(i):
    t, c = of_rows(i["treatment"]), of_rows(i["control"])
    ratio = t.mean / c.mean
    critical = two_sided_quantile(1 - i["conf_level"], means.welch_df(t, c, ratio=ratio))
    found = fieller(Two(t.mean, c.mean, t.variance / t.n, c.variance / c.n, 0.0, t.n + c.n, math.inf), critical)
    unbounded = isinstance(found, Undetermined)
    return {
        "ratio": ratio,
        "ci_low_ratio": found if unbounded else found.low,
        "ci_high_ratio": found if unbounded else found.high,
        "bounded": not unbounded,
    }


def log_lift(i, t, c):
    effect = means.compare(t, c, FixedHorizon(1 - i["conf_level"]))
    critical = two_sided_quantile(1 - i["conf_level"], means.welch_df(t, c, ratio=t.mean / c.mean))
    ratio = means.log_lift(t, c, critical)
    return {
        "mean_c": effect.control,
        "mean_t": effect.treatment,
        "diff": effect.difference.value,
        "lift": t.mean / c.mean - 1,
        "lift_ci_low": ratio.low - 1,
        "lift_ci_high": ratio.high - 1,
        "p_two_sided": effect.p_value,
        "t": effect.statistic,
    } | ends(effect.difference.interval)


def log_lift_mean(i):
    def sample(s):
        n, total = s["n"], s["sum_y"]
        return Sample(n, total / n, (s["sum_y_y"] - total * total / n) / (n - 1))

    return log_lift(i, sample(i["treatment"]), sample(i["control"]))


def ratio_lift(i):
    def sample(s):
        sums = {"n": int(s["sum_n"]), "d": int(s["sum_d"])}
        products = {("n", "n"): int(s["sum_n_n"]), ("d", "n"): int(s["sum_d_n"]), ("d", "d"): int(s["sum_d_d"])}
        return ratio_sample(Moments.from_sums(s["n"], sums, products), "n", "d")

    return log_lift(i, sample(i["treatment"]), sample(i["control"]))


def ratio_delta(i):
    def sample(rows):
        y, d = rows["num"], rows["den"]
        dot = lambda a, b: sum(p * q for p, q in zip(a, b, strict=True))  # noqa: E731 (three short products)
        products = {("y", "y"): dot(y, y), ("d", "y"): dot(d, y), ("d", "d"): dot(d, d)}
        return ratio_sample(Moments.from_sums(len(y), {"y": sum(y), "d": sum(d)}, products), "y", "d")

    t, c = sample(i["treatment"]), sample(i["control"])
    if isinstance(t, Undetermined) or isinstance(c, Undetermined):
        return dict.fromkeys(
            ("ratio_t", "se_t", "ratio_c", "se_c", "diff", "se_diff"), t if isinstance(t, Undetermined) else c
        )
    effect = means.compare(t, c, FixedHorizon(0.05))
    return {
        "ratio_t": t.mean,
        "se_t": math.sqrt(t.variance / t.n),
        "ratio_c": c.mean,
        "se_c": math.sqrt(c.variance / c.n),
        "diff": t.mean - c.mean,
        "se_diff": told_of(effect, "standard_error"),
    }


def delta_lift_mean(i):
    t, c = both(i)
    lift, se, df = t.mean / c.mean - 1, means.delta_lift_error(t, c), means.welch_df(t, c)
    half = two_sided_quantile(1 - i["conf_level"], df) * se
    p = two_sided_p(lift / se, df)
    return {"lift": lift, "se_lift": se, "ci_low": lift - half, "ci_high": lift + half, "p_two_sided": p}


def asymp_cs_diff(i):
    t, c = both(i)
    effect = means.compare(t, c, Unhurried(i["alpha"], i["n_opt"]))
    return {"diff": effect.difference.value, "p_anytime": effect.p_value} | ends(effect.difference.interval)


class Unhurried(sequential.AlwaysValid):
    """The always-valid reading without its burn-in: the oracles are formulas, some at small n."""

    def lacks(self, arm):
        return ""


def asymp_cs_mean(i):
    arm = of_rows(i["x"])
    half = math.sqrt(arm.variance / arm.n) * sequential.mixture_critical(arm.n, i["rho2"], i["alpha"])
    return {"ci_low": arm.mean - half, "ci_high": arm.mean + half}


def asymp_cs_margin(i):
    return {"margin_unit_sd": sequential.mixture_critical(i["t"], i["rho2"], i["alpha"]) / math.sqrt(i["t"])}


def normal_mixture(i):
    rho2 = sequential.rho_squared(i["alpha_opt"], i["v_opt"])
    if "S" not in i:
        return {"rho": 1 / rho2}
    log_e = sequential.log_e_value(i["S"] / math.sqrt(i["V"]), i["V"], rho2)
    bound = math.sqrt(i["V"]) * sequential.mixture_critical(i["V"], rho2, i["alpha"])
    return {"rho": 1 / rho2, "log_e": log_e, "p_anytime": min(1.0, math.exp(-log_e)), "bound": bound}


def srm_chisq(i):
    observed, ratio = i["observed"], i["expected_ratio"]
    shares = [share / sum(ratio) for share in ratio]
    answer = {
        "chi2": sample_ratio.chi_square(observed, shares),
        "df": len(observed) - 1,
        "p": sample_ratio.chi_square_p(observed, shares),
    }
    exact = {"p_exact_binomial": sample_ratio.binomial_p(observed[0], sum(observed), shares[0])}
    return answer | (exact if len(observed) == 2 else {})


def srm_sequential(i):
    seen, factors, ps = [0] * len(i["null_probabilities"]), [], [1.0]
    for batch in i["batches"]:
        seen = [a + b for a, b in zip(seen, batch, strict=True)]
        factors.append(sample_ratio.log_bayes_factor(seen, i["null_probabilities"], i["dirichlet_alpha"]))
        ps.append(min(ps[-1], math.exp(min(0.0, -factors[-1]))))
    return {"log_bayes_factor": factors, "p_sequential": ps[1:]}


def multinomial_cs(i):
    log_e = sample_ratio.log_bayes_factor(i["counts"], i["null_probabilities"], i["dirichlet_alpha"])
    intervals = sample_ratio.share_intervals(i["counts"], i["dirichlet_alpha"], i["alpha"])
    return {"e_value": math.exp(log_e), "ci_low": [x.low for x in intervals], "ci_high": [x.high for x in intervals]}


def dunnett_all(i):
    at, df, alpha = i["control_index"], float(i["df"]), 1 - i["conf_level"]
    squared = [v / n for v, n in zip(i["var"], i["n"], strict=True)]
    others = [k for k in range(len(squared)) if k != at]
    lambdas = dunnett.loadings(squared[at], [squared[k] for k in others])
    diff = [i["mean"][k] - i["mean"][at] for k in others]
    se = [math.sqrt(squared[k] + squared[at]) for k in others]
    t = [d / s for d, s in zip(diff, se, strict=True)]
    critical = dunnett.dunnett_critical(lambdas, alpha, df)
    return {
        "diff": diff,
        "se": se,
        "t": t,
        "p_two_sided": [dunnett.dunnett_p(value, lambdas, df) for value in t],
        "p_greater": [dunnett.dunnett_p(value, lambdas, df, sides=1) for value in t],
        "crit_two_sided": critical,
        "crit_one_sided": dunnett.dunnett_critical(lambdas, alpha, df, sides=1),
        "ci_low": [d - critical * s for d, s in zip(diff, se, strict=True)],
        "ci_high": [d + critical * s for d, s in zip(diff, se, strict=True)],
    }


def dunnett_raw(i):
    arms = [of_rows(rows) for rows in (i["control"], *i["arms"])]
    df = sum(arm.n - 1 for arm in arms)
    pooled = sum((arm.n - 1) * arm.variance for arm in arms) / df
    whole = {"n": [arm.n for arm in arms], "mean": [arm.mean for arm in arms], "var": [pooled] * len(arms)}
    return dunnett_all(whole | {"df": df, "control_index": 0, "conf_level": i.get("conf_level", 0.95)})


def dunnett_critical(i):
    lambdas = [math.sqrt(i["rho"])] * i["n_comparisons"]
    return {"critical": dunnett.dunnett_critical(lambdas, 1 - i["conf_level"], float(i["df"]), sides=i["sides"])}


def p_adjust(i):
    return {name: list(adjust(i["p"])) for name, adjust in multiplicity.ADJUSTMENTS.items()}


def gst_constant(i):
    design = group_designs.classical_design(
        i["k"], {"obf": "obrien_fleming"}.get(i["type"], i["type"]), i["alpha_two_sided"]
    )
    inflated = group_designs.inflation(design, i["alpha_two_sided"] / 2, 0.9)
    return {"constant": design.upper[-1], "z_bounds": design.upper, "inflation_power_90": inflated}


def gst_spending(i):
    shares, sides = i["information_fractions"], 2 if "alpha_two_sided" in i else 1
    alpha = i["alpha_two_sided"] / 2 if sides == 2 else i["alpha_one_sided"]
    upper = group_sequential.upper_boundary(shares, alpha, i["spending"], sides=sides)
    cumulated = [group_sequential.spent(alpha, share, i["spending"]) for share in shares]
    return {"z_upper": upper, "z_lower": [-height for height in upper], "cumulative_alpha": cumulated}


def gst_futility(i):
    shares, alpha = i["information_fractions"], i["alpha_one_sided"]
    design, drift = group_designs.futility_design(shares, alpha, i["beta"], "obrien_fleming")
    plain = group_designs.spending_design(shares, alpha, "obrien_fleming", sides=1)
    fixed = two_sided_quantile(2 * alpha, math.inf) + two_sided_quantile(2 * i["beta"], math.inf)
    inflated = (drift / fixed) ** 2
    return {
        "z_upper": design.upper,
        "z_lower_nonbinding": design.lower,
        "inflation": inflated,
        "inflation_efficacy_only": group_designs.inflation(plain, alpha, 1 - i["beta"]),
        "expected_n_under_h1": inflated * group_designs.expected_share(design, drift),
    }


def gst_sequential_p(i):
    p = group_sequential.sequential_p(i["information_fractions"], i["z"], i["spending"])
    return {"sequential_p_one_sided": p}


def gst_final_inference(i):
    shares = tuple(i["information_fractions"][: i["stage_stopped"]])
    looks = after_stopping.Looks(shares, i["alpha_one_sided"], i["spending"], sides=1)
    found = after_stopping.after_stopping(looks, i["estimate_at_stop"], i["se_at_stop"])
    last = i["z_at_each_look"][i["stage_stopped"] - 1]
    return {
        "final_p_one_sided": found.p_greater,
        "final_ci_low": found.estimate.interval.low,
        "final_ci_high": found.estimate.interval.high,
        "median_unbiased": found.estimate.value,
        "repeated_ci_low": found.repeated.low,
        "repeated_ci_high": found.repeated.high,
        "repeated_p": group_sequential.repeated_p(shares, last, i["spending"]) / 2,
    }


def of_crossproducts(matrix, *names):
    """Moments from Σ(1, x.., y)(1, x.., y)'."""
    n = matrix[0][0]
    means = {name: matrix[0][k] / n for k, name in enumerate(names, 1)}
    covariances = {
        pair(a, b): (matrix[j][k] - matrix[0][j] * matrix[0][k] / n) / (n - 1)
        for j, a in enumerate(names, 1)
        for k, b in enumerate(names, 1)
    }
    return Moments(int(n), means, covariances)


def lin(i):
    xs = [f"x{k}" for k in range(1, len(i["crossprod_control"]) - 1)]
    arms = covariates.Arms(*(of_crossproducts(i[f"crossprod_{a}"], *xs, "y") for a in ("treatment", "control")))
    return covariates.adjust(arms, "y", xs)


def lin_superpop(i):
    found = lin(i)
    return {"ate": found.treatment - found.control, "se": math.sqrt(found.variance)}


def lin_regression(i):
    found = lin(i)
    return {
        "ate": found.treatment - found.control,
        "mean_t_adj": found.treatment,
        "mean_c_adj": found.control,
        "se_t": math.sqrt(found.own[0]),
        "se_c": math.sqrt(found.own[1]),
        "se_armwise": math.sqrt(sum(found.own)),
        "se_hc2_lm_lin": hc2(i),
    }


def hc2(i):
    """Needs rows, which we never have: statsmodels alone, so that the whole case runs."""
    import numpy as np
    from statsmodels.api import OLS

    x, arm = np.array(i["X"]), np.array(i["arm"])[:, None]
    centred = x - x.mean(axis=0)
    design = np.column_stack([np.ones(len(x)), arm, centred, arm * centred])
    return float(OLS(np.array(i["y"]), design).fit(cov_type="HC2").bse[1])


def of_sums(s, *names):
    """Moments from n, sum_a and sum_a_b (keys sorted)."""
    total = [s["n"]] + [s[f"sum_{a}"] for a in names]
    inner = [[s[f"sum_{min(a, b)}_{max(a, b)}"] for b in names] for a in names]
    rows = [total, *([total[k], *row] for k, row in enumerate(inner, 1))]
    return of_crossproducts(rows, *names)


def log_lift_adjusted(i, found):
    t, c = found.evidence
    shown = log_lift(
        i,
        Sample(t.n, found.treatment, found.variance_treatment * t.n),
        Sample(c.n, found.control, found.variance_control * c.n),
    )
    effect = adjusted.compare_adjusted(found, FixedHorizon(1 - i["conf_level"]))
    return shown | {"p_two_sided": effect.p_value, "t": effect.statistic} | ends(effect.difference.interval)


def cuped_pooled(i):
    arms = covariates.Arms(*(of_sums(i[a], "x", "y") for a in ("treatment", "control")))
    return log_lift_adjusted(i, covariates.adjust_pooled(arms, "y", "x"))


def ratio_cuped(i):
    ratios = {"e": ("n", "d"), "h": ("pn", "pd")}
    raw = [of_sums(i[a], "d", "n", "pd", "pn") for a in ("treatment", "control")]
    arms = covariates.Arms(*(linearise(arm, ratios) for arm in raw))
    both = linearise(raw[0] + raw[1], ratios)
    return log_lift_adjusted(i, covariates.adjust_pooled(arms, "e", "h", both=both))


def post_stratified(i):
    cells = {
        (s, a): Sample(n, m, v)
        for s, a, n, m, v in zip(i["strata"], i["arm"], i["n"], i["mean"], i["var"], strict=True)
    }
    found = strata.post_stratify({s: (cells[s, 1], cells[s, 0]) for s, _ in cells}).means
    return {"ate": found.treatment - found.control, "se": math.sqrt(found.variance)}


def at(alpha):
    """A normal critical value, whatever the number of viewers; `alpha` two-sided."""
    return lambda n: (two_sided_quantile(alpha, math.inf), math.inf)


def power_prop(i):
    signal, critical = power.rates(i["p_control"], i["p_treatment"]), at(i["alpha_two_sided"])
    n = power.viewers(signal, critical, i["power"])
    return {"n_per_arm": n, "power_at_2000": power.chance(signal, 2000, critical(2000)[0])}


def power_prop_ratio(i):
    ratio = i["ratio_n2_over_n1"]
    signal = power.rates(i["p_control"], i["p_treatment"], ratio=ratio)
    n = power.viewers(signal, at(2 * i["alpha_one_sided"]), i["power"])
    return {"n1": n, "n2": n * ratio}


def power_noninferiority(i):
    signal = power.rates(i["p_control"], i["p_treatment"], null=i["margin"])
    return {"n_per_arm": power.viewers(signal, at(2 * i["alpha_one_sided"]), i["power"])}


def power_mean(i):
    def critical(n):
        return two_sided_quantile(i["alpha_two_sided"], 2 * n - 2), 2 * n - 2

    def at_300(gap):
        return power.chance(power.means(i["sd"], gap), 300, *critical(300))

    signal = power.means(i["sd"], i["delta"])
    return {
        "n_per_arm": power.viewers(signal, critical, i["power"]),
        "mde_at_300": power.detectable(at_300, i["power"], 100 * i["sd"]),
        "power_at_50": power.chance(signal, 50, *critical(50)),
    }


def power_dunnett(i):
    control, own, k = 1 / i["n_control"], 1 / i["n_per_variant"], i["n_variants"]
    lambdas = dunnett.loadings(control, [own] * k)
    critical = dunnett.dunnett_critical(lambdas, i["alpha_two_sided"])
    drift = i["effect_sd_units"] / math.sqrt(control + own)
    return {
        "critical": critical,
        "power_any_all_effective": power.any_found([drift] * k, lambdas, critical),
        "power_any_one_effective": power.any_found([drift, *[0.0] * (k - 1)], lambdas, critical),
    }


def power_gst_prop(i):
    alpha, k = i["alpha_one_sided"], i["k"]
    design = group_designs.spending_design([look / k for look in range(1, k + 1)], alpha, i["spending"], sides=1)
    signal = power.rates(i["p_control"], i["p_treatment"])
    most = power.staged_viewers(signal, design, i["power"])
    return {
        "n_total_max": 2 * most,
        "n_total_fixed": 2 * power.viewers(signal, at(2 * alpha), i["power"]),
        "expected_n_h1": 2 * power.staged(signal, most, design).viewers,
    }


def graph_gatekeeping(i):
    graph = gatekeeping.Graph(tuple(i["weights"]), tuple(map(tuple, i["transition"])))
    p = gatekeeping.adjusted_p(graph, i["p"])
    return {"p_adjusted": p, "rejected": [value <= i["alpha"] for value in p]}


def tost_mean(i):
    t, c = of_rows(i["treatment"]), of_rows(i["control"])
    found = equivalence.mean_equivalence(t, c, (i["low"], i["high"]), FixedHorizon(0.1))
    return {
        "p_tost": found.p_value,
        "t_lower": found.low.statistic,
        "p_lower": found.low.p_above,
        "t_upper": found.high.statistic,
        "p_upper": found.high.p_below,
        "df": found.low.df,
    }


def bayes_beta_binomial(i):
    prior = bayes.BetaPrior(i["prior_alpha"], i["prior_beta"])
    found = bayes.rates_posterior(*rates(i), prior=prior, level=i["conf_level"])
    own = bayes.rate_interval(rates(i)[0], prior=prior, level=i["conf_level"])
    return {
        "chance_to_beat_control": found.chance,
        "expected_loss_ship_treatment": found.loss_shipping,
        "expected_loss_keep_control": found.loss_keeping,
        "posterior_mean_diff": found.mean,
        "cri_t_low": own.low,
        "cri_t_high": own.high,
        "diff_cri_low": found.interval.low,
        "diff_cri_high": found.interval.high,
    }


def bayes_normal_lift(i):
    prior = i["prior"]
    believed = bayes.NormalPrior(prior["mean"], math.sqrt(prior["variance"]) if prior["proper"] else math.inf)
    found = bayes.lift_posterior(*both(i), prior=believed, level=i["conf_level"])
    half = two_sided_quantile(1 - i["conf_level"], math.inf)
    return {
        "posterior_mean": found.mean,
        "posterior_sd": (found.interval.high - found.interval.low) / (2 * half),
        "chance_to_beat_control": found.chance,
        "expected_loss_if_keep_control": found.loss_keeping,
        "expected_loss_if_ship_treatment": found.loss_shipping,
    } | ends(found.interval)


def novelty_trend(i):
    found = trend.effect_trend([trend.Cohort(*row) for row in zip(i["day"], i["effect"], i["se"], strict=True)])
    return {
        "slope": found.slope,
        "se_slope": found.slope_error,
        "z": found.statistic,
        "p": found.p_value,
        "intercept": found.intercept,
        "pooled_effect": found.pooled,
        "se_pooled": found.pooled_error,
        "Q_heterogeneity": found.heterogeneity,
        "Q_df": found.df,
        "Q_p": found.heterogeneity_p,
        "I2": found.inconsistency,
    }


def quantile_woodruff(i):
    histogram = quantiles.Histogram.of(Counter(i["y"]))
    value = histogram.quantile(i["q"])
    viewers = {viewer: [0, 0] for viewer in i["viewer"]}
    for viewer, y in zip(i["viewer"], i["y"], strict=True):
        viewers[viewer][0] += y <= value
        viewers[viewer][1] += 1
    found = quantiles.woodruff(histogram, i["q"], quantiles.share_of_rows(viewers.values()), z(i))
    return {
        "quantile": found.estimate.value,
        "se_indicator_mean": found.share_error,
        "se_quantile": found.error,
    } | ends(found.estimate.interval)


def beta_binomial_cs(i):
    return ends(exact_sequence.beta_binomial_sequence(Tally(i["trials"], i["successes"]), i["alpha"], i["t_opt"]))


def anytime_t(i):
    rho2, df = 1 / i["g"], i["n"] - i["n_coefficients"]
    return {
        "critical_t": exact_sequence.anytime_t_critical(i["n"], df, rho2, i["alpha"]),
        "critical_z": exact_sequence.anytime_t_critical(i["n"], math.inf, rho2, i["alpha"]),
        "p_anytime": exact_sequence.anytime_t_p(i["t"], i["n"], df, rho2),
    }


def fisher_exact(i):
    one = fisher(*rates(i))
    return {"p_two_sided": margins_fixed.fisher_two_sided(*rates(i)), "p_greater": one.greater, "p_less": one.less}


def fisher_midp(i):
    p = margins_fixed.fisher_midp(*rates(i))
    return {"p_greater": p.greater, "p_less": p.less, "p_two_sided_central": p.two_sided}


def factorial_table(i):
    """The layout of the cells given, levels as listed first."""
    columns = [list(map(str, i["cells"][name])) for name in i["factors"]]
    levels = {name: tuple(dict.fromkeys(column)) for name, column in zip(i["factors"], columns, strict=True)}
    return factorial_layout.Layout(levels, tuple(zip(*columns, strict=True)))


def factorial_cells(layout, evidence):
    return factorial.cells([(".".join(cell), one) for cell, one in zip(layout.cells, evidence, strict=True)])


def told(contrasts):
    found = [one if isinstance(one, Undetermined) else (one.estimate.value, one.standard_error) for one in contrasts]
    return {
        "estimate": [one if isinstance(one, Undetermined) else one[0] for one in found],
        "se": [one if isinstance(one, Undetermined) else one[1] for one in found],
    }


def alone(told):
    return {name: value[0] for name, value in told.items()}


def against_first(layout, mean):
    """For each factor its contrasts with the first level: `mean(factor, level)` are a level's weights."""
    for name, levels in layout.factors.items():
        yield name, [mean(name, level) - mean(name, levels[0]) for level in levels[1:]]


def label(name, level):
    return f"{name}{level}" if level.replace(".", "", 1).isdigit() else level


def factorial_mean(i):
    layout, c = factorial_table(i), i["cells"]
    found = factorial_cells(layout, [Sample(*row) for row in zip(c["n"], c["mean"], c["var"], strict=True)])
    model, reading = factorial_layout.saturated(layout), FixedHorizon(0.05)
    told_all = {}
    for name, rows in against_first(layout, lambda name, level: model.at({name: level})):
        first, *rest = layout.factors[name]
        named = [f"{label(name, level)} - {label(name, first)}" for level in rest]
        told_all[f"main_{name}"] = {"contrast": named} | told(factorial.contrast(found, row, reading) for row in rows)
    for name, rows in against_first(layout, lambda name, level: layout.observed(c["n"], name, level)):
        told_all[f"main_propweights_{name}"] = told(factorial.contrast(found, row, reading) for row in rows)
    tests = {":".join(t): factorial.wald(found, model.coefficients(t)) for t in layout.terms() if t}
    known = {name: None if isinstance(test, Undetermined) else test for name, test in tests.items()}
    told_all |= {
        "wald_chi2": {name: test.statistic if test else Undetermined for name, test in known.items()},
        "wald_df": {name: test.df if test else Undetermined for name, test in known.items()},
        "wald_p": {name: test.large_sample_p if test else Undetermined for name, test in known.items()},
    }
    if len(layout.cells) == 4 and len(layout.factors) == 2:
        row = 4 * model.coefficients(tuple(layout.factors))[0]
        told_all["interaction"] = alone(told([factorial.contrast(found, row, reading)]))
    return told_all


def factorial_binomial(i):
    layout, c = factorial_table(i), i["cells"]
    tallies = [Tally(*row) for row in zip(c["n"], c["x"], strict=True)]
    found, model = factorial_cells(layout, tallies), factorial_layout.saturated(layout)
    terms = [term for term in layout.terms() if term]
    fit = factorial_logit.logit_coefficients(model, tallies)
    names = ["(Intercept)"] + [
        ":".join(f"{name}{number + 1}" for name, number in zip(term, numbers, strict=True))
        for term in terms
        for numbers in itertools.product(*(range(len(layout.factors[name]) - 1) for name in term))
    ]
    both = [[Undetermined] * len(names)] * 2 if isinstance(fit, Undetermined) else fit
    marginal = {
        f"marginal_rd_{name}": told(factorial.contrast(found, row, FixedHorizon(0.05)) for row in rows)
        for name, rows in against_first(layout, lambda name, level: model.at({name: level}))
    }
    return {
        **{name: alone(one) if len(one["se"]) == 1 else one for name, one in marginal.items()},
        "lr_chi2": {":".join(term): factorial_logit.likelihood_ratio(model, tallies, term) for term in terms},
        "logit_coef_effect_coded": dict(zip(names, both[0], strict=True)),
        "logit_se_effect_coded": dict(zip(names, both[1], strict=True)),
    }


def factorial_fractional(i):
    names = [name for name in i["cells"] if name not in {"n", "mean", "var"}]
    layout, c = factorial_table({**i, "factors": names}), i["cells"]
    found = factorial_cells(layout, [Sample(*row) for row in zip(c["n"], c["mean"], c["var"], strict=True)])
    model = factorial_layout.saturated(layout)
    effects = {}
    for name in names:
        row = model.at({name: "1"}) - model.at({name: "-1"})
        one = alone(told([factorial.contrast(found, row, FixedHorizon(0.05))]))
        effects |= {f"effect_{name}": one["estimate"], f"se_{name}": one["se"]}
    return effects | {"aliased_terms": [":".join(term) for term in model.aliased()]}


def drawn_again(slots, alpha=0.05):
    return randomization.rerandomise(slots, redraws.by_blocks(slots, seed=0), alpha)


def permuted(slots):
    found = drawn_again(slots)
    return {
        "p_greater": found.greater,
        "p_two_sided": found.two_sided,
        "n_assignments": assignments(slots.sizes),
        "min_p_greater": 1 / assignments(slots.sizes),
    }


def one_block(i):
    return Slots.of(i["treatment"] + i["control"], [1] * len(i["treatment"]) + [0] * len(i["control"]))


def permutation_ci(i):
    shift = drawn_again(one_block(i), 1 - i["conf_level"]).difference
    return {"diff": shift.value} | ends(shift.interval)


def tallies(i):
    return [Tally(n, x) for n, x in zip(i["impressions"], i["completions"], strict=True)]


def slot_rates(i):
    return Slots.of([tally.mean for tally in tallies(i)], i["arm"], i["block"])


def slot_hc2_satterthwaite(i):
    found = cluster_robust.slot_effect(slot_rates(i)).cr2
    read = {"diff": found.value, "se": found.standard_error, "df": found.df, "t": found.statistic, "p": found.p_value}
    return read | ends(found.interval(0.05))


def cr2_cluster(i):
    found = cluster_robust.slot_effect(slot_rates(i), clusters=i["block"])
    read = {"diff": found.cr2.value, "se_cr2": found.cr2.standard_error, "df": found.cr2.df, "p": found.cr2.p_value}
    return read | {"se_cr1_stata": found.error_cr1}


def cluster_robust_mean(i):
    found = cluster_robust.clustered_means(i["y"], i["arm"], i["viewer"])
    interval = found.cr2.interval(0.05)
    return {
        "diff": found.cr2.value,
        "se_cr1": found.error_cr1,
        "se_cr2": found.cr2.standard_error,
        "df_cr2": found.cr2.df,
        "p_cr2": found.cr2.p_value,
        "ci_low_cr2": interval.low,
        "ci_high_cr2": interval.high,
    }


def quasi(i):
    found = quasibinomial(tallies(i), i["arm"], i["block"] if i["block_fixed_effects"] else None)
    odds = found.log_odds_ratio
    read = {"log_odds_ratio": odds.value, "se": odds.standard_error, "dispersion": found.dispersion, "df": odds.df}
    return read | {"t": odds.statistic, "p": odds.p_value} | ends(odds.interval(1 - i["conf_level"]))


def beta_binomial_glm(i):
    found = beta_binomial(tallies(i), i["arm"])
    return {
        "intercept": found.intercept,
        "log_odds_ratio": found.log_odds_ratio.value,
        "se_log_odds_ratio": found.log_odds_ratio.standard_error,
        "rho": found.rho,
        "loglik": found.log_likelihood,
    }


def slots_found(signal, slots, i):
    return {"power": power.chance(signal, slots, *slot_power.student(i["alpha_two_sided"])(slots))}


def power_slot_binary(i):
    signal = slot_power.slot_rates(i["p_control"], i["p_treatment"], size=i["impressions_per_slot"], icc=i["icc"])
    return slots_found(signal, i["slots_per_arm"], i)


def power_cluster_mean(i):
    signal = slot_power.slot_means(i["total_variance"], i["delta"], size=i["cluster_size"], icc=i["icc"])
    return slots_found(signal, i["clusters_per_arm"], i)


def watching(histogram):
    return retention.Watching(*(tuple(histogram[key]) for key in ("time", "exits", "completed")))


def km_curve(i):
    views = watching(i["histogram"])
    points = retention.km_curve(views, i["times"], z(i))
    answer = {
        "survival": [told_of(p, "survival") for p in points],
        "se_greenwood": [told_of(p, "error") for p in points],
        "n_at_risk": [told_of(p, "at_risk") for p in points],
        "ci_low_loglog": [told_of(told_of(p, "interval"), "low") for p in points],
        "ci_high_loglog": [told_of(told_of(p, "interval"), "high") for p in points],
    }
    if "tau" in i:
        found = retention.rmst(views, i["tau"])
        answer |= {"rmst": told_of(found, "value"), "rmst_se": told_of(found, "error")}
    return answer


def unknown(value):
    return isinstance(value, Undetermined)


def told_of(found, name):
    """An attribute, or why there is none."""
    return found if unknown(found) else getattr(found, name)


def rmst(i):
    t, c = (retention.rmst(watching(i[arm]), i["tau"]) for arm in ("treatment", "control"))
    ratio, interval = retention.rmst_ratio(t, c, z(i))
    gap, error = t.value - c.value, math.hypot(t.error, c.error)
    return {
        "rmst_c": c.value,
        "se_c": c.error,
        "rmst_t": t.value,
        "se_t": t.error,
        "diff": gap,
        "diff_ci_low": gap - z(i) * error,
        "diff_ci_high": gap + z(i) * error,
        "p_diff": two_sided_p(gap / error, math.inf),
        "ratio": ratio,
        "ratio_ci_low": interval.low,
        "ratio_ci_high": interval.high,
    }


def log_rank(i):
    found = logrank.logrank(watching(i["treatment"]), watching(i["control"]), i["tau"])
    if unknown(found):
        return dict.fromkeys(("chi2", "p", "observed_t", "observed_c", "expected_t", "expected_c"), found)
    return {
        "chi2": found.chi_square,
        "p": found.p_value,
        "observed_t": found.observed[0],
        "observed_c": found.observed[1],
        "expected_t": found.expected[0],
        "expected_c": found.expected[1],
    }


def km_clustered(i):
    rows = list(zip(i["viewer"], i["time"], map(bool, i["exit"]), i["arm"], strict=True))
    c, t = (retention_clustered.Viewed.of(row[:3] for row in rows if row[3] == arm) for arm in (0, 1))
    answer = {}
    for arm, viewed in (("c", c), ("t", t)):
        points = retention_clustered.km_clustered(viewed, i["times"], 1.96)
        mean = retention_clustered.rmst_clustered(viewed, i["tau"])
        answer |= {f"survival_{arm}": [p.survival for p in points], f"se_{arm}": [p.error for p in points]}
        answer |= {f"rmst_{arm}": mean.value, f"se_rmst_{arm}": mean.error}
    robust = retention_clustered.logrank_clustered(t, c, i["tau"])
    return answer | {
        "rmst_diff": answer["rmst_t"] - answer["rmst_c"],
        "se_rmst_diff": math.hypot(answer["se_rmst_t"], answer["se_rmst_c"]),
        "logrank_robust_chi2": robust.chi_square,
    }


ADAPTERS = {
    "prop_diff_mn": prop_diff_mn,
    "prop_diff_newcombe": prop_diff_newcombe,
    "prop_diff_score_test": prop_diff_score_test,
    "risk_ratio_mn": lambda i: risk_ratio(i, None),
    "risk_ratio_koopman": lambda i: risk_ratio(i, 1.0),
    "wilson_interval": wilson_interval,
    "clopper_pearson": clopper_pearson,
    "boschloo": boschloo_both,
    "welch_t": welch_t,
    "fieller_lift": fieller_lift,
    "log_lift_mean": log_lift_mean,
    "delta_lift_mean": delta_lift_mean,
    "ratio_delta": ratio_delta,
    "ratio_lift": ratio_lift,
    "asymp_cs_diff": asymp_cs_diff,
    "asymp_cs_mean": asymp_cs_mean,
    "asymp_cs_margin": asymp_cs_margin,
    "normal_mixture": normal_mixture,
    "srm_chisq": srm_chisq,
    "srm_sequential": srm_sequential,
    "multinomial_cs": multinomial_cs,
    "dunnett": dunnett_all,
    "dunnett_raw": dunnett_raw,
    "dunnett_critical": dunnett_critical,
    "p_adjust": p_adjust,
    "power_prop": power_prop,
    "power_prop_ratio": power_prop_ratio,
    "power_noninferiority": power_noninferiority,
    "power_mean": power_mean,
    "power_dunnett": power_dunnett,
    "power_gst_prop": power_gst_prop,
    "gst_constant": gst_constant,
    "gst_spending": gst_spending,
    "gst_futility": gst_futility,
    "gst_sequential_p": gst_sequential_p,
    "gst_final_inference": gst_final_inference,
    "lin_superpop": lin_superpop,
    "lin_regression": lin_regression,
    "cuped_pooled": cuped_pooled,
    "ratio_cuped": ratio_cuped,
    "post_stratified": post_stratified,
    "graph_gatekeeping": graph_gatekeeping,
    "tost_mean": tost_mean,
    "bayes_beta_binomial": bayes_beta_binomial,
    "bayes_normal_lift": bayes_normal_lift,
    "novelty_trend": novelty_trend,
    "quantile_woodruff": quantile_woodruff,
    "beta_binomial_cs": beta_binomial_cs,
    "anytime_t": anytime_t,
    "fisher_exact": fisher_exact,
    "fisher_midp": fisher_midp,
    "factorial_mean": factorial_mean,
    "factorial_binomial": factorial_binomial,
    "factorial_fractional": factorial_fractional,
    "permutation_exact": lambda i: permuted(one_block(i)),
    "permutation_blocked": lambda i: permuted(Slots.of(i["value"], i["arm"], i["block"])),
    "permutation_ci": permutation_ci,
    "slot_hc2_satterthwaite": slot_hc2_satterthwaite,
    "cr2_cluster": cr2_cluster,
    "cluster_robust_mean": cluster_robust_mean,
    "quasibinomial": quasi,
    "beta_binomial_glm": beta_binomial_glm,
    "icc_anova": lambda i: {"icc": slot_power.icc_anova(tallies(i))},
    "power_slot_binary": power_slot_binary,
    "power_cluster_mean": power_cluster_mean,
    "km_curve": km_curve,
    "km_clustered": km_clustered,
    "rmst": rmst,
    "logrank": log_rank,
}
