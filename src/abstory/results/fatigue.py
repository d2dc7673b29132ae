"""Effects that change: from one exposure of a viewer to the next, and from day to day of first exposure."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.metrics import Unit
from abstory.stats.estimate import Effect, Estimate, Undetermined


@dataclass(frozen=True, slots=True)
class AtExposure:
    """The n-th exposure of every viewer who had one: viewers of both variants, and the effect among them there."""

    number: int
    viewers: int
    effect: Effect | Undetermined


@dataclass(frozen=True, slots=True)
class ByExposure:
    """One primary comparison from exposure to exposure.

    Attributes:
        points: of the n-th exposure; who is seen a third time is not who is seen once, so the line is `slope`.
        returned: viewers of both variants with several exposures.
        slope: change of the difference from one exposure to the next, within viewers; with the interval of one look.
        p_value: two-sided, of no change; None where the slope is not known.
    """

    metric: str
    variant: str
    unit: Unit
    points: tuple[AtExposure, ...]
    returned: int
    slope: Estimate | Undetermined
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Fading:
    """A primary effect that is shown to wear off.

    Attributes:
        by: `day of first exposure` or `exposure`.
        p_value: of no change, adjusted over the comparisons that were looked at.
    """

    metric: str
    variant: str
    by: str
    p_value: float
