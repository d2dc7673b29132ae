"""How long views last in each variant: curves to look at, and what is compared at a second that all cuts have."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.stats.estimate import Effect, Estimate, Interval, Undetermined


@dataclass(frozen=True, slots=True)
class Second:
    """A variant's curve at the end of one second.

    Attributes:
        at: seconds from the start of a view; the cut's length for its last one.
        watching: share of views that last longer; at the length, that reach the end.
        interval: of the share, for this second alone, at one look.
        band: of the whole curve together, at one look.
        leaving: of the views still watching before, the share that ends in this second: the hazard.
        at_risk: views still watching before.
    """

    at: float
    watching: float
    interval: Interval | Undetermined
    band: Interval | Undetermined
    leaving: float
    at_risk: int


@dataclass(frozen=True, slots=True)
class Curve:
    """How long one variant's views last. All of it describes; none of it decides.

    Attributes:
        variant: its name.
        length: of its cut in seconds; None where the file names none.
        viewers: who have a view.
        views: all of theirs, a viewer's own not independent of each other.
        untimed: views left out, of which nothing tells how long they lasted.
        seconds: in order; empty without a view.
        mean: seconds watched up to the horizon, of a view.
        finishing: of the views that reach the hook, the share that reaches the horizon.
    """

    variant: str
    length: float | None
    viewers: int
    views: int
    untimed: int
    seconds: tuple[Second, ...]
    mean: Estimate | Undetermined
    finishing: Estimate | Undetermined

    @property
    def steepest(self) -> Second | None:
        """Where the largest share of those still watching leaves; the earlier one of equals."""
        return max(self.seconds, key=lambda second: second.leaving, default=None)

    def watching_at(self, seconds: float) -> float | None:
        """Share of views that last longer; None after the last second, or where no curve is."""
        if not self.seconds or seconds > self.seconds[-1].at:
            return None
        return next((second.watching for second in reversed(self.seconds) if second.at <= seconds), 1.0)


@dataclass(frozen=True, slots=True)
class Lasting:
    """One treatment against control, up to the horizon; exploratory, in no family.

    Attributes:
        variant: the treatment.
        mean: of the restricted means in seconds, by viewer, as the experiment's way of looking reads it.
        log_rank: Z of one hazard of leaving, by viewer; above 0 where the treatment is left sooner.
        p_value: of it, by the same reading.
    """

    variant: str
    mean: Effect | Undetermined
    log_rank: float | Undetermined
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Retention:
    """How long views last, of mature viewers inside their windows.

    Attributes:
        horizon: whole seconds that every cut has.
        hook: the second at which the start has worked, at most the horizon.
        curves: every variant, in declared order.
        comparisons: every treatment, in declared order.
    """

    horizon: int
    hook: int
    curves: tuple[Curve, ...]
    comparisons: tuple[Lasting, ...]
