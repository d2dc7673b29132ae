"""More cases for calibration.py: skewness, covariates, quantiles, cut values, planned looks, families."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

import calibration_draws as law
from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Arms, adjust
from abstory.stats.dunnett import Dunnett, loadings
from abstory.stats.estimate import Undetermined
from abstory.stats.group_sequential import GroupSequential
from abstory.stats.moments import Tally
from abstory.stats.multiplicity import Bonferroni, hochberg, holm
from abstory.stats.proportions import compare
from abstory.stats.quantiles import Histogram, compare_quantiles, quantile, share_of_rows
from abstory.stats.reading import FixedHorizon
from calibration_rows import (
    ALPHA,
    DENOMINATOR,
    MEASURE,
    PEERS,
    SLOW_SHARE,
    Row,
    Share,
    every_look,
    flat,
    missed,
    moments,
    ours,
    peer,
    shares,
    told,
)

SKEWED = {
    "exponential, 1:9 of 500": (law.exponential, (50, 450)),
    "exponential, 1:9 of 2,000": (law.exponential, (200, 1800)),
    "lognormal σ 1, 1:9 of 2,000": (law.lognormal, (200, 1800)),
    "lognormal σ 1, 1:9 of 10,000": (law.lognormal, (1000, 9000)),
    "lognormal σ 1, 1:9 of 50,000": (law.lognormal, (5000, 45_000)),
    "99 % zeros, rest exponential, 1:9 of 20,000": (law.rare, (2000, 18_000)),
    "99 % zeros, rest exponential, 1:2 of 15,000": (law.rare, (5000, 10_000)),
    "90 % zeros, rest lognormal σ 2, 1:2 of 15,000": (law.heavy, (5000, 10_000)),
    "90 % zeros, rest lognormal σ 2, 1:19 of 40,000": (law.heavy, (2000, 38_000)),
    "90 % zeros, rest lognormal σ 2, 1:1 of 10,000": (law.heavy, (5000, 5000)),
}


def skewness(args):
    """Error with third moments and without them, and how often they withhold."""
    return [_skewed(name, *case, args.runs // SLOW_SHARE) for name, case in SKEWED.items()]


def _skewed(name, values, sizes, runs):
    rows = law.means(f"skew {name}", values, 0.0, sizes, runs).rows
    blind = rows.copy()
    blind[:, [6, law.ARM + 6]] = 0.0
    with_thirds, without = (ours("mean", some, FixedHorizon(ALPHA))[:, 0] for some in (rows, blind))
    columns = {
        "blind": Share(int((without < ALPHA).sum()), runs),
        "error": Share(int((with_thirds < ALPHA).sum()), runs),
        "withheld": Share(int(np.isnan(with_thirds).sum()), runs),
    }
    return Row(name, runs, columns)


ADJUSTED = {
    "half of the variance explained, 200 a variant": ((200, 200), (1.0, 1.0), "normal"),
    "the same, 30 a variant": ((30, 30), (1.0, 1.0), "normal"),
    "the same, split 1:9 of 2,000": ((200, 1800), (1.0, 1.0), "normal"),
    "unequal slopes, 1,000 a variant": ((1000, 1000), (2.0, 0.5), "normal"),
    "unequal slopes, split 1:9 of 2,000": ((200, 1800), (2.0, 0.5), "normal"),
    "unequal slopes the other way, split 1:9 of 2,000": ((200, 1800), (0.5, 2.0), "normal"),
    "skewed covariate and outcome, 200 a variant": ((200, 200), (1.0, 1.0), "exponential"),
    "skewed covariate and outcome, split 1:9 of 10,000": ((1000, 9000), (1.0, 1.0), "exponential"),
    "a covariate that tells nothing, 200 a variant": ((200, 200), (0.0, 0.0), "normal"),
}


def covariates(args):
    """Lin's regression, and the peers' CUPED on the same draws."""
    runs, cases = args.runs // 10, []
    for name, (sizes, slopes, kind) in ADJUSTED.items():
        cases.append((name, *(law.adjusted(f"{name} {lift}", sizes, slopes, kind, lift, runs) for lift in (0.0, 0.05))))
    tasks = [("cuped", drawn.rows) for _, *pair in cases for drawn in pair]
    theirs = {who: peer(who, getattr(args, f"{who}_python"), tasks) for who in PEERS}
    return [_adjusted(at, case, theirs) for at, case in enumerate(cases)]


def _adjusted(at, case, theirs):
    name, null, effect = case
    columns = shares(null, effect, [np.array([_lin(row) for row in drawn.rows]) for drawn in (null, effect)])
    for who, answers in theirs.items():
        beside = answers[2 * at : 2 * at + 2]
        if beside[0] is not None:
            columns |= {f"{who} {column}": share for column, share in shares(null, effect, beside).items()}
    return Row(name, len(null.rows), columns)


def _lin(row):
    found = adjust(Arms(moments(row[: law.ARM]), moments(row[law.ARM :])), MEASURE.name, [DENOMINATOR.name])
    return told(found if isinstance(found, Undetermined) else compare_adjusted(found, FixedHorizon(ALPHA)))


QUANTILES = {
    "median, 200 a variant": (0.5, (200, 200)),
    "median, 1,000 a variant": (0.5, (1000, 1000)),
    "median, split 1:9 of 3,000": (0.5, (300, 2700)),
    "90 % quantile, 1,000 a variant": (0.9, (1000, 1000)),
    "99 % quantile, 2,000 a variant": (0.99, (2000, 2000)),
}


def quantiles(args):
    """Quantiles of 1 to 5 views a viewer, each viewer with a patience of their own."""
    runs = args.runs // (5 * SLOW_SHARE)
    return [_quantiles(name, q, sizes, runs) for name, (q, sizes) in QUANTILES.items()]


def _quantiles(name, q, sizes, runs):
    base = law.patience_quantile(q)
    drawn = [_quantile_answers(f"{name} {lift}", q, sizes, lift, runs) for lift in (0.0, 0.2)]
    null, effect = (law.Draws("quantile", None, np.ones(runs, dtype=int), lift * base, lift) for lift in (0.0, 0.2))
    return Row(name, runs, shares(null, effect, drawn))


def _quantile_answers(name, q, sizes, lift, runs):
    draws = law.generator(f"quantile {name}")
    return np.array([_quantile_answer(draws, q, sizes, lift) for _ in range(runs)])


def _quantile_answer(draws, q, sizes, lift):
    arms = [_quantile(*law.patient_views(draws, n, scale), q) for n, scale in zip(sizes, (1 + lift, 1.0), strict=True)]
    lacking = next((arm for arm in arms if isinstance(arm, Undetermined)), None)
    return told(lacking or compare_quantiles(*arms, FixedHorizon(ALPHA)))


def _quantile(viewer, watch, q):
    values, rows = np.unique(watch, return_counts=True)
    histogram = Histogram.of(dict(zip(values.tolist(), rows.tolist(), strict=True)))
    low = np.bincount(viewer[watch <= histogram.quantile(q)], minlength=viewer[-1] + 1)
    share = share_of_rows(zip(low.tolist(), np.bincount(viewer).tolist(), strict=True))
    return quantile(histogram, q, share, FixedHorizon(ALPHA).critical(0, math.inf))


CUT = {
    "cut at 99 %, 1,000 a variant": (0.99, (1000, 1000)),
    "cut at 99 %, split 1:9 of 20,000": (0.99, (2000, 18_000)),
    "cut at 95 %, split 1:9 of 20,000": (0.95, (2000, 18_000)),
    "cut at 99 %, split 1:9 of 100,000": (0.99, (10_000, 90_000)),
}


def cut(args):
    """Means of heavy tails, values cut at a quantile of those above 0, both variants together."""
    runs = args.runs // (2 * SLOW_SHARE)
    return [_cut(name, q, sizes, runs) for name, (q, sizes) in CUT.items()]


def _cut(name, q, sizes, runs):
    pairs = [_cut_answers(f"{name} {lift}", q, sizes, lift, runs) for lift in (0.0, 0.2)]
    truths = [cut_means(q, sizes, 1 + lift) for lift in (0.0, 0.2)]
    drawn = [law.Draws("mean", None, np.ones(runs, dtype=int), t - c, t / c - 1) for t, c in truths]
    return Row(name, runs, shares(*drawn, pairs))


def _cut_answers(name, q, sizes, lift, runs):
    draws, rows = law.generator(f"cut {name}"), []
    for _ in range(runs):
        values = [scale * law.heavy(draws, n) for n, scale in zip(sizes, (1 + lift, 1.0), strict=True)]
        pooled = np.concatenate(values)
        cap = np.quantile(pooled[pooled > 0], q)
        rows.append(np.hstack([law.arm(np.minimum(one, cap)[None, :]) for one in values])[0])
    return ours("mean", np.array(rows), FixedHorizon(ALPHA))


def cut_means(q, sizes, scale):
    """True means of the treatment's and control's values, cut at the quantile of both populations by their sizes."""
    shares_of = [n / sum(sizes) for n in sizes]
    logs = (math.log(scale), 0.0)

    def below(top):
        return sum(w * norm.cdf((math.log(top) - mu) / 2) for w, mu in zip(shares_of, logs, strict=True)) - q

    cap = brentq(below, 1e-3, 1e9, xtol=1e-12)

    def mean(mu):  # of min(X, cap), X lognormal with sigma 2; nine of ten are 0
        at = (math.log(cap) - mu) / 2
        return 0.1 * (math.exp(mu + 2) * norm.cdf(at - 2) + cap * norm.sf(at))

    return [mean(mu) for mu in logs]


PLANNED = {
    "5 looks, O'Brien-Fleming, rate 10 %, 5,000 a variant": ("obrien_fleming", 0.1, 0.12, (5000, 5000), 5),
    "5 looks, Pocock, rate 10 %, 5,000 a variant": ("pocock", 0.1, 0.12, (5000, 5000), 5),
    "5 looks, O'Brien-Fleming, split 1:9 of 20,000": ("obrien_fleming", 0.1, 0.12, (2000, 18_000), 5),
    "10 looks, O'Brien-Fleming, rate 40 %, 2,000 a variant": ("obrien_fleming", 0.4, 0.44, (2000, 2000), 10),
}


def planned(args):
    """Planned looks: an effect shown at any of them, and intervals that ever missed the truth."""
    return [_planned(name, *case, args.runs // (2 * SLOW_SHARE)) for name, case in PLANNED.items()]


def _planned(name, spending, base, other, sizes, looks, runs):
    null, effect = (law.peeks(law.rates(rate, base), sizes, looks, runs, f"{name} {rate}") for rate in (base, other))
    quiet, loud = (_at_looks(rows, spending, looks) for rows in (null, effect))
    fixed = every_look(ours("proportion", flat(null), FixedHorizon(ALPHA)), runs)
    columns = {
        "false": Share(int((quiet[..., 0] < ALPHA).any(axis=1).sum()), runs),
        "difference": missed(loud[..., 1:3], other - base),
        "lift": missed(loud[..., 3:5], other / base - 1),
        "unknown": Share(int(np.isnan(loud[:, -1, 1]).sum()), runs),
        "no lift": Share(int(np.isnan(loud[:, -1, 3]).sum()), runs),
        "fixed": Share(int((fixed[..., 0] < ALPHA).any(axis=1).sum()), runs),
    }
    return Row(name, runs, columns)


def _at_looks(rows, spending, looks):
    shares_of = [look / looks for look in range(1, looks + 1)]
    readings = [GroupSequential(ALPHA, share, tuple(shares_of[:at]), spending) for at, share in enumerate(shares_of)]
    return np.stack([ours("proportion", rows[:, at], Crossed(reading)) for at, reading in enumerate(readings)], axis=1)


@dataclass(frozen=True)
class Crossed:
    """A reading that says of p only whether it is below alpha: by its own contract, where |T| > critical."""

    reading: GroupSequential

    def __getattr__(self, name):
        return getattr(self.reading, name)

    def p_value(self, statistic, n, df):
        return float(abs(statistic) <= self.reading.critical(n, df))


FAMILIES = (
    (3, 1000, 0),
    (7, 1000, 0),
    (7, 200, 0),
    (3, 1000, 1),
    (7, 1000, 3),
)


def families(args):
    """Several treatments against one control: runs with any false positive among those that are not different."""
    return [_family(*case, args.runs // (2 * SLOW_SHARE)) for case in FAMILIES]


def _family(several, n, better, runs):
    rates = [0.2] * (several + 1 - better) + [0.26] * better
    counts = law.generator(f"family {several} {n} {better}").binomial(n, rates, (runs, several + 1))
    wrong = dict.fromkeys(("none", "dunnett", "bonferroni", "holm", "hochberg"), 0)
    for row in counts:
        for name, hit in _hits([Tally(n, int(x)) for x in row], several - better):
            wrong[name] += hit
    said = f", {better} of them better" if better else ""
    name = f"{several} treatments{said}, rate 20 %, {n:,} a variant"
    return Row(name, runs, {name: Share(hits, runs) for name, hits in wrong.items()})


def _hits(arms, alike):
    """Of every way, whether it calls one of the first `alike` treatments different."""
    control, *others = arms
    worst = max(others[:alike], key=lambda arm: abs(arm.successes - control.successes))
    readings = {
        "none": FixedHorizon(ALPHA),
        "dunnett": Dunnett(ALPHA, loadings(control.variance, [arm.variance for arm in others])),
        "bonferroni": Bonferroni(FixedHorizon(ALPHA), len(others)),
    }
    for name, reading in readings.items():
        yield name, compare(worst, control, reading).p_value < ALPHA
    p = [compare(arm, control, readings["none"]).p_value for arm in others]
    for way in (holm, hochberg):
        yield way.__name__, min(way(p)[:alike]) < ALPHA


SECTIONS = {
    "skewness": skewness,
    "covariates": covariates,
    "quantiles": quantiles,
    "cut": cut,
    "planned": planned,
    "families": families,
}
