"""How a metric lies over posts: each variant's posts on one axis, so many in each step of it.

variant        29.8%                    55.1%  lowest  middle  highest
control          1 2 1463211 2     1            31.2%   40.0%    48.8%
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from abstory.experiment import Role
from abstory.metrics import Total
from abstory.report import cells
from abstory.report.draft import Draft
from abstory.report.page import Page, ranked
from abstory.report.tables import Column, Drawing
from abstory.results import Fate, MetricResult

_LEAST, _MOST = 12, 40
_SHOWN = 8
_MANY = "+"


@dataclass(frozen=True, slots=True)
class Scatter:
    """One metric's values, post by post.

    Attributes:
        metric: whose values.
        values: of each variant's posts, control first, then from best to worst; only variants with a post.
    """

    metric: MetricResult
    values: tuple[tuple[str, tuple[float, ...]], ...]

    @property
    def low(self) -> float:
        return min(value for _, own in self.values for value in own)

    @property
    def high(self) -> float:
        return max(value for _, own in self.values for value in own)


def scatters(page: Page) -> list[Scatter]:
    """Of every primary metric; none where viewers are randomised."""
    found = (_scatter(page, metric) for metric in page.of(Role.PRIMARY))
    return [scatter for scatter in found if scatter.values]


def _scatter(page: Page, told: MetricResult) -> Scatter:
    metric = told.outcome.metric
    order = [page.result.control, *(one.variant for one in ranked(told))]
    read = [slot for slot in page.result.posts if slot.fate is Fate.READ]
    if not isinstance(metric, Total):
        return Scatter(told, ())
    own = {
        name: tuple(value for slot in read if slot.variant == name and (value := slot.value(metric)) is not None)
        for name in order
    }
    return Scatter(told, tuple((name, values) for name, values in own.items() if values))


def scattered(draft: Draft) -> list[Text]:
    """A table for every primary metric."""
    blocks = [_table(draft, scatter) for scatter in scatters(draft.page)]
    return [line for at, block in enumerate(blocks) for line in ([Text()] if at else []) + block]


def _table(draft: Draft, told: Scatter) -> list[Text]:
    unit = told.metric.outcome.metric.unit
    shown = told.values if draft.page.everything else told.values[:_SHOWN]
    said = {
        head: tuple(cells.value(draft, of(own), unit) for _, own in shown)
        for head, of in (("lowest", min), ("middle", statistics.median), ("highest", max))
    }
    lead = f"{told.metric.outcome.metric.name}, post by post: how many lie where. Describes, never decides."
    return [
        *draft.listed("POSTS  ", [lead], style="bold", joint=""),
        *draft.table(
            [
                Column("variant", tuple(draft.name(name) for name, _ in shown)),
                _strip(draft, told, [own for _, own in shown]),
                *(Column(head, texts, right=True, drop=1, name=head) for head, texts in said.items()),
            ]
        ),
    ]


def _strip(draft: Draft, told: Scatter, rows: Sequence[Sequence[float]]) -> Drawing:
    unit = told.metric.outcome.metric.unit
    low, high = (draft.look.plain(cells.value(draft, end, unit)) for end in (told.low, told.high))

    def draw(width: int) -> Column:
        head = f"{low}{high:>{max(1, width - len(low))}}"
        return Column(head, tuple(_counted(own, told, width) for own in rows))

    least = max(_LEAST, len(low) + len(high) + 2)
    return Drawing(draw, least, max(least, _MOST), drop=2, name="posts along the axis")


def _counted(values: Sequence[float], told: Scatter, width: int) -> str:
    span = told.high - told.low
    steps = Counter(min(width - 1, int(width * (value - told.low) / span)) if span else 0 for value in values)
    return "".join(_digit(steps[step]) for step in range(width)).rstrip()


def _digit(count: int) -> str:
    return " " if not count else str(count) if count <= 9 else _MANY
