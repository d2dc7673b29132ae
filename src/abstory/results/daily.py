"""How an effect came about from day to day."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.metrics import Unit
from abstory.stats.estimate import Effect, Undetermined


@dataclass(frozen=True, slots=True)
class DayEffect:
    """An effect among the viewers first exposed up to and with a day.

    Attributes:
        day: days since 1970-01-01 UTC.
        viewers: of control and treatment together, windows closed.
        effect: read always valid, so that all days may be looked at together; or why there is none.
    """

    day: int
    viewers: int
    effect: Effect | Undetermined


@dataclass(frozen=True, slots=True)
class Daily:
    """How one primary comparison came about: `points` by day of first exposure, each holding those before."""

    metric: str
    variant: str
    unit: Unit
    points: tuple[DayEffect, ...]
