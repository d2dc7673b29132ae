"""Effects among viewers alike in an attribute: exploratory, and told apart only once a test says that they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from abstory.results.comparison import MetricResult
from abstory.stats.estimate import Undetermined
from abstory.warehouse.split import SegmentKind


@dataclass(frozen=True, slots=True)
class Differing:
    """The test that comes before any segment is named: does the effect of any treatment differ between segments?

    Attributes:
        statistic: Q of segment x treatment.
        df: its degrees of freedom.
        p_value: under the declared way of looking.
        p_adjusted: Holm over every attribute and metric asked for.
        segments: how many have viewers and outcomes enough to be in it.
        relative: whether lifts were held against each other, else differences.
    """

    statistic: float
    df: int
    p_value: float
    p_adjusted: float
    segments: int
    relative: bool


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """One metric among the viewers of one segment.

    Attributes:
        kind: a level of the attribute, the smaller levels together, or viewers without a value.
        name: the level as logged; `other` or `unknown`.
        viewers: by variant.
        told: the metric over all variants, among these viewers alone; words and intervals from Benjamini & Hochberg
            over every comparison of every segment. The word is UNKNOWN where `SegmentedMetric.named` is not.
    """

    kind: SegmentKind
    name: str
    viewers: Mapping[str, int]
    told: MetricResult


@dataclass(frozen=True, slots=True)
class SegmentedMetric:
    """One metric by one attribute.

    Attributes:
        metric: its name.
        differing: the test over all segments, or why there is none.
        named: whether it found a difference, so that a segment may be named.
        segments: levels, larger ones first, then other, then unknown.
    """

    metric: str
    differing: Differing | Undetermined
    named: bool
    segments: tuple[SegmentResult, ...]


@dataclass(frozen=True, slots=True)
class Segmented:
    """Everything about one attribute.

    Attributes:
        attribute: its name.
        metrics: those asked for.
        pooled: levels that `other` stands for.
        later: viewers in unknown because their only values are from the first exposure on.
    """

    attribute: str
    metrics: tuple[SegmentedMetric, ...]
    pooled: int
    later: int


@dataclass(frozen=True, slots=True)
class Segments:
    """What was asked for with `--by`; never part of a verdict.

    Attributes:
        attributes: in the order asked.
        comparisons: of a treatment with control in one segment, all of them together.
        tests: of heterogeneity, all of them together.
        level: of each interval: the false discovery rate times the share of comparisons that were named.
    """

    attributes: tuple[Segmented, ...]
    comparisons: int
    tests: int
    level: float
