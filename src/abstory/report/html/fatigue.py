"""An effect from one exposure of a viewer to the next: drawn at each, with the test within viewers."""

from __future__ import annotations

from abstory import digits
from abstory.report import cells
from abstory.report.fatigue import slope
from abstory.report.html.drawn import drawn
from abstory.report.html.parts import Column, Kind, Part, Prose, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.results import ByExposure
from abstory.stats.estimate import Effect, Estimate


def fatigue(sheet: Sheet) -> list[Section]:
    """Of the treatment to look at, of every one where everything is asked for: each primary, exposure by exposure."""
    page = sheet.page
    shown = page.treatments if page.everything else [page.pick]
    parts = [part for one in page.result.by_exposure if one.variant in shown for part in _parts(sheet, one)]
    lead = "Who is seen a third time is not who is seen once: whether the effect wears off is asked within viewers."
    return [Section("fatigue", "Exposure by exposure", parts, lead)] if parts else []


def _parts(sheet: Sheet, told: ByExposure) -> list[Part]:
    return [_table(sheet, told), Prose(sheet.draft.look.say(slope(told)))]


def _table(sheet: Sheet, told: ByExposure) -> Table:
    draft, unit = sheet.draft, told.unit
    lift = any(isinstance(p.effect, Effect) and isinstance(p.effect.lift, Estimate) for p in told.points)
    found = [cells.on_scale(point.effect, lift=lift) for point in told.points]
    columns = [
        Column("exposure", [str(point.number) for point in told.points], Kind.NAME),
        Column("viewers", [digits.count(point.viewers) for point in told.points]),
        Column("lift" if lift else "difference", [cells.point(draft, e, unit, lift=lift) for e in found]),
        *([drawn(found, None if lift else unit)] if any(found) else []),
        Column(
            cells.confidence(sheet.page.result.method.alpha), [cells.ends(draft, e, unit, lift=lift) for e in found]
        ),
    ]
    return Table(f"{told.metric} of {draft.name(told.variant)}, exposure by exposure", columns, narrow=True)
