"""How a statistic is read: the critical value of |T| and the p value that belongs to it.

Every method supplies T; every reading supplies `critical` and `p_value`. An interval is the set of
null values whose |T| stays at or below the critical value, so interval, p, lift and decision cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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
