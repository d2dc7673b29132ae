"""From variants to cells of factors: the layout of what is declared, and each metric's evidence in it."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import reduce

from abstory.analysis import adjustment
from abstory.experiment import Duration, Experiment
from abstory.metrics import Metric
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.factorial import Cells, cells
from abstory.stats.factorial_adjusted import adjusted_cells
from abstory.stats.factorial_layout import Layout
from abstory.stats.moments import Moments, Sample, Tally

Cell = tuple[str, ...]
_LEAST_ORDERED = 3


def layout(experiment: Experiment) -> Layout | None:
    """Factors that vary between variants and the cells there are; None where variants alone say as much."""
    seen = {name: [v.creative[name] for v in experiment.variants] for name in experiment.factors}
    factors = {
        name: tuple(level for level in levels if level in seen[name])
        for name, levels in experiment.factors.items()
        if len(set(seen[name])) > 1
    }
    if len(factors) < 2 and not any(ordered(levels) for levels in factors.values()):
        return None
    found = (tuple(variant.creative[name] for name in factors) for variant in experiment.variants)
    return Layout(factors, tuple(dict.fromkeys(found)))


def ordered(levels: tuple[str, ...]) -> tuple[float, ...]:
    """Seconds of three levels or more that are all durations; nothing for any others."""
    try:
        seconds = tuple(Duration.parse(level).seconds for level in levels)
    except ValueError:
        return ()
    return seconds if len(set(seconds)) >= _LEAST_ORDERED else ()


def pooled(experiment: Experiment, laid: Layout, moments: Mapping[str, Moments]) -> dict[str, Moments]:
    """Moments by cell, in the layout's order; variants that are the same creative (an A/A test) count as one."""
    found: dict[Cell, list[Moments]] = {cell: [] for cell in laid.cells}
    for variant in experiment.variants:
        found[tuple(variant.creative[name] for name in laid.factors)].append(moments[variant.name])
    return {".".join(cell): reduce(operator.add, some) for cell, some in found.items()}


def evidence(experiment: Experiment, metric: Metric, found: Mapping[str, Moments]) -> Cells:
    """Each cell's mean of one metric, adjusted where there are covariates and evidence enough in every cell."""
    samples = {name: _sample(metric, moments) for name, moments in found.items()}
    prior = adjustment.regressors(experiment)
    if prior and metric.kind != "quantile" and all(map(_enough, samples.values())):
        told = _adjusted(metric, found, prior, rate=isinstance(next(iter(samples.values())), Tally))
        if isinstance(told, Cells):
            return told
    return cells(list(samples.items()))


def _sample(metric: Metric, moments: Moments) -> Tally | Sample | Undetermined:
    return metric.sample(moments) if moments.n else Undetermined(Reason.NO_VIEWERS)


def _enough(one: Tally | Sample | Undetermined) -> bool:
    if isinstance(one, Tally):
        return min(one.successes, one.n - one.successes) >= adjustment.FEWEST_OUTCOMES
    return isinstance(one, Sample)


def _adjusted(metric: Metric, found: Mapping[str, Moments], prior: list[str], *, rate: bool) -> Cells | Undetermined:
    told: dict[str, Moments] = {}
    for name, moments in found.items():
        outcome = adjustment.outcome(metric, moments)
        if isinstance(outcome, Undetermined):
            return outcome
        told[name] = outcome
    return adjusted_cells(told, adjustment.named(metric), prior, rate=rate)
