"""No worse than a margin, or alike within margins: one T at the margin, read at one side.

Non-inferiority asks whether the effect lies above −margin; equivalence, whether it lies inside both margins: two
one-sided tests (Schuirmann, J Pharmacokinet Biopharm 1987;15:657), that is, the interval at 1 − 2α inside them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.means import welch_df
from abstory.stats.moments import Sample, Tally
from abstory.stats.proportions import score_test
from abstory.stats.reading import Reading


@dataclass(frozen=True, slots=True)
class Margin:
    """A one-sided test at a margin.

    Attributes:
        statistic: T at the margin; positive where the effect is seen above it.
        p_above: of one side, for an effect above the margin. Below reading.alpha / 2 exactly when the lower end of the
            two-sided interval at reading.alpha lies above the margin.
        p_below: of one side, for an effect below the margin.
        df: degrees of freedom of T.
    """

    statistic: float
    p_above: float
    p_below: float
    df: float


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two one-sided tests; p is the larger of the two that matter."""

    low: Margin
    high: Margin

    @property
    def p_value(self) -> float:
        """That the effect lies inside both margins."""
        return max(self.low.p_above, self.high.p_below)


def mean_margin(treatment: Sample, control: Sample, margin: float, reading: Reading) -> Margin | Undetermined:
    """T = (m_t − m_c − margin)/√(v_t + v_c), Welch's degrees of freedom.

    Args:
        treatment: two units or more.
        control: two units or more.
        margin: absolute, in the metric's unit; −M for "worse by less than M".
        reading: its two-sided p is halved.
    """
    return _welch_margin(treatment, control, (margin, 1.0), reading)


def mean_ratio_margin(treatment: Sample, control: Sample, ratio: float, reading: Reading) -> Margin | Undetermined:
    """T = (m_t − R m_c)/√(v_t + R² v_c) for a margin relative to control: R = 1 − M (Fieller).

    Degrees of freedom are those of the difference, as for the lift's interval.
    """
    return _welch_margin(treatment, control, (0.0, ratio), reading)


def mean_equivalence(
    treatment: Sample, control: Sample, margins: tuple[float, float], reading: Reading
) -> Equivalence | Undetermined:
    """Whether two means differ by something inside `margins`, low < high, both absolute."""
    low, high = (mean_margin(treatment, control, margin, reading) for margin in margins)
    return _both(low, high)


def rate_margin(treatment: Tally, control: Tally, margin: float, reading: Reading) -> Margin | Undetermined:
    """The score at a difference of `margin`, in (−1, 1): Miettinen & Nurminen, Statistics in Medicine 1985;4:213."""
    if missing := _missing(treatment, control, reading):
        return missing
    return _margin(score_test(treatment, control, null=margin), treatment.n + control.n, math.inf, reading)


def rate_ratio_margin(treatment: Tally, control: Tally, ratio: float, reading: Reading) -> Margin | Undetermined:
    """The score at a ratio of rates of `ratio` > 0: 1 − M for a margin relative to control."""
    if missing := _missing(treatment, control, reading):
        return missing
    return _margin(score_test_ratio(treatment, control, ratio), treatment.n + control.n, math.inf, reading)


def rate_equivalence(
    treatment: Tally, control: Tally, margins: tuple[float, float], reading: Reading
) -> Equivalence | Undetermined:
    """Whether two rates differ by something inside `margins`, low < high, both absolute."""
    low, high = (rate_margin(treatment, control, margin, reading) for margin in margins)
    return _both(low, high)


def score_test_ratio(treatment: Tally, control: Tally, ratio: float) -> float:
    """T(r) = (p̂_t − r p̂_c)/√(k [p_t(1−p_t)/n_t + r² p_c(1−p_c)/n_c]) with p_t = r p_c likeliest; k = N/(N − 1).

    A p_c² + B p_c + C = 0 with A = N r, B = −(n_t r + x_t + n_c + x_c r), C = x (Miettinen & Nurminen 1985, appendix).
    """
    n, x = treatment.n + control.n, treatment.successes + control.successes
    a = n * ratio
    b = treatment.n * ratio + treatment.successes + control.n + control.successes * ratio
    below = 2 * x / (b + math.sqrt(max(0.0, b * b - 4 * a * x)))
    above = min(1.0, ratio * below)
    spread = above * (1 - above) / treatment.n + ratio * ratio * below * (1 - below) / control.n
    seen = treatment.mean - ratio * control.mean
    return seen / math.sqrt(spread * n / (n - 1)) if seen and spread > 0 else 0.0


def _welch_margin(
    treatment: Sample, control: Sample, line: tuple[float, float], reading: Reading
) -> Margin | Undetermined:
    if missing := _missing(treatment, control, reading):
        return missing
    margin, ratio = line
    if min(treatment.n, control.n) < 2:
        return Undetermined(Reason.TOO_FEW, f"{treatment.n} and {control.n}")
    variance = treatment.variance / treatment.n + ratio * ratio * control.variance / control.n
    if not variance > 0:
        return Undetermined(Reason.NO_VARIATION)
    statistic = (treatment.mean - ratio * control.mean - margin) / math.sqrt(variance)
    return _margin(statistic, treatment.n + control.n, welch_df(treatment, control), reading)


def _margin(statistic: float, n: int, df: float, reading: Reading) -> Margin:
    half = reading.p_value(statistic, n, df) / 2
    return Margin(statistic, *((half, 1 - half) if statistic > 0 else (1 - half, half)), df)


def _missing(treatment: Sample | Tally, control: Sample | Tally, reading: Reading) -> Undetermined | None:
    if not min(treatment.n, control.n):
        return Undetermined(Reason.NO_VIEWERS, f"{treatment.n} and {control.n}")
    lacking = reading.lacks(treatment) or reading.lacks(control)
    return Undetermined(Reason.TOO_EARLY, lacking) if lacking else None


def _both(low: Margin | Undetermined, high: Margin | Undetermined) -> Equivalence | Undetermined:
    if isinstance(low, Undetermined):
        return low
    return high if isinstance(high, Undetermined) else Equivalence(low, high)
