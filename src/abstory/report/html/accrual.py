"""How the experiment filled: viewers first exposed, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from abstory import digits
from abstory.report.html.figures.columns import columns
from abstory.report.html.parts import Column, Figure, Kind, Section, Table
from abstory.report.html.sheet import Sheet

_MOST_COLUMNS = 62
_MOST_CELLS = 400
_EPOCH = date(1970, 1, 1)

Counted = Mapping[tuple[int, str], int]


def exposures(sheet: Sheet) -> list[Section]:
    """A column a day, empty days too; a week where there are many days."""
    counted = sheet.page.result.exposures_by_day
    if not counted:
        return []
    first, last = min(day for day, _ in counted), max(day for day, _ in counted)
    length = 1 if last - first < _MOST_COLUMNS else -(-(last - first + 1) // _MOST_COLUMNS)
    spans = [(start, min(start + length, last + 1)) for start in range(first, last + 1, length)]
    heading = "Viewers by day of first exposure" if sheet.page.result.unit == "viewer" else "Posts by day"
    return [Section("exposures", heading, [_figure(sheet, counted, spans)])]


def _figure(sheet: Sheet, counted: Counted, spans: Sequence[tuple[int, int]]) -> Figure:
    totals = [sum(n for (day, _), n in counted.items() if start <= day < end) for start, end in spans]
    names = [_name(*span) for span in spans]
    said = [f"{name}: {digits.count(total)}" for name, total in zip(names, totals, strict=True)]
    what, units = _what(sheet), sheet.page.result.units
    caption = f"{digits.count(sum(totals))} {units} in all; UTC days, windows that are still open among them"
    drawn = columns(f"{what}, by day", f"{said[0]} to {said[-1]}", list(zip(totals, said, strict=True)))
    behind = _table(sheet, counted, spans, totals)
    high = digits.count(max(totals))
    return Figure(drawn, caption, behind, high=high, low="0", along=[names[0], names[len(names) // 2], names[-1]])


def _what(sheet: Sheet) -> str:
    return "Viewers first exposed" if sheet.page.result.unit == "viewer" else "Posts"


def _table(sheet: Sheet, counted: Counted, spans: Sequence[tuple[int, int]], totals: Sequence[int]) -> Table:
    arms = [arm.variant for arm in sheet.page.result.arms]
    shown = arms if len(arms) * len(spans) <= _MOST_CELLS else []
    each = [
        Column(
            sheet.draft.name(arm),
            [digits.count(sum(counted.get((day, arm), 0) for day in range(*span))) for span in spans],
        )
        for arm in shown
    ]
    head = [
        Column("day", [_name(*span) for span in spans], Kind.NAME),
        Column(sheet.page.result.units, list(map(digits.count, totals))),
    ]
    return Table(f"{_what(sheet)}, by day and variant", [*head, *each])


def _name(start: int, end: int) -> str:
    first = (_EPOCH + timedelta(days=start)).isoformat()
    return first if end - start == 1 else f"{first} and {end - start - 1} d on"
