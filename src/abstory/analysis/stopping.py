"""What is said of an effect at the look that ends a group sequential experiment.

The interval that decides is the repeated one, right at every look and so too wide for the last; the plain one would be
too good. Stage-wise ordering gives the estimate, interval and p in between (`stats.after_stopping`).
"""

from __future__ import annotations

import math
from dataclasses import replace

from abstory.experiment.looks import GroupSequential
from abstory.results import Comparison, Look, MetricResult
from abstory.stats.after_stopping import Looks, Stopped, after_stopping
from abstory.stats.estimate import AtStop, Effect, Estimate
from abstory.stats.group_sequential import critical_at

_ROUNDING = 1e-9


def corrected(told: MetricResult, look: Look, declared: GroupSequential, *, alpha: float, each: float) -> MetricResult:
    """The metric with `at_stop` on every comparison that first crosses its boundary at this look, or at the last.

    Not where few outcomes were tested exactly too, and that test held back what the score would have said: stages order
    the score alone.

    Args:
        told: a primary metric read at `look`.
        look: with what crossed before it: that has stopped then, and gets nothing here.
        declared: the spending.
        alpha: two-sided, of the whole family.
        each: of one comparison, such as alpha over their number.
    """

    def one(found: Comparison) -> Comparison:
        effect, name = found.effect, f"{told.outcome.metric.name} {found.variant}"
        if not isinstance(effect, Effect) or name in look.crossed or not math.isfinite(effect.critical):
            return found
        if not look.last and not effect.difference.interval.excludes(0.0):
            return found
        looks = Looks((*look.earlier, look.share), each / 2, declared.spending)
        if _exact(effect, looks):
            return found
        return replace(found, at_stop=_at_stop(effect, looks, alpha / each))

    return replace(told, comparisons=tuple(map(one, told.comparisons)))


def _exact(effect: Effect, looks: Looks) -> bool:
    """Whether the exact test of two rates has raised the critical value to the score."""
    raised = effect.critical > critical_at(looks.shares, 2 * looks.alpha, looks.spending) * (1 + _ROUNDING)
    return effect.method == "score" and raised


def _at_stop(effect: Effect, looks: Looks, family: float) -> AtStop:
    # On the scale where the boundary is the normal one: a t statistic is stretched so that it crosses when it crosses.
    z = effect.statistic * critical_at(looks.shares, 2 * looks.alpha, looks.spending) / effect.critical
    found = _solved(looks, effect.difference.value, z, effect.standard_error)
    lift = None
    if isinstance(effect.lift, Estimate):
        lift = _solved(looks, effect.lift.value, z, effect.standard_error / abs(effect.control)).estimate
    return AtStop(found.estimate, lift, min(1.0, family * found.p_value))


def _solved(looks: Looks, value: float, z: float, error: float) -> Stopped:
    """With the error at no effect, value / z, difference and lift have one Z and one p; `error` where there is none."""
    return after_stopping(looks, value, value / z if value and z else error)
