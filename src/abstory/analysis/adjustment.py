"""Covariates from before the first exposure: what is asked of the warehouse for them, and effects adjusted by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement

from abstory import digits
from abstory.experiment import Experiment
from abstory.metrics import Measure, MeasureKind, Metric
from abstory.results import Comparison, MetricResult
from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Arms, adjust
from abstory.stats.estimate import Effect, Undetermined
from abstory.stats.linearised import linearise
from abstory.stats.moments import Moments, Pair, Tally, pair
from abstory.stats.reading import Reading

FEWEST_OUTCOMES = 20
METHOD = "lin"


def measures(experiment: Experiment) -> tuple[Measure, ...]:
    """Of every covariate: its value, whether it is known, and whether it was only measured too late."""
    kinds = (MeasureKind.BEFORE, MeasureKind.KNOWN, MeasureKind.AFTER)
    return tuple(Measure(kind, attribute=name) for name in experiment.analysis.covariates for kind in kinds)


def pairs(experiment: Experiment) -> tuple[Pair, ...]:
    """Every metric's measures with themselves and every covariate, and covariates among each other."""
    prior = regressors(experiment)
    if not prior:
        return ()
    outcomes = dict.fromkeys(measure.name for outcome in experiment.outcomes for measure in outcome.metric.measures)
    own = [pair(name, name) for name in outcomes]
    across = [pair(name, other) for name in outcomes for other in prior]
    return (*own, *across, *(pair(a, b) for a, b in combinations_with_replacement(prior, 2)))


def regressors(experiment: Experiment) -> list[str]:
    """Names of the measures that enter a regression: a missing value is 0, and known or not enters beside it."""
    return [measure.name for measure in measures(experiment) if measure.kind is not MeasureKind.AFTER]


def effect(metric: Metric, arms: Arms, regressors: Sequence[str], reading: Reading) -> Effect | Undetermined:
    """Treatment against control, adjusted where there are covariates and evidence enough for them.

    Not adjusted: with too few viewers for a regression or fewer than 20 outcomes of either kind of a rate, where the
    score holds and a regression does not; and where no covariate varies.
    """
    found = _adjusted(metric, arms, regressors, reading) if regressors and metric.kind != "quantile" else None
    return metric.effect(arms.treatment, arms.control, reading) if found is None else found


def notes(experiment: Experiment, metrics: Sequence[MetricResult]) -> Iterator[str]:
    """What adjustment did to each metric."""
    names = experiment.analysis.covariates
    if not names:
        return
    yield from filter(None, map(_turned, metrics))
    effects = {result.outcome.metric.name: list(_effects(result)) for result in metrics}
    found = ((name, _removed(some)) for name, some in effects.items())
    removed = [f"{digits.lift(-share)} on {name}" for name, share in found if share is not None]
    if removed:
        yield f"covariate-adjusted by {', '.join(names)}: variance {', '.join(removed)}"
    plain = [name for name, some in effects.items() if some and _removed(some) is None]
    if plain:
        yield f"not adjusted by covariates, too few viewers, outcomes or known values: {', '.join(plain)}"


def _turned(result: MetricResult) -> str:
    """Which variants are shown to differ from control one way, while their means as seen lie the other way."""
    turned = [one.variant for one in result.comparisons if _opposed(one, result.control)]
    sides = "lie on one side of control's as seen, on the other adjusted: their viewers were unlike from the start"
    return f"{result.outcome.metric.name}: means of {', '.join(turned)} {sides}" if turned else ""


def _opposed(one: Comparison, control: float | Undetermined) -> bool:
    if isinstance(control, Undetermined) or isinstance(one.value, Undetermined) or not isinstance(one.effect, Effect):
        return False
    change = one.effect.difference
    shown = one.effect.removed is not None and change.interval.excludes(0.0)
    return shown and (one.value - control) * change.value < 0


def _effects(result: MetricResult) -> Iterator[Effect]:
    return (one.effect for one in result.comparisons if isinstance(one.effect, Effect))


def _removed(effects: Sequence[Effect]) -> float | None:
    """The least over treatments; None where none is adjusted."""
    return min((effect.removed for effect in effects if effect.removed is not None), default=None)


def _adjusted(metric: Metric, arms: Arms, regressors: Sequence[str], reading: Reading) -> Effect | None:
    samples = [metric.sample(moments) for moments in (arms.treatment, arms.control)]
    if any(isinstance(one, Tally) and min(one.successes, one.n - one.successes) < FEWEST_OUTCOMES for one in samples):
        return None
    treatment, control = (outcome(metric, moments) for moments in (arms.treatment, arms.control))
    if isinstance(treatment, Undetermined) or isinstance(control, Undetermined):
        return None
    found = adjust(Arms(treatment, control), named(metric), regressors, rate=isinstance(samples[0], Tally))
    if isinstance(found, Undetermined) or not found.used:
        return None
    read = compare_adjusted(found, reading, method=METHOD)
    return None if isinstance(read, Undetermined) else replace(read, removed=found.removed)


def outcome(metric: Metric, moments: Moments) -> Moments | Undetermined:
    """In reported units; a ratio as its linearised values."""
    scaled = moments.scaled({measure.name: measure.scale for measure in metric.measures})
    if metric.kind != "ratio":
        return scaled
    above, below = metric.measures
    return linearise(scaled, {metric.name: (above.name, below.name)})


def named(metric: Metric) -> str:
    """The measure of `outcome` that a regression is of."""
    return metric.name if metric.kind == "ratio" else metric.measures[0].name
