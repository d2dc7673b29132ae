"""Whether effects wear off: from exposure to exposure of one viewer, and from day to day of first exposure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from abstory.analysis import readings
from abstory.analysis.airtime import Withheld
from abstory.experiment import Experiment, Role
from abstory.metrics import Mean, Metric, Proportion
from abstory.quality import Evidence, fading_by_day
from abstory.results import AtExposure, ByExposure, Fading, MetricResult
from abstory.stats.estimate import Effect, Estimate, Interval, Undetermined
from abstory.stats.fatigue import Repeats, slope_difference
from abstory.stats.moments import Moments
from abstory.stats.multiplicity import holm
from abstory.stats.reading import FixedHorizon, Reading
from abstory.stats.trend import FLAG_P
from abstory.warehouse.base import Answer
from abstory.warehouse.parts import SPACING, Occasions


def repeated(experiment: Experiment) -> tuple[str, ...]:
    """The measures asked for exposure by exposure: of primary rates and means, where the file wants to know.

    It is one more pass over the log, so only `novelty: hold` and several stories ask for it.
    """
    if experiment.decision.novelty != "hold" and len(experiment.stories) < 2:
        return ()
    metrics = (o.metric for o in experiment.outcomes if o.role is Role.PRIMARY)
    return tuple(dict.fromkeys(m.measure.name for m in metrics if isinstance(m, Proportion | Mean)))


def by_exposure(
    experiment: Experiment, answer: Answer, moments: Mapping[str, Moments], withheld: Withheld
) -> tuple[ByExposure, ...]:
    """Every primary rate or mean of every treatment, where viewers of both came back."""
    alpha = experiment.analysis.alpha / max(1, len(readings.family(experiment, moments)))
    reading = readings.base(experiment).at(alpha)
    control = answer.arms[experiment.control.name].occasions
    found = (
        _told(outcome.metric, variant.name, (answer.arms[variant.name].occasions, control), reading)
        for outcome in experiment.outcomes
        if outcome.role is Role.PRIMARY and isinstance(outcome.metric, Proportion | Mean)
        for variant in experiment.treatments
        if withheld(outcome.metric, variant) is None
    )
    return tuple(one for one in found if one)


def _told(
    metric: Proportion | Mean, variant: str, both: tuple[Occasions | None, Occasions | None], reading: Reading
) -> ByExposure | None:
    mine, controls = both
    if not mine or not controls or not mine.lines or not controls.lines:
        return None
    effect = _slope(metric, mine.lines, controls.lines, reading.alpha)
    known = isinstance(effect, Effect)
    return ByExposure(
        metric=metric.name,
        variant=variant,
        unit=metric.unit,
        points=tuple(_points(metric, mine.numbers, controls.numbers, reading)),
        returned=mine.lines.n + controls.lines.n,
        slope=_scaled(effect.difference, metric.measure.scale) if isinstance(effect, Effect) else effect,
        p_value=effect.p_value if isinstance(effect, Effect) and known else None,
    )


def _slope(metric: Proportion | Mean, mine: Moments, controls: Moments, alpha: float) -> Effect | Undetermined:
    name = metric.measure.name
    return slope_difference(Repeats(mine, name, SPACING), Repeats(controls, name, SPACING), FixedHorizon(alpha))


def _scaled(told: Estimate, scale: float) -> Estimate:
    return Estimate(told.value * scale, Interval(told.interval.low * scale, told.interval.high * scale))


def _points(
    metric: Metric, mine: Mapping[int, Moments], controls: Mapping[int, Moments], reading: Reading
) -> Iterator[AtExposure]:
    for number in sorted(mine.keys() & controls.keys()):
        treatment, control = mine[number], controls[number]
        yield AtExposure(number, treatment.n + control.n, metric.effect(treatment, control, reading))


def fading(
    metrics: tuple[MetricResult, ...], exposures: tuple[ByExposure, ...], evidence: Evidence
) -> tuple[Fading, ...]:
    """Primary effects that wear off, p < .01 by Holm over the comparisons: by day, and by exposure."""
    days = (Fading(*key, "day of first exposure", p) for key, p in fading_by_day(evidence).items())
    known = [(one, one.p_value) for one in exposures if one.p_value is not None]
    adjusted = holm([p for _, p in known])
    by_number = (
        Fading(one.metric, one.variant, "exposure", p)
        for (one, _), p in zip(known, adjusted, strict=True)
        if p < FLAG_P and _wears_off(metrics, one)
    )
    return (*days, *by_number)


def _wears_off(metrics: tuple[MetricResult, ...], told: ByExposure) -> bool:
    """Whether the change goes against the effect itself."""
    effect = next(m for m in metrics if m.outcome.metric.name == told.metric).against(told.variant).effect
    if isinstance(effect, Undetermined) or isinstance(told.slope, Undetermined):
        return False
    return effect.difference.value * told.slope.value < 0
