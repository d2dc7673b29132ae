"""Kinds of metrics: each says which measures it needs, and makes samples and effects of their moments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations_with_replacement
from typing import Protocol

from abstory.metrics.measures import VIEW, VIEWS, Measure
from abstory.stats import means, proportions, ratios
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Moments, Pair, Sample, Tally, Triple, pair, triple
from abstory.stats.reading import Reading


class Direction(StrEnum):
    """Which way is good."""

    INCREASE = "increase"
    DECREASE = "decrease"


class Unit(StrEnum):
    """How a value is written: `rate` as per cent, `seconds` with s, `count` as a plain number."""

    RATE = "rate"
    SECONDS = "seconds"
    COUNT = "count"


class Metric(Protocol):
    """What analysis needs of a metric, whatever its kind."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str:
        """`proportion`, `mean`, `ratio` or `quantile`."""
        ...

    @property
    def definition(self) -> str:
        """What is divided by what, for the line under the metric's name."""
        ...

    @property
    def direction(self) -> Direction: ...
    @property
    def unit(self) -> Unit: ...
    @property
    def across_lengths(self) -> bool:
        """Whether variants of different length may be compared on it."""
        ...

    @property
    def measures(self) -> tuple[Measure, ...]: ...
    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The covariances it needs, by measure name."""
        ...

    def sample(self, moments: Moments) -> Tally | Sample | Undetermined:
        """One variant's evidence; `moments` are in stored integer units."""
        ...

    def effect(self, treatment: Moments, control: Moments, reading: Reading) -> Effect | Undetermined:
        """Treatment against control."""
        ...


@dataclass(frozen=True, slots=True)
class Proportion:
    """Share of exposed viewers for whom a 0/1 measure is 1."""

    name: str
    measure: Measure
    definition: str
    direction: Direction = Direction.INCREASE
    across_lengths: bool = True
    unit: Unit = Unit.RATE
    kind: str = "proportion"

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (self.measure,)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return ()

    def sample(self, moments: Moments) -> Tally:
        return moments.tally(self.measure.name)

    def effect(self, treatment: Moments, control: Moments, reading: Reading) -> Effect | Undetermined:
        return proportions.compare(self.sample(treatment), self.sample(control), reading)


@dataclass(frozen=True, slots=True)
class Mean:
    """Average of a measure over exposed viewers."""

    name: str
    measure: Measure
    definition: str
    direction: Direction = Direction.INCREASE
    across_lengths: bool = True
    unit: Unit = Unit.COUNT
    kind: str = "mean"

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (self.measure,)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return (pair(self.measure.name, self.measure.name),)

    def sample(self, moments: Moments) -> Sample:
        return _scaled(moments.sample(self.measure.name), self.measure.scale)

    def effect(self, treatment: Moments, control: Moments, reading: Reading) -> Effect | Undetermined:
        return means.compare(self.sample(treatment), self.sample(control), reading)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Sum of one measure over sum of another; its variance is taken by viewer (delta method)."""

    name: str
    numerator: Measure
    denominator: Measure
    definition: str
    direction: Direction = Direction.INCREASE
    across_lengths: bool = True
    unit: Unit = Unit.COUNT
    kind: str = "ratio"

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (self.numerator, self.denominator)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        a, b = self.numerator.name, self.denominator.name
        return (pair(a, a), pair(a, b), pair(b, b))

    def sample(self, moments: Moments) -> Sample | Undetermined:
        sample = ratios.ratio_sample(moments, self.numerator.name, self.denominator.name)
        if isinstance(sample, Undetermined):
            return sample
        return _scaled(sample, self.numerator.scale / self.denominator.scale)

    def effect(self, treatment: Moments, control: Moments, reading: Reading) -> Effect | Undetermined:
        t, c = self.sample(treatment), self.sample(control)
        if isinstance(t, Undetermined):
            return t
        return c if isinstance(c, Undetermined) else means.compare(t, c, reading)


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of the watch time of rows (views), several to a viewer; its error is taken by viewer (Woodruff).

    Attributes:
        share: in (0, 1), such as .5 for the median.

    No moments hold a quantile: analysis puts it, and its error times the viewers, beside them under `key`.
    """

    name: str
    share: float
    definition: str
    direction: Direction = Direction.INCREASE
    across_lengths: bool = True
    unit: Unit = Unit.SECONDS
    kind: str = "quantile"

    @property
    def key(self) -> str:
        """Under which its value lies beside the measures, in seconds."""
        return f"quantile({VIEW},{self.share:.10g})"

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (VIEWS,)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return ()

    def sample(self, moments: Moments) -> Sample | Undetermined:
        if self.key in moments.means:
            return moments.sample(self.key)
        return Undetermined(Reason.TOO_FEW, "too few viewers, or too few distinct values near the quantile")

    def effect(self, treatment: Moments, control: Moments, reading: Reading) -> Effect | Undetermined:
        from abstory.stats.adjusted import compare_adjusted
        from abstory.stats.covariates import Adjusted

        t, c = self.sample(treatment), self.sample(control)
        if isinstance(t, Undetermined):
            return t
        if isinstance(c, Undetermined):
            return c
        two = Adjusted((t, c), t.mean, c.mean, t.variance / t.n, c.variance / c.n, 0.0, math.inf)
        return compare_adjusted(two, reading, method="woodruff")


def triples(metric: Metric) -> tuple[Triple, ...]:
    """Third moments of what it asks covariances of, to tell whether it is too skewed; none for a rate."""
    names = [measure.name for measure in metric.measures]
    return tuple(triple(*key) for key in combinations_with_replacement(names, 3)) if metric.pairs else ()


def _scaled(sample: Sample, scale: float) -> Sample:
    if scale == 1.0:
        return sample
    return Sample(sample.n, sample.mean * scale, sample.variance * scale * scale, sample.third * scale**3)
