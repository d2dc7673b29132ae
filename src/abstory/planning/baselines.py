"""What control is expected to be: told by the user, or pooled over all arms of stored data so that nothing is seen."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass

from abstory import analysis
from abstory.experiment import DAY_US, Experiment
from abstory.metrics import Metric
from abstory.stats.estimate import Undetermined
from abstory.stats.moments import Moments, pair
from abstory.warehouse.base import Answer, Warehouse

RECENT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Baseline:
    """A metric without treatment.

    Attributes:
        mean: rate, mean or ratio, in reported units.
        variance: per viewer, > 0; of a ratio, that of its linearised values; between posts where these are drawn.
        measured: on how many of them; None where it was told.
    """

    mean: float
    variance: float
    measured: int | None = None

    @classmethod
    def of_rate(cls, rate: float) -> Baseline:
        """A rate in (0, 1), whose variance follows."""
        return cls(rate, rate * (1 - rate))


@dataclass(frozen=True, slots=True)
class Seen:
    """What stored data say, arms pooled.

    Attributes:
        baselines: by metric; a metric that does not vary, or has no value, is not there.
        entering: new viewers a day over all variants, the mean of the last seven whole days; None without a whole day.
    """

    baselines: Mapping[str, Baseline]
    entering: float | None


def seen(experiment: Experiment, warehouse: Warehouse, *, now_us: int) -> Seen:
    """Baselines and traffic from the experiment's own exposures, whatever arm they were in.

    Pooling keeps the planning blind: no difference between arms enters, so looking at it costs no error rate.
    """
    span = warehouse.span(experiment.key)
    instant, _ = analysis.as_of(span, now_us=now_us, given_us=None)
    answer = warehouse.roll_up(analysis.plan(experiment, instant))
    pooled = functools.reduce(operator.add, (arm.moments for arm in answer.arms.values()))
    found = {outcome.metric.name: _measured(outcome.metric, pooled) for outcome in experiment.outcomes}
    return Seen({name: told for name, told in found.items() if told}, _entering(answer, instant // DAY_US))


def expected(metric: Metric, baseline: Baseline, n: int) -> Moments:
    """The moments of `n` viewers that are all as the baseline says: what the metric would make its sample of."""
    top, *below = metric.measures
    means = {top.name: baseline.mean / top.scale} | {m.name: 1 / m.scale for m in below}
    spread = dict.fromkeys(metric.pairs, 0.0) | {pair(top.name, top.name): baseline.variance / top.scale**2}
    return Moments(n, means, spread)


def _measured(metric: Metric, pooled: Moments) -> Baseline | None:
    sample = metric.sample(pooled) if pooled.n > 1 else None
    if sample is None or isinstance(sample, Undetermined) or not sample.variance > 0:
        return None
    return Baseline(sample.mean, sample.variance, sample.n)


def _entering(answer: Answer, today: int) -> float | None:
    days = {day for (day, _), count in answer.exposures_by_day.items() if count}
    # The last day with anybody in it may not be whole, however long ago it was.
    end = min(today, max(days, default=today))
    recent = range(max(min(days, default=end), end - RECENT_DAYS), end)
    arrived = sum(count for (day, _), count in answer.exposures_by_day.items() if day in recent)
    return arrived / len(recent) if arrived else None
