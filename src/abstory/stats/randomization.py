"""Drawing the calendar again: how often would another draw of the same law have shown as much?

The values stay where they are and only the labels are drawn, so the p value holds by the draw alone, whatever the
distribution of the values (Fisher, The Design of Experiments, 1935; Lehmann & Romano, Testing Statistical Hypotheses,
2005, section 15.2; Rosenbaum, Observational Studies, 2002, chapter 2). The statistic is the sum of the treated slots'
values, each less its block's mean: with equal blocks, the difference of means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.stats.estimate import Estimate, Interval, Reason, Undetermined
from abstory.stats.reading import within_unit
from abstory.stats.redraws import Redrawn
from abstory.stats.slots import Slots

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_TIES = 1e-9


@dataclass(frozen=True, slots=True)
class Rerandomised:
    """What drawing again says.

    Attributes:
        statistic: Σ over treated slots of value − block mean.
        greater: share of draws whose statistic is at least as large; one-sided p against a larger treatment.
        less: the other side.
        two_sided: share whose statistic is at least as far from what the law expects.
        difference: the shift of treated slots, with the shifts that neither side rejects at alpha/2; its interval
            excludes 0 exactly when `central` <= alpha. NO_VARIATION where every slot moved alike.
        lift: the same for a factor less 1; excludes 0 exactly when the difference does. NEGATIVE_CONTROL where a value
            is below 0, CONTROL_NEAR_ZERO where factors without end are kept, NO_VARIATION where every slot was
            multiplied alike or no treated slot has a value above 0.
        draws: compared, the one posted included.
        complete: whether these are all there are; p is exact then, else it holds still, with an `error`.
    """

    statistic: float
    greater: float
    less: float
    two_sided: float
    difference: Estimate | Undetermined
    lift: Estimate | Undetermined
    draws: int
    complete: bool

    @property
    def central(self) -> float:
        """Twice the smaller one-sided p: `two_sided` where each block has as many treated slots as others."""
        return min(1.0, 2 * min(self.greater, self.less))

    def error(self, p: float) -> float:
        """Monte Carlo standard error of one of the p values, √(p(1 − p)/draws); 0 where complete."""
        return 0.0 if self.complete else math.sqrt(p * (1 - p) / self.draws)


def rerandomise(slots: Slots, redrawn: Redrawn, alpha: float) -> Rerandomised | Undetermined:
    """The share of draws as extreme, the posted one included, and intervals of shifts and of factors by inversion.

    A shift δ is kept where both one-sided p values exceed alpha/2 once δ is taken from every treated slot. Each draw
    has one δ from which on it is as extreme as the posted one, so the ends are order statistics of these, and
    infinite where there are too few draws to reject at all. Once the estimate is taken away the statistic is what the
    law expects: it is the difference of `Redrawn.means`, with blocks alone the regression's with block effects, and the
    difference of means where all slots are one block. Values within 1e-9 of the largest one's distance from its block's
    mean are ties.

    A factor R is kept where they exceed it once every treated slot is divided by R, which takes the part
    δ = 1 − 1/R of its value away. For values >= 0 a draw has again one such δ, so the same inversion of the same draws
    gives δ and with it R − 1 = δ/(1 − δ). At R = 1 and δ = 0 nothing is taken away, and all three are one test.

    Args:
        slots: as posted.
        redrawn: from these slots.
        alpha: two-sided, in (0, 1).

    Returns:
        TOO_FEW_SLOTS where no block has both arms, or the law leaves no other draw.
    """
    import numpy as np

    within_unit(alpha)
    if not slots.both or not redrawn.lead[1] > _TIES:
        return Undetermined(Reason.TOO_FEW_SLOTS, slots.counts)
    ties = _TIES * np.abs(slots.centred()).max(axis=0)
    gaps, *leads = _snapped(redrawn.posted - redrawn.sums, ties).T
    seen, centre = float(redrawn.posted[0]), float(redrawn.expected[0])
    shifts, parts = [_taken(gaps, lead, alpha) for lead in leads]
    return Rerandomised(
        seen,
        float((gaps <= 0).mean()),
        float((gaps >= 0).mean()),
        float((np.abs(redrawn.sums[:, 0] - centre) >= abs(seen - centre) - ties[0]).mean()),
        Undetermined(Reason.NO_VARIATION)
        if shifts is None
        else Estimate(float(redrawn.lead[0] / redrawn.lead[1]), shifts),
        _lift(slots, redrawn.means, parts),
        len(gaps),
        redrawn.complete,
    )


def _lift(slots: Slots, means: tuple[float, float], parts: Interval | None) -> Estimate | Undetermined:
    """From the parts kept of treated values that the treatment made, to factors less 1."""
    if below := sum(value < 0 for value in slots.values):
        return Undetermined(Reason.NEGATIVE_CONTROL, f"{below} of {len(slots.values)} slots below 0")
    treatment, control = means
    if not control > _TIES * max(slots.values) or (parts and not parts.high < 1 - _TIES):
        return Undetermined(Reason.CONTROL_NEAR_ZERO)
    if parts is None:
        return Undetermined(Reason.NO_VARIATION)
    low, high = (-1.0 if part == -math.inf else part / (1 - part) for part in (parts.low, parts.high))
    return Estimate((treatment - control) / control, Interval(low, high))


def _taken(gaps: Floats, lead: Floats, alpha: float) -> Interval | None:
    """How much of a dose may be taken from treated slots so that neither side rejects; None where all moved alike.

    `lead` >= 0 is by how much more the posted statistic falls than a draw's, for each unit taken.
    """
    low, high = _lowest(gaps, lead, alpha), -_lowest(-gaps, lead, alpha)
    return Interval(low, high) if low < high else None


def _lowest(gaps: Floats, lead: Floats, alpha: float) -> float:
    """The smallest δ with more than alpha/2 of the draws at gap − δ · lead <= 0; −∞ where all δ have, ∞ where none."""
    import numpy as np

    moving = lead > 0
    always = int((gaps[~moving] <= 0).sum())
    rank = rejected(len(gaps), alpha) - always
    if not 0 <= rank < moving.sum():
        return math.copysign(math.inf, rank)
    return float(np.partition(gaps[moving] / lead[moving], rank)[rank])


def rejected(draws: int, alpha: float) -> int:
    """The most draws on one side at which `central` <= alpha, in the very arithmetic of `central`."""
    most = math.floor(alpha / 2 * draws) + 1
    return next(rank for rank in range(most, -1, -1) if 2 * (rank / draws) <= alpha)


def _snapped(values: Floats, tie: Floats) -> Floats:
    import numpy as np

    return np.where(np.abs(values) <= tie, 0.0, values)
