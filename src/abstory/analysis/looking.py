"""Planned looks: which one is due, and the result as it stands at the last one taken.

A group sequential experiment is planned for `decision.min_per_variant` viewers in its smallest variant, and for all
variants together by the weights: share t = viewers so far / planned. A look is due each time t passes another k / looks
(once `min_runtime` is over), and when the schedule's last window closes, which is t = 1 whatever came: what is left of
alpha is spent there. A look that comes late uses its own t. Between looks everything is read as of the last look taken,
so that looking on costs nothing and shows nothing. Who takes looks, and where they are kept, is the caller's affair.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from abstory.analysis import posts, readings, result
from abstory.experiment import Experiment
from abstory.results import ExperimentResult, Look, Looking
from abstory.stats.boundaries import SMALLEST_STEP
from abstory.warehouse.base import Warehouse

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Looks:
    """Planned looks, as their keeper tells of them.

    Attributes:
        taken: before, in their order.
        take: whether one that is due may be taken; the caller must keep it, `method.looking.new` says so.
    """

    taken: tuple[Look, ...] = ()
    take: bool = False


NO_LOOKS = Looks()


def run(
    experiment: Experiment,
    warehouse: Warehouse,
    *,
    now_us: int,
    as_of_us: int | None = None,
    looks: Looks = NO_LOOKS,
    whole: bool = True,
) -> ExperimentResult:
    """Analyse what a warehouse holds, at a planned look where the file declares looks.

    Args:
        experiment: as the file declares it.
        warehouse: open, with the experiment's exposures.
        now_us: the clock.
        as_of_us: the instant to read at; None for the earlier of now and the data's end.
        looks: planned looks so far.
        whole: with all that a report shows; else as far as a verdict looks, what stands beside it left empty.
    """
    if experiment.by_slot:
        return posts.run(experiment, warehouse, now_us=now_us, as_of_us=as_of_us, whole=whole)
    at = partial(result.read, experiment, warehouse, now_us=now_us)
    seen = at(as_of_us=as_of_us)
    if readings.planned_looks(experiment) is None:
        return seen.told(whole=whole)
    state = Standing(experiment, seen.bare, looks.taken)
    if not seen.bare.trusted:
        return state.told(seen.told(whole=whole), None)
    if looks.take and (look := state.due):
        found = at(look=look).told(whole=whole)
        return state.told(replace(found, as_of_from=seen.as_of_from), look, new=True)
    last = _last(looks.taken, seen.bare.as_of_us)
    return state.told((at(look=last) if last else seen).told(whole=whole), last)


def _last(taken: Sequence[Look], instant: int) -> Look | None:
    """The last look by an instant, as it was when it was taken: what crossed at itself had not yet crossed."""
    found = [at for at, look in enumerate(taken) if look.as_of_us <= instant]
    if not found:
        return None
    before = taken[found[-1] - 1].crossed if found[-1] else ()
    return replace(taken[found[-1]], crossed=before)


def planned_viewers(experiment: Experiment) -> int:
    """Of all variants together, when the one with the smallest weight has `min_per_variant`."""
    weights = [variant.weight for variant in experiment.variants]
    return math.ceil(experiment.decision.min_per_variant * sum(weights) / min(weights))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an experiment stands between its looks.

    Attributes:
        experiment: with planned looks.
        seen: what is there now.
        taken: looks so far, in their order.
    """

    experiment: Experiment
    seen: ExperimentResult
    taken: tuple[Look, ...]

    @property
    def share(self) -> float:
        """Of the planned viewers; at least 1 once the last window of the schedule is closed."""
        share = self.seen.viewers / planned_viewers(self.experiment)
        return max(1.0, share) if readings.over(self.experiment, self.seen.as_of_us) else share

    @property
    def due(self) -> Look | None:
        """The look that may be taken now."""
        share, before = self.share, self.taken[-1].share if self.taken else 0.0
        later = not self.taken or self.seen.as_of_us > self.taken[-1].as_of_us
        if not later or before >= 1 or self._passed(share) <= self._passed(before) or not self._long_enough:
            return None
        if before and 1 - before / share < SMALLEST_STEP:
            return None
        crossed = self.taken[-1].crossed if self.taken else ()
        return Look(share, self.seen.as_of_us, tuple(look.share for look in self.taken), crossed)

    @property
    def next_at(self) -> int | None:
        """Viewers at which the next look is due; None after the last."""
        before = self.taken[-1].share if self.taken else 0.0
        if before >= 1:
            return None
        return math.ceil((self._passed(before) + 1) / self._count * planned_viewers(self.experiment) - _ROUNDING)

    def told(self, found: ExperimentResult, look: Look | None, *, new: bool = False) -> ExperimentResult:
        """The result with its place among the looks."""
        after = Standing(self.experiment, self.seen, (*self.taken, look)) if new and look else self
        looking = Looking(
            planned=self._count,
            viewers=planned_viewers(self.experiment),
            seen=self.seen.viewers,
            look=look,
            new=new,
            next_at=after.next_at,
            taken=len(after.taken),
        )
        return replace(found, method=replace(found.method, looking=looking))

    @property
    def _count(self) -> int:
        declared = readings.planned_looks(self.experiment)
        return declared.looks if declared else 1

    def _passed(self, share: float) -> int:
        """How many planned looks lie at or before a share."""
        return min(self._count, math.floor(share * self._count + _ROUNDING))

    @property
    def _long_enough(self) -> bool:
        over = readings.over(self.experiment, self.seen.as_of_us)
        return over or self.seen.runtime_us >= self.experiment.decision.min_runtime.us
