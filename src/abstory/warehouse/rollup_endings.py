"""Where views ended, second by second, and which of them share a viewer: one query, nothing fetched per viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from abstory.warehouse.base import Arm, Ending, Endings, RollUp
from abstory.warehouse.rollup_text import Query, Text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LONGEST_MS = 600_000
LONGEST_UNDECLARED_MS = 60_000
_UNTIMED = 10_000_000  # above every second's cell, and even
_COMPLETE = _UNTIMED + 2


def endings(connection: DuckDBPyConnection, question: RollUp) -> dict[str, Endings]:
    """By variant.

    Views longer than 10 minutes, or 60 s where a variant declares no length, are still watching in that last second.

    Args:
        connection: on a store of the current schema; belongs to the calling thread.
        question: over which exposures, and views inside which windows.
    """
    query = _Text(question).endings()
    found = connection.execute(query.text, dict(query.values)).fetchall()
    rows = [_Row(part, *map(int, row)) for part, *row in found]
    return {arm.variant: _endings([row for row in rows if row.arm == i]) for i, arm in enumerate(question.arms)}


def cap_ms(arm: Arm) -> int:
    """From where on a view of this variant is still watching, whatever came after."""
    return LONGEST_UNDECLARED_MS if arm.length_ms is None else min(arm.length_ms, LONGEST_MS)


class _Row(NamedTuple):
    """A row of the query: views in a cell (`other`: their squares over viewers), in two cells, or viewers."""

    part: str
    arm: int
    cell: int
    other: int
    views: int
    ms: int


def _endings(rows: Sequence[_Row]) -> Endings:
    known = [row for row in rows if row.part == "views" and row.cell < _UNTIMED]
    squares = {(_ending(row.cell), _ending(row.cell)): row.other for row in known}
    pairs = {(_ending(row.cell), _ending(row.other)): row.views for row in rows if row.part == "together"}
    return Endings(
        viewers=sum(row.views for row in rows if row.part == "viewers"),
        untimed=sum(row.views for row in rows if row.part == "views" and row.cell >= _UNTIMED),
        views={_ending(row.cell): row.views for row in sorted(known)},
        milliseconds={_ending(row.cell): row.ms for row in sorted(known)},
        together=dict(sorted((squares | pairs).items())),
    )


def _ending(cell: int) -> Ending:
    return cell // 2, bool(cell % 2)


class _Text(Text):
    """One more query of the same question."""

    def endings(self) -> Query:
        """Views by arm and cell, products of viewers' counts by arm and two cells, and viewers by arm."""
        arms = list(enumerate(self.question.arms))
        declared = ", ".join(str(place) for place, arm in arms if arm.length_ms is not None)
        return self._query(
            "endings",
            first=self._first(),
            cap=f"CASE arm {' '.join(f'WHEN {place} THEN {cap_ms(arm)}' for place, arm in arms)} END",
            fixed=f"CASE WHEN arm IN ({declared or 'NULL'}) THEN 1 ELSE 0 END",
            mine=self._mine(),
            # Of one story, its name need not be compared: it is the same for every view.
            story="''" if self.question.story is not None else "COALESCE(logged.story_id, '')",
            complete=_COMPLETE,
            untimed=_UNTIMED,
        )
