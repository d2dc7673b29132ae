"""Looking at declared moments: alpha spending, boundaries, and the reading made of them.

Lan & DeMets, Biometrika 1983;70:659: how much of alpha may be spent by a share t of the planned information. A look
earlier or later than planned spends what its own t allows, so the number and the times of looks need not be known; past
the plan the last look spends what is left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal, Self

from abstory.stats.boundaries import SMALLEST_STEP, spending_upper
from abstory.stats.moments import Sample, Tally
from abstory.stats.reading import agreed, within_unit
from abstory.stats.roots import crossing
from abstory.stats.tails import normal_equivalent, two_sided_p, two_sided_quantile

Spending = Literal["obrien_fleming", "pocock"]
_SMALLEST_P = 1e-280
_HIGHEST = 30.0  # beyond it no boundary is told from never


def spent(alpha: float, share: float, spending: Spending) -> float:
    """Of one side's `alpha`, what may be spent by `share` of the planned information.

    O'Brien–Fleming type: 2 − 2Φ(z_{1−α/2}/√t), nearly nothing early. Pocock type: α ln(1 + (e − 1)t), evenly.
    (Lan & DeMets 1983, section 3.)

    Args:
        alpha: of one side, in (0, 1).
        share: t, >= 0; from 1 on everything is spent.
        spending: which of the two.

    Raises:
        ValueError: for any other name.
    """
    if spending not in {"obrien_fleming", "pocock"}:
        raise ValueError(f"spending is obrien_fleming or pocock, not {spending}")
    if not 0 < share < 1:
        return alpha if share >= 1 else 0.0
    if spending == "pocock":
        return alpha * math.log1p((math.e - 1) * share)
    return math.erfc(two_sided_quantile(alpha, math.inf) / math.sqrt(2 * share))


def upper_boundary(shares: Sequence[float], alpha: float, spending: Spending, *, sides: int = 2) -> tuple[float, ...]:
    """Critical values at each look of a spending function.

    Args:
        shares: of the planned information, increasing, > 0; beyond 1 where the plan was over-run.
        alpha: error of one side, in (0, 0.5].
        spending: `obrien_fleming` or `pocock`.
        sides: 2 mirrors the boundary below, 1 has none there.

    Returns:
        One value a look; inf where nothing may be spent yet or nothing is left.
    """
    cumulated = [0.0, *(spent(alpha, share, spending) for share in shares)]
    increments = [max(0.0, after - before) for before, after in pairwise(cumulated)]
    return spending_upper(shares, increments, sides=sides)


@lru_cache(maxsize=4096)
def critical_at(shares: tuple[float, ...], alpha: float, spending: Spending) -> float:
    """The two-sided critical value of |Z| at the last of the looks `shares`; inf beyond 30.

    `alpha` is two-sided, in (0, 1].
    """
    height = upper_boundary(shares, alpha / 2, spending)[-1]
    return height if height <= _HIGHEST else math.inf


@lru_cache(maxsize=4096)
def repeated_p(shares: tuple[float, ...], statistic: float, spending: Spending) -> float:
    """The smallest two-sided alpha whose boundary at the last look lies at or below |statistic|.

    Jennison & Turnbull 1999, section 9.4 (repeated p values). Valid at whichever look the trial stops.
    """
    if len(shares) == 1:
        return _first_look_p(shares[0], statistic, spending)
    seen = min(abs(statistic), _HIGHEST)
    low, high = _bracket(shares, two_sided_p(seen, math.inf) / 2, spending)
    if seen <= critical_at(shares, 2 * high, spending):
        return 1.0

    def above(log_side: float) -> float:
        return seen - min(critical_at(shares, 2 * math.exp(log_side), spending), _HIGHEST)

    return 2 * math.exp(crossing(above, math.log(low), math.log(high)))


def sequential_p(shares: Sequence[float], statistics: Sequence[float], spending: Spending) -> float:
    """The smallest alpha of one side at which a one-sided boundary would have been crossed by now, at any look.

    Liu & Anderson, JASA 2008;103:1621.

    Args:
        shares: of the planned information at each look so far.
        statistics: Z at each, positive where the treatment does better.
        spending: `obrien_fleming` or `pocock`.
    """
    looks = range(1, len(shares) + 1)
    return min(_one_sided_p(tuple(shares[:k]), statistics[k - 1], spending) for k in looks)


@dataclass(frozen=True)
class GroupSequential:
    """A reading at one of several looks that may stop the experiment.

    p is the repeated p value: p < alpha exactly when |T| > critical, at this look and with the looks before it. A
    comparison with finite df is read by the equally unlikely normal z, and the critical value turned the other way.

    Attributes:
        alpha: two-sided error rate over all looks together, in (0, 1).
        share: this look's information over the plan's, such as N/N_max; > 1 where the plan is over-run.
        taken: shares of the looks already taken, as they were recorded then, increasing and below `share`. Looking
            again at the same data is not a new look: leave it out.
        spending: `obrien_fleming` or `pocock`.
    """

    alpha: float
    share: float
    taken: tuple[float, ...] = ()
    spending: Spending = "obrien_fleming"

    def __post_init__(self) -> None:
        within_unit(self.alpha)
        spent(self.alpha, 0.5, self.spending)
        shares = (0.0, *self.taken, self.share)
        if not all(before < after < math.inf for before, after in pairwise(shares)):
            raise ValueError(f"shares of information must increase from above 0, not {list(shares[1:])}")

    @property
    def name(self) -> str:
        return "group sequential"

    @property
    def shares(self) -> tuple[float, ...]:
        """Of all looks so far, this one last."""
        return (*self.taken, self.share)

    def critical(self, n: int, df: float) -> float:  # noqa: ARG002 (information is given as a share of the plan)
        z = math.inf if self._too_close else critical_at(self.shares, self.alpha, self.spending)
        return z if math.isinf(df) or z > _HIGHEST else two_sided_quantile(two_sided_p(z, math.inf), df)

    def p_value(self, statistic: float, n: int, df: float) -> float:
        if self._too_close:
            return 1.0
        p = repeated_p(self.shares, normal_equivalent(statistic, df), self.spending)
        return agreed(p, statistic, self, n, df)

    def at(self, alpha: float) -> Self:
        return replace(self, alpha=alpha)

    def lacks(self, arm: Tally | Sample) -> str:  # noqa: ARG002 (information belongs to both arms)
        """A look needs something to spend, and a thousandth more information than the look before."""
        if self._too_close:
            return f"{self.share:.2%} of the plan, last look at {self.taken[-1]:.2%}"
        if critical_at(self.shares, self.alpha, self.spending) <= _HIGHEST:
            return ""
        return "the plan's last look is taken" if self.share > 1 else f"{self.share:.2%} of the plan"

    @property
    def _too_close(self) -> bool:
        return any(1 - before / after < SMALLEST_STEP for before, after in pairwise(self.shares))


def _first_look_p(share: float, statistic: float, spending: Spending) -> float:
    """In closed form: one side may spend as much as lies beyond |statistic|."""
    side = two_sided_p(statistic, math.inf) / 2
    return min(1.0, 2 * _unspent(side, share, spending))


def _unspent(side: float, share: float, spending: Spending) -> float:
    """The alpha of one side of which `side` is spent by `share`: the inverse of `spent`."""
    if share >= 1:
        return side
    if spending == "pocock":
        return side / math.log1p((math.e - 1) * share)
    return math.erfc(two_sided_quantile(side, math.inf) * math.sqrt(share / 2))


def _one_sided_p(shares: tuple[float, ...], statistic: float, spending: Spending) -> float:
    if statistic <= 0:
        return 0.5
    low, high = _bracket(shares, two_sided_p(min(statistic, _HIGHEST), math.inf) / 2, spending)

    def above(log_side: float) -> float:
        return statistic - min(upper_boundary(shares, math.exp(log_side), spending, sides=1)[-1], _HIGHEST)

    return math.exp(crossing(above, math.log(low), math.log(high)))


def _bracket(shares: tuple[float, ...], side: float, spending: Spending) -> tuple[float, float]:
    """Alphas of one side between which the boundary at the last look passes the Z that leaves `side` beyond it.

    Below the first all that may be spent so far is less than `side`; at the second this look alone may spend as much.
    """
    low = max(_SMALLEST_P, min(0.5, _unspent(side, shares[-1], spending)))

    def spare(log_alpha: float) -> float:
        alpha = math.exp(log_alpha)
        return (spent(alpha, shares[-1], spending) - spent(alpha, shares[-2], spending)) / side - 1

    if len(shares) == 1 or spare(math.log(0.5)) <= 0:
        return low, 0.5
    return low, min(0.5, math.exp(crossing(spare, math.log(low), math.log(0.5))) * (1 + 1e-9))
