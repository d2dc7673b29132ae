"""What is asked of a plan: a declared experiment, and what its file cannot know."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from abstory.analysis import readings
from abstory.errors import UsageError
from abstory.experiment import Experiment, Outcome, Role, Size
from abstory.planning.baselines import Baseline

_WEEKS = (1, 2, 3, 4, 6, 8, 12, 26, 52)
_POINTS = 7


@dataclass(frozen=True)
class Question:
    """A declared experiment, and what its file cannot know.

    Attributes:
        experiment: alpha, power, looks, multiplicity, weights, MDEs and margins are its own.
        baselines: by metric.
        entering: new viewers a day over all variants; None where it is not known.
        mdes, power: instead of the file's, to ask what if.
        explained: share of a metric's variance that covariates take away, in [0, 1), by metric.
        only: metrics to plan for; empty for every primary and guardrail.
    """

    experiment: Experiment
    baselines: Mapping[str, Baseline]
    entering: float | None = None
    mdes: Mapping[str, Size] = field(default_factory=dict)
    power: float | None = None
    explained: Mapping[str, float] = field(default_factory=dict)
    only: tuple[str, ...] = ()

    @property
    def wanted(self) -> float:
        """The chance to ship what has every MDE and harms nothing."""
        return self.power or self.experiment.analysis.power

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What is planned for: primaries with an MDE and guardrails, where some treatment can be compared."""
        return tuple(o for o in self._asked if self.size(o) and ratios(self.experiment, o))

    @property
    def unplanned(self) -> tuple[str, ...]:
        """Primaries that nothing can be planned for, with the reason."""
        reason = {False: "no treatment can be compared with control on it", True: "it declares no mde"}
        left = (o for o in self._asked if o not in self.outcomes)
        return tuple(f"{o.metric.name}: {reason[bool(ratios(self.experiment, o))]}" for o in left)

    def size(self, outcome: Outcome) -> Size | None:
        """The MDE of a primary, the margin of a guardrail."""
        if outcome.role is Role.GUARDRAIL:
            return outcome.margin
        return self.mdes.get(outcome.metric.name, outcome.mde)

    def tuned(self, min_per_variant: int) -> Question:
        """The same with another `decision.min_per_variant`."""
        decision = self.experiment.decision.model_copy(update={"min_per_variant": min_per_variant})
        return replace(self, experiment=self.experiment.model_copy(update={"decision": decision}))

    @property
    def _asked(self) -> Iterator[Outcome]:
        roles = {Role.PRIMARY, Role.GUARDRAIL}
        return (
            outcome
            for outcome in self.experiment.outcomes
            if outcome.role in roles and (not self.only or outcome.metric.name in self.only)
        )


def complete(question: Question) -> tuple[Outcome, ...]:
    """What is planned for, each with its baseline.

    Raises:
        UsageError: a baseline is missing, or nothing declares an MDE.
    """
    if not question.outcomes:
        raise UsageError(f"nothing to plan for: {'; '.join(question.unplanned)}", hint="such as --mde 5%")
    if missing := without_baseline(question):
        names = ", ".join(outcome.metric.name for outcome in missing)
        raise UsageError(f"no baseline is known of {names}")
    return question.outcomes


def without_baseline(question: Question) -> tuple[Outcome, ...]:
    """What is planned for and has no baseline."""
    return tuple(o for o in question.outcomes if o.metric.name not in question.baselines)


def ratios(experiment: Experiment, outcome: Outcome) -> dict[str, float]:
    """Viewers for each of control's, of every treatment that can be compared on a metric."""
    return {
        variant.name: variant.weight / experiment.control.weight
        for variant in experiment.treatments
        if not readings.lengths_apart(experiment, outcome.metric, variant)
    }


def each(question: Question) -> float:
    """The power of each test."""
    roles = [outcome.role for outcome in question.outcomes]
    primaries = roles.count(Role.PRIMARY)
    tests = roles.count(Role.GUARDRAIL) + (primaries if harmless(question) else min(1, primaries))
    return 1 - (1 - question.wanted) / tests


def harmless(question: Question) -> bool:
    """Whether every primary is held to its MDE, as if it were a guardrail."""
    return question.experiment.decision.rule == "do_no_harm"


def weeks_around(needed: int, declared: int) -> tuple[int, ...]:
    """Seven lengths in weeks, growing: the one that is needed, the declared one (0 for none), and round ones near."""
    told = {week for week in (needed, declared) if week}
    near = sorted(set(_WEEKS) - told, key=lambda week: abs(math.log(week / needed)))
    return tuple(sorted(told | set(near[: _POINTS - len(told)])))
