"""How an effect came about over the hours of the stories: its interval drawn after each, and when it left zero."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from abstory import digits
from abstory.report import cells
from abstory.report.draft import Draft
from abstory.report.tables import Column, Drawing
from abstory.results import Accrual, Accrued
from abstory.stats.estimate import Effect, Estimate

HOURS = (1, 2, 3, 6, 12, 24, 48, 96, 168)


def accrued(draft: Draft) -> list[Text]:
    """Of the treatment looked at closely (with --all, of each), on every primary metric."""
    shown = draft.page.treatments if draft.page.everything else [draft.page.pick]
    blocks = [_told(draft, one) for one in draft.page.result.accruals if one.variant in shown]
    return [line for at, block in enumerate(blocks) for line in ([Text()] if at else []) + block]


def _told(draft: Draft, accrual: Accrual) -> list[Text]:
    lift = any(_on_lift(point) for point in accrual.points)
    rows = _rows(accrual.points)
    told = [cells.on_scale(point.effect, lift=lift) for point in rows]
    head = (
        f"{accrual.metric}, {draft.name(accrual.variant)}: by hour of first exposure, from the start. {_left(accrual)}"
    )
    ends = tuple(cells.ends(draft, one, accrual.unit, lift=lift) for one in told)
    columns: list[Column | Drawing] = [
        Column("came within", tuple(f"{point.hour} h" for point in rows)),
        Column("viewers", tuple(digits.count(point.viewers) for point in rows), right=True, drop=2, name="viewers"),
        Column(
            "lift" if lift else "change",
            tuple(cells.point(draft, one, accrual.unit, lift=lift) for one in told),
            right=True,
        ),
        cells.drawn(draft, told, None if lift else accrual.unit),
        Column(cells.confidence(draft.page.result.method.alpha), ends, right=True, drop=1, name="interval"),
    ]
    return draft.paragraph("ACCRUAL  ", head, style="bold") + draft.table(columns)


def _rows(points: Sequence[Accrued]) -> list[Accrued]:
    """The last point of each round number of hours, and the last of all."""
    chosen = [max((p for p in points if p.hour <= hour), key=lambda p: p.hour, default=None) for hour in HOURS]
    kept = {point.hour: point for point in (*chosen, points[-1]) if point}
    return [kept[hour] for hour in sorted(kept)]


def _left(accrual: Accrual) -> str:
    """From which hour on the interval has left zero out until now."""
    apart = [isinstance(p.effect, Effect) and p.effect.difference.interval.excludes(0.0) for p in accrual.points]
    if not apart[-1]:
        return "The interval holds 0 throughout." if not any(apart) else "The interval holds 0 again."
    since = max((at + 1 for at, out in enumerate(apart) if not out), default=0)
    return f"The interval leaves 0 out from hour {accrual.points[since].hour} on."


def _on_lift(point: Accrued) -> bool:
    return isinstance(point.effect, Effect) and isinstance(point.effect.lift, Estimate)
