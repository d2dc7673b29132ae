"""How the numbers were made: the reading, the family, planned looks, and the instant they are of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a group sequential design.

    Attributes:
        share: of the plan's viewers, at this look; 1 or more at the last.
        as_of_us: the instant it reads.
        earlier: shares of the looks before it, as they were recorded.
        crossed: `metric variant` of what crossed its boundary at the looks before; of a kept look, at itself too.
    """

    share: float
    as_of_us: int
    earlier: tuple[float, ...] = ()
    crossed: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """1-based."""
        return len(self.earlier) + 1

    @property
    def last(self) -> bool:
        """Whether nothing is left to look for."""
        return self.share >= 1


@dataclass(frozen=True, slots=True)
class Looking:
    """Where a group sequential experiment stands between its looks.

    Attributes:
        planned: number of looks declared.
        viewers: of all variants together, at the planned end.
        seen: viewers there are now.
        look: the one whose numbers are shown; None before the first.
        new: whether this very call took it.
        next_at: viewers at which the next look is due; None after the last.
        taken: number of looks so far, this one among them.
    """

    planned: int
    viewers: int
    seen: int
    look: Look | None
    new: bool
    next_at: int | None
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Method:
    """How the numbers were made: the chain the `how` line prints.

    Attributes:
        reading: `always valid`, `fixed horizon` or `group sequential`.
        multiplicity: such as `Bonferroni over 7`, or empty for a family of one.
        family: number of comparisons the primary alpha is shared by.
        alpha: of the file.
        planned: viewers of a pair that the always-valid reading is tuned to; None otherwise.
        notes: further sentences (why a metric was not compared, what was withheld).
        looking: group sequential only: the looks taken and to come.
    """

    reading: str
    multiplicity: str
    family: int
    alpha: float
    planned: int | None
    notes: tuple[str, ...] = ()
    looking: Looking | None = None


class AsOf(StrEnum):
    """How the instant of a result came about."""

    GIVEN = "as given"
    KNOWN_THEN = "as known then"
    NOW = "now"
    LAST_EVENT = "last event stored"
    LAST_EXPOSURE = "last exposure stored"
    LAST_LOOK = "the last planned look"
    LAST_READING = "last post or total stored"
    CALENDAR_END = "the calendar's end"
