"""What is measured: measures (a number per viewer built from events) and the metrics made of them.

A metric declares the measures it needs; the warehouse answers all metrics at once with `Moments`;
the metric turns two variants' moments into an `Effect`. No metric knows a query, no query knows a metric.
A new kind of metric is a class here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from abstory.stats import means, proportions, ratios
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Moments, Pair, Sample, Tally, pair
from abstory.stats.reading import Reading

VIEW = "view"
COMPLETE = "complete"
ENGAGEMENTS = ("like", "comment", "share", "save", "cta_click")
EVENTS = (
    VIEW,
    COMPLETE,
    "like",
    "comment",
    "share",
    "save",
    "follow",
    "cta_click",
    "tap_forward",
    "tap_back",
    "exit",
    "hide",
    "report",
)
LONGEST_SECONDS = 600


class Direction(StrEnum):
    """Which way is good."""

    INCREASE = "increase"
    DECREASE = "decrease"


class Unit(StrEnum):
    """How a value is written: `rate` as per cent, `seconds` with s, `count` as a plain number."""

    RATE = "rate"
    SECONDS = "seconds"
    COUNT = "count"


class MeasureKind(StrEnum):
    """The closed list of ways to make one number of a viewer's events inside the window.

    ANY and COMPLETED and WATCHED give 0 or 1, COUNT and COMPLETE_VIEWS a count, SUM_WATCH and FIRST_WATCH
    milliseconds, SUM_VALUE millionths of the event's value. All are integers, so sums are exact.

    Of an attribute: BEFORE its last value before the first exposure in millionths (0 where there is none), KNOWN
    whether there is one, AFTER whether there are only later ones.
    """

    COUNT = "count"
    ANY = "any"
    SUM_WATCH = "sum_watch"
    SUM_VALUE = "sum_value"
    COMPLETED = "completed"
    COMPLETE_VIEWS = "complete_views"
    WATCHED = "watched"
    FIRST_WATCH = "first_watch"
    BEFORE = "before"
    KNOWN = "known"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Measure:
    """An integer per viewer, built from that viewer's events inside the window.

    Attributes:
        kind: how the number is made.
        events: the events that count; empty for the kinds that fix them:
            COMPLETED (a `complete` event, or a view watched to the variant's story length),
            COMPLETE_VIEWS (the larger of the count of `complete` events and of views watched to the length),
            WATCHED (a view watched at least `threshold_ms`) and
            FIRST_WATCH (watch time of the first view, at most `threshold_ms`).
        threshold_ms: for WATCHED and FIRST_WATCH, in 1..600000; else 0.
        attribute: for BEFORE, KNOWN and AFTER; else empty.
        winsorize: the quantile, in (0, 1), of all variants' values above 0 that larger values are cut to; 0 for none.
        name: the key of this measure in `Moments`, equal exactly when the measures are.
    """

    kind: MeasureKind
    events: tuple[str, ...] = ()
    threshold_ms: int = 0
    attribute: str = ""
    winsorize: float = 0.0
    name: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        inside = ",".join(self.events) or self.attribute or (f"{self.threshold_ms}ms" if self.threshold_ms else "")
        cut = f"@{self.winsorize:.10g}" if self.winsorize else ""
        object.__setattr__(self, "name", f"{self.kind}({inside}){cut}")

    @property
    def scale(self) -> float:
        """From the stored integer to the reported unit: seconds for watch time, the value itself for values."""
        return _SCALES.get(self.kind, 1.0)


_SCALES = {
    MeasureKind.SUM_WATCH: 1e-3,
    MeasureKind.FIRST_WATCH: 1e-3,
    MeasureKind.SUM_VALUE: 1e-6,
    MeasureKind.BEFORE: 1e-6,
}


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
        return (_VIEWS,)

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


def _scaled(sample: Sample, scale: float) -> Sample:
    return sample if scale == 1.0 else Sample(sample.n, sample.mean * scale, sample.variance * scale * scale)


def _share(name: str, events: tuple[str, ...], what: str, direction: Direction = Direction.INCREASE) -> Proportion:
    return Proportion(name, Measure(MeasureKind.ANY, events), f"{what} / exposed", direction)


_VIEWS = Measure(MeasureKind.COUNT, (VIEW,))

BUILT_IN: dict[str, Proportion | Mean | Ratio] = {
    metric.name: metric
    for metric in (
        Mean("impressions", _VIEWS, "views / exposed"),
        Proportion(
            "completion_rate",
            Measure(MeasureKind.COMPLETED),
            "watched to the end / exposed",
            across_lengths=False,
        ),
        Ratio(
            "completions_per_view",
            Measure(MeasureKind.COMPLETE_VIEWS),
            _VIEWS,
            "complete views / views",
            across_lengths=False,
            unit=Unit.RATE,
        ),
        _share("engagement_rate", ENGAGEMENTS, "liked, commented, shared, saved or clicked"),
        Ratio(
            "engagements_per_view",
            Measure(MeasureKind.COUNT, ENGAGEMENTS),
            _VIEWS,
            "engagements / views",
            unit=Unit.RATE,
        ),
        _share("follow_rate", ("follow",), "followed"),
        _share("cta_rate", ("cta_click",), "clicked the call to action"),
        Mean("watch_seconds", Measure(MeasureKind.SUM_WATCH, (VIEW,)), "seconds watched / exposed", unit=Unit.SECONDS),
        _share("like_rate", ("like",), "liked"),
        _share("comment_rate", ("comment",), "commented"),
        _share("share_rate", ("share",), "shared"),
        _share("save_rate", ("save",), "saved"),
        _share("exit_rate", ("exit",), "left early", Direction.DECREASE),
        _share("hide_rate", ("hide",), "hid the story", Direction.DECREASE),
        _share("report_rate", ("report",), "reported the story", Direction.DECREASE),
    )
}

_WATCHED = re.compile(r"watched_([1-9][0-9]{0,2})s")
_WATCH_TO = re.compile(r"watch_seconds_to_([1-9][0-9]{0,2})s")


def watched(seconds: int) -> Proportion:
    """Viewers who stayed to second `seconds` (1..600) in at least one view."""
    measure = Measure(MeasureKind.WATCHED, threshold_ms=1000 * seconds)
    return Proportion(f"watched_{seconds}s", measure, f"stayed >= {seconds} s / exposed")


def watch_seconds_to(seconds: int) -> Mean:
    """Restricted mean watch time of the first view to `seconds` (1..600): comparable across lengths."""
    measure = Measure(MeasureKind.FIRST_WATCH, threshold_ms=1000 * seconds)
    definition = f"first view's seconds, at most {seconds} / exposed"
    return Mean(f"watch_seconds_to_{seconds}s", measure, definition, unit=Unit.SECONDS)


def built_in(name: str) -> Proportion | Mean | Ratio | None:
    """The built-in metric of that name, or None."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    for pattern, make in ((_WATCHED, watched), (_WATCH_TO, watch_seconds_to)):
        if (found := pattern.fullmatch(name)) and (seconds := int(found[1])) <= LONGEST_SECONDS:
            return make(seconds)
    return None


def horizon_seconds(name: str) -> int | None:
    """The t of `watched_<t>s` or `watch_seconds_to_<t>s`; None for any other metric."""
    found = _WATCHED.fullmatch(name) or _WATCH_TO.fullmatch(name)
    return int(found[1]) if found else None
