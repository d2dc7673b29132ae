"""The fast path: what viewers did becomes the roll-up's answer directly, without files, store or query.

The same integers are summed as the roll-up sums them, so on the same viewers the two answers are equal to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from abstory.analysis import plan
from abstory.experiment import DAY_US, Experiment
from abstory.simulate.cut import caps, cut, shown
from abstory.simulate.play import Acts
from abstory.simulate.values import completed, per_viewer
from abstory.simulate.watching import watched
from abstory.stats.moments import Moments, Pair, Triple
from abstory.warehouse.base import Answer, ArmData, Cap, RollUp, Span, Watched
from abstory.warehouse.parts import Late

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
    Grid = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def span(experiment: Experiment, acts: Acts) -> Span:
    """First and last instant of what the viewers did; nothing where nobody came."""
    if not len(acts.exposed_us):
        return Span(None, None, None)
    ends = [int(acts.shown_us.max())]
    left = acts.exposed_us + acts.watch_ms[acts.first] * 1000
    ends += [int(left[does].max()) for does in acts.does.values() if does.any()]
    complete = completed(experiment, acts)
    if complete.any():
        ends.append(int((acts.shown_us + acts.watch_ms * 1000)[complete].max()))
    return Span(int(acts.exposed_us.min()), int(acts.exposed_us.max()), max(ends))


def answers(experiment: Experiment, acts: Acts, looks_us: Sequence[int]) -> Iterator[Answer]:
    """The answer to `plan(experiment, as_of)` at every look.

    Args:
        experiment: with a schedule that the acts lie in.
        acts: of every viewer, none of whom saw two variants.
        looks_us: ascending instants.
    """
    question = plan(experiment, looks_us[-1])
    values = {measure.name: per_viewer(experiment, acts, measure) for measure in question.measures}
    if any(measure.winsorize for measure in question.measures):  # what is cut where changes from look to look
        return chain.from_iterable(_answers(question, acts, values, [us]) for us in looks_us)
    return _answers(question, acts, values, looks_us)


def _answers(question: RollUp, acts: Acts, values: Mapping[str, Ints], looks_us: Sequence[int]) -> Iterator[Answer]:
    closed = acts.exposed_us + question.window_us
    at = caps(values, question.measures, closed <= looks_us[-1])
    arms = {arm.variant: (acts.variant == i) & (closed <= looks_us[-1]) for i, arm in enumerate(question.arms)}
    above, values = shown(at, values, arms), cut(values, at)
    ripe = _Cells.of(acts, closed, looks_us, len(question.arms))
    seen = _Cells.of(acts, acts.exposed_us, looks_us, len(question.arms))
    found = _Found(
        question=question,
        first_day=ripe.first_day,
        counts=ripe.sums(_ones(acts)),
        shown=seen.sums(_ones(acts)),
        sums={name: ripe.sums(column) for name, column in values.items()},
        products={(a, b): ripe.sums(_product(values[a], values[b])) for a, b in question.pairs},
        triples={key: ripe.sums(_product(*(values[name] for name in key))) for key in question.triples},
        caps=above,
        watched=[watched(acts, closed <= us, question) for us in looks_us],
    )
    return (found.answer(look) for look in range(len(looks_us)))


def _product(*columns: Ints) -> Ints:
    """Of every viewer; in Python's own integers where 64 bits might not hold the sum."""
    import numpy as np

    largest = math.prod(int(np.abs(column).max(initial=0)) for column in columns)
    first, *others = columns if largest * len(columns[0]) < 2**63 else [column.astype(object) for column in columns]
    return math.prod(others, start=first)


def _ones(acts: Acts) -> Ints:
    return 0 * acts.variant + 1


@dataclass(frozen=True, slots=True)
class _Cells:
    """Viewers in order of their cell: first look they count at, day of exposure, arm; and where each cell ends."""

    looks: int
    days: int
    arms: int
    first_day: int
    order: Ints
    ends: Ints

    @classmethod
    def of(cls, acts: Acts, counts_from: Ints, looks_us: Sequence[int], arms: int) -> _Cells:
        import numpy as np

        look = np.searchsorted(np.asarray(looks_us, dtype=np.int64), counts_from, side="left")
        day = acts.exposed_us // DAY_US
        first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
        days = last - first + 1
        cell = (look * days + day - first) * arms + acts.variant
        ends = np.cumsum(np.bincount(cell, minlength=(len(looks_us) + 1) * days * arms))
        return cls(len(looks_us), days, arms, first, np.argsort(cell, kind="stable"), ends)

    def sums(self, column: Ints) -> Grid:
        """Looks by days by arms, each look holding the ones before it, in exact integers."""
        import numpy as np

        running = np.concatenate(([0], np.cumsum(column[self.order], dtype=column.dtype)))
        totals = np.diff(running[self.ends], prepend=0).reshape(-1, self.days, self.arms)
        found: Grid = np.cumsum(totals[: self.looks], axis=0)
        return found


@dataclass(frozen=True, slots=True)
class _Days:
    """The sums of one arm at one look, by day: plain integers, which numpy hands out one by one only slowly."""

    counts: list[int]
    sums: dict[str, list[int]]
    products: dict[Pair, list[int]]
    triples: dict[Triple, list[int]]

    def moments(self, days: slice) -> Moments:
        return Moments.from_sums(
            sum(self.counts[days]),
            {name: sum(column[days]) for name, column in self.sums.items()},
            {key: sum(column[days]) for key, column in self.products.items()},
            {key: sum(column[days]) for key, column in self.triples.items()},
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything that is summed, looks by days by arms; `kept` is every day of an arm so far, by how many it had."""

    question: RollUp
    first_day: int
    counts: Grid
    shown: Grid
    sums: Mapping[str, Grid]
    products: Mapping[Pair, Grid]
    triples: Mapping[Triple, Grid]
    caps: Mapping[str, Cap]
    watched: Sequence[Mapping[int, Watched]]
    kept: dict[tuple[int, int, int], Moments] = field(default_factory=dict)

    def answer(self, look: int) -> Answer:
        arms = {arm.variant: self._arm(look, at) for at, arm in enumerate(self.question.arms)}
        return Answer(arms, {}, 0, 0, 0, 0, 0, 0, self._by_day(look), self.caps, late=Late(0, 0, 0))

    def _arm(self, look: int, arm: int) -> ArmData:
        """Nobody saw two variants, and everybody the one that was assigned."""
        days = self._days(look, arm)
        moments = days.moments(slice(None))
        checked = self.question.assigned_sql is not None
        return ArmData(
            moments=moments,
            immature=int(self.shown[look, :, arm].sum()) - moments.n,
            crossovers=0,
            without_crossovers=moments,
            mismatched=0 if checked else None,
            checked=moments.n if checked else 0,
            days={self.first_day + day: self._day(days, arm, day) for day, n in enumerate(days.counts) if n},
            watched=self.watched[look].get(arm),
        )

    def _day(self, days: _Days, arm: int, day: int) -> Moments:
        """Viewers only come: a day with as many as at an earlier look has the same ones."""
        key = (arm, day, days.counts[day])
        if key not in self.kept:
            self.kept[key] = days.moments(slice(day, day + 1))
        return self.kept[key]

    def _days(self, look: int, arm: int) -> _Days:
        return _Days(
            self.counts[look, :, arm].tolist(),
            {name: grid[look, :, arm].tolist() for name, grid in self.sums.items()},
            {key: grid[look, :, arm].tolist() for key, grid in self.products.items()},
            {key: grid[look, :, arm].tolist() for key, grid in self.triples.items()},
        )

    def _by_day(self, look: int) -> dict[tuple[int, str], int]:
        cells = (
            ((self.first_day + day, arm.variant), int(self.shown[look, day, at]))
            for day in range(self.shown.shape[1])
            for at, arm in enumerate(self.question.arms)
        )
        return dict(sorted((key, count) for key, count in cells if count))
