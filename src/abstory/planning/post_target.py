"""One thing a calendar of posts must be able to show of one metric: posts are the units, and it is drawn again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import ClassVar

from abstory.planning.baselines import Baseline
from abstory.planning.target import Target
from abstory.stats import power
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.power import Signal
from abstory.stats.slot_layout import Growth, Layout
from abstory.stats.slot_power import design_effect, levels, slot_rates
from abstory.stats.tails import two_sided_quantile

_ENDLESS = 1e15


@dataclass(frozen=True, slots=True)
class PostBaseline(Baseline):
    """Posts without treatment: the mean over posts, and how they scatter about it within a block.

    Attributes:
        icc: correlation of two impressions of one post, in [0, 1], where the variance was derived from it; else None.
        reach: impressions of a post, >= 1, beside it.
        source: key of the experiment whose posts it was measured on; None where it was told.
    """

    icc: float | None = None
    reach: float | None = None
    source: str | None = None

    @classmethod
    def of_impressions(cls, rate: float, *, icc: float, reach: float) -> PostBaseline:
        """A rate in (0, 1) of posts of `reach` impressions each; ValueError as `slot_power.design_effect`."""
        variance = rate * (1 - rate) * design_effect(reach, icc) / reach
        return cls(rate, variance, icc=icc, reach=reach)

    @property
    def endless(self) -> PostBaseline | None:
        """The same posts, seen by everybody; None where what reach does is not known."""
        if self.icc is None:
            return None
        return PostBaseline.of_impressions(self.mean, icc=self.icc, reach=_ENDLESS)


@dataclass(frozen=True)
class PostTarget(Target):
    """A target whose viewers are posts of either arm, each counting once.

    The comparison draws the calendar again. For posts that scatter normally its power is close to that of t with
    `Layout.df` degrees of freedom, at the levels that so many draws leave (`slot_power.levels`).

    Attributes:
        layout: of the treatment whose draws are fewest, as the calendar is declared.
    """

    baseline: PostBaseline
    layout: Layout = field(kw_only=True)

    units: ClassVar[str] = "posts"
    most: ClassVar[float] = 1e5

    @property
    def level(self) -> float:
        """Two-sided, of one comparison."""
        return self.reading.alpha / (self.reading.family if isinstance(self.reading, Bonferroni) else 1)

    @property
    def within_unit(self) -> bool:
        return self.baseline.icc is not None

    @property
    def posts(self) -> int:
        """Of each variant."""
        return math.ceil(self.control - 1e-9)

    def reachable(self, level: float) -> bool:
        """Whether p below a level can be with the declared calendar at all."""
        return bool(levels(level, self.layout.draws))

    @property
    def endless(self) -> PostTarget | None:
        """The same where everybody sees every post; None where that is not known."""
        seen = self.baseline.endless
        return replace(self, baseline=seen) if seen else None

    def needed(self, ratio: float) -> float:
        """Posts of each arm; infinite beyond `most`."""
        signal = self.signal(ratio)
        return _fewest(lambda posts: self._chance(signal, posts, ratio) >= self.power, self._early(), self.most)

    def _chance(self, signal: Signal, n: float, ratio: float) -> float:  # noqa: ARG002 (arms have equally many posts)
        layout = self.layout.grown(n)
        asked = levels(self.level, layout.draws)
        if not asked or not layout.df > 0:
            return 0.0
        return math.fsum(_passing(signal, layout, level) for level in asked) / len(asked)

    def _early(self, change: float = 0.0) -> float:  # noqa: ARG002 (how many draws there are depends on no outcome)
        """Posts of each arm with which p < alpha can be at all; infinite where no calendar of the kind has so many."""
        if self.layout.growth is Growth.NOTHING:
            return 1 if self.reachable(self.level) else math.inf
        return next(posts for posts in count(1) if levels(self.level, self.layout.grown(posts).draws))

    def _found(self, change: float, ratio: float) -> Signal:
        base = self.baseline
        if base.icc is None or base.reach is None:
            return super()._found(change, ratio)
        return slot_rates(base.mean, base.mean + change, size=base.reach, icc=base.icc)


def _passing(signal: Signal, layout: Layout, level: float) -> float:
    return power.chance(signal, layout.slots, two_sided_quantile(level, layout.df), layout.df)


def _fewest(enough: Callable[[int], bool], least: float, most: float) -> float:
    """The whole number from `least` on where `enough` begins; infinite beyond `most`."""
    if least > most:
        return math.inf
    low, high = int(least) - 1, int(least)
    while not enough(high):
        low, high = high, 2 * high
        if high > most:
            return math.inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
