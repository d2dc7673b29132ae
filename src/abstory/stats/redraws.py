"""Drawing the calendar again: which other draws of its law the one that was posted is compared with.

All of them where they are 200,000 or fewer; beyond, 99,999 at random and the one posted (Phipson & Smyth, Statistical
Applications in Genetics and Molecular Biology 2010;9:39).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from abstory.stats.slots import Slots, assignments
from abstory.stats.timeline import Forks, Timeline, apart, compared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    _Draw = Callable[[int, np.random.Generator], Floats]

DRAWS = 99_999
MOST_ENUMERATED = 2 * (DRAWS + 1)
_CHUNK = 2048
_UNSHARED = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn:
    """Every draw that is compared, the one that was posted among them: sums over the treated slots of a draw.

    Attributes:
        sums: of the columns of `Slots.centred`: draws × 3.
        posted: the same sums of the calendar as posted.
        expected: their mean over the law.
        complete: whether these are all draws of the law, else a random part of them.
    """

    sums: Floats
    posted: Floats
    expected: Floats
    complete: bool

    @property
    def lead(self) -> Floats:
        """By how much the posted sums exceed what the law expects; the second is 0 where there is nothing to draw."""
        return self.posted - self.expected

    @property
    def means(self) -> tuple[float, float]:
        """Of treatment and of control, each slot weighing its chance of the other arm; `lead[1]` > 0.

        With π the share of draws that treat a slot: Σ (1 − π)y/Σ (1 − π) over treated slots, Σ πy/Σ π over the others
        (overlap weights: Li, Morgan & Zaslavsky, JASA 2018;113:390). Where every slot weighs the same, as in blocks
        that treat the same share, these are the means of the slots; with blocks alone their difference is the
        regression's with block effects.
        """
        difference, _, treatment = self.lead / self.lead[1]
        return float(treatment), float(treatment - difference)

    def part(self, number: int) -> Redrawn:
        """One metric's three columns, where there are those of several."""
        own = slice(3 * number, 3 * number + 3)
        return replace(self, sums=self.sums[:, own], posted=self.posted[own], expected=self.expected[own])


def by_blocks(slots: Slots, *, seed: int, draws: int = DRAWS) -> Redrawn:
    """Each block treats as many slots as it did, every choice of them equally likely, blocks apart.

    The same for a seed whatever the order of the slots or the arms' names.

    Args:
        slots: as posted.
        seed: >= 0, for PCG64; used only beyond 200,000.
        draws: at random, > 0, where there are more than 2(draws + 1), else all. p holds with any number; fewer find
            less, and are for whoever simulates many calendars.
    """
    return _by_blocks(slots, slots.centred(), seed, draws)


def by_timelines(timelines: Sequence[Timeline], *, no_repeat: int, seed: int, draws: int = DRAWS) -> Redrawn:
    """Each block treats as many slots as it did, and along an account `no_repeat` neighbours hold as many variants.

    The slots of other variants and those without a value stay as they were drawn; given them, every arrangement of
    treatment and control that keeps the rule is equally likely under a calendar uniform over its law, whatever the
    number of its variants. Accounts, and pairs of variants (`timeline.paired`), are drawn apart. As many draws as
    `by_blocks`, which this is where `no_repeat` is 1; with a rule, paths are drawn slot by slot by their exact counts.
    The same for a seed whatever the order of the accounts or the arms' names.

    Args:
        timelines: one an account and pair; the draws belong to the slots of `timeline.compared`.
        no_repeat: >= 1; 1 asks for nothing.
        seed: as `by_blocks`.
        draws: as `by_blocks`.

    Raises:
        ValueError: as `timeline.arrangements`.
    """
    (found,) = together([timelines], no_repeat=no_repeat, seed=seed, draws=draws)
    return found


def together(
    metrics: Sequence[Sequence[Timeline]], *, no_repeat: int, seed: int, draws: int = DRAWS
) -> tuple[Redrawn, ...]:
    """`by_timelines` of several metrics: those known of the same slots share their draws.

    Draws follow the first of them that shares, which therefore reads as if it were alone.

    Args:
        metrics: the timelines of each; but for their values they are the same.
        no_repeat: as `by_timelines`.
        seed: as `by_blocks`.
        draws: as `by_blocks`.

    Raises:
        ValueError: as `timeline.arrangements`.
    """
    import numpy as np

    alike: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for number, lines in enumerate(metrics):
        alike.setdefault(tuple(line.free for line in lines), []).append(number)
    found: dict[int, Redrawn] = {}
    for numbers in alike.values():
        columns = np.hstack([compared(metrics[number]).centred() for number in numbers])
        shared = _by_timelines(metrics[numbers[0]], columns, no_repeat, seed, draws)
        found |= {number: shared.part(at) for at, number in enumerate(numbers)}
    return tuple(found[number] for number in range(len(metrics)))


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
    kept, seen = [np.empty((0, 3))], False
    for chunk in _chunks(calendars, len(treated)):
        fitting = chunk[(chunk @ inside == treated @ inside).all(axis=1)]
        seen = seen or bool((fitting == treated).all(axis=1).any())
        kept.append(fitting @ columns)
    if complete and not seen:
        raise ValueError("a complete list of calendars has the one that was posted among them")
    posted = _posted(slots, columns)
    sums = np.vstack(kept if complete else [posted, *kept])
    return Redrawn(sums, posted, sums.mean(axis=0), complete)


def _by_blocks(slots: Slots, columns: Floats, seed: int, draws: int) -> Redrawn:
    import numpy as np

    posted, expected = _posted(slots, columns), np.zeros(columns.shape[1])
    if assignments(slots.sizes) <= 2 * (draws + 1):
        return Redrawn(_combined(_every(slots, columns), len(expected)), posted, expected, complete=True)
    return _sampled(posted, expected, _drawn(_blocks(slots, columns), seed=seed, draws=draws))


def _by_timelines(timelines: Sequence[Timeline], columns: Floats, no_repeat: int, seed: int, draws: int) -> Redrawn:
    import numpy as np

    slots = compared(timelines)
    if no_repeat == 1:
        return _by_blocks(slots, columns, seed, draws)
    apart(timelines)
    lines = list(_lines(timelines, columns, no_repeat))
    posted, nothing = _posted(slots, columns), np.zeros(columns.shape[1])
    expected = sum((forks.shares @ own for forks, own in lines), nothing)
    if math.prod(forks.count for forks, _ in lines) <= 2 * (draws + 1):
        return Redrawn(_combined((forks.every() @ own for forks, own in lines), len(expected)), posted, expected, True)

    def draw(rows: int, source: np.random.Generator) -> Floats:
        return np.asarray(np.sum([_added(forks.drawn(rows, source), own) for forks, own in lines], axis=0))

    return _sampled(posted, expected, _drawn(draw, seed=seed, draws=draws))


def _added(arms: NDArray[np.bool_], columns: Floats) -> Floats:
    """Sums of columns over the slots of each draw.

    In parts too small for BLAS to share out among threads, whose waiting for one another costs far more than they save.
    """
    import numpy as np

    step = max(1, _UNSHARED // max(1, columns.size))
    return np.vstack([arms[start : start + step] @ columns for start in range(0, len(arms), step)])


def _posted(slots: Slots, columns: Floats) -> Floats:
    import numpy as np

    return np.asarray(columns[list(slots.treated)].sum(axis=0))


def _every(slots: Slots, columns: Floats) -> Iterator[Floats]:
    """Sums of all draws of each block."""
    import numpy as np

    for block, (treated, _) in zip(slots.by_block, slots.sizes, strict=True):
        yield columns[np.array(list(combinations(block, treated)), dtype=np.intp)].sum(axis=1)


def _combined(parts: Iterable[Floats], width: int) -> Floats:
    """Sums of parts that are drawn apart, added in all ways."""
    import numpy as np

    sums = np.zeros((1, width))
    for part in parts:
        sums = (sums[:, np.newaxis] + part).reshape(-1, width)
    return sums


def _sampled(posted: Floats, expected: Floats, drawn: Iterable[Floats]) -> Redrawn:
    """The posted sums among those that were drawn."""
    import numpy as np

    return Redrawn(np.vstack([posted, *drawn]), posted, expected, complete=False)


def _drawn(draw: _Draw, *, seed: int, draws: int) -> Iterator[Floats]:
    """Sums of so many draws, by parts."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(seed))
    return (draw(min(_CHUNK, draws - start), source) for start in range(0, draws, _CHUNK))


def _blocks(slots: Slots, columns: Floats) -> _Draw:
    """One arm of each block is drawn, blocks in an order of their own: order and names of arms change nothing.

    The slots with the smallest of random numbers are taken; that two are alike is as good as impossible.
    """
    import numpy as np

    pairs = zip(slots.by_block, slots.sizes, strict=True)
    drawn = sorted((_Drawn.of(slots, columns, block) for block, sizes in pairs if all(sizes)), key=lambda one: one.key)
    # Centred columns sum to 0: a block of one arm adds nothing, and the other arm's sum is this one's with a minus.
    signed = np.vstack([(1 if one.arm else -1) * columns[one.order] for one in drawn])

    def draw(rows: int, source: np.random.Generator) -> Floats:
        return _added(np.hstack([one.drawn(rows, source) for one in drawn]), signed)

    return draw


def _lines(timelines: Sequence[Timeline], columns: Floats, no_repeat: int) -> Iterator[tuple[Forks, Floats]]:
    """The draws of each account with the columns of its slots: accounts by their values, the first slot's arm treated.

    Centred columns sum to 0, so where the arms are turned the sums have the other sign.
    """
    start, parts = 0, []
    for line in timelines:
        arms, own = [line.treated[at] for at in line.free], columns[start : start + len(line.free)]
        start += len(own)
        order = own[:, 0].tolist(), [arm is arms[0] for arm in arms], own[:, ::3].tolist()
        parts.append((order, line.turned, -own) if arms[:1] == [False] else (order, line, own))
    for _, line, own in sorted(parts, key=itemgetter(0)):
        yield Forks.of(line, no_repeat), own


class _Drawn(NamedTuple):
    """A block of which one arm is drawn: the one that has the lower values of the first metric.

    Attributes:
        key: its values in order, of the first metric and then of all.
        order: its slots in that order.
        arm: which is drawn.
        size: of the arm.
    """

    key: tuple[list[float], list[list[float]]]
    order: list[int]
    arm: bool
    size: int

    @classmethod
    def of(cls, slots: Slots, columns: Floats, block: Sequence[int]) -> _Drawn:
        own = dict(zip(block, columns[list(block), ::3].tolist(), strict=True))
        sides = {arm: [own[place] for place in block if slots.treated[place] is arm] for arm in (True, False)}
        arm = min(sides, key=lambda side: (sorted(row[0] for row in sides[side]), sorted(sides[side])))
        order = sorted(block, key=lambda place: (own[place][0], slots.treated[place] is not arm, own[place]))
        key = [own[place][0] for place in order], [own[place] for place in order]
        return cls(key, order, arm, len(sides[arm]))

    def drawn(self, rows: int, source: np.random.Generator) -> NDArray[np.bool_]:
        """Draws of the arm's slots, each equally likely: rows × slots."""
        import numpy as np

        found = source.random((rows, len(self.order)))
        return found <= np.partition(found, self.size - 1, axis=1)[:, self.size - 1 : self.size]


def _chunks(calendars: Iterable[Sequence[bool]], slots: int) -> Iterator[Floats]:
    import numpy as np

    stream = iter(calendars)
    while rows := list(islice(stream, _CHUNK)):
        if any(len(row) != slots for row in rows):
            raise ValueError(f"a calendar has one truth value for each of {slots} slots")
        yield np.array(rows, dtype=np.float64)
