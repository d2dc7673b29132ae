"""What a Bayesian would believe of the same numbers: for reading beside a verdict, which never looks at it.

Priors are stated with every answer. Rates have independent Beta(1, 1) priors and the exact posterior of their
difference; means and ratios a normal lift with prior N(0, 10 %²), by the plain delta method. Covariates and corrections
for several comparisons do not enter. Where the declared reading withholds an effect, so does this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from abstory.experiment import Role
from abstory.metrics import Direction
from abstory.results import ExperimentResult, MetricResult
from abstory.stats.bayes import BetaPrior, NormalPrior, Posterior, lift_posterior, rates_posterior
from abstory.stats.estimate import Effect, Interval, Undetermined
from abstory.stats.moments import Tally

RATE_PRIOR = "Beta(1, 1) on each rate"
LIFT_PRIOR = "N(0, 10%²) on the lift"


@dataclass(frozen=True, slots=True)
class Belief:
    """One treatment on one metric.

    Attributes:
        metric, variant: which.
        scale: `difference` or `lift`: what losses and interval are on.
        prior: in words.
        posterior: turned so that `chance` is of being better, whatever the metric's direction; mean and interval are of
            the change itself. Or why there is none.
    """

    metric: str
    variant: str
    scale: str
    prior: str
    posterior: Posterior | Undetermined


def beliefs(result: ExperimentResult) -> tuple[Belief, ...]:
    """Of every primary and secondary metric and every treatment, in declared order."""
    told = (metric for metric in result.metrics if metric.outcome.role is not Role.GUARDRAIL)
    return tuple(belief for metric in told for belief in _of(result, metric))


def _of(result: ExperimentResult, metric: MetricResult) -> Iterator[Belief]:
    level = 1 - result.method.alpha
    for one in metric.comparisons:
        rate = metric.outcome.metric.kind == "proportion"
        found = _posterior(result, metric, one.variant, level) if isinstance(one.effect, Effect) else one.effect
        scale, prior = ("difference", RATE_PRIOR) if rate else ("lift", LIFT_PRIOR)
        yield Belief(metric.outcome.metric.name, one.variant, scale, prior, _turned(metric, found))


def _posterior(result: ExperimentResult, metric: MetricResult, variant: str, level: float) -> Posterior | Undetermined:
    treatment, control = metric.samples[variant], metric.samples[result.control]
    if isinstance(treatment, Tally) and isinstance(control, Tally):
        return rates_posterior(treatment, control, prior=BetaPrior(), level=level)
    if isinstance(treatment, Tally) or isinstance(control, Tally):
        raise TypeError("both arms have one kind of sample")
    return lift_posterior(treatment, control, prior=NormalPrior(), level=level)


def _turned(metric: MetricResult, found: Posterior | Undetermined) -> Posterior | Undetermined:
    """Chance and losses of being better where less is better; the change keeps its sign."""
    if isinstance(found, Undetermined) or metric.outcome.metric.direction is Direction.INCREASE:
        return found
    interval = Interval(found.interval.low, found.interval.high)
    return Posterior(1 - found.chance, found.loss_keeping, found.loss_shipping, found.mean, interval)
