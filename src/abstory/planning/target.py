"""One thing the experiment must be able to show of one metric, in the terms in which analysis will test it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from statistics import NormalDist
from typing import ClassVar

from abstory.errors import UsageError
from abstory.experiment import Outcome, Size
from abstory.metrics import Direction
from abstory.planning.baselines import Baseline
from abstory.stats import power
from abstory.stats.boundaries import Boundaries
from abstory.stats.moments import Tally
from abstory.stats.power import Critical, Signal
from abstory.stats.reading import Reading
from abstory.stats.sequential import OUTCOMES_BEFORE_READING, UNITS_BEFORE_READING

_LEAST_RATIO = 1e-6
_LARGE = 10**9
_FEWEST = {True: (UNITS_BEFORE_READING, OUTCOMES_BEFORE_READING), False: (20, 5)}
"""Units and outcomes of either kind an arm needs: with a burn-in that of the reading, else where the score holds."""
_HUGE_LIFT = 100.0


class Aim(StrEnum):
    """What is to be shown."""

    FIND = "find"
    HOLD = "hold"


@dataclass(frozen=True)
class Target:
    """One metric, what is to be shown of it, and the test that will be asked.

    Attributes:
        outcome: the metric in its role.
        aim: FIND a change of `size` when it is there; HOLD, to show that it is not worse by `size` when nothing is.
        size: the MDE or the margin.
        baseline: of control.
        reading: as analysis will read it.
        power: of this test, in (0, 1).
        ratios: viewers of each compared treatment for each of control.
        explained: share of the variance that covariates take away, in [0, 1).
        looks: of a group sequential design, each with its share of the viewers; empty for any other.
    """

    outcome: Outcome
    aim: Aim
    size: Size
    baseline: Baseline
    reading: Reading
    power: float
    ratios: Mapping[str, float]
    explained: float = 0.0
    looks: tuple[tuple[float, Reading], ...] = ()

    units: ClassVar[str] = "viewers"
    most: ClassVar[float] = 1e11

    @property
    def name(self) -> str:
        return self.outcome.metric.name

    @property
    def change(self) -> float:
        """The MDE or margin as a difference, signed: the way the metric is to move, or must not."""
        good = 1 if self.outcome.metric.direction is Direction.INCREASE else -1
        size = self.size.value * (self.baseline.mean if self.size.relative else 1)
        return (good if self.aim is Aim.FIND else -good) * size

    @cached_property
    def control(self) -> float:
        """The viewers that control needs (not rounded)."""
        return max(self._floor, *(self.needed(ratio) for ratio in set(self.ratios.values())))

    def needed(self, ratio: float) -> float:
        """The viewers that control needs for one treatment with `ratio` viewers for each of control's."""
        if self.design:
            return power.staged_viewers(self.signal(ratio), self.design, self.power)
        return power.viewers(self.signal(ratio), self.critical(ratio), self.power)

    def chance(self, n: float) -> float:
        """The chance to show it of the treatment with the fewest viewers, with `n` in control."""
        ratio = min(self.ratios.values())
        return self._chance(self.signal(ratio), n, ratio)

    @cached_property
    def design(self) -> Boundaries | None:
        """The boundaries of a group sequential design, in shares of the planned viewers; None for any other."""
        if not self.looks:
            return None
        upper = tuple(reading.critical(_LARGE, math.inf) for _, reading in self.looks)
        return Boundaries(tuple(share for share, _ in self.looks), upper, tuple(-height for height in upper))

    def _chance(self, signal: Signal, n: float, ratio: float) -> float:
        if self.design:
            return power.staged(signal, n, self.design).chance
        return power.chance(signal, n, *self.critical(ratio)(n))

    def detectable(self, n: float) -> float:
        """The smallest MDE or margin, as a difference, that is shown of every treatment with `n` in control.

        Infinite where none is, or where the reading would still say that it is too early.
        """
        if n < self._early():
            return math.inf
        return max(self._detectable(n, ratio) for ratio in set(self.ratios.values()))

    def critical(self, ratio: float) -> Critical:
        """The reading's critical value as the experiment grows."""
        # An always-valid reading is asymptotic by nature and takes no notice of degrees of freedom.
        exact = self._rate is None and self.reading.critical(1000, 10.0) > self.reading.critical(1000, math.inf)

        def at(n: float) -> tuple[float, float]:
            df = power.welch_df(n, ratio) if exact and min(n, n * ratio) > 1 else math.inf
            return self.reading.critical(max(2, round(n * (1 + ratio))), df), df

        return at

    def signal(self, ratio: float) -> Signal:
        """What the test of one treatment is up against."""
        if self.aim is Aim.FIND:
            return self._found(self.change, ratio)
        return self._held_ratio(ratio) if self.size.relative else self._held_difference(ratio)

    @property
    def _rate(self) -> float | None:
        return self.baseline.mean if self.outcome.metric.kind == "proportion" else None

    @property
    def within_unit(self) -> bool:
        """Whether values are shares, so that a change must leave them between 0 and 1."""
        return self._rate is not None

    @property
    def _deviation(self) -> float:
        return math.sqrt(self.baseline.variance)

    @property
    def _left(self) -> float:
        """The factor that covariates leave of a standard deviation."""
        return math.sqrt(1 - self.explained)

    def _sized(self, size: float) -> Target:
        """The same with another MDE or margin, given as a difference; tested on the scale of the declared one."""
        value = size / self.baseline.mean if self.size.relative else size
        return replace(self, size=replace(self.size, value=value))

    def _found(self, change: float, ratio: float) -> Signal:
        if self._rate is None:
            return power.means(self._deviation, change, ratio=ratio).scaled(self._left)
        return power.rates(self._rate, self._rate + change, ratio=ratio).scaled(self._left)

    def _held_difference(self, ratio: float) -> Signal:
        if self._rate is None:
            return power.means(self._deviation, self.change, ratio=ratio).scaled(self._left)
        return power.rates(self._rate, self._rate, null=self.change, ratio=ratio).scaled(self._left)

    def _held_ratio(self, ratio: float) -> Signal:
        null = max(_LEAST_RATIO, 1 + self.change / self.baseline.mean)
        if self._rate is None:
            gap = (1 - null) * self.baseline.mean
            return power.means(self._deviation, gap, null_ratio=null, ratio=ratio).scaled(self._left)
        return power.rates_ratio(self._rate, self._rate, null=null, ratio=ratio).scaled(self._left)

    def _detectable(self, n: float, ratio: float) -> float:
        def chance_of(size: float) -> float:
            return self._chance(self._sized(size).signal(ratio), n, ratio)

        return power.detectable(chance_of, self.power, self._most)

    @property
    def _most(self) -> float:
        """The largest change there can be, on the side where success lies."""
        mean = self.baseline.mean
        if not self.within_unit:
            return _HUGE_LIFT * max(self._deviation, abs(mean))
        room = 1 - mean if self.change > 0 else mean
        return room * (1 - 1e-9)

    @property
    def _floor(self) -> float:
        """Viewers in control at which the smallest arm is likely (by `power`) to have what a first reading asks for."""
        return self._early(self.change if self.aim is Aim.FIND else 0.0)

    def _early(self, change: float = 0.0) -> float:
        """The same where the true rate of the treatment is `change` away."""
        units, outcomes = _FEWEST[bool(self.reading.lacks(Tally(1, 0)))]
        smallest = min(1.0, *self.ratios.values())
        if self._rate is None:
            return units / smallest
        other = self._rate + change
        rarest = min(self._rate, 1 - self._rate, other, 1 - other)
        z = max(0.0, NormalDist().inv_cdf(self.power))
        return max(units, ((z + math.sqrt(z * z + 4 * outcomes)) / 2) ** 2 / rarest) / smallest


def possible(target: Target) -> Target:
    """`target` itself.

    Raises:
        UsageError: no control can be as its baseline says, the change leads out of what the metric can be, or it is
            so small that nobody could see it.
    """
    mean, name, size = target.baseline.mean, target.name, target.size.text
    rate = target.within_unit
    if rate and not 0 < mean < 1:
        raise UsageError(
            f"{name} has a baseline of {mean:.0%}, where nothing varies", hint="a rate between 0% and 100%"
        )
    if target.size.relative and not mean > 0:
        raise UsageError(f"{name} has a baseline of {mean:g}: {size} of it is no size", hint="it must be above 0")
    if rate and not 0 < mean + target.change < 1 and (target.aim is Aim.FIND or not target.size.relative):
        what = "an mde" if target.aim is Aim.FIND else "a margin"
        raise UsageError(f"{what} of {size} leads {name} from {100 * mean:g}% out of 0% to 100%", hint="a smaller one")
    if target.control > target.most:
        raise UsageError(f"{name} needs more {target.units} than there are to show {size}", hint="a larger one")
    return target
