"""The Bayesian view, where it was asked for: beside the verdict, never part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from abstory import digits
from abstory.analysis.beliefs import Belief
from abstory.experiment import Role
from abstory.metrics import Unit
from abstory.report import cells
from abstory.report.html.parts import Column, Kind, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.report.page import ranked
from abstory.results import MetricResult
from abstory.stats.bayes import Posterior


def beliefs(sheet: Sheet) -> list[Section]:
    """A table for each primary metric; of secondaries too where everything is asked for."""
    page = sheet.page
    metrics = [m for m in page.result.metrics if m.outcome.role is Role.PRIMARY or page.everything]
    tables = [_table(sheet, metric, told) for metric in metrics if (told := _told(sheet, metric))]
    prior = page.beliefs[0].prior if page.beliefs else ""
    return (
        [Section("beliefs", "Beliefs", tables, f"Beside the verdict, not part of it. Prior: {prior}.")]
        if tables
        else []
    )


def _told(sheet: Sheet, metric: MetricResult) -> list[Belief]:
    found = {one.variant: one for one in sheet.page.beliefs if one.metric == metric.outcome.metric.name}
    return list(sheet.cut([found[one.variant] for one in ranked(metric) if one.variant in found]))


def _table(sheet: Sheet, metric: MetricResult, told: Sequence[Belief]) -> Table:
    unit = metric.outcome.metric.unit
    lift = told[0].scale == "lift"
    within = cells.confidence(sheet.page.result.method.alpha).removesuffix("CI")
    columns = [
        Column("variant", [sheet.draft.name(one.variant) for one in told], Kind.NAME),
        _column("P(better)", told, lambda found: digits.chance(found.chance)),
        _column("loss if shipped", told, lambda found: _lost(found.loss_shipping, unit, lift=lift)),
        _column("loss if kept", told, lambda found: _lost(found.loss_keeping, unit, lift=lift)),
        _column(f"{within}credible", told, lambda found: digits.between(found.interval, None if lift else unit)),
    ]
    return Table(f"What a Bayesian would believe of {metric.outcome.metric.name}", columns, narrow=True)


def _column(head: str, told: Sequence[Belief], tell: Callable[[Posterior], str]) -> Column:
    texts = [tell(one.posterior) if isinstance(one.posterior, Posterior) else digits.NOTHING for one in told]
    return Column(head, texts)


def _lost(number: float, unit: Unit, *, lift: bool) -> str:
    return cells.size(number, unit, lift=lift).removeprefix("+")
