"""Effects by segment: exploratory, and in words only where the test before them found that effects differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from abstory import digits
from abstory.metrics import Unit
from abstory.report import bars, cells
from abstory.report.draft import STYLES, Draft
from abstory.report.tables import Column, Drawing
from abstory.results import Comparison, Segmented, SegmentedMetric, SegmentResult
from abstory.stats.estimate import Estimate, Undetermined
from abstory.warehouse.split import title

_WIDE = 100
UNNAMED = "not singled out"
"""The word of a segment where no test says that segments differ."""


@dataclass(frozen=True, slots=True)
class Split:
    """One metric of one treatment by one attribute."""

    draft: Draft
    by: Segmented
    metric: SegmentedMetric
    variant: str

    @property
    def rows(self) -> list[tuple[SegmentResult, Comparison]]:
        return [(segment, segment.told.against(self.variant)) for segment in self.metric.segments]

    @property
    def unit(self) -> Unit:
        return self.metric.segments[0].told.outcome.metric.unit

    @property
    def lift(self) -> bool:
        return any(cells.on_lift(segment.told) for segment in self.metric.segments)

    @property
    def told(self) -> list[Estimate | None]:
        return [cells.estimate(one, lift=self.lift) for _, one in self.rows]

    @property
    def styles(self) -> tuple[str, ...]:
        return tuple(STYLES[one.reads] for _, one in self.rows)


def segmented(draft: Draft) -> list[Text]:
    """Every attribute and metric asked for: of the picked treatment, with --all of every one."""
    found, page = draft.page.result.segments, draft.page
    if found is None:
        return []
    variants = page.treatments if page.everything else [page.pick] if page.pick else []
    tables = [
        Split(draft, by, metric, variant)
        for by in found.attributes
        for metric in by.metrics
        for variant in variants
        if metric.segments
    ]
    blocks = [[*_heading(table, found.comparisons), *_table(table), *_said(table)] for table in tables]
    return [line for at, block in enumerate(blocks) for line in ([Text()] if at else []) + block]


def _heading(table: Split, comparisons: int) -> list[Text]:
    draft, count = table.draft, len(table.metric.segments)
    whose = f" of {draft.page.name(table.variant)}" if len(draft.page.treatments) > 1 else ""
    told = f"{table.metric.metric} by {table.by.attribute}{whose}: exploratory, {digits.count(count)} of"
    return draft.paragraph("SEGMENTS  ", f"{told} {digits.counted(comparisons, 'comparison')}", style="bold")


def _table(table: Split) -> list[Text]:
    draft, rows = table.draft, table.rows
    names = tuple(draft.look.say(title(segment.kind, segment.name)) for segment, _ in rows)
    viewers = tuple(digits.count(sum(segment.viewers.values())) for segment, _ in rows)
    control = tuple(cells.value(draft, segment.told.control, table.unit) for segment, _ in rows)
    values = tuple(cells.value(draft, one.value, table.unit) for _, one in rows)
    known = any(table.told)
    return draft.table(
        [
            Column(draft.look.say(table.by.attribute), names),
            Column("viewers", viewers, right=True, drop=2, name="viewers by segment"),
            Column("control", control, right=True, drop=3, name="control by segment"),
            Column("variant", values, right=True, drop=4, name="variant by segment"),
            *(_effects(table) if known else []),
            Column("reads as", tuple(word(table, *row) for row in rows), styles=table.styles),
        ]
    )


def _effects(table: Split) -> list[Column | Drawing]:
    draft, lift, unit = table.draft, table.lift, table.unit
    points = tuple(cells.point(draft, told, unit, lift=lift) for told in table.told)
    ends = tuple(cells.ends(draft, told, unit, lift=lift) for told in table.told)
    head = f"adj {cells.confidence(draft.page.result.method.alpha)}"
    interval = [Column(head, ends, right=True, drop=1, name="intervals by segment")]
    return [
        Column("lift" if lift else "diff", points, right=True),
        *(interval if draft.look.width >= _WIDE else []),
        _drawn(table),
    ]


def _drawn(table: Split) -> Drawing:
    limit = bars.limit_for([told for told in table.told if told])
    low, high = (digits.level(end) if table.lift else digits.difference(end, table.unit) for end in (-limit, limit))

    def draw(width: int) -> Column:
        axis, plain = bars.Axis(limit, width - 1 + width % 2), table.draft.look.plain
        rows = tuple(plain(bars.draw(axis, told)) for told in table.told)
        return Column(plain(axis.head(low, high)), rows, styles=table.styles)

    least = max(bars.LEAST, 2 * max(len(low), len(high)) + 3)
    return Drawing(draw, least, max(least, bars.MOST), drop=5, name="drawn intervals by segment")


def word(table: Split, segment: SegmentResult, one: Comparison) -> str:
    """The word of a segment; of none where no test says that segments differ."""
    if isinstance(one.effect, Undetermined) or table.metric.named:
        return cells.word(table.draft, segment.told, one)
    return UNNAMED


def _said(table: Split) -> list[Text]:
    return [line for text in sentences(table) for line in table.draft.paragraph("", text)]


def sentences(table: Split) -> Iterator[str]:
    """What the test found, and what stands in other and unknown."""
    yield differing(table.by.attribute, table.metric, table.draft.page.result.method.alpha)
    if table.by.pooled:
        yield f"other: {digits.count(table.by.pooled)} smaller values of {table.by.attribute} together."
    if table.by.later:
        yield (
            f"unknown holds {digits.counted(table.by.later, 'viewer')} whose {table.by.attribute} was measured only at"
            " or after the first exposure: never used."
        )


def differing(attribute: str, metric: SegmentedMetric, alpha: float) -> str:
    """What the test over all segments found, as a sentence."""
    found = metric.differing
    if isinstance(found, Undetermined):
        return f"Whether effects differ by {attribute} is not known: {found}. No segment is singled out."
    tested = f"Q {digits.figures(found.statistic)}, {found.df} df, p adj {digits.p_value(found.p_adjusted, alpha)}"
    if metric.named:
        return f"Effects differ by {attribute} ({tested}). Found by looking: confirm it in an experiment of its own."
    return f"No sign that effects differ by {attribute} ({tested}): go by the effect among all viewers."
