"""One variant over several stories: its value in each, and the covariance that shared viewers give them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from abstory.metrics import Mean, Proportion, Ratio
from abstory.stats.moments import Moments, pair
from abstory.warehouse.parts import Met

if TYPE_CHECKING:
    from abstory.stats.pooling import Floats


@dataclass(frozen=True, slots=True)
class StoryArm:
    """One variant's viewers over the stories."""

    metric: Proportion | Mean | Ratio
    met: Mapping[tuple[int, int], Met]

    def moments(self, place: int) -> Moments:
        """Of the viewers of one story, as the metric wants them."""
        own = self.met[place, place]
        products = {pair(*key): own.products[key] for key in self.metric.pairs}
        return Moments.from_sums(own.viewers, own.one, products)

    def mean(self, place: int) -> Fraction:
        """The exact value in one story; 0 where there is nothing to divide by."""
        own = self.met[place, place]
        below = self._below(own.one, own.viewers)
        return Fraction(own.one[self._top], below) if below else Fraction(0)

    def means(self, places: Sequence[int]) -> list[float]:
        return [float(self.mean(place)) * self._scale for place in places]

    def covariance(self, places: Sequence[int]) -> Floats:
        """Of the stories' values, clustered by viewer: Σ e_s e_s' over viewers of both, e linearised around its story.

        Scaled by √(n/(n − 1)) in each story, so that the diagonal is the squared error of one story alone.
        """
        import numpy as np

        found = np.zeros((len(places), len(places)))
        for i, one in enumerate(places):
            for j, other in enumerate(places[i:], i):
                found[i, j] = found[j, i] = self._shared(one, other) * self._scale * self._scale
        return found

    def viewers(self, place: int) -> int:
        return self.met[place, place].viewers

    def _shared(self, one: int, other: int) -> float:
        both = self.met.get((one, other))
        mine, theirs = self.met[one, one], self.met[other, other]
        if both is None or mine.viewers < 2 or theirs.viewers < 2:
            return 0.0 if both is None else math.nan
        below = Fraction(self._below(mine.one, mine.viewers)) * self._below(theirs.one, theirs.viewers)
        small = mine.viewers * theirs.viewers / ((mine.viewers - 1) * (theirs.viewers - 1))
        return float(self._products(both, self.mean(one), self.mean(other)) / below) * math.sqrt(small)

    def _products(self, both: Met, one: Fraction, other: Fraction) -> Fraction:
        """Σ (y − R d)(y' − R' d') over viewers of both stories; d is 1 for what is no ratio."""
        top, bottom = self._top, self._bottom
        if bottom is None:
            mixed, mirrored, plain = both.one[top], both.other[top], both.viewers
        else:
            mixed, mirrored = both.products[top, bottom], both.products[bottom, top]
            plain = both.products[bottom, bottom]
        return both.products[top, top] - other * mixed - one * mirrored + one * other * plain

    def _below(self, sums: Mapping[str, int], viewers: int) -> int:
        return viewers if self._bottom is None else sums[self._bottom]

    @property
    def _top(self) -> str:
        return self.metric.measures[0].name

    @property
    def _bottom(self) -> str | None:
        return self.metric.denominator.name if isinstance(self.metric, Ratio) else None

    @property
    def _scale(self) -> float:
        below = self.metric.denominator.scale if isinstance(self.metric, Ratio) else 1.0
        return self.metric.measures[0].scale / below
