"""How a metric lies over posts: every post a dot, each variant on a row of its own."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from abstory import digits
from abstory.report import cells
from abstory.report.html.figures.dots import dots
from abstory.report.html.parts import Column, Kind, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.report.scattered import Scatter, scatters


def posts(sheet: Sheet) -> list[Section]:
    """A table for every primary metric, in one section."""
    tables = [_table(sheet, scatter) for scatter in scatters(sheet.page)]
    lead = "Every post a dot, the line at the middle one. What a post reached decides neither its place nor its weight."
    return [Section("posts", "Post by post", tables, lead)] if tables else []


def _table(sheet: Sheet, told: Scatter) -> Table:
    draft, unit = sheet.draft, told.metric.outcome.metric.unit
    shown = sheet.cut(told.values)
    ends = [cells.value(draft, end, unit) for end in (told.low, told.high)]
    drawn = [dots((told.low, told.high), own, _said(sheet, told, own)) for _, own in shown]
    columns = [
        Column("variant", [draft.name(name) for name, _ in shown], Kind.NAME),
        Column(told.metric.outcome.metric.name, drawn, Kind.DRAWN, (ends[0], "", ends[1])),
        *(
            Column(head, [cells.value(draft, of(own), unit) for _, own in shown])
            for head, of in (("lowest", min), ("middle", statistics.median), ("highest", max))
        ),
    ]
    rest = (
        f"and {digits.counted(len(told.values) - len(shown), 'more variant')}" if len(shown) < len(told.values) else ""
    )
    return Table(f"{told.metric.outcome.metric.name}, post by post", columns, rest=rest, narrow=True)


def _said(sheet: Sheet, told: Scatter, own: Sequence[float]) -> str:
    unit = told.metric.outcome.metric.unit
    low, high = (cells.value(sheet.draft, end, unit) for end in (min(own), max(own)))
    return f"{digits.counted(len(own), 'post')}, {low} to {high}"
