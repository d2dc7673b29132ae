"""What a regression says of one coefficient: its value, error and degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.stats.estimate import Interval
from abstory.stats.intervals import agreeing
from abstory.stats.tails import two_sided_p, two_sided_quantile


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An estimate whose distance from the truth, in standard errors, is about Student's t.

    Attributes:
        value: the estimate.
        standard_error: > 0.
        df: degrees of freedom, > 0, may be infinite.
    """

    value: float
    standard_error: float
    df: float

    @property
    def statistic(self) -> float:
        """T of no effect."""
        return self.value / self.standard_error

    @property
    def p_value(self) -> float:
        """Two-sided."""
        return two_sided_p(self.statistic, self.df)

    def interval(self, alpha: float) -> Interval:
        """The values that T does not reject at `alpha`, two-sided, in (0, 1)."""
        critical = two_sided_quantile(alpha, self.df)
        half = critical * self.standard_error
        return agreeing(self.value - half, self.value + half, null=0.0, statistic=self.statistic, critical=critical)
