"""What became of each slot of a posting calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from abstory.experiment import Slot
from abstory.metrics import Total


class Fate(StrEnum):
    """Of one slot, at one instant.

    AHEAD: its window is not over, and no post is known. OPEN: posted, and its window is not over. READ: there is a
    reading of after its window. UNREAD: posted, its window is over, and no total was read since. SKIPPED: the team says
    that nothing was posted. UNKNOWN: its window is over, and nobody says what became of it.
    """

    AHEAD = "ahead"
    OPEN = "open"
    READ = "read"
    UNREAD = "unread"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


DUE = frozenset({Fate.READ, Fate.UNREAD, Fate.SKIPPED, Fate.UNKNOWN})
"""What is over."""


@dataclass(frozen=True, slots=True)
class PostedSlot:
    """One slot of the calendar, what was drawn for it, and what became of it.

    Attributes:
        slot: where and when.
        variant: as drawn; what the post is analysed by, whatever was posted.
        fate: what became of it.
        shown: the variant that was posted, None where no post is known.
        story: the post's id.
        posted_us: when it went up.
        totals: by name, each as first read once the window was over.
        definitions: by total, every way of counting (empty text where none is named) that was read since then.
        late_us: by how much the latest of these readings came after the window.
    """

    slot: Slot
    variant: str
    fate: Fate
    shown: str | None = None
    story: str | None = None
    posted_us: int | None = None
    totals: Mapping[str, float] = field(default_factory=dict)
    definitions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    late_us: int = 0

    @property
    def due(self) -> bool:
        """Whether its window is over."""
        return self.fate in DUE

    def value(self, metric: Total) -> float | None:
        """The post's own value; None where a total is not known, or there is nothing to divide by."""
        if any(name not in self.totals for name in metric.needs):
            return None
        above = sum(self.totals[name] for name in metric.above)
        if not metric.below:
            return above
        return above / self.totals[metric.below] if self.totals[metric.below] else None
