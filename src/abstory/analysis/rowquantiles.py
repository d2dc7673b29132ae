"""Quantiles of rows beside the moments of viewers, where they can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from abstory.experiment import Experiment
from abstory.metrics import Quantile
from abstory.stats import quantiles
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.moments import Moments, Sample
from abstory.stats.ratios import ratio_sample
from abstory.stats.tails import two_sided_quantile
from abstory.warehouse.base import Answer, ArmData

_CRITICAL = two_sided_quantile(0.05, float("inf"))
_SECONDS = 1e-3


def asked(experiment: Experiment) -> tuple[float, ...]:
    """The quantiles that some metric is."""
    return tuple(dict.fromkeys(metric.share for metric in _metrics(experiment)))


def moments(experiment: Experiment, answer: Answer) -> Mapping[str, Moments]:
    """Of every variant, with each quantile that is known, in seconds, and viewers x its squared error beside them."""
    return {name: _beside(experiment, arm) for name, arm in answer.arms.items()}


def notes(experiment: Experiment, answer: Answer) -> Iterator[str]:
    """Why a quantile is not given."""
    for metric in _metrics(experiment):
        for variant in experiment.variants:
            found = _found(metric, answer.arms[variant.name])
            if isinstance(found, Undetermined):
                yield f"{metric.name} of {variant.name} is not given: {found}"


def _metrics(experiment: Experiment) -> list[Quantile]:
    return [outcome.metric for outcome in experiment.outcomes if isinstance(outcome.metric, Quantile)]


def _beside(experiment: Experiment, arm: ArmData) -> Moments:
    whole = arm.moments
    for metric in _metrics(experiment):
        found = _found(metric, arm)
        if isinstance(found, quantiles.Quantile):
            value, error = found.estimate.value * _SECONDS, found.error * _SECONDS
            spread = {**whole.covariances, (metric.key, metric.key): error * error * whole.n}
            whole = replace(whole, means={**whole.means, metric.key: value}, covariances=spread)
    return whole


def _found(metric: Quantile, arm: ArmData) -> quantiles.Quantile | Undetermined:
    if arm.watched is None or metric.share not in arm.watched.shares:
        return Undetermined(Reason.NO_VIEWERS)
    share = ratio_sample(arm.watched.shares[metric.share], quantiles.AT_OR_BELOW, quantiles.ROWS)
    if not isinstance(share, Sample):
        return share
    views = quantiles.Histogram.of({float(watch): rows for watch, rows in arm.watched.views.items()})
    return quantiles.quantile(views, metric.share, share, _CRITICAL)
