"""From a team's own definition to a metric."""

from __future__ import annotations

from dataclasses import replace

from abstory.experiment.sections import Counted, Definition, MetricUse
from abstory.metrics import (
    SLOT_METRICS,
    Mean,
    Measure,
    MeasureKind,
    Metric,
    Proportion,
    Quantile,
    Ratio,
    Total,
    built_in,
)

AnyMetric = Proportion | Mean | Ratio | Quantile


def meant(use: MetricUse, own: Definition | None, *, by_slot: bool) -> Metric | None:
    """The metric that a use asks for, with its own direction, cut and denominator; None where there is none."""
    found: AnyMetric | Total | None
    found = per(SLOT_METRICS.get(use.name), use.denominator) if by_slot else _cut(resolved(use.name, own), use)
    return replace(found, direction=use.direction) if found and use.direction else found


def per(metric: Total | None, denominator: str | None) -> Total | None:
    """A rate of posts by another denominator; nothing is divided that was not."""
    return replace(metric, below=denominator) if metric and metric.below and denominator else metric


def _cut(metric: AnyMetric | None, use: MetricUse) -> AnyMetric | None:
    return cut(metric, use.winsorize) if metric and use.winsorize else metric


def resolved(name: str, own: Definition | None) -> AnyMetric | None:
    """The metric of that name: the team's own where it is defined and complete, or the built-in one, or None."""
    if own is None:
        return built_in(name)
    try:
        return defined(name, own)
    except ValueError:
        return None


def cut(metric: AnyMetric, share: float) -> AnyMetric:
    """The metric with its values cut at a quantile of all variants' values; a rate has nothing to cut."""
    said = f"{metric.definition}, cut at {100 * share:.10g}%"
    if isinstance(metric, Mean):
        return replace(metric, measure=replace(metric.measure, winsorize=share), definition=said)
    if isinstance(metric, Ratio):
        above, below = (replace(side, winsorize=share) for side in metric.measures)
        return replace(metric, numerator=above, denominator=below, definition=said)
    return metric


def defined(name: str, own: Definition) -> AnyMetric:
    """The metric that a team's own definition describes. Raises ValueError where it is incomplete."""
    if own.kind == "proportion":
        events = own.event or ()
        return Proportion(name, Measure(MeasureKind.ANY, events), f"{' or '.join(events)} / exposed", own.direction)
    if own.kind == "mean":
        side = _side(Counted(count=own.count, sum=own.sum, event=own.event[0] if own.event else None))
        return Mean(name, side, f"{side.name} / exposed", own.direction)
    if own.kind == "quantile":
        share = own.quantile or 0.5
        return Quantile(name, share, f"{100 * share:.10g}% of views were watched at most this long", own.direction)
    if own.numerator is None or own.denominator is None:
        raise ValueError("a ratio needs a numerator and a denominator")
    above, below = _side(own.numerator), _side(own.denominator)
    return Ratio(name, above, below, f"{above.name} / {below.name}", own.direction)


def _side(counted: Counted) -> Measure:
    if counted.count:
        return Measure(MeasureKind.COUNT, (counted.count,))
    kind = MeasureKind.SUM_VALUE if counted.sum == "value" else MeasureKind.SUM_WATCH
    return Measure(kind, (counted.event or "view",))
