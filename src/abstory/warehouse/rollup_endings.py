"""Where views ended, second by second, and which of them share a viewer: one query, nothing fetched per viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
    rows = [(part, *map(int, row)) for part, *row in found]
    return {arm.variant: _endings([row for row in rows if row[1] == i]) for i, arm in enumerate(question.arms)}


def cap_ms(arm: Arm) -> int:
    """From where on a view of this variant is still watching, whatever came after."""
    return LONGEST_UNDECLARED_MS if arm.length_ms is None else min(arm.length_ms, LONGEST_MS)


def _endings(rows: Sequence[tuple[Any, ...]]) -> Endings:
    counted = [(cell, views, ms) for part, _, cell, _, views, ms in rows if part == "views"]
    known = [(_ending(cell), views, ms) for cell, views, ms in counted if cell < _UNTIMED]
    return Endings(
        viewers=sum(views for part, _, _, _, views, _ in rows if part == "viewers"),
        untimed=sum(views for cell, views, _ in counted if cell >= _UNTIMED),
        views={ending: views for ending, views, _ in sorted(known)},
        milliseconds={ending: ms for ending, _, ms in sorted(known)},
        together={
            (_ending(cell), _ending(other)): views
            for part, _, cell, other, views, _ in sorted(rows)
            if part == "together"
        },
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
