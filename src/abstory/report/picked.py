"""One treatment against control on everything that informs or protects: secondaries and guardrails."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from abstory import digits
from abstory.report import cells
from abstory.report.draft import STYLES, Draft
from abstory.report.tables import Column, Drawing
from abstory.results import Comparison, MetricResult, Reads
from abstory.stats.estimate import Estimate, Undetermined

Rows = Sequence[tuple[MetricResult, Comparison]]


def secondary(draft: Draft, metrics: Sequence[MetricResult], variant: str) -> list[Text]:
    """Every secondary metric of one treatment."""
    rows = [(metric, metric.against(variant)) for metric in metrics]
    told = [change(comparison) for _, comparison in rows]
    units = [metric.outcome.metric.unit for metric in metrics]
    points = [cells.point(draft, e, unit, lift=lift) for (e, lift), unit in zip(told, units, strict=True)]
    ends = [cells.ends(draft, e, unit, lift=lift) for (e, lift), unit in zip(told, units, strict=True)]
    known = any(e for e, _ in told)
    effects = [
        Column("lift", tuple(points), right=True),
        Column(
            cells.confidence(draft.page.result.method.alpha),
            tuple(ends),
            right=True,
            drop=3,
            name="secondary intervals",
        ),
    ]
    return draft.table([*_values(draft, rows, "secondary", variant), *(effects if known else []), _words(draft, rows)])


def guardrails(draft: Draft, metrics: Sequence[MetricResult], variant: str) -> list[Text]:
    """Every guardrail of one treatment: how bad it could be, beside how bad it may be."""
    rows = [(metric, metric.against(variant)) for metric in metrics]
    changes, bounds = (tuple(draft.look.plain(tell(*row)) for row in rows) for tell in (moved, worst))
    margins = (cells.declared(m.outcome.margin, upward=not cells.upward(m.outcome)) for m in metrics)
    return draft.table(
        [
            *_values(draft, rows, "guardrail", variant),
            Column("change", changes, right=True, drop=1, name="change"),
            Column("could be", bounds, right=True),
            Column("allowed", tuple(map(draft.look.plain, margins)), right=True, drop=6, name="allowed"),
            _words(draft, rows),
        ]
    )


def _values(draft: Draft, rows: Rows, head: str, variant: str) -> list[Column | Drawing]:
    names = tuple(draft.look.say(metric.outcome.metric.name) for metric, _ in rows)
    units = [metric.outcome.metric.unit for metric, _ in rows]
    control = [cells.value(draft, metric.control, u) for (metric, _), u in zip(rows, units, strict=True)]
    treated = [cells.value(draft, told.value, u) for (_, told), u in zip(rows, units, strict=True)]
    title, short = titles(draft, variant)
    return [
        Column(f"{head}{title}", names),
        Column("control", tuple(control), right=True, drop=2, name=f"{head} control"),
        Column(short, tuple(treated), right=True, drop=4, name=f"{head} {short}"),
    ]


def titles(draft: Draft, variant: str) -> tuple[str, str]:
    """What the head of a table calls the treatment it shows, long and short."""
    page = draft.page
    if page.shipped and variant == page.pick:
        return " (pick)", "pick"
    if len(page.result.arms) == 2:
        return "", "variant"
    if variant == page.pick and not page.everything:
        mark = draft.note(f"best: {variant}, ahead on the primary metric so far; not a recommendation")
        return f" (best {mark})", "best"
    return "", "variant"


def change(comparison: Comparison) -> tuple[Estimate | None, bool]:
    """The lift, where there is none the difference, and whether it is a lift."""
    lift = cells.estimate(comparison, lift=True)
    return (lift, True) if lift else (cells.estimate(comparison, lift=False), False)


def moved(metric: MetricResult, comparison: Comparison) -> str:
    """The change on the scale of the margin."""
    lift = relative(metric)
    told = cells.estimate(comparison, lift=lift)
    return cells.size(told.value, metric.outcome.metric.unit, lift=lift) if told else digits.NOTHING


def worst(metric: MetricResult, comparison: Comparison) -> str:
    """How bad it could be, on the scale of the margin."""
    bound = comparison.bound
    if bound is None or isinstance(bound, Undetermined):
        return digits.NOTHING
    return cells.size(bound, metric.outcome.metric.unit, lift=relative(metric))


def relative(metric: MetricResult) -> bool:
    """Whether a guardrail is read as lifts."""
    margin = metric.outcome.margin
    return margin is None or margin.relative


def _words(draft: Draft, rows: Rows) -> Column:
    words = tuple(f"{cells.word(draft, *row)}{elsewhere(draft, *row)}" for row in rows)
    return Column("reads as", words, styles=tuple(STYLES[told.reads] for _, told in rows))


def elsewhere(draft: Draft, metric: MetricResult, shown: Comparison) -> str:
    """The mark of a footnote on the other variants in which a guardrail is harmed."""
    harmed = [c.variant for c in metric.comparisons if c.reads is Reads.HARMED and c.variant != shown.variant]
    if not harmed:
        return ""
    return " " + draft.note(f"{metric.outcome.metric.name}: harmed in {', '.join(harmed)}")
