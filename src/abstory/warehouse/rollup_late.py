"""Events that came after a report could have counted their viewer as complete, from the times at which rows arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from abstory.warehouse.base import RollUp
from abstory.warehouse.parts import Late
from abstory.warehouse.rollup_text import Query, Text

Fetch = Callable[[Query], list[tuple[Any, ...]]]
ONE_LOAD_US = 3_600_000_000
"""Files that arrive within an hour of each other are one load, in whatever order they came."""


def late(fetch: Fetch, question: RollUp) -> Late | None:
    """Counted over closed windows; None where no row says when it arrived."""
    text = _Text(question)
    loads = fetch(text.loads())
    if not any(arrived is not None for arrived, _, _ in loads):
        return None
    reached = frontiers(loads)
    return Late(*map(int, fetch(text.late(reached))[0])) if reached else Late(0, 0, 0)


def frontiers(loads: Iterable[tuple[int | None, int, int]]) -> dict[int, int]:
    """By load, the last instant that earlier loads had reached; only of loads that hold an event from before it.

    Args:
        loads: when it arrived (None: before all others), the first and the last instant of its events.
    """
    known = sorted((arrived, first, last) for arrived, first, last in loads if arrived is not None)
    before = [(arrived, last) for arrived, _, last in known]
    oldest = max((last for arrived, _, last in loads if arrived is None), default=None)
    found: dict[int, int] = {}
    at, reached = 0, oldest
    for arrived, first, _ in known:
        while before[at][0] <= arrived - ONE_LOAD_US:
            reached = before[at][1] if reached is None else max(reached, before[at][1])
            at += 1
        if reached is not None and first < reached:
            found[arrived] = reached
    return found


class _Text(Text):
    """Two more queries of the same question."""

    def loads(self) -> Query:
        """Every load, with the span of its events."""
        return self._query("batches")

    def late(self, reached: Mapping[int, int]) -> Query:
        """Late events, their viewers, and by how much the latest one was."""
        return self._query(
            "late",
            first=self._first(),
            mine=self._mine(),
            events=self._named_events(),
            frontiers=" ".join(f"WHEN {load} THEN {frontier}" for load, frontier in reached.items()),
            loads=", ".join(map(str, reached)),
        )
