"""How many viewers a comparison needs: the chance that T passes its critical value when an effect is there.

Every comparison is a `Signal`: with n viewers in control, T is about normal with mean gap √n / null and standard
deviation true / null. What the test reckons with (null) and what is true (true) differ for rates, so this is the
formula of Fleiss, Tytun & Ury (Biometrics 1980;36:343) for two rates, that of Farrington & Manning (Statistics in
Medicine 1990;9:1447) with a margin, and the normal or the non-central t for two means. The critical value may depend
on n, so any reading can be planned for. Only the tail on the effect's own side counts: a significant result in the
wrong direction is no success.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from abstory.stats.moments import Tally
from abstory.stats.proportions import score_test
from abstory.stats.roots import crossing

if TYPE_CHECKING:
    from abstory.stats.boundaries import Boundaries

Critical = Callable[[float], tuple[float, float]]
"""From viewers in control to the critical value of T and its degrees of freedom (may be inf)."""

_NORMAL = NormalDist()
_EXPECTED = 10**12  # units of control at which a limit for large n is read off
_FEWEST = 2.0
_MOST = 1e18
_SURE = 8.0  # beyond this many standard deviations nothing is left to integrate


@dataclass(frozen=True, slots=True)
class Signal:
    """One comparison as it will be tested, per viewer of control.

    Attributes:
        gap: distance of the true value from the value tested, on the side where success lies; >= 0.
        null: standard deviation of the estimate at one viewer in control, under the value tested; > 0.
        true: the same under the truth; > 0.
    """

    gap: float
    null: float
    true: float

    def scaled(self, factor: float) -> Signal:
        """With both standard deviations times `factor` > 0, as by covariates that explain 1 − factor² of them."""
        return Signal(self.gap, self.null * factor, self.true * factor)


def rates(control: float, treatment: float, *, null: float = 0.0, ratio: float = 1.0) -> Signal:
    """Two rates, tested for a difference of `null` by the score.

    The variance under `null` is that of the likeliest rates `null` apart (for 0 the pooled rate), read off the score
    statistic itself at the expected counts of a large experiment.

    Args:
        control: rate, in (0, 1).
        treatment: rate, in (0, 1); control itself where a margin is tested in the absence of a change.
        null: difference tested, in (−1, 1), not the true one; −margin for non-inferiority.
        ratio: viewers of the treatment for each of control, > 0.
    """
    _within(control, treatment)
    n = round(_EXPECTED * ratio)
    t, c = Tally(n, round(n * treatment)), Tally(_EXPECTED, round(_EXPECTED * control))
    gap, true = abs(treatment - control - null), _spread(control, treatment, ratio)
    statistic = abs(score_test(t, c, null=null, k=1.0))
    return Signal(gap, gap * math.sqrt(_EXPECTED) / statistic if statistic else true, true)


def rates_ratio(control: float, treatment: float, *, null: float, ratio: float = 1.0) -> Signal:
    """Two rates, tested for a ratio of `null`: 1 − margin or 1 + margin for a relative margin.

    T(r) = (p_t − r p_c)/√v, v under the likeliest rates of ratio r, the root of a quadratic (Miettinen & Nurminen,
    Statistics in Medicine 1985;4:213).

    Args:
        control: rate, in (0, 1).
        treatment: rate, in (0, 1).
        null: ratio tested, > 0.
        ratio: viewers of the treatment for each of control, > 0.
    """
    _within(control, treatment)
    x_t, both = ratio * treatment, ratio * treatment + control
    a, b = (1 + ratio) * null, -(ratio * null + x_t + 1 + control * null)
    low = 2 * both / (-b + math.sqrt(max(0.0, b * b - 4 * a * both)))
    high = null * low
    restricted = math.sqrt(max(0.0, high * (1 - high)) / ratio + null * null * low * (1 - low))
    true = math.sqrt(treatment * (1 - treatment) / ratio + null * null * control * (1 - control))
    return Signal(abs(treatment - null * control), restricted, true)


def means(deviation: float, gap: float, *, null_ratio: float = 1.0, ratio: float = 1.0) -> Signal:
    """Two means of equal standard deviation, tested for a difference, or for a ratio of `null_ratio`.

    Args:
        deviation: standard deviation per viewer, > 0; of a ratio, that of the linearised values.
        gap: m_t − null_ratio · m_c, or m_t − m_c − null for a difference; its size counts.
        null_ratio: ratio tested (Fieller's statistic), > 0; 1 for a difference.
        ratio: viewers of the treatment for each of control, > 0.
    """
    spread = deviation * math.sqrt(1 / ratio + null_ratio * null_ratio)
    return Signal(abs(gap), spread, spread)


def chance(signal: Signal, n: float, critical: float, df: float = math.inf) -> float:
    """P(T > critical), success being upwards, with `n` > 0 viewers in control.

    Normal; with finite `df` the non-central t, as R's power.t.test.
    """
    if math.isinf(df):
        return _NORMAL.cdf((signal.gap * math.sqrt(n) - critical * signal.null) / signal.true)
    from scipy.special import nctdtr

    return 1 - float(nctdtr(df, signal.gap * math.sqrt(n) / signal.null, critical))


def viewers(signal: Signal, critical: Critical, power: float) -> float:
    """The fewest viewers in control (not rounded, at least 2) at which `chance` reaches `power`, in (0, 1).

    Infinite where there is no gap to be seen.
    """
    wanted = _NORMAL.inv_cdf(power)

    def lead(root: float) -> float:
        return _lead(signal, root * root, critical(root * root)) - wanted

    high = math.sqrt(_FEWEST)
    while lead(high) < 0:
        high *= 2
        if high * high > _MOST:
            return math.inf
    return crossing(lead, max(math.sqrt(_FEWEST), high / 2), high) ** 2


def detectable(chance_of: Callable[[float], float], power: float, most: float) -> float:
    """The smallest effect that is found with `power`; infinite where `most` is not enough.

    Args:
        chance_of: from the size of an effect, in (0, most], to the chance of finding it; not decreasing.
        power: in (0, 1).
        most: the largest effect there can be, > 0.
    """
    wanted = _NORMAL.inv_cdf(power)

    def lead(size: float) -> float:
        return _quantile(chance_of(size)) - wanted

    return crossing(lead, most * 1e-9, most) if lead(most) >= 0 else math.inf


def any_found(drifts: Sequence[float], lambdas: Sequence[float], critical: float) -> float:
    """P(max |T_i| > critical) for treatments that share a control: at least one of several is found, either way.

    1 − ∫φ(y) ∏[Φ((c + λ_i y − δ_i)/√(1−λ_i²)) − Φ((−c + λ_i y − δ_i)/√(1−λ_i²))] dy (Dunnett, JASA 1955;50:1096,
    with means), a trapezoid sum over y.

    Args:
        drifts: mean δ_i of each T_i, T taken with unit variance.
        lambdas: `dunnett.loadings` of the treatments, each in [0, 1).
        critical: of each |T_i|.
    """
    arms = [(drift, lam, math.sqrt(1 - lam * lam)) for drift, lam in zip(drifts, lambdas, strict=True)]
    step = min(0.1, *(rest / 4 for _, _, rest in arms))
    reach = math.ceil(_SURE / step)
    none = (_density(at * step) * _none_beyond(at * step, arms, critical) for at in range(-reach, reach + 1))
    return 1 - step * math.fsum(none)


@dataclass(frozen=True, slots=True)
class Stopping:
    """What looking at several moments brings when an effect is there.

    Attributes:
        chance: of having found it at or before the last look.
        viewers: in control, on average, when it is found or the last look is taken.
    """

    chance: float
    viewers: float


def stopping(signal: Signal, looks: Sequence[float], critical: Critical) -> Stopping:
    """How soon a reading that may be looked at repeatedly finds an effect, stopping at its first crossing.

    Exact for the normal process behind T (recursive integration, see `boundaries`), whatever the critical values.

    Args:
        signal: of the effect.
        looks: viewers in control at each, increasing, > 0.
        critical: of |T| at each; degrees of freedom are not used.
    """
    from abstory.stats.boundaries import Boundaries

    upper = tuple(critical(n)[0] for n in looks)
    return staged(signal, 1.0, Boundaries(tuple(looks), upper, tuple(-height for height in upper)))


def staged(signal: Signal, n: float, design: Boundaries) -> Stopping:
    """What a group sequential design brings, such as `group_designs.spending_design`.

    Args:
        signal: of the effect.
        n: viewers in control at an information of 1.
        design: looks and boundaries of T.
    """
    from abstory.stats.boundaries import chances
    from abstory.stats.group_designs import expected_share

    own, drift = _as_true(design, signal), signal.gap / signal.true * math.sqrt(n)
    return Stopping(math.fsum(chances(own, drift).above), n * expected_share(own, drift))


def staged_viewers(signal: Signal, design: Boundaries, power: float) -> float:
    """The fewest viewers in control at an information of 1 with which a design finds an effect with `power`.

    The drift that the design needs over the drift of one viewer, squared: a fixed design's viewers times the inflation
    factor of Jennison & Turnbull, Group Sequential Methods, 1999, section 2.3. `power` lies above the error rate.
    """
    from abstory.stats.group_designs import drift_for

    return (drift_for(_as_true(design, signal), power) * signal.true / signal.gap) ** 2 if signal.gap else math.inf


def _as_true(design: Boundaries, signal: Signal) -> Boundaries:
    """The boundaries of T/sd(T): T has the standard deviation true / null."""
    from abstory.stats.boundaries import Boundaries

    scale = signal.null / signal.true
    upper, lower = (tuple(height * scale for height in heights) for heights in (design.upper, design.lower))
    return Boundaries(design.information, upper, lower)


def welch_df(n: float, ratio: float) -> float:
    """Degrees of freedom of two means of equal variance, `n` > 1 viewers in control and `ratio` n > 1 in treatment."""
    other = 1 / ratio
    return (1 + other) ** 2 / (1 / (n - 1) + other * other / (n * ratio - 1))


def _lead(signal: Signal, n: float, bar: tuple[float, float]) -> float:
    """The normal quantile of `chance`: what grows evenly with √n."""
    critical, df = bar
    if math.isinf(df):
        return (signal.gap * math.sqrt(n) - critical * signal.null) / signal.true
    return _quantile(chance(signal, n, critical, df))


def _quantile(share: float) -> float:
    return _NORMAL.inv_cdf(min(max(share, 1e-300), 1 - 1e-16))


def _none_beyond(y: float, arms: Sequence[tuple[float, float, float]], critical: float) -> float:
    inside = 1.0
    for drift, lam, rest in arms:
        centre = lam * y - drift
        inside *= max(0.0, _NORMAL.cdf((critical + centre) / rest) - _NORMAL.cdf((centre - critical) / rest))
    return inside


def _density(y: float) -> float:
    return math.exp(-y * y / 2) / math.sqrt(2 * math.pi)


def _spread(control: float, treatment: float, ratio: float) -> float:
    return math.sqrt(control * (1 - control) + treatment * (1 - treatment) / ratio)


def _within(*rates: float) -> None:
    for rate in rates:
        if not 0 < rate < 1:
            raise ValueError(f"a rate to plan with lies in (0, 1), not {rate}")
