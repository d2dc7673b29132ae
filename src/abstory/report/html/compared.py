"""The primary metrics: every variant against control, each with its interval on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from abstory import digits
from abstory.experiment import Role
from abstory.metrics import Unit
from abstory.report import cells
from abstory.report.compared import tally
from abstory.report.html.drawn import drawn
from abstory.report.html.parts import TONES, Column, Kind, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.report.page import ranked
from abstory.results import Comparison, MetricResult

_DRAWN = "It is the dashed line."


@dataclass(frozen=True, slots=True)
class Rows:
    """A metric's comparisons in the order shown, on one scale."""

    sheet: Sheet
    metric: MetricResult
    shown: Sequence[Comparison]
    lift: bool

    @property
    def unit(self) -> Unit:
        return self.metric.outcome.metric.unit

    @property
    def mark(self) -> float | None:
        return cells.mark(self.metric, lift=self.lift)


def primary(sheet: Sheet) -> list[Section]:
    """A section for each primary metric; for each metric asked for by name where some are."""
    page = sheet.page
    asked = [m for m in page.result.metrics if m.outcome.metric.name in page.only]
    return [_section(sheet, metric, at) for at, metric in enumerate(asked or page.of(Role.PRIMARY), 1)]


def _section(sheet: Sheet, metric: MetricResult, number: int) -> Section:
    outcome = metric.outcome
    name = sheet.draft.look.say(outcome.metric.name)
    return Section(
        f"metric-{number}", f"{outcome.role.value.capitalize()}: {name}", [table(sheet, metric)], _lead(metric)
    )


def _lead(metric: MetricResult) -> str:
    outcome = metric.outcome
    upward = cells.upward(outcome)
    told = f"{outcome.metric.definition}. {'Higher' if upward else 'Lower'} is better."
    return f"{told} MDE {cells.declared(outcome.mde, upward=upward)}." if outcome.mde else told


def table(sheet: Sheet, metric: MetricResult) -> Table:
    """One metric over all variants, control first, then from best to worst."""
    order = ranked(metric)
    rows = Rows(sheet, metric, sheet.cut(order), cells.on_lift(metric))
    known = any(cells.estimate(row, lift=rows.lift) for row in rows.shown)
    columns = [*_facts(rows), *(_effects(rows) if known else []), _words(rows)]
    tones = ["base", *(TONES[row.reads] for row in rows.shown)]
    caption = f"{metric.outcome.metric.name} of every variant against control"
    return Table(caption, columns, tones, tally(order[len(rows.shown) :]), narrow=True)


def _facts(rows: Rows) -> list[Column]:
    draft, result = rows.sheet.draft, rows.sheet.page.result
    viewers = {arm.variant: arm.viewers for arm in result.arms}
    names = [result.control, *(row.variant for row in rows.shown)]
    values = [rows.metric.control, *(row.value for row in rows.shown)]
    return [
        Column("variant", [draft.name(name) for name in names], Kind.NAME),
        Column(result.units, [digits.count(viewers[name]) for name in names]),
        Column("rate" if rows.unit is Unit.RATE else "mean", [cells.value(draft, v, rows.unit) for v in values]),
    ]


def _effects(rows: Rows) -> list[Column]:
    draft, method, lift, unit = rows.sheet.draft, rows.sheet.page.result.method, rows.lift, rows.unit
    told = [cells.estimate(row, lift=lift) for row in rows.shown]
    points = ["", *(cells.point(draft, e, unit, lift=lift) for e in told)]
    ends = ["", *(cells.ends(draft, e, unit, lift=lift) for e in told)]
    adjusted = rows.metric.outcome.role is Role.PRIMARY and method.family > 1
    return [
        Column("lift" if lift else "difference", points),
        drawn([None, *told], None if lift else unit, rows.mark),
        Column(cells.confidence(method.alpha), ends),
        Column("p adj" if adjusted else "p", ["", *(cells.p_value(draft, row) for row in rows.shown)]),
    ]


def _words(rows: Rows) -> Column:
    words = [cells.word(rows.sheet.draft, rows.metric, row) for row in rows.shown]
    return Column("reads as", ["baseline", *words], Kind.WORD)
