"""When the stories were to be seen, and how an effect came about over their hours."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.experiment import HOUR_US
from abstory.metrics import Unit
from abstory.stats.estimate import Effect, Undetermined


@dataclass(frozen=True, slots=True)
class Airtime:
    """One story and when it was visible: from `published_us` up to and without `ends_us`; None where not known."""

    story: str
    published_us: int | None
    ends_us: int | None

    def hours_left(self, as_of_us: int) -> int | None:
        """Whole hours it will still be visible, rounded up; 0 once it is gone, None where that is not known."""
        return None if self.ends_us is None else max(0, -(-(self.ends_us - as_of_us) // HOUR_US))

    def live(self, as_of_us: int) -> bool:
        """Whether it is known to be visible."""
        known = self.published_us is not None and self.ends_us is not None
        return known and (self.published_us or 0) <= as_of_us < (self.ends_us or 0)


@dataclass(frozen=True, slots=True)
class Accrued:
    """An effect among the viewers whose first exposure lay in the first hours of their story.

    Attributes:
        hour: how many hours, from 1.
        viewers: of control and treatment together, windows closed.
        effect: read always valid, so that all hours may be looked at together; or why there is none.
    """

    hour: int
    viewers: int
    effect: Effect | Undetermined


@dataclass(frozen=True, slots=True)
class Accrual:
    """How one comparison came about over the hours of its stories: `points` by hour, each holding those before."""

    metric: str
    variant: str
    unit: Unit
    points: tuple[Accrued, ...]
