"""How a primary effect came about from day to day, as anyone saw it who looked every day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from abstory.analysis import readings
from abstory.experiment import Experiment, Role
from abstory.metrics import Metric
from abstory.results import Daily, DayEffect, ExperimentResult
from abstory.stats.estimate import Effect
from abstory.stats.moments import Moments, cumulated
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import Reading
from abstory.stats.sequential import AlwaysValid
from abstory.warehouse.base import Answer


def daily(experiment: Experiment, answer: Answer, result: ExperimentResult) -> tuple[Daily, ...]:
    """Every primary comparison that has an effect, by day of first exposure, untouched by covariates.

    Viewers enter on the day of their first exposure and keep their whole window, so the question stays the same from
    day to day and the always-valid intervals hold on all of them together, whatever the experiment's own reading.

    Args:
        experiment: as the file declares it.
        answer: of the roll-up, with moments by day.
        result: of the same answer: what it withholds is not told by day either.
    """
    reading = _reading(experiment, result.method.family)

    @cache
    def so_far(variant: str) -> Mapping[int, Moments]:
        return cumulated(answer.arms[variant].days)

    return tuple(
        Daily(told.outcome.metric.name, one.variant, told.outcome.metric.unit, points)
        for told in result.metrics
        if result.trusted and told.outcome.role is Role.PRIMARY and told.outcome.metric.kind != "quantile"
        for one in told.comparisons
        if isinstance(one.effect, Effect)
        and (points := tuple(_points(told.outcome.metric, so_far(one.variant), so_far(result.control), reading)))
    )


def _reading(experiment: Experiment, family: int) -> Reading:
    base = AlwaysValid(experiment.analysis.alpha, readings.planned(experiment))
    return Bonferroni(base, family) if family > 1 else base


def _points(
    metric: Metric, treatment: Mapping[int, Moments], control: Mapping[int, Moments], reading: Reading
) -> Iterator[DayEffect]:
    mine = controls = Moments(0, {}, {})
    for day in sorted({*treatment, *control}):
        mine, controls = treatment.get(day, mine), control.get(day, controls)
        if mine.n and controls.n:
            yield DayEffect(day, mine.n + controls.n, metric.effect(mine, controls, reading))
