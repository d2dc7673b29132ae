"""The word of a comparison, from its interval and nothing else."""

from __future__ import annotations

from abstory.experiment import Outcome
from abstory.metrics import Direction
from abstory.results import Reads
from abstory.stats.estimate import Effect, Estimate, Undetermined


def reads(effect: Effect | Undetermined, direction: Direction) -> Reads:
    """The word of a primary or secondary comparison, from the interval of the difference and nothing else."""
    if isinstance(effect, Undetermined):
        return Reads.UNKNOWN
    interval = effect.difference.interval
    if not interval.excludes(0.0):
        return Reads.UNCLEAR
    return Reads.BETTER if (interval.low > 0) == (direction is Direction.INCREASE) else Reads.WORSE


def guards(effect: Effect | Undetermined, outcome: Outcome) -> Reads:
    """The word of a guardrail: its interval against its margin, on the margin's scale (without one, a margin of 0)."""
    found = _on_scale(effect, outcome)
    if isinstance(found, Undetermined):
        return Reads.UNKNOWN
    margin = outcome.margin.value if outcome.margin else 0.0
    low, high = found.interval.low, found.interval.high
    worst, best = (high, low) if outcome.metric.direction is Direction.DECREASE else (-low, -high)
    if worst < margin:
        return Reads.HOLDS
    return Reads.HARMED if best > margin else Reads.NOT_SHOWN_SAFE


def bound(effect: Effect | Undetermined, outcome: Outcome) -> float | Undetermined:
    """The end on a guardrail's bad side, on the margin's scale."""
    found = _on_scale(effect, outcome)
    if isinstance(found, Undetermined):
        return found
    return found.interval.high if outcome.metric.direction is Direction.DECREASE else found.interval.low


def _on_scale(effect: Effect | Undetermined, outcome: Outcome) -> Estimate | Undetermined:
    if isinstance(effect, Undetermined):
        return effect
    return effect.difference if outcome.margin and not outcome.margin.relative else effect.lift
