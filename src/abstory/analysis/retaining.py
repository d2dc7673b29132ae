"""How long views last: from where they ended, as the warehouse counts it, to curves and what is compared of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from abstory.analysis import readings
from abstory.analysis.result import plan
from abstory.experiment import Experiment, Variant
from abstory.metrics import horizon_seconds
from abstory.results import Curve, ExperimentResult, Lasting, Retention, Second
from abstory.stats.estimate import Estimate, Interval, Reason, Undetermined
from abstory.stats.reading import Reading
from abstory.stats.retention import Restricted
from abstory.stats.retention_clustered import (
    Cell,
    Viewed,
    band,
    compare_rmst,
    km_clustered,
    logrank_clustered,
    reached,
    rmst_clustered,
)
from abstory.stats.tails import two_sided_quantile
from abstory.warehouse.base import Ending, Endings, Warehouse

HOOK_SECONDS = 3


def horizon(experiment: Experiment) -> int | None:
    """Whole seconds of the shortest cut; where some variant names no length, the last second that a metric asks for.

    None where neither is there, and for cuts shorter than a second: no second is known to lie in all of them.
    """
    lengths = [variant.length.seconds if variant.length else None for variant in experiment.variants]
    known = [length for length in lengths if length is not None]
    if len(known) == len(lengths):
        return math.floor(min(known)) or None
    asked = (horizon_seconds(outcome.metric.name) for outcome in experiment.outcomes)
    return max((seconds for seconds in asked if seconds), default=None)


def beside(experiment: Experiment, warehouse: Warehouse, found: ExperimentResult) -> ExperimentResult:
    """The result with its retention, read as all of it is: the same instant, the same way of looking.

    It takes a query of its own, which only who shows it pays for.
    """
    if horizon(experiment) is None or not found.viewers:
        return found
    ended = warehouse.endings(plan(experiment, found.as_of_us))
    look = found.method.looking.look if found.method.looking else None
    why = readings.withheld(experiment, found.as_of_us, look) if found.trusted else Undetermined(Reason.UNTRUSTED)
    return replace(found, retention=retention(experiment, ended, readings.base(experiment, look), why))


def retention(
    experiment: Experiment, ended: Mapping[str, Endings], reading: Reading, withheld: Undetermined | None
) -> Retention | None:
    """Every variant's curve, and every treatment against control; None without a horizon or without endings.

    Args:
        experiment: as the file declares it.
        ended: where the views of every variant ended.
        reading: of one comparison.
        withheld: why no effect is shown, of any treatment.
    """
    seconds = horizon(experiment)
    if seconds is None or not ended:
        return None
    arms = {variant.name: _Arm.of(variant, ended[variant.name]) for variant in experiment.variants}
    level = two_sided_quantile(experiment.analysis.alpha, math.inf)
    hook = min(HOOK_SECONDS, seconds)
    control = arms[experiment.control.name]
    return Retention(
        horizon=seconds,
        hook=hook,
        curves=tuple(_curve(arm, (hook, seconds), experiment.analysis.alpha, level) for arm in arms.values()),
        comparisons=tuple(
            _lasting(arms[variant.name], control, seconds, withheld or reading) for variant in experiment.treatments
        ),
    )


@dataclass(frozen=True, slots=True)
class _Arm:
    """One variant's views twice: exits at the end of their second, as curves and ranks have it, and at its mean."""

    variant: Variant
    endings: Endings
    by_second: Viewed
    by_mean: Viewed

    @classmethod
    def of(cls, variant: Variant, endings: Endings) -> _Arm:
        length = variant.length.seconds if variant.length else math.inf
        edges = {ending: (min(ending[0] + 1.0, length), not ending[1]) for ending in endings.views}
        means = {
            (second, still): (
                length if still and variant.length else ms / 1000 / endings.views[second, still],
                not still,
            )
            for (second, still), ms in endings.milliseconds.items()
        }
        last = max((second for second, _ in endings.views), default=-1)
        every = {(min(second + 1.0, length), True): 0 for second in range(last + 1)}
        return cls(variant, endings, _viewed(endings, edges, every), _viewed(endings, means, {}))


def _viewed(endings: Endings, cells: Mapping[Ending, Cell], empty: Mapping[Cell, int]) -> Viewed:
    """Views at the cells of their endings, among cells that are empty else."""
    views = {cells[ending]: count for ending, count in endings.views.items()}
    together = {(cells[a], cells[b]): total for (a, b), total in endings.together.items()}
    return Viewed.of_cells({**empty, **views}, endings.viewers, together)


def _curve(arm: _Arm, seconds: tuple[int, int], alpha: float, level: float) -> Curve:
    viewed, horizon = arm.by_second, seconds[1]
    times = viewed.watching.times
    points = km_clustered(viewed, times, level)
    rows = zip(points, band(viewed, alpha), viewed.watching.hazard, strict=True)
    hook = min(seconds)
    return Curve(
        variant=arm.variant.name,
        length=arm.variant.length.seconds if arm.variant.length else None,
        viewers=viewed.viewers,
        views=viewed.watching.views,
        untimed=arm.endings.untimed,
        seconds=tuple(
            Second(point.time, point.survival, point.interval, whole, leaving, point.at_risk)
            for point, whole, leaving in rows
            if not isinstance(point, Undetermined)
        ),
        mean=_mean(rmst_clustered(arm.by_mean, horizon), level),
        finishing=reached(viewed, hook, horizon, level),
    )


def _mean(found: Restricted | Undetermined, level: float) -> Estimate | Undetermined:
    if isinstance(found, Undetermined):
        return found
    return Estimate(found.value, Interval(found.value - level * found.error, found.value + level * found.error))


def _lasting(arm: _Arm, control: _Arm, horizon: int, reading: Reading | Undetermined) -> Lasting:
    name = arm.variant.name
    if isinstance(reading, Undetermined):
        return Lasting(name, reading, reading, None)
    mean = compare_rmst(arm.by_mean, control.by_mean, horizon, reading)
    if isinstance(mean, Undetermined):
        return Lasting(name, mean, mean, None)
    ranks = logrank_clustered(arm.by_second, control.by_second, horizon)
    if isinstance(ranks, Undetermined):
        return Lasting(name, mean, ranks, None)
    n = arm.by_second.viewers + control.by_second.viewers
    return Lasting(name, mean, ranks.statistic, reading.p_value(ranks.statistic, n, math.inf))
