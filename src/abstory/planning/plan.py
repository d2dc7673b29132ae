"""From the declared experiment to the viewers and days it needs, read exactly as its analysis will read it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from abstory.analysis import readings
from abstory.experiment import DAY_US, UNBOUNDED_US, Outcome, Role
from abstory.planning.baselines import expected
from abstory.planning.question import Question, complete, each, harmless, ratios, weeks_around
from abstory.planning.target import Aim, Target, possible
from abstory.results import Look, Method
from abstory.stats import power as power_of
from abstory.stats.dunnett import loadings
from abstory.stats.moments import Moments
from abstory.stats.power import Stopping
from abstory.stats.reading import Reading

WEEK = 7
_NOMINAL = 10**9
_SHARES = (0.25, 0.5, 1.0, 2.0, 4.0)
_FEWEST_LOOKS, _MOST_LOOKS = 3, 24


@dataclass(frozen=True, slots=True)
class Point:
    """What an experiment of one size can see.

    Attributes:
        days: until it has that size; None where the traffic is not known.
        viewers: over all variants.
        smallest: in the variant with the fewest.
        changes: by primary metric, the smallest difference found with the planned power; infinite where none is.
    """

    days: int | None
    viewers: int
    smallest: int
    changes: Mapping[str, float]


@dataclass(frozen=True)
class Plan:
    """How many viewers, how long, and what else would be seen.

    Attributes:
        question: what was asked.
        method: how the metrics will be read.
        targets: everything that must be shown, primaries first.
    """

    question: Question
    method: Method
    targets: tuple[Target, ...]

    @property
    def deciding(self) -> Target:
        """The target that needs the most viewers."""
        return max(self.targets, key=lambda target: target.control)

    @cached_property
    def arms(self) -> dict[str, int]:
        """Viewers needed by variant, declared order."""
        return self.arms_of(self.deciding)

    @property
    def total(self) -> int:
        return sum(self.arms.values())

    @property
    def smallest(self) -> int:
        return min(self.arms.values())

    @property
    def days(self) -> int | None:
        """Days of traffic needed; None where it is not known."""
        entering = self.question.entering
        return math.ceil(self.total / entering) if entering else None

    @property
    def runtime(self) -> int | None:
        """Whole weeks, in days, not below `min_runtime`."""
        least = math.ceil(self.question.experiment.decision.min_runtime.us / DAY_US)
        return None if self.days is None else WEEK * math.ceil(max(self.days, least) / WEEK)

    @property
    def scheduled(self) -> int | None:
        """Days of the schedule; None without one."""
        schedule = self.question.experiment.schedule
        return (schedule.end - schedule.start).days if schedule else None

    @property
    def at_end(self) -> Point | None:
        """What the schedule's own length can see; None without a schedule or known traffic."""
        entering, days = self.question.entering, self.scheduled
        return self.point(days * entering, days) if entering and days else None

    @property
    def short(self) -> bool:
        """Whether the schedule ends before the viewers are there."""
        return self.days is not None and self.scheduled is not None and self.scheduled < self.days

    @cached_property
    def curve(self) -> tuple[Point, ...]:
        """Growing experiments around the needed one: whole weeks where the traffic is known."""
        entering = self.question.entering
        if entering is None:
            return tuple(self.point(share * self.total) for share in _SHARES)
        weeks = weeks_around((self.runtime or WEEK) // WEEK, (self.scheduled or 0) // WEEK)
        return tuple(self.point(WEEK * week * entering, WEEK * week) for week in weeks)

    @property
    def any_found(self) -> float | None:
        """The chance that at least one treatment is found when all have the first primary's MDE; None for one."""
        target = next((t for t in self.targets if t.aim is Aim.FIND), None)
        if target is None or len(target.ratios) < 2:
            return None
        n, some = self._control(self.total), list(target.ratios.values())
        signals = [target.signal(ratio) for ratio in some]
        drifts = [signal.gap * math.sqrt(n) / signal.true for signal in signals]
        bar = max(target.critical(ratio)(n)[0] for ratio in some)
        return power_of.any_found(drifts, loadings(1.0, [1 / ratio for ratio in some]), bar)

    @cached_property
    def stopping(self) -> Stopping | None:
        """When the deciding effect is found if it is there, looking daily or as declared, in viewers of control.

        None for a fixed reading, a guardrail, or days that are not known.
        """
        target, ratio = self.deciding, min(self.deciding.ratios.values())
        if target.aim is not Aim.FIND or readings.fixed(self.question.experiment):
            return None
        if target.design:
            return power_of.staged(target.signal(ratio), target.control, target.design)
        looks = self._looks
        many = len(looks) >= _FEWEST_LOOKS
        return power_of.stopping(target.signal(ratio), looks, target.critical(ratio)) if many else None

    @cached_property
    def advised(self) -> tuple[int, int]:
        """A `decision.min_per_variant` that the reading is tightest at, and the viewers needed in all with it."""
        advice, other = _round_up(self.smallest), self
        for _ in range(3):
            other = plan(self.question.tuned(advice))
            if (better := _round_up(other.smallest)) == advice:
                break
            advice = better
        return advice, other.total

    def arms_of(self, target: Target) -> dict[str, int]:
        """Viewers by variant that one target needs."""
        control = self.question.experiment.control.weight
        return {
            v.name: math.ceil(target.control * v.weight / control - 1e-9) for v in self.question.experiment.variants
        }

    def in_all(self, control: float) -> float:
        """Viewers over all variants, where control has `control`."""
        experiment = self.question.experiment
        return control * sum(v.weight for v in experiment.variants) / experiment.control.weight

    def point(self, total: float, days: int | None = None) -> Point:
        """What an experiment of `total` viewers can see."""
        weights = [variant.weight for variant in self.question.experiment.variants]
        n = self._control(total)
        changes = {t.name: t.detectable(n) for t in self.targets if t.outcome.role is Role.PRIMARY}
        return Point(days, math.floor(total), math.floor(total * min(weights) / sum(weights)), changes)

    def chances(self, total: float) -> dict[str, float]:
        """By metric, the chance to show what is to be shown with `total` viewers."""
        return {target.name: target.chance(self._control(total)) for target in self.targets}

    @property
    def _looks(self) -> tuple[float, ...]:
        """Viewers in control on the days on which a verdict may fall, every few days where there are many."""
        entering, decision = self.question.entering, self.question.experiment.decision
        if entering is None or self.runtime is None:
            return ()
        control, smallest = self._control(entering), self.point(entering).smallest
        first = max(decision.min_runtime.us / DAY_US, decision.min_per_variant / max(1, smallest), 1)
        days = range(math.ceil(first), self.runtime + 1)
        return tuple(day * control for day in days[:: -max(1, math.ceil(len(days) / _MOST_LOOKS))][::-1])

    def _control(self, total: float) -> float:
        return max(2.0, total / self.in_all(1.0))


def plan(question: Question) -> Plan:
    """How many viewers the experiment needs so that what has every MDE and harms nothing ships with its power.

    Shipping takes one test for the primaries and one for each of G guardrails, so each is given 1 − β/(G + 1) of power
    and all of them together 1 − β, whatever their dependence (Schultzberg, Ankargren & Frånberg 2024, arXiv
    2402.11609, section 4). Under `do_no_harm` each primary is a test of its own, held to its MDE.

    Raises:
        UsageError: as `complete`, or a change is impossible.
    """
    outcomes = complete(question)
    method = readings.method(question.experiment, _moments(question, outcomes[0]), as_of_us=UNBOUNDED_US)
    return Plan(question, method, tuple(_target(question, outcome) for outcome in outcomes))


def _target(question: Question, outcome: Outcome) -> Target:
    size = question.size(outcome)
    if size is None:
        raise ValueError(f"{outcome.metric.name} has no size to plan for")
    finds = outcome.role is Role.PRIMARY and not harmless(question)
    target = Target(
        outcome,
        Aim.FIND if finds else Aim.HOLD,
        size,
        question.baselines[outcome.metric.name],
        _reading(question, outcome),
        each(question),
        ratios(question.experiment, outcome),
        question.explained.get(outcome.metric.name, 0.0),
        tuple(_looks(question, outcome)),
    )
    return possible(target)


def _reading(question: Question, outcome: Outcome, look: Look | None = None) -> Reading:
    return readings.reading(question.experiment, outcome, _moments(question, outcome), look=look)


def _looks(question: Question, outcome: Outcome) -> Iterator[tuple[float, Reading]]:
    """The planned looks of a group sequential design, evenly spaced."""
    declared = readings.planned_looks(question.experiment)
    shares = tuple((k + 1) / declared.looks for k in range(declared.looks)) if declared else ()
    for at, share in enumerate(shares):
        yield share, _reading(question, outcome, Look(share, 0, shares[:at]))


def _moments(question: Question, outcome: Outcome) -> dict[str, Moments]:
    """Large arms in the declared proportions: which comparisons there are and how their errors relate."""
    baseline = question.baselines[outcome.metric.name]
    return {v.name: expected(outcome.metric, baseline, _NOMINAL * v.weight) for v in question.experiment.variants}


def _round_up(viewers: int) -> int:
    """To two significant figures."""
    unit = int(10.0 ** max(0, len(str(viewers)) - 2))
    return -(-viewers // unit) * unit
