"""The best of several looks better than it is: what remains of each when they are drawn together."""

from __future__ import annotations

from dataclasses import replace

from abstory.experiment import Role
from abstory.results import MetricResult
from abstory.stats.estimate import Effect, Undetermined
from abstory.stats.shrinkage import shrink


def shrunk(told: MetricResult) -> MetricResult:
    """A primary metric with the shrunken value of each treatment that has an effect; others as they are.

    The treatments' own values are drawn together, never their differences from control, whose error they share. Where
    covariates have narrowed an effect, the variance of its value is taken to have shrunk in the same measure.
    """
    effects = {c.variant: c.effect for c in told.comparisons if isinstance(c.effect, Effect)}
    control = next((name for name in told.samples if all(name != c.variant for c in told.comparisons)), None)
    if told.outcome.role is not Role.PRIMARY or len(effects) < 2 or control is None:
        return told
    plain = {name: arm.variance / arm.n for name, arm in told.samples.items()}
    variances = [
        plain[v] * effect.standard_error**2 / (plain[v] + plain[control] or 1) for v, effect in effects.items()
    ]
    found = shrink([effect.treatment for effect in effects.values()], variances)
    if isinstance(found, Undetermined):
        return told
    values = dict(zip(effects, found.values, strict=True))
    return replace(told, comparisons=tuple(replace(c, shrunken=values.get(c.variant)) for c in told.comparisons))
