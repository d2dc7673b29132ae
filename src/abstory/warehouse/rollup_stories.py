"""Several stories: what each viewer did with each of them, as exact sums by story and by pair of stories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from abstory.metrics import Measure
from abstory.warehouse.base import RollUp
from abstory.warehouse.parts import Met
from abstory.warehouse.rollup_airing import closes, story_names
from abstory.warehouse.rollup_text import Query, Text

Fetch = Callable[[Query], list[tuple[Any, ...]]]


def met(fetch: Fetch, question: RollUp) -> dict[int, dict[tuple[int, int], Met]]:
    """By arm's place and pair of stories; nothing where no measure is asked for.

    Also nothing where a sum leaves 38 digits: no watch time or count does, a team's own values might.
    """
    if not question.crossed:
        return {}
    from duckdb import DataError

    text = _Text(question)
    try:
        rows = fetch(text.stories())
    except DataError:
        return {}
    found: dict[int, dict[tuple[int, int], Met]] = {}
    for arm, one, other, viewers, *sums in rows:
        found.setdefault(arm, {})[one, other] = _met(viewers, [int(value) for value in sums], text.crossed)
    return found


def _met(viewers: int, sums: Sequence[int], measures: Sequence[Measure]) -> Met:
    names = [measure.name for measure in measures]
    width = len(names)
    products = zip(((a, b) for a in names for b in names), sums[2 * width :], strict=True)
    return Met(
        viewers,
        dict(zip(names, sums, strict=False)),
        dict(zip(names, sums[width:], strict=False)),
        dict(products),
    )


class _Text(Text):
    """One more query of the same question."""

    @property
    def crossed(self) -> list[Measure]:
        """The measures asked for, in the question's order."""
        return [measure for measure in self.question.measures if measure.name in self.question.crossed]

    def stories(self) -> Query:
        """Viewers, sums and sums of products by arm and pair of stories."""
        columns = range(len(self.crossed))
        return self._query(
            "stories",
            first=self._first(),
            closes=closes(self.question),
            stories=len(self.question.airings),
            measures="".join(f",\n        {self._measure(m)} AS m{i}" for i, m in enumerate(self.crossed)),
            length=self._length("due.arm"),
            events=self._named_events(),
            places=" ".join(f"WHEN ${name} THEN {i}" for i, name in enumerate(story_names(self.question))),
            columns="".join(f",\n        COALESCE(did.m{i}, 0) AS m{i}" for i in columns),
            sums="".join(f",\n    {text}" for text in _sums(len(self.crossed))),
        )


def _sums(width: int) -> Iterator[str]:
    for side in ("one", "other"):
        yield from (f"SUM(CAST({side}.m{i} AS DECIMAL(38,0)))" for i in range(width))
    for i in range(width):
        yield from (f"SUM(CAST(one.m{i} AS DECIMAL(38,0)) * CAST(other.m{j} AS DECIMAL(38,0)))" for j in range(width))
