"""Slots of one account in time order, where a variant may not come again too soon: its draws counted, listed, drawn.

Of the calendars of such a law that agree with the posted one on every slot but those of treatment and control, each is
equally likely: what two labels can do on their slots is all that has to be drawn again. Several pairs, such as
a factor's two levels beside each level of another factor, are as many timelines of the same slots (`paired`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from abstory.stats.slots import Slots, assignments

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Arms = NDArray[np.bool_]
    Places = NDArray[np.intp]
    Chances = NDArray[np.float64]

Pair = tuple[Hashable, Hashable]
"""A treatment, and control."""
_Waits = tuple[int, int]
_State = tuple[_Waits, int]
_Slot = tuple[list[list[int]], list[tuple[int, int]]]
"""By state, where treatment and control lead from one drawn slot, and by how many ways each of them goes on."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One account's slots in time order, seen from one comparison; the attributes run in parallel.

    Attributes:
        treated: whether the slot was drawn for the treatment, else for control; None for any other variant.
        values: of each slot, finite; None where there is none: the slot then keeps its variant in every draw.
        blocks: within which the draw was balanced.
    """

    treated: tuple[bool | None, ...]
    values: tuple[float | None, ...]
    blocks: tuple[Hashable, ...]

    @classmethod
    def of(
        cls,
        variants: Iterable[Hashable],
        blocks: Iterable[Hashable],
        pair: Pair,
        values: Iterable[float | None] | None = None,
    ) -> Timeline:
        """From parallel columns.

        Args:
            variants: for which each slot was drawn, whatever was posted in it.
            blocks: of each slot.
            pair: the treatment, and control.
            values: None before any is known: every slot is then taken to get one.

        Raises:
            ValueError: columns of unequal length, or a value that is not finite.
        """
        arms = tuple({pair[0]: True, pair[1]: False}.get(variant) for variant in variants)
        found, within = tuple([0.0] * len(arms) if values is None else values), tuple(blocks)
        if not len(arms) == len(found) == len(within):
            raise ValueError(
                f"{len(arms)} variants, {len(found)} values and {len(within)} blocks are not of one length"
            )
        if not all(value is None or math.isfinite(value) for value in found):
            raise ValueError("a slot without a finite value has None")
        return cls(arms, found, within)

    @property
    def free(self) -> tuple[int, ...]:
        """Places of the slots that are compared: of either arm, with a value."""
        rows = zip(self.treated, self.values, strict=True)
        return tuple(place for place, (arm, value) in enumerate(rows) if None not in (arm, value))

    @property
    def turned(self) -> Timeline:
        """With the names of the arms exchanged."""
        return replace(self, treated=tuple(None if arm is None else not arm for arm in self.treated))

    def log1p(self) -> Timeline:
        """With log(1 + value) in place of each value, for totals; every value is > −1."""
        return replace(self, values=tuple(None if value is None else math.log1p(value) for value in self.values))


def paired(
    variants: Sequence[Hashable],
    blocks: Sequence[Hashable],
    pairs: Sequence[Pair],
    values: Sequence[float | None] | None = None,
) -> tuple[Timeline, ...]:
    """One account seen from several pairs of variants, each exchanged within itself: a timeline a pair.

    Given which pair each slot belongs to, calendars are still equally likely. They keep the counts of blocks and the
    rule where every pair does, for each is about one variant at a time and no variant is in two pairs. So pairs are
    drawn apart, as accounts are, and their arrangements multiply; a pair's blocks are its own, `(number, block)`.

    Args:
        variants: as `Timeline.of`.
        blocks: as `Timeline.of`.
        pairs: treatment and control each; one pair is the plain comparison of two variants.
        values: as `Timeline.of`.

    Raises:
        ValueError: a variant in two pairs, or as `Timeline.of`.
    """
    named = [variant for pair in pairs for variant in pair]
    if len(set(named)) < len(named):
        raise ValueError("a variant is in two pairs, which are then not drawn apart")
    return tuple(
        Timeline.of(variants, [(number, block) for block in blocks], pair, values) for number, pair in enumerate(pairs)
    )


def compared(timelines: Iterable[Timeline]) -> Slots:
    """The slots that have a value, account by account."""
    rows = [(line.values[at], line.treated[at], line.blocks[at]) for line in timelines for at in line.free]
    values, treated, blocks = zip(*rows, strict=True) if rows else ((), (), ())
    return Slots.of(values, treated, blocks)


def arrangements(timelines: Sequence[Timeline], no_repeat: int) -> int:
    """How many draws there are, the one posted among them, as a whole number of any size.

    The smallest two-sided p that any outcome can have is 2 over this number, which is known before anything is posted.

    Args:
        timelines: one an account.
        no_repeat: any so many neighbouring slots of an account hold as many different variants; 1 asks for nothing.

    Raises:
        ValueError: as `Forks.of`.
    """
    if no_repeat == 1:
        return assignments(compared(timelines).sizes)
    apart(timelines)
    return math.prod(_counted(line, no_repeat)[0] for line in timelines)


def apart(timelines: Iterable[Timeline]) -> None:
    """Refuse a block of two accounts with ValueError: with a rule along each account they are drawn apart."""
    seen: set[Hashable] = set()
    for line in timelines:
        own = {line.blocks[at] for at in line.free}
        if shared := own & seen:
            raise ValueError(f"block {min(map(str, shared))} has slots of two accounts, whose order is a rule")
        seen |= own


@dataclass(frozen=True, slots=True, eq=False)
class Fork:
    """One slot that is drawn: by the state before it, where either arm leads, and treatment's share of the ways.

    A state is how long either arm must still wait, and how many slots were treated so far; states are numbered.
    """

    treatment: Places
    control: Places
    chance: Chances


@dataclass(frozen=True, slots=True, eq=False)
class Forks:
    """All arrangements of two labels on one account's slots, as paths through the slots that are drawn.

    Attributes:
        forks: one for each of `Timeline.free`.
        count: of paths.
    """

    forks: tuple[Fork, ...]
    count: int

    @classmethod
    def of(cls, timeline: Timeline, no_repeat: int) -> Forks:
        """Counted from the last slot to the first, exactly: a state has the ways of the states it leads to.

        Args:
            timeline: of one account.
            no_repeat: as `arrangements`.

        Raises:
            ValueError: `no_repeat` below 1, a block that goes on after another one began, or a posted order that breaks
                the rule itself.
        """
        count, slots = _counted(timeline, no_repeat)
        return cls(tuple(_fork(pairs, led) for pairs, led in slots), count)

    @property
    def shares(self) -> Chances:
        """Of each slot drawn, the share of paths that treat it."""
        import numpy as np

        shares, states = list[float](), np.ones(1, dtype=np.float64)
        for fork in self.forks:
            treated = states * fork.chance
            shares.append(float(treated.sum()))
            # A step that cannot be has weight 0, wherever it is said to lead.
            ends = np.maximum(0, np.concatenate([fork.treatment, fork.control]))
            states = np.bincount(ends, np.concatenate([treated, states - treated])).astype(np.float64)
        return np.array(shares)

    def every(self) -> Arms:
        """Each path once: count × slots drawn, true where treated."""
        import numpy as np

        states, arms = np.zeros(1, dtype=np.intp), np.empty((1, 0), dtype=np.bool_)
        for fork in self.forks:
            chance = fork.chance[states]
            here = [(chance < 1, False, fork.control), (chance > 0, True, fork.treatment)]
            arms = np.vstack([np.column_stack([arms[open_], np.full(open_.sum(), arm)]) for open_, arm, _ in here])
            states = np.concatenate([to[states[open_]] for open_, _, to in here])
        return arms

    def drawn(self, rows: int, source: np.random.Generator) -> Arms:
        """Paths at random, each equally likely but for the rounding of doubles: rows × slots drawn."""
        import numpy as np

        states, arms = np.zeros(rows, dtype=np.intp), np.empty((len(self.forks), rows), dtype=np.bool_)
        for fork, arm in zip(self.forks, arms, strict=True):
            np.less(source.random(rows), fork.chance[states], out=arm)
            states = np.where(arm, fork.treatment[states], fork.control[states])
        return arms.T


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one drawn slot may do: `due` treated slots by the end of its block, `rest` slots of it still to come."""

    due: int
    rest: int
    kept: tuple[bool | None, ...]
    pause: int

    def led(self, state: _State, arm: bool) -> _State | None:  # noqa: FBT001 (an arm is a truth value here)
        """The state before the next drawn slot, past those in between; None where the arm cannot be had."""
        waits, taken = _passed(state[0], (arm, *self.kept), self.pause), state[1] + arm
        return (waits, taken) if waits and self.due - self.rest <= taken <= self.due else None


def _passed(waits: _Waits | None, arms: Iterable[bool | None], pause: int) -> _Waits | None:
    """How long control and treatment must wait after these slots; None where one came too soon."""
    for arm in arms:
        if waits is None or (arm is not None and waits[arm]):
            return None
        control, treatment = (max(0, wait - 1) for wait in waits)
        waits = (control if arm is not False else pause, treatment if arm is not True else pause)
    return waits


def _turns(timeline: Timeline, pause: int) -> Iterator[_Turn]:
    free, arms = timeline.free, timeline.treated
    groups = [tuple(group) for _, group in groupby(free, key=lambda at: timeline.blocks[at])]
    if len(groups) > len({timeline.blocks[at] for at in free}):
        raise ValueError("a block goes on after another one began, while the order of slots is a rule")
    until, due = dict(pairwise((*free, len(arms)))), 0
    for group in groups:
        due += sum(arms[at] is True for at in group)
        for at, rest in zip(group, reversed(range(len(group))), strict=True):
            yield _Turn(due, rest, arms[at + 1 : until[at]], pause)


def _counted(timeline: Timeline, no_repeat: int) -> tuple[int, list[_Slot]]:
    """How many paths there are, and by drawn slot where each state leads to; raises as `Forks.of`. Loads no numpy."""
    if no_repeat < 1:
        raise ValueError(f"no_repeat is at least 1, not {no_repeat}")
    layers, ends = _layers(timeline, no_repeat - 1)
    ways, slots = [*[1] * ends, 0], list[_Slot]()
    for pairs in reversed(layers):
        led = [(ways[treatment], ways[control]) for treatment, control in pairs]
        slots.append((pairs, led))
        ways = [*map(sum, led), 0]
    if not ways[0]:
        raise ValueError(f"the order as posted repeats a variant within {no_repeat} neighbouring slots")
    return ways[0], slots[::-1]


def _layers(timeline: Timeline, pause: int) -> tuple[list[list[list[int]]], int]:
    """By drawn slot, where treatment and control lead from each state, −1 if nowhere; and how many states end it."""
    first = _passed((0, 0), timeline.treated[: next(iter(timeline.free), None)], pause)
    states: list[_State] = [] if first is None else [(first, 0)]
    layers = []
    for turn in _turns(timeline, pause):
        pairs, states = _numbered([turn.led(state, True), turn.led(state, False)] for state in states)
        layers.append(pairs)
    return layers, len(states)


def _numbered(led: Iterable[Sequence[_State | None]]) -> tuple[list[list[int]], list[_State]]:
    """States by number, in order of first mention, and the states."""
    numbers: dict[_State, int] = {}
    pairs = [[-1 if to is None else numbers.setdefault(to, len(numbers)) for to in pair] for pair in led]
    return pairs, list(numbers)


def _fork(pairs: Sequence[Sequence[int]], led: Sequence[tuple[int, int]]) -> Fork:
    import numpy as np

    treatment, control = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    return Fork(treatment, control, np.array([mine / max(1, mine + other) for mine, other in led], dtype=np.float64))
