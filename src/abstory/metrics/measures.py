"""Measures: one integer per viewer, built from that viewer's events inside the window."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

VIEW = "view"
COMPLETE = "complete"
TAP_FORWARD, TAP_BACK, EXIT, SWIPE = "tap_forward", "tap_back", "exit", "swipe"
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
    TAP_FORWARD,
    TAP_BACK,
    EXIT,
    SWIPE,
    "hide",
    "report",
)


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


VIEWS = Measure(MeasureKind.COUNT, (VIEW,))
