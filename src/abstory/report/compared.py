"""One metric over all variants: rates, lifts, drawn intervals and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from abstory import digits
from abstory.experiment import Role
from abstory.metrics import Unit
from abstory.report import bars, cells
from abstory.report.draft import STYLES, Draft
from abstory.report.page import ranked
from abstory.report.tables import Column, Drawing
from abstory.results import Comparison, MetricResult, Reads

SHOWN = 10
_WIDE = 100


@dataclass(frozen=True, slots=True)
class _Table:
    """A metric's rows, in the order shown, on one scale."""

    draft: Draft
    metric: MetricResult
    rows: Sequence[Comparison]
    lift: bool
    mark: float | None

    @property
    def unit(self) -> Unit:
        return self.metric.outcome.metric.unit

    @property
    def styles(self) -> tuple[str, ...]:
        return ("dim", *(STYLES[row.reads] for row in self.rows))


def compared(draft: Draft, metric: MetricResult) -> list[Text]:
    """The heading and table of a metric over all variants, best first; long ones are cut at whole rows."""
    order = ranked(metric)
    rows = order if draft.page.everything else order[:SHOWN]
    lift = cells.on_lift(metric)
    known = any(cells.estimate(row, lift=lift) for row in rows)
    table = _Table(draft, metric, rows, lift, cells.mark(metric, lift=lift) if known else None)
    columns = [*_facts(table), *(_effects(table) if known else []), _words(table)]
    return _heading(table) + draft.table(columns) + _rest(draft, order[len(rows) :])


def _heading(table: _Table) -> list[Text]:
    outcome = table.metric.outcome
    upward = cells.upward(outcome)
    parts = [f"{outcome.metric.name}: {outcome.metric.definition}.", f"{'Higher' if upward else 'Lower'} is better."]
    if table.mark is not None:
        parts.append(f"┊ = MDE {cells.declared(outcome.mde, upward=upward)}")
    return table.draft.listed(f"{outcome.role.value.upper()}  ", parts, style="bold", joint="")


def _facts(table: _Table) -> list[Column | Drawing]:
    draft, result = table.draft, table.draft.page.result
    viewers = {arm.variant: arm.viewers for arm in result.arms}
    names = [result.control, *(row.variant for row in table.rows)]
    values = [table.metric.control, *(row.value for row in table.rows)]
    head = "rate" if table.unit is Unit.RATE else "mean"
    return [
        Column("variant", tuple(map(draft.name, names))),
        Column(result.units, tuple(digits.count(viewers[n]) for n in names), right=True, drop=2, name=result.units),
        Column(head, tuple(cells.value(draft, v, table.unit) for v in values), right=True, drop=4, name=head),
    ]


def _effects(table: _Table) -> list[Column | Drawing]:
    draft, method, lift, unit = table.draft, table.draft.page.result.method, table.lift, table.unit
    told = [cells.estimate(row, lift=lift) for row in table.rows]
    points = ("", *(cells.point(draft, e, unit, lift=lift) for e in told))
    ends = ("", *(cells.ends(draft, e, unit, lift=lift) for e in told))
    ps = ("", *(cells.p_value(draft, row) for row in table.rows))
    p = "p adj" if table.metric.outcome.role is Role.PRIMARY and method.family > 1 else "p"
    interval = [Column(cells.confidence(method.alpha), ends, right=True, drop=1, name="intervals")]
    return [
        Column("lift" if lift else "diff", points, right=True),
        *(interval if draft.look.width >= _WIDE else []),
        _drawn(table),
        Column(p, ps, right=True, drop=3, name=p),
    ]


def _drawn(table: _Table) -> Drawing:
    told = [cells.estimate(row, lift=table.lift) for row in table.rows]
    limit = bars.limit_for([e for e in told if e], table.mark)
    low, high = (_label(x, table) for x in (-limit, limit))

    def draw(width: int) -> Column:
        axis = bars.Axis(limit, width - 1 + width % 2, table.mark)
        rows = tuple(table.draft.look.plain(bars.draw(axis, estimate)) for estimate in (None, *told))
        return Column(table.draft.look.plain(axis.head(low, high)), rows, styles=table.styles)

    least = max(bars.LEAST, 2 * max(len(low), len(high)) + 3)
    return Drawing(draw, least, max(least, bars.MOST), drop=5, name="drawn intervals")


def _label(limit: float, table: _Table) -> str:
    return digits.level(limit) if table.lift else digits.difference(limit, table.unit)


def _words(table: _Table) -> Column:
    words = ("baseline", *(cells.word(table.draft, table.metric, row) for row in table.rows))
    return Column("reads as", words, styles=table.styles)


def _rest(draft: Draft, hidden: Sequence[Comparison]) -> list[Text]:
    return draft.paragraph("", f"{tally(hidden)} (all of them with --all)") if hidden else []


def tally(hidden: Sequence[Comparison]) -> str:
    """What the rows that are not shown say; empty where all are."""
    counts = {reads: sum(row.reads is reads for row in hidden) for reads in Reads}
    told = ", ".join(f"{n} {reads.value}" for reads, n in counts.items() if n)
    return f"and {digits.counted(len(hidden), 'more variant')}: {told}" if hidden else ""
