"""The built-in metrics, by name."""

from __future__ import annotations

import re

from abstory.metrics.kinds import Direction, Mean, Proportion, Ratio, Unit
from abstory.metrics.measures import ENGAGEMENTS, VIEW, VIEWS, Measure, MeasureKind

LONGEST_SECONDS = 600


def _share(name: str, events: tuple[str, ...], what: str, direction: Direction = Direction.INCREASE) -> Proportion:
    return Proportion(name, Measure(MeasureKind.ANY, events), f"{what} / exposed", direction)


BUILT_IN: dict[str, Proportion | Mean | Ratio] = {
    metric.name: metric
    for metric in (
        Mean("impressions", VIEWS, "views / exposed"),
        Proportion(
            "completion_rate",
            Measure(MeasureKind.COMPLETED),
            "watched to the end / exposed",
            across_lengths=False,
        ),
        Ratio(
            "completions_per_view",
            Measure(MeasureKind.COMPLETE_VIEWS),
            VIEWS,
            "complete views / views",
            across_lengths=False,
            unit=Unit.RATE,
        ),
        _share("engagement_rate", ENGAGEMENTS, "liked, commented, shared, saved or clicked"),
        Ratio(
            "engagements_per_view",
            Measure(MeasureKind.COUNT, ENGAGEMENTS),
            VIEWS,
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
