"""Competing ways to leave an ordered funnel: cumulative incidence by cause, from counts of viewers alone.

Every viewer of a closed window has ended somewhere, so nothing is censored: the Aalen-Johansen estimate of a cause is
then the plain share of viewers who left by it up to a step, and its error that of a share (Aalen & Johansen, Scand J
Stat 1978;5:141; Putter, Fiocco & Geskus, Stat Med 2007;26:2389). The unit is the viewer, however often a story is
played.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from abstory.stats.moments import Tally


@dataclass(frozen=True, slots=True)
class Funnel:
    """Viewers by the step they ended at, and why.

    Attributes:
        viewers: all of them; each ended at one step.
        steps: how many steps there are, >= 1.
        ended: viewers by step (1-based) and cause; causes are any names.
        stayed: the causes that are no leaving, such as having come to the end.

    Raises:
        ValueError: more viewers ended than there are, or at a step that is not there.
    """

    viewers: int
    steps: int
    ended: Mapping[tuple[int, str], int]
    stayed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not all(1 <= step <= self.steps for step, _ in self.ended):
            raise ValueError(f"a step lies in 1 to {self.steps}")
        if sum(self.ended.values()) != self.viewers:
            raise ValueError("every viewer ends at one step")

    def reached(self, step: int) -> Tally:
        """Who came to a step, of all."""
        return Tally(self.viewers, sum(count for (at, _), count in self.ended.items() if at >= step))

    def left(self, step: int, cause: str | None = None) -> Tally:
        """Who left at a step, of all; by one cause or by any."""
        return Tally(self.viewers, self._leaving(step, step, cause))

    def incidence(self, step: int, cause: str) -> Tally:
        """Who had left by a cause up to and with a step, of all: the cumulative incidence."""
        return Tally(self.viewers, self._leaving(1, step, cause))

    def hazard(self, step: int) -> Tally:
        """Who left at a step, of those who came to it; between variants they are no longer alike."""
        return Tally(self.reached(step).successes, self._leaving(step, step, None))

    def _leaving(self, first: int, last: int, cause: str | None) -> int:
        return sum(
            count
            for (at, why), count in self.ended.items()
            if first <= at <= last and why not in self.stayed and cause in (None, why)
        )
