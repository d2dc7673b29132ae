"""Exposure by exposure: the slope of each viewer's line over them, and everybody at the n-th, as exact sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from abstory.metrics import Measure
from abstory.stats.moments import Moments, pair
from abstory.warehouse.base import RollUp
from abstory.warehouse.parts import SPACING, Occasions
from abstory.warehouse.rollup_text import Query, Text

Fetch = Callable[[Query], list[tuple[Any, ...]]]
MOST = 10
"""Exposures of one viewer that count: hardly anybody has more."""


def occasions(fetch: Fetch, question: RollUp) -> dict[int, Occasions]:
    """By arm's place; nothing where no measure is asked for, or where a sum leaves 38 digits."""
    if not question.repeated:
        return {}
    from duckdb import DataError

    text = _Text(question)
    try:
        rows = [tuple(map(int, row)) for row in fetch(text.occasions())]
    except DataError:
        return {}
    return {arm: _of([row[1:] for row in rows if row[0] == arm], text.repeated) for arm in {row[0] for row in rows}}


def _of(rows: Sequence[tuple[int, ...]], measures: Sequence[Measure]) -> Occasions:
    lines = next((_lines(row, measures) for row in rows if row[0] == 0), None)
    numbers = {number: _plain(viewers, sums, measures) for number, viewers, _, _, *sums in rows if number}
    return Occasions(lines, dict(sorted(numbers.items())))


def _lines(row: tuple[int, ...], measures: Sequence[Measure]) -> Moments:
    """Slopes over spacing, a ratio: the measures' own names stand for the numerators."""
    _, viewers, spaced, squared, *sums = row
    totals, products = {SPACING: spaced}, {(SPACING, SPACING): squared}
    for measure, (own, twice, beside) in zip(measures, _threes(sums), strict=True):
        totals[measure.name] = own
        products[measure.name, measure.name] = twice
        products[pair(measure.name, SPACING)] = beside
    return Moments.from_sums(viewers, totals, products)


def _plain(viewers: int, sums: Sequence[int], measures: Sequence[Measure]) -> Moments:
    found = {measure.name: (own, twice) for measure, (own, twice, _) in zip(measures, _threes(sums), strict=True)}
    products = {(name, name): twice for name, (_, twice) in found.items()}
    return Moments.from_sums(viewers, {name: own for name, (own, _) in found.items()}, products)


def _threes(sums: Sequence[int]) -> list[Sequence[int]]:
    return [sums[at : at + 3] for at in range(0, len(sums), 3)]


class _Text(Text):
    """One more query of the same question."""

    @property
    def repeated(self) -> list[Measure]:
        """The measures asked for, in the question's order."""
        return [measure for measure in self.question.measures if measure.name in self.question.repeated]

    def occasions(self) -> Query:
        """Sums by arm: of the viewers' lines (number 0), and of everybody at the n-th exposure."""
        columns = range(len(self.repeated))
        return self._query(
            "occasions",
            first=self._first(),
            most=MOST,
            measures="".join(f",\n        {self._measure(m)} AS m{i}" for i, m in enumerate(self.repeated)),
            length=self._length("due.arm"),
            events=self._named_events(),
            mine=self._mine(),
            columns="".join(f",\n        COALESCE(did.m{i}, 0) AS m{i}" for i in columns),
            slopes="".join(f",\n        6 * SUM((2 * number - exposures - 1) * m{i}) AS c{i}" for i in columns),
            line_sums="".join(_line_sums(i) for i in columns),
            row_sums="".join(_row_sums(i) for i in columns),
        )


def _line_sums(at: int) -> str:
    own, spacing = f"CAST(c{at} AS DECIMAL(38,0))", "CAST(spacing AS DECIMAL(38,0))"
    return f",\n    SUM({own}) AS a{at},\n    SUM({own} * {own}) AS b{at},\n    SUM({own} * {spacing}) AS d{at}"


def _row_sums(at: int) -> str:
    own = f"CAST(m{at} AS DECIMAL(38,0))"
    return f",\n    SUM({own}) AS a{at},\n    SUM({own} * {own}) AS b{at},\n    0 AS d{at}"
