"""The word of a comparison, from the interval of its difference and nothing else."""

from __future__ import annotations

from abstory.metrics import Direction
from abstory.results import Reads
from abstory.stats.estimate import Effect, Undetermined


def reads(effect: Effect | Undetermined, direction: Direction) -> Reads:
    """The word of a primary or secondary comparison, from the interval of the difference and nothing else."""
    if isinstance(effect, Undetermined):
        return Reads.UNKNOWN
    interval = effect.difference.interval
    if not interval.excludes(0.0):
        return Reads.UNCLEAR
    return Reads.BETTER if (interval.low > 0) == (direction is Direction.INCREASE) else Reads.WORSE
