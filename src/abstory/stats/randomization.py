"""Drawing the calendar again: how often would another draw of the same law have shown as much?

The values stay where they are and only the labels are drawn, so the p value holds by the draw alone, whatever the
distribution of the values (Fisher, The Design of Experiments, 1935; Lehmann & Romano, Testing Statistical Hypotheses,
2005, section 15.2; Rosenbaum, Observational Studies, 2002, chapter 2). The statistic is the sum of the treated slots'
values, each less its block's mean: with equal blocks, the difference of means.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING

from abstory.stats.estimate import Estimate, Interval, Reason, Undetermined
from abstory.stats.reading import within_unit
from abstory.stats.slots import Slots, assignments

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_ENUMERATED = 200_000
DRAWS = 99_999
_TIES = 1e-9
_CHUNK = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn:
    """Every draw that is compared, the one that was posted among them.

    Attributes:
        sums: over the treated slots of a draw, of both columns of `Slots.centred`: draws × 2.
        complete: whether these are all draws of the law, else a random part of them.
    """

    sums: Floats
    complete: bool


@dataclass(frozen=True, slots=True)
class Rerandomised:
    """What drawing again says.

    Attributes:
        statistic: Σ over treated slots of value − block mean.
        greater: share of draws whose statistic is at least as large; one-sided p against a larger treatment.
        less: the other side.
        two_sided: share whose statistic is at least as far from its mean over draws.
        difference: the shift of treated slots, with the shifts that neither side rejects at alpha/2; its interval
            excludes 0 exactly when `central` <= alpha. NO_VARIATION where every slot moved alike.
        draws: compared, the one posted included.
        complete: whether these are all there are; p is exact then, else it holds still, with an `error`.
    """

    statistic: float
    greater: float
    less: float
    two_sided: float
    difference: Estimate | Undetermined
    draws: int
    complete: bool

    @property
    def central(self) -> float:
        """Twice the smaller one-sided p: `two_sided` where each block has as many treated slots as others."""
        return min(1.0, 2 * min(self.greater, self.less))

    def error(self, p: float) -> float:
        """Monte Carlo standard error of one of the p values, √(p(1 − p)/draws); 0 where complete."""
        return 0.0 if self.complete else math.sqrt(p * (1 - p) / self.draws)


def by_blocks(slots: Slots, *, seed: int) -> Redrawn:
    """Each block treats as many slots as it did, every choice of them equally likely, blocks apart.

    All of them up to 200,000; beyond, 99,999 draws and the one posted (Phipson & Smyth, Statistical Applications in
    Genetics and Molecular Biology 2010;9:39), the same for a seed whatever the order of the slots or the arms' names.

    Args:
        slots: as posted.
        seed: >= 0, for PCG64; used only beyond 200,000.
    """
    import numpy as np

    columns = slots.centred()
    if assignments(slots.sizes) <= MOST_ENUMERATED:
        return Redrawn(_every(slots, columns), complete=True)
    drawn = _draws(slots, columns, np.random.Generator(np.random.PCG64(seed)))
    return Redrawn(np.vstack([_posted(slots, columns), *drawn]), complete=False)


def by_calendar(slots: Slots, calendars: Iterable[Sequence[bool]], *, complete: bool) -> Redrawn:
    """Calendars listed, or drawn again, by the rule that gave the one posted, such as one that forbids repeats.

    Only those that treat as many slots of each block as the one posted are compared: the test given these counts, so
    that subtracting a shift moves the posted calendar most.

    Args:
        slots: as posted.
        calendars: each a truth value a slot, in the slots' order; equally likely; a stream will do.
        complete: whether the list is all there are, once each; else the posted one is added to it.

    Raises:
        ValueError: a calendar of another length, or a complete list without the calendar that was posted.
    """
    import numpy as np

    columns, treated = slots.centred(), np.array(slots.treated, dtype=np.float64)
    inside = np.column_stack([np.bincount(block, minlength=len(treated)) for block in slots.by_block])
    kept, seen = [np.empty((0, 2))], False
    for chunk in _chunks(calendars, len(treated)):
        fitting = chunk[(chunk @ inside == treated @ inside).all(axis=1)]
        seen = seen or bool((fitting == treated).all(axis=1).any())
        kept.append(fitting @ columns)
    if complete and not seen:
        raise ValueError("a complete list of calendars has the one that was posted among them")
    return Redrawn(np.vstack(kept if complete else [_posted(slots, columns), *kept]), complete=complete)


def rerandomise(slots: Slots, redrawn: Redrawn, alpha: float) -> Rerandomised | Undetermined:
    """The share of draws as extreme, the posted one included, and the interval of shifts by inversion.

    A shift δ is kept where both one-sided p values exceed alpha/2 once δ is taken from every treated slot. Each draw
    has one δ from which on it is as extreme as the posted one, so the ends are order statistics of these, and
    infinite where there are too few draws to reject at all. The estimate has statistic 0 once it is taken away: it is
    the regression coefficient with block effects, and the difference of means where all slots are one block. Values
    within 1e-9 of the largest one's distance from its block's mean are ties.

    Args:
        slots: as posted.
        redrawn: from these slots.
        alpha: two-sided, in (0, 1).

    Returns:
        TOO_FEW_SLOTS where no block has both arms.
    """
    import numpy as np

    within_unit(alpha)
    if not slots.both:
        return Undetermined(Reason.TOO_FEW_SLOTS, slots.counts)
    columns = slots.centred()
    tie = _TIES * float(np.abs(columns[:, 0]).max())
    seen, reach = _posted(slots, columns)
    gaps = _snapped(seen - redrawn.sums[:, 0], tie)
    centre = float(redrawn.sums[:, 0].mean())
    return Rerandomised(
        float(seen),
        float((gaps <= 0).mean()),
        float((gaps >= 0).mean()),
        float((np.abs(redrawn.sums[:, 0] - centre) >= abs(seen - centre) - tie).mean()),
        _shift(float(seen / reach), gaps, _snapped(reach - redrawn.sums[:, 1], _TIES), alpha),
        len(gaps),
        redrawn.complete,
    )


def _shift(value: float, gaps: Floats, lead: Floats, alpha: float) -> Estimate | Undetermined:
    """Shifts kept; `lead` >= 0 is by how much more the posted statistic falls than a draw's, for each unit of shift."""
    low, high = _lowest(gaps, lead, alpha), -_lowest(-gaps, lead, alpha)
    return Estimate(value, Interval(low, high)) if low < high else Undetermined(Reason.NO_VARIATION)


def _lowest(gaps: Floats, lead: Floats, alpha: float) -> float:
    """The smallest δ with more than alpha/2 of the draws at gap − δ · lead <= 0; −∞ where all δ have."""
    import numpy as np

    moving = lead > 0
    always = int((gaps[~moving] <= 0).sum())
    rank = _rejected(len(gaps), alpha) - always
    return float(np.sort(gaps[moving] / lead[moving])[rank]) if rank >= 0 else -math.inf


def _rejected(draws: int, alpha: float) -> int:
    """The most draws on one side at which `central` <= alpha, in the very arithmetic of `central`."""
    most = math.floor(alpha / 2 * draws) + 1
    return next(rank for rank in range(most, -1, -1) if 2 * (rank / draws) <= alpha)


def _snapped(values: Floats, tie: float) -> Floats:
    import numpy as np

    return np.where(np.abs(values) <= tie, 0.0, values)


def _posted(slots: Slots, columns: Floats) -> Floats:
    import numpy as np

    return np.asarray(columns[list(slots.treated)].sum(axis=0))


def _every(slots: Slots, columns: Floats) -> Floats:
    """Sums of every draw: those of the blocks, added in all ways."""
    import numpy as np

    sums = np.zeros((1, 2))
    for block, (treated, _) in zip(slots.by_block, slots.sizes, strict=True):
        chosen = np.array(list(combinations(block, treated)), dtype=np.intp)
        sums = (sums[:, np.newaxis] + columns[chosen].sum(axis=1)).reshape(-1, 2)
    return sums


def _draws(slots: Slots, columns: Floats, source: np.random.Generator) -> Iterator[Floats]:
    """One arm of each block is drawn, blocks in an order of their own: order and names of arms change nothing."""
    import numpy as np

    blocks = sorted((_named(slots, columns, block) for block in slots.by_block), key=lambda named: named[0])
    for start in range(0, DRAWS, _CHUNK):
        rows, sums = min(_CHUNK, DRAWS - start), np.zeros((1, 2))
        for _, block, arm in blocks:
            size = sum(slots.treated[place] is arm for place in block)
            order = source.random((rows, len(block))).argsort(axis=1)[:, :size]
            # Centred columns sum to 0, so the other arm's sum is this one's with the other sign.
            sums = sums + (1 if arm else -1) * columns[block][order].sum(axis=1)
        yield sums


def _named(slots: Slots, columns: Floats, block: Sequence[int]) -> tuple[list[float], list[int], bool]:
    """A block's values in order, its slots in that order, and the arm to draw: the one that has the lower values."""
    values: Sequence[float] = columns[:, 0].tolist()
    arm = min((True, False), key=lambda side: sorted(values[place] for place in block if slots.treated[place] is side))
    order = sorted(block, key=lambda place: (values[place], slots.treated[place] is not arm))
    return [values[place] for place in order], order, arm


def _chunks(calendars: Iterable[Sequence[bool]], slots: int) -> Iterator[Floats]:
    import numpy as np

    stream = iter(calendars)
    while rows := list(islice(stream, _CHUNK)):
        if any(len(row) != slots for row in rows):
            raise ValueError(f"a calendar has one truth value for each of {slots} slots")
        yield np.array(rows, dtype=np.float64)
