"""What people read in place of what is right: a test for one look every day, or all views as if independent."""

from __future__ import annotations

import math
from collections.abc import Sequence

from abstory.experiment import Experiment, Outcome
from abstory.metrics import Total, Unit
from abstory.results import ExperimentResult, PostedSlot
from abstory.stats import proportions
from abstory.stats.estimate import Effect, Undetermined
from abstory.stats.moments import Tally
from abstory.stats.reading import FixedHorizon


def misread(
    experiment: Experiment, outcome: Outcome, treatment: str, results: Sequence[ExperimentResult]
) -> bool | None:
    """Whether such a test at alpha rejects no difference; None where nobody would make one.

    For viewers a test meant for one look, at any look. For posts the test for viewers' rates, put to all views of
    either variant together, on rates alone.
    """
    critical = FixedHorizon(experiment.analysis.alpha).critical(0, math.inf)
    if isinstance(outcome.metric, Total):
        found = of_all_views(results[-1].posts, outcome.metric, (treatment, experiment.control.name))
        return None if found is None else abs(found) > critical
    effects = [_effect(result, outcome, treatment) for result in results]
    return any(abs(effect.statistic) > critical for effect in effects if isinstance(effect, Effect))


def of_all_views(slots: Sequence[PostedSlot], metric: Total, arms: tuple[str, str]) -> float | None:
    """The z of two variants as if every view were a viewer's; None where a metric is no share, or not known.

    Args:
        slots: what became of each.
        metric: of posts.
        arms: the treatment, and control.
    """
    if metric.unit is not Unit.RATE or not metric.below:
        return None
    treatment, control = (_tally([slot for slot in slots if slot.variant == arm], metric) for arm in arms)
    if not (0 <= treatment.successes <= treatment.n > 0 and 0 <= control.successes <= control.n > 0):
        return None
    return proportions.score_test(treatment, control, k=1.0)


def _tally(slots: Sequence[PostedSlot], metric: Total) -> Tally:
    read = [slot.totals for slot in slots if slot.value(metric) is not None]
    above = sum(totals[name] for totals in read for name in metric.above)
    return Tally(round(sum(totals[metric.below] for totals in read)), round(above))


def _effect(result: ExperimentResult, outcome: Outcome, treatment: str) -> Effect | Undetermined:
    return next(told for told in result.metrics if told.outcome == outcome).against(treatment).effect
