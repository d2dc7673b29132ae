"""Frames of a story take one query more: how far viewers came, why they left, and what they did on each frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from abstory.metrics import EVENTS, EXIT, SWIPE, TAP_BACK, TAP_FORWARD
from abstory.warehouse.base import FrameData, RollUp
from abstory.warehouse.rollup_text import Query, Text, Value

Fetch = Callable[[Query], list[tuple[Any, ...]]]


def framed(fetch: Fetch, question: RollUp) -> dict[int, FrameData]:
    """By arm's place, of the arms that have frames; nothing where none is asked for."""
    asked = [at for at, arm in enumerate(question.arms) if arm.frames]
    if not asked:
        return {}
    rows = [
        (part, int(arm), int(frame), event, int(viewers), int(times))
        for part, arm, frame, event, viewers, times in fetch(_Text(question).frames())
    ]
    found = {at: [row for row in rows if row[1] == at] for at in asked}
    return {
        at: FrameData(
            ended={(frame, event): viewers for part, _, frame, event, viewers, _ in own if part == "ended"},
            done={(frame, event): (viewers, times) for part, _, frame, event, viewers, times in own if part == "done"},
            beyond=sum(times for part, *_, times in own if part == "beyond"),
            unframed=sum(times for part, *_, times in own if part == "unframed"),
        )
        for at, own in found.items()
    }


class _Text(Text):
    """One more query of the same question."""

    def __init__(self, question: RollUp) -> None:
        super().__init__(question)
        self._events = {f"event{i}": name for i, name in enumerate(EVENTS)}

    def frames(self) -> Query:
        """How viewers ended, what they did by frame, and events on frames that are not there or not known."""
        counts = " ".join(f"WHEN {at} THEN {arm.frames or 0}" for at, arm in enumerate(self.question.arms))
        return self._query(
            "frames",
            first=self._first(),
            mine=self._mine(),
            length=self._length(),
            events=self._named_events(),
            counts=counts,
        )

    def _values(self) -> dict[str, Value]:
        return {**super()._values(), "exit": EXIT, "swipe": SWIPE, "forward": TAP_FORWARD, "back": TAP_BACK}
