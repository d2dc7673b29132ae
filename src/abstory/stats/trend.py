"""Does an effect wear off: a line through the effects of independent cohorts, such as days of first exposure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.tails import chi_square_p, two_sided_p

FEWEST_DAYS = 5
FLAG_P = 0.01


@dataclass(frozen=True, slots=True)
class Cohort:
    """One day's effect: `day` of first exposure, the effect among those viewers, and its standard error."""

    day: float
    effect: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Trend:
    """A weighted line of effect on day, and how much days differ at all.

    Attributes:
        slope: change of the effect per day.
        slope_error: its standard error.
        p_value: two-sided, of no slope; worth a line in a report only below .01.
        intercept: the line's effect at day 0.
        pooled: effect of all days together.
        pooled_error: its standard error.
        late: effect pooled over the later half of the days.
        heterogeneity: Cochran's Q about the pooled effect, chi-square with `df` degrees where days do not differ.
        df: days − 1.
        heterogeneity_p: of Q.
    """

    slope: float
    slope_error: float
    p_value: float
    intercept: float
    pooled: float
    pooled_error: float
    late: float
    heterogeneity: float
    df: int
    heterogeneity_p: float

    @property
    def statistic(self) -> float:
        """Z of the slope."""
        return self.slope / self.slope_error

    @property
    def inconsistency(self) -> float:
        """I², the share of Q beyond chance in per cent (Higgins & Thompson, Statistics in Medicine 2002;21:1539)."""
        return max(0.0, 100 * (1 - self.df / self.heterogeneity)) if self.heterogeneity > 0 else 0.0


def effect_trend(cohorts: Sequence[Cohort]) -> Trend | Undetermined:
    """Fixed-effect meta-regression of effect on day with weights 1/se² (Hedges & Olkin 1985, chapter 8).

    Days must be independent cohorts: effects by days since exposure share viewers and need a contrast per viewer.

    Returns:
        TOO_FEW below five distinct days, NO_VARIATION where a day has no standard error.
    """
    days = len({cohort.day for cohort in cohorts})
    if days < FEWEST_DAYS:
        return Undetermined(Reason.TOO_FEW, f"{days} of {FEWEST_DAYS} days")
    if not all(0 < cohort.standard_error < math.inf for cohort in cohorts):
        return Undetermined(Reason.NO_VARIATION)
    pooled, error = _pooled(cohorts)
    centre = math.fsum(_weight(c) * c.day for c in cohorts) * error * error
    spread = math.fsum(_weight(c) * (c.day - centre) ** 2 for c in cohorts)
    slope = math.fsum(_weight(c) * (c.day - centre) * (c.effect - pooled) for c in cohorts) / spread
    scatter = math.fsum(_weight(c) * (c.effect - pooled) ** 2 for c in cohorts)
    later = sorted(cohorts, key=lambda c: c.day)[len(cohorts) // 2 :]
    return Trend(
        slope,
        1 / math.sqrt(spread),
        two_sided_p(slope * math.sqrt(spread), math.inf),
        pooled - slope * centre,
        pooled,
        error,
        _pooled(later)[0],
        scatter,
        len(cohorts) - 1,
        chi_square_p(scatter, len(cohorts) - 1),
    )


def _weight(cohort: Cohort) -> float:
    return cohort.standard_error**-2


def _pooled(cohorts: Sequence[Cohort]) -> tuple[float, float]:
    total = math.fsum(map(_weight, cohorts))
    return math.fsum(_weight(c) * c.effect for c in cohorts) / total, 1 / math.sqrt(total)
