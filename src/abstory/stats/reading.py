"""How a statistic is read: the critical value of |T| and the p value that belongs to it.

Every method supplies T; every reading supplies `critical` and `p_value`. An interval is the set of
null values whose |T| stays at or below the critical value, so interval, p, lift and decision cannot disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeVar

from abstory.stats.moments import Sample, Tally
from abstory.stats.tails import two_sided_p, two_sided_quantile


class Reading(Protocol):
    """The rule by which |T| becomes a decision at one moment of an experiment."""

    @property
    def name(self) -> str:
        """The words a report uses, such as `always valid`."""
        ...

    @property
    def alpha(self) -> float:
        """Two-sided error rate over the whole family, in (0, 1)."""
        ...

    def critical(self, n: int, df: float) -> float:
        """Critical value of |T| for `n` units in both arms together and `df` degrees of freedom (may be inf)."""
        ...

    def p_value(self, statistic: float, n: int, df: float) -> float:
        """Two-sided p of `statistic`; below alpha exactly when |statistic| > critical(n, df)."""
        ...

    def at(self, alpha: float) -> Self:
        """The same rule at another level, everything declared before the data unchanged."""
        ...

    def lacks(self, arm: Tally | Sample) -> str:
        """What `arm` still lacks for the reading to hold, such as `112 of 200 viewers`; empty when nothing."""
        ...


@dataclass(frozen=True, slots=True)
class FixedHorizon:
    """One look, at the declared end: normal or Student quantiles.

    Attributes:
        alpha: two-sided error rate, in (0, 1).
    """

    alpha: float

    def __post_init__(self) -> None:
        within_unit(self.alpha)

    @property
    def name(self) -> str:
        return "fixed horizon"

    def critical(self, n: int, df: float) -> float:  # noqa: ARG002 (a fixed look does not depend on n)
        return two_sided_quantile(self.alpha, df)

    def p_value(self, statistic: float, n: int, df: float) -> float:
        return agreed(two_sided_p(statistic, df), statistic, self, n, df)

    def at(self, alpha: float) -> Self:
        return replace(self, alpha=alpha)

    def lacks(self, arm: Tally | Sample) -> str:  # noqa: ARG002 (small samples have their own exact test)
        return ""


_R = TypeVar("_R", bound=Reading)


def one_sided(reading: _R) -> _R:
    """The reading whose single interval end is a one-sided bound at the level of `reading`.

    A two-sided interval at 2 alpha leaves alpha on either side; a guardrail uses the end on its bad side.
    `reading.alpha` must be below one half.
    """
    return reading.at(2 * reading.alpha)


def agreed(p: float, statistic: float, reading: Reading, n: int, df: float) -> float:
    """`p`, moved across alpha where rounding alone put it on the other side than |statistic| and critical.

    Only a p within 1e-9 of alpha, relatively, is ever touched.
    """
    alpha = reading.alpha
    if abs(p - alpha) > 1e-9 * alpha:
        return p
    beyond = abs(statistic) > reading.critical(n, df)
    return min(p, math.nextafter(alpha, 0.0)) if beyond else max(p, alpha)


def within_unit(alpha: float) -> None:
    """Refuse an error rate outside (0, 1) with ValueError."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie in (0, 1), not {alpha}")
