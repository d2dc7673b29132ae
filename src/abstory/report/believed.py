"""The Bayesian view: a section of its own, beside the verdict and never part of it."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from abstory import digits
from abstory.analysis.beliefs import Belief
from abstory.experiment import Role
from abstory.metrics import Unit
from abstory.report import cells
from abstory.report.draft import Draft
from abstory.report.page import ranked
from abstory.report.tables import Column
from abstory.stats.bayes import Posterior


def believed(draft: Draft) -> list[Text]:
    """A table for each primary metric (with --all, of secondaries too) and the prior behind it."""
    shown = [m for m in draft.page.result.metrics if m.outcome.role is Role.PRIMARY or draft.page.everything]
    lines = []
    for metric in shown:
        found = {b.variant: b for b in draft.page.beliefs if b.metric == metric.outcome.metric.name}
        told = [found[one.variant] for one in ranked(metric) if one.variant in found]
        lines += _table(draft, told, metric.outcome.metric.unit) if told else []
    return lines


def _table(draft: Draft, told: list[Belief], unit: Unit) -> list[Text]:
    lift = told[0].scale == "lift"

    def lost(number: float) -> str:
        return draft.look.plain(cells.size(number, unit, lift=lift).removeprefix("+"))

    def column(head: str, tell: Callable[[Posterior], str], *, drop: int = 0) -> Column:
        texts = [tell(b.posterior) if isinstance(b.posterior, Posterior) else "" for b in told]
        return Column(draft.look.plain(head), tuple(texts), right=True, drop=drop, name=head)

    head = f"BELIEF  {told[0].metric}: beside the verdict, not part of it. Prior: {told[0].prior}."
    within = cells.confidence(draft.page.result.method.alpha).removesuffix("CI")
    ends = draft.look.plain
    return draft.paragraph("", head) + draft.table(
        [
            Column("variant", tuple(draft.name(belief.variant) for belief in told)),
            column("P(better)", lambda p: digits.chance(p.chance)),
            column("loss shipped", lambda p: lost(p.loss_shipping), drop=2),
            column("loss kept", lambda p: lost(p.loss_keeping), drop=3),
            column(f"{within}credible", lambda p: ends(digits.between(p.interval, None if lift else unit)), drop=1),
        ]
    )
