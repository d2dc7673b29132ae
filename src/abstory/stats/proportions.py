"""Two proportions by the score of Miettinen & Nurminen: test, difference and ratio from one restricted estimate.

Miettinen & Nurminen, Statistics in Medicine 1985;4:213-226; with k = 1 instead of N/(N − 1) it is Farrington &
Manning 1990;9:1447 for the difference and Koopman, Biometrics 1984;40:513 for the ratio.

T(θ) = (what is seen − θ)/√(k v), v from the rates p_t, p_c that are likeliest under θ. Those rates are found by their
pull λ, the slope of the log-likelihood in p_t at the restricted maximum: then p_t solves n p + λ p(1 − p) = x in closed
form, p_c likewise, and T = λ √(v/k). So an end of an interval is the root of an increasing function of λ with two
square roots in it; no cubic, no cancellation. Upper ends are lower ends with the arms swapped, so swapping them
changes signs and inverts ratios exactly.
"""

from __future__ import annotations

import math
from math import sqrt
from typing import NamedTuple

from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined
from abstory.stats.intervals import agreeing
from abstory.stats.moments import Tally
from abstory.stats.reading import Reading
from abstory.stats.roots import crossing_above, solved

_FEWEST_EXPECTED = 5
_FEWEST_UNITS = 20
_FEWEST_IN_ALL = 80  # below, whole numbers may raise the score's error beyond 1.2 times alpha


class Restricted(NamedTuple):
    """The rates likeliest under a null value, and the variance they give the difference or T's numerator."""

    treatment: float
    control: float
    variance: float


def compare(treatment: Tally, control: Tally, reading: Reading) -> Effect | Undetermined:
    """Difference and lift of two rates, read at one critical value.

    Few expected outcomes (a cell below 5, an arm below 20 units, or both together below 80) are also tested exactly,
    and the more cautious of the two tests speaks: p is of the smaller |T|, the exact test's p being taken as the normal
    quantile it stands for (so that Bonferroni and Dunnett apply to it unchanged). Where the score alone would exclude
    0, the critical value is raised to its |T|, so both intervals just reach 0 and never contradict p. An always-valid
    reading never gets that far: it asks for 20 successes and 20 failures first.

    Returns:
        NO_VIEWERS with an empty arm, TOO_EARLY where the reading lacks units; no lift without a success in control.
    """
    if not treatment.n or not control.n:
        return Undetermined(Reason.NO_VIEWERS, f"{treatment.n} and {control.n}")
    if lacking := reading.lacks(treatment) or reading.lacks(control):
        return Undetermined(Reason.TOO_EARLY, lacking)
    n = treatment.n + control.n
    score = score_test(treatment, control)
    cautious = score if _enough(treatment, control) else _cautious(score, treatment, control)
    critical = reading.critical(n, math.inf)
    if abs(cautious) <= critical:
        critical = max(critical, abs(score))
    seen = _difference(treatment, control)
    between = score_interval_difference(treatment, control, critical)
    return Effect(
        treatment.mean,
        control.mean,
        Estimate(seen, agreeing(between.low, between.high, null=0.0, statistic=score, critical=critical)),
        _lift(treatment, control, seen, score, critical),
        score,
        reading.p_value(cautious, n, math.inf),
        critical,
        sqrt(_spread(treatment) + _spread(control)),
        "score",
    )


def score_test(treatment: Tally, control: Tally, *, null: float = 0.0, k: float | None = None) -> float:
    """T at a difference of `null`: (p̂_t − p̂_c − null)/√(k v), v under the restricted rates.

    Args:
        treatment: at least one unit.
        control: at least one unit.
        null: the difference tested, in (−1, 1); −margin for a non-inferiority test.
        k: N/(N − 1) where None (Miettinen & Nurminen); 1 for Farrington & Manning.
    """
    seen = _difference(treatment, control) - null
    if seen < 0:
        return -score_test(control, treatment, null=-null, k=k)
    variance = _restricted(treatment, control, null).variance
    return seen / sqrt(variance * _factor(treatment, control, k)) if seen and variance else 0.0


def score_interval_difference(treatment: Tally, control: Tally, critical: float, *, k: float | None = None) -> Interval:
    """{δ : |T(δ)| <= critical} for the difference of rates. Same arguments as `score_test`; critical > 0."""
    root = critical * sqrt(_factor(treatment, control, k))
    return Interval(_lowest_difference(treatment, control, root), -_lowest_difference(control, treatment, root))


def score_interval_ratio(treatment: Tally, control: Tally, critical: float, *, k: float | None = None) -> Interval:
    """{r : |T(r)| <= critical} for the ratio of rates; 0 and inf where an arm has no success.

    T(r) = (p̂_t − r p̂_c)/√(k [p_t(1−p_t)/n_t + r² p_c(1−p_c)/n_c]); at r = 1 it is the difference's T(0).
    """
    root = critical * sqrt(_factor(treatment, control, k))
    inverse = _lowest_ratio(control, treatment, root)
    return Interval(_lowest_ratio(treatment, control, root), 1 / inverse if inverse else math.inf)


def wilson(arm: Tally, critical: float) -> Interval:
    """One rate: {p : |p̂ − p| <= critical √(p(1−p)/n)} (Wilson, JASA 1927;22:209). `arm.n` > 0."""
    n, square = arm.n, critical * critical
    centre, failures = arm.successes + square / 2, arm.n - arm.successes
    half = critical * sqrt(arm.successes * failures / n + square / 4)
    low = 0.0 if not arm.successes else (centre - half) / (n + square)
    return Interval(low, 1.0 if not failures else (centre + half) / (n + square))


def newcombe(treatment: Tally, control: Tally, critical: float) -> Interval:
    """Difference of rates in closed form from two Wilson intervals, for drawing and cross-checks only.

    Newcombe, Statistics in Medicine 1998;17:873-890, method 10.
    """
    t, c, seen = wilson(treatment, critical), wilson(control, critical), _difference(treatment, control)
    below = math.hypot(treatment.mean - t.low, c.high - control.mean)
    above = math.hypot(t.high - treatment.mean, control.mean - c.low)
    return Interval(seen - below, seen + above)


def clopper_pearson(arm: Tally, alpha: float) -> Interval:
    """One rate, exact: no value inside is rejected by a binomial test at alpha/2 a side (Biometrika 1934;26:404)."""
    from scipy.special import betaincinv

    x, n = arm.successes, arm.n
    low = float(betaincinv(x, n - x + 1, alpha / 2)) if x else 0.0
    return Interval(low, float(betaincinv(x + 1, n - x, 1 - alpha / 2)) if x < n else 1.0)


def _lift(treatment: Tally, control: Tally, seen: float, score: float, critical: float) -> Estimate | Undetermined:
    if not control.successes:
        return Undetermined(Reason.CONTROL_NEAR_ZERO, f"0 of {control.n}")
    ratio = score_interval_ratio(treatment, control, critical)
    between = agreeing(ratio.low - 1, ratio.high - 1, null=0.0, statistic=score, critical=critical)
    return Estimate(seen / control.mean, between)


def _difference(treatment: Tally, control: Tally) -> float:
    """p̂_t − p̂_c with one rounding: the numerator is an exact integer."""
    crossed = treatment.successes * control.n - control.successes * treatment.n
    return crossed / (treatment.n * control.n)


def _spread(arm: Tally) -> float:
    return arm.successes * (arm.n - arm.successes) / arm.n**3


def _factor(treatment: Tally, control: Tally, k: float | None) -> float:
    n = treatment.n + control.n
    return n / (n - 1) if k is None else k


def _pulled(n: float, x: float, pull: float) -> tuple[float, float]:
    """(p, 1 − p) with n p + pull p(1 − p) = x, for pull >= 0: the rate x/n pulled down, each to full precision."""
    gap, missed = n - pull, n - x
    root = sqrt(gap * gap + 4 * pull * missed)
    q = 2 * missed / (gap + root) if gap > 0 else (root - gap) / (2 * pull)
    return 2 * x / (n + pull + root), q


def _restricted(treatment: Tally, control: Tally, null: float) -> Restricted:
    """The likeliest rates a difference of `null` apart, `null` not above the difference seen."""
    if null == 0.0:
        n, x = treatment.n + control.n, treatment.successes + control.successes
        return Restricted(x / n, x / n, x * (n - x) / n / (treatment.n * control.n))
    gap = _difference(treatment, control) - null

    def apart(pull: float) -> float:
        return null - _at(treatment, control, pull)[0]

    pull = crossing_above(apart, -gap, gap * min(treatment.n, control.n)) if gap else 0.0
    difference, variance = _at(treatment, control, pull)
    rate = _pulled(treatment.n, treatment.successes, pull)[0]
    return Restricted(rate, rate - difference, variance)


def _at(treatment: Tally, control: Tally, pull: float) -> tuple[float, float]:
    """Difference of the rates pulled towards each other by `pull` >= 0, and its variance."""
    p, q = _pulled(treatment.n, treatment.successes, pull)
    q_c, p_c = _pulled(control.n, control.n - control.successes, pull)
    return p - p_c, p * q / treatment.n + p_c * q_c / control.n


def _lowest_difference(treatment: Tally, control: Tally, root: float) -> float:
    """The lowest δ with T(δ) <= critical; `root` is critical √k."""
    n_t, x_t, n_c, x_c = 1.0 * treatment.n, 1.0 * treatment.successes, 1.0 * control.n, 1.0 * control.successes
    missed_t, missed_c = n_t - x_t, n_c - x_c
    if not x_t and not missed_c:
        return -1.0

    def excess(pull: float) -> tuple[float, float]:
        gap_t, gap_c = n_t - pull, n_c - pull
        width_t, width_c = sqrt(gap_t * gap_t + 4 * pull * missed_t), sqrt(gap_c * gap_c + 4 * pull * x_c)
        q_t = 2 * missed_t / (gap_t + width_t) if gap_t > 0 else (width_t - gap_t) / (2 * pull)
        p_c = 2 * x_c / (gap_c + width_c) if gap_c > 0 else (width_c - gap_c) / (2 * pull)
        p_t, q_c = 2 * x_t / (n_t + pull + width_t), 2 * missed_c / (n_c + pull + width_c)
        own, other = p_t * q_t / n_t, p_c * q_c / n_c
        slope = own * (p_t - q_t) / (width_t or 1.0) + other * (q_c - p_c) / (width_c or 1.0)
        error = sqrt(own + other)
        return pull * error - root, error + pull * slope / (2 * error or 1.0)

    own, other = x_t * missed_t / (n_t * n_t * n_t), x_c * missed_c / (n_c * n_c * n_c)
    lean_t, lean_c = (x_t - missed_t) / (n_t * n_t), (missed_c - x_c) / (n_c * n_c)
    bend = own * (lean_t * lean_t - own / n_t) + other * (lean_c * lean_c - other / n_c)
    pull = solved(excess, -root, _guess(root, own + other, own * lean_t + other * lean_c, bend), n_t + n_c)
    return _pulled(n_t, x_t, pull)[0] - _pulled(n_c, missed_c, pull)[1]


def _lowest_ratio(treatment: Tally, control: Tally, root: float) -> float:
    """The lowest r with T(r) <= critical: p_t is pulled as before, and p_c = (x_c + λ p_t)/(n_c + λ p_t) follows."""
    n_t, x_t, n_c, x_c = 1.0 * treatment.n, 1.0 * treatment.successes, 1.0 * control.n, 1.0 * control.successes
    missed, share = n_t - x_t, (n_c - x_c) / n_c
    if not x_t:
        return 0.0

    def excess(pull: float) -> tuple[float, float]:
        gap = n_t - pull
        width = sqrt(gap * gap + 4 * pull * missed)
        p = 2 * x_t / (n_t + pull + width)
        q = 2 * missed / (gap + width) if gap > 0 else (width - gap) / (2 * pull)
        below, fall = x_c + pull * p, q / (width or 1.0)
        own, other = p * q / n_t, p * p * share / below
        slope = own * (p - q) / (width or 1.0) - other * (2 * fall + p * (1 - pull * fall) / below)
        error = sqrt(own + other)
        return pull * error - root, error + pull * slope / (2 * error or 1.0)

    rate, fall, rise = x_t / n_t, missed / (n_t * n_t), x_t / (n_t * x_c) if x_c else math.inf
    own, other, lean = rate * fall, rate * share * rise, rate / n_t - fall
    bend = own * (lean * lean - fall * rate / n_t) + other * (fall * (3 * (fall + rise) - 2 * rate / n_t) + rise * rise)
    pull = solved(excess, -root, _guess(root, own + other, own * lean - other * (2 * fall + rise), bend), n_t + n_c)
    low = _pulled(n_t, x_t, pull)[0]
    return low * (n_c + pull * low) / (x_c + pull * low)


def _guess(root: float, variance: float, slope: float, bend: float) -> float:
    """About where λ√V is `root`, for V = variance + slope λ + bend λ² near 0: the series turned round, to λ³."""
    if not 0 < variance < math.inf:
        return math.nan
    first = root / sqrt(variance)
    turn = slope * first / variance
    return first * (1 - turn / 2 + 5 * turn * turn / 8 - bend * first * first / (2 * variance))


def _enough(treatment: Tally, control: Tally) -> bool:
    """Whether no cell expects less than 5, and units are many: the score then needs no exact companion."""
    n, x = treatment.n + control.n, treatment.successes + control.successes
    fewest = min(treatment.n, control.n)
    many = fewest >= _FEWEST_UNITS and n >= _FEWEST_IN_ALL
    return many and fewest * min(x, n - x) >= _FEWEST_EXPECTED * n


def _cautious(score: float, treatment: Tally, control: Tally) -> float:
    """The score, shrunk to the normal quantile of the exact test where that is smaller."""
    from abstory.stats.exact import exact_test
    from abstory.stats.tails import two_sided_quantile

    return math.copysign(min(abs(score), two_sided_quantile(exact_test(treatment, control), math.inf)), score)
