"""How an effect changes from one exposure of a viewer to the next: drawn at each, with the test within viewers."""

from __future__ import annotations

from rich.text import Text

from abstory import digits
from abstory.report import cells
from abstory.report.draft import Draft
from abstory.report.tables import Column, Drawing
from abstory.results import ByExposure
from abstory.stats.estimate import Effect, Estimate, Undetermined


def fatigued(draft: Draft) -> list[Text]:
    """Of the treatment looked at closely (with --all, of each), on every primary rate and mean."""
    shown = draft.page.treatments if draft.page.everything else [draft.page.pick]
    blocks = [_told(draft, one) for one in draft.page.result.by_exposure if one.variant in shown]
    return [line for at, block in enumerate(blocks) for line in ([Text()] if at else []) + block]


def _told(draft: Draft, told: ByExposure) -> list[Text]:
    lift = any(isinstance(p.effect, Effect) and isinstance(p.effect.lift, Estimate) for p in told.points)
    found = [cells.on_scale(point.effect, lift=lift) for point in told.points]
    head = f"{told.metric}, {draft.name(told.variant)}, at each exposure of a viewer. {slope(told)}"
    ends = tuple(cells.ends(draft, one, told.unit, lift=lift) for one in found)
    columns: list[Column | Drawing] = [
        Column("exposure", tuple(str(point.number) for point in told.points)),
        Column("viewers", tuple(digits.count(p.viewers) for p in told.points), right=True, drop=2, name="viewers"),
        Column(
            "lift" if lift else "change",
            tuple(cells.point(draft, one, told.unit, lift=lift) for one in found),
            right=True,
        ),
        cells.drawn(draft, found, None if lift else told.unit),
        Column(cells.confidence(draft.page.result.method.alpha), ends, right=True, drop=1, name="interval"),
    ]
    return draft.paragraph("FATIGUE  ", head, style="bold") + draft.table(columns)


def slope(told: ByExposure) -> str:
    """The change within viewers who came back."""
    if isinstance(told.slope, Undetermined) or told.p_value is None:
        return f"Its change within viewers: {told.slope}."
    size = digits.difference(told.slope.value, told.unit)
    ends = digits.between(told.slope.interval, told.unit)
    return f"Within {told.returned:,} who came back: {size} an exposure ({ends}), {digits.p_said(told.p_value)}."
