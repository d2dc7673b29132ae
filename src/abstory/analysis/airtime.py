"""The stories of the file as the warehouse is asked for them, and how an effect comes about over their hours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from abstory.analysis import readings
from abstory.experiment import Experiment, Role, Variant
from abstory.metrics import Metric
from abstory.results import Accrual, Accrued, Airtime
from abstory.stats.estimate import Undetermined
from abstory.stats.moments import Moments, cumulated
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import Reading
from abstory.stats.sequential import AlwaysValid
from abstory.warehouse.base import Answer
from abstory.warehouse.parts import Airing

Withheld = Callable[[Metric, Variant], Undetermined | None]


def airings(experiment: Experiment) -> tuple[Airing, ...]:
    """Every story that the file lists, with its time on air where it says when it was published."""
    return tuple(Airing(one.story, one.published_us, one.ends_us) for one in airtimes(experiment))


def airtimes(experiment: Experiment) -> tuple[Airtime, ...]:
    """Every story that the file lists, and when it is visible."""
    lifetime = experiment.lifetime
    return tuple(
        Airtime(story.id, story.published.us if story.published else None, story.ends_us(lifetime))
        for story in experiment.stories
    )


def accruals(
    experiment: Experiment, answer: Answer, moments: Mapping[str, Moments], withheld: Withheld
) -> tuple[Accrual, ...]:
    """Every primary comparison among those who came within the first 1, 2, 3, ... hours of their story.

    Viewers enter in the order of their first exposure and keep their whole window, so the question stays the same from
    hour to hour and the always-valid intervals hold at all of them together.

    Args:
        experiment: as the file declares it.
        answer: of the roll-up, with moments by hour.
        moments: of every variant, for the size of the family.
        withheld: why a comparison is not to be seen.
    """
    reading = _reading(experiment, len(readings.family(experiment, moments)))

    @cache
    def so_far(variant: str) -> Mapping[int, Moments]:
        return cumulated(answer.arms[variant].hours)

    control = experiment.control.name
    return tuple(
        Accrual(outcome.metric.name, variant.name, outcome.metric.unit, points)
        for outcome in experiment.outcomes
        if outcome.role is Role.PRIMARY and outcome.metric.kind != "quantile"
        for variant in experiment.treatments
        if withheld(outcome.metric, variant) is None
        and (points := tuple(_points(outcome.metric, so_far(variant.name), so_far(control), reading)))
    )


def _reading(experiment: Experiment, family: int) -> Reading:
    base = AlwaysValid(experiment.analysis.alpha, readings.planned(experiment))
    return Bonferroni(base, family) if family > 1 else base


def _points(
    metric: Metric, treatment: Mapping[int, Moments], control: Mapping[int, Moments], reading: Reading
) -> Iterator[Accrued]:
    mine = controls = Moments(0, {}, {})
    for hour in range(max((*treatment, *control), default=-1) + 1):
        mine, controls = treatment.get(hour, mine), control.get(hour, controls)
        if mine.n and controls.n:
            yield Accrued(hour + 1, mine.n + controls.n, metric.effect(mine, controls, reading))
