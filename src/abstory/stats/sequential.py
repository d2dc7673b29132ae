"""Looking whenever one likes: asymptotic confidence sequences from a normal mixture.

D ± se · c_N holds at every look at once, under any rule of stopping (Waudby-Smith, Arbour, Sinha, Kennedy &
Ramdas, Time-uniform central limit theory and asymptotic confidence sequences, Annals of Statistics 2024, Thm 2.2;
the same boundary as the normal mixture of Howard, Ramdas, McAuliffe & Sekhon, Annals of Statistics 2021, Prop. 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Self, TypeVar

from abstory.stats.moments import Sample, Tally
from abstory.stats.reading import agreed, within_unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N = TypeVar("N", float, "NDArray[np.float64]")
"""A number; or with `xp` numpy an array of them."""
UNITS_BEFORE_READING = 200
OUTCOMES_BEFORE_READING = 20


def rho_squared(alpha: float, planned: float) -> float:
    """The mixture's precision that makes the interval near its tightest at `planned` units.

    (2 ln(1/α) + ln(1 + 2 ln(1/α))) / N*, Howard et al. 2021, section 3.5: at α = 0.05, 7.936 / N*.

    Args:
        alpha: two-sided error rate, in (0, 1).
        planned: units of both arms together at which to be tight, > 0; must be declared before the data.
    """
    twice = -2 * math.log(alpha)
    return (twice + math.log1p(twice)) / planned


def log_e_value(statistic: N, n: N, rho2: float, xp: ModuleType = math) -> N:
    """Evidence against a difference of 0, its logarithm: ½(T² Nρ²/(Nρ²+1) − ln(Nρ²+1)); exp of it is a martingale."""
    information = n * rho2
    evidence: N = 0.5 * (statistic * statistic * information / (information + 1) - xp.log1p(information))
    return evidence


def mixture_critical(n: N, rho2: float, alpha: float, xp: ModuleType = math) -> N:
    """c_N = √((Nρ²+1)/(Nρ²) · ln((Nρ²+1)/α²)): the |T| at which the evidence reaches 1/alpha."""
    information = n * rho2
    critical: N = xp.sqrt((information + 1) / information * (xp.log1p(information) - 2 * math.log(alpha)))
    return critical


@dataclass(frozen=True)
class AlwaysValid:
    """A reading that may be looked at daily and stopped at will.

    The evidence exp(`log_e_value`) does not know alpha, so p = 1/evidence is one number for every level and
    p < alpha exactly when |T| > c_N(alpha). Only the tuning ρ² uses an alpha, and it is fixed when the reading is
    made: `at` (Bonferroni's alpha/k, a one-sided 2 alpha) changes the level and keeps ρ², so that p stays the same
    number and the guarantee, which asks for a ρ² chosen before the data, stays whole.

    Attributes:
        alpha: two-sided error rate over all looks together, in (0, 1).
        planned: units of the compared pair together at the declared end, > 0.
        tuned_at: the alpha that ρ² is computed from; `alpha` where None.
    """

    alpha: float
    planned: float
    tuned_at: float | None = None

    def __post_init__(self) -> None:
        within_unit(self.alpha)
        if not self.planned > 0:
            raise ValueError(f"planned units must be positive, not {self.planned}")

    @property
    def name(self) -> str:
        return "always valid"

    @cached_property
    def rho2(self) -> float:
        """The mixture's precision, fixed before the data."""
        return rho_squared(self.tuned_at or self.alpha, self.planned)

    def critical(self, n: int, df: float) -> float:  # noqa: ARG002 (asymptotic: df is infinite by its nature)
        return mixture_critical(n, self.rho2, self.alpha)

    def p_value(self, statistic: float, n: int, df: float) -> float:
        p = math.exp(min(0.0, -log_e_value(statistic, n, self.rho2)))
        return agreed(p, statistic, self, n, df)

    def at(self, alpha: float) -> Self:
        return replace(self, alpha=alpha, tuned_at=self.tuned_at or self.alpha)

    def lacks(self, arm: Tally | Sample) -> str:
        """The sequence is asymptotic: 200 units, and for 0/1 outcomes 20 of either kind, before the first look."""
        if arm.n < UNITS_BEFORE_READING:
            return f"{arm.n} of {UNITS_BEFORE_READING} viewers"
        if not isinstance(arm, Tally):
            return ""
        failures = arm.n - arm.successes
        if arm.successes >= OUTCOMES_BEFORE_READING <= failures:
            return ""
        fewest, kind = min((arm.successes, "successes"), (failures, "failures"))
        return f"{fewest} of {OUTCOMES_BEFORE_READING} {kind}"
