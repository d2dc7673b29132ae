"""Which comparisons share an error rate, and how their words come out of it.

The primaries of all treatments are one family at alpha, the secondaries another, exploratory one at a false discovery
rate of alpha; guardrails are in neither. Where one critical value serves a whole family (Dunnett, Bonferroni, and
Benjamini & Hochberg with intervals at the level of those selected, alpha · max(1, selected) / all) a comparison's word,
interval and p are one statement. Where a procedure goes step by step (Holm, Hochberg, gatekeeping) the word follows the
adjusted p and the interval stays Bonferroni's: it may hold 0 beside a word, never exclude 0 without one, but for a
secondary whose gate is closed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from abstory.analysis import readings
from abstory.analysis.shrinking import shrunk
from abstory.analysis.stopping import corrected
from abstory.experiment import Experiment, Outcome, Role
from abstory.metrics import Direction
from abstory.results import Comparison, Look, MetricResult, Reads
from abstory.stats import skewness
from abstory.stats.estimate import Effect, Estimate, Undetermined
from abstory.stats.gatekeeping import adjusted_p, primaries_first
from abstory.stats.moments import Moments
from abstory.stats.multiplicity import Bonferroni, benjamini_hochberg, hochberg, holm
from abstory.stats.reading import Reading
from abstory.stats.selective import false_coverage_level

Read = Callable[[Outcome, Reading], MetricResult]
Member = tuple[str, str]
_STEPWISE: Mapping[str, Callable[[Sequence[float]], tuple[float, ...]]] = {"holm": holm, "hochberg": hochberg}


@dataclass(frozen=True, slots=True)
class Family:
    """What decides who is compared at which level.

    Attributes:
        experiment: as the file declares it.
        moments: of every variant; who is in a family is decided by counts of viewers, never by outcomes.
        look: of a group sequential design; None where there is none.
    """

    experiment: Experiment
    moments: Mapping[str, Moments]
    look: Look | None = None

    @property
    def base(self) -> Reading:
        """The declared way of looking, at alpha."""
        return readings.base(self.experiment, self.look)

    def members(self, role: Role) -> tuple[Member, ...]:
        """(metric, treatment) of everything compared in a role."""
        return readings.members(self.experiment, self.moments, role)


def settled(family: Family, outcomes: Sequence[Outcome], read: Read) -> tuple[MetricResult, ...]:
    """Every outcome at its level, in declared order.

    Args:
        family: what decides the levels.
        outcomes: as declared.
        read: one outcome by one reading, words from the intervals.
    """
    told = _Told(family, outcomes, read)
    way = readings.way(family.experiment)
    found = {id(o): told.alone(o) for o in outcomes if o.role is Role.GUARDRAIL}
    if way == "gatekeeping":
        found |= told.gated()
    else:
        found |= told.stepwise(_STEPWISE[way]) if way in _STEPWISE else told.at_once(Role.PRIMARY, way)
        found |= told.at_once(Role.SECONDARY, "none" if way == "none" else "bh")
    return tuple(shrunk(_sampled(family, found[id(outcome)])) for outcome in outcomes)


def _sampled(family: Family, told: MetricResult) -> MetricResult:
    arms = {name: told.outcome.metric.sample(moments) for name, moments in family.moments.items() if moments.n}
    return replace(told, samples={name: arm for name, arm in arms.items() if not isinstance(arm, Undetermined)})


def _at_stop(family: Family, told: MetricResult, reading: Reading) -> MetricResult:
    """What a stop leaves, at the level that each comparison was read at."""
    declared, alpha = readings.planned_looks(family.experiment), family.experiment.analysis.alpha
    if declared is None or family.look is None or told.outcome.role is not Role.PRIMARY:
        return told
    each = reading.alpha / reading.family if isinstance(reading, Bonferroni) else reading.alpha
    return corrected(told, family.look, declared, alpha=alpha, each=each)


@dataclass(frozen=True, slots=True)
class _Told:
    family: Family
    outcomes: Sequence[Outcome]
    read: Read

    def alone(self, outcome: Outcome) -> MetricResult:
        """By the reading that belongs to the outcome itself."""
        family = self.family
        return self._told(outcome, readings.reading(family.experiment, outcome, family.moments, look=family.look))

    def at_once(self, role: Role, way: str) -> dict[int, MetricResult]:
        """A family that one critical value serves."""
        outcomes = self._of(role)
        if way != "bh":
            return {id(o): self.alone(o) for o in outcomes}
        members, base = self.family.members(role), self.family.base
        p = self._p(outcomes, members)
        reading = base.at(false_coverage_level(p, base.alpha))
        adjusted = dict(zip(members, benjamini_hochberg(p), strict=True))
        return {id(o): discovered(self._told(o, reading), adjusted, base.alpha) for o in outcomes}

    def stepwise(self, adjust: Callable[[Sequence[float]], tuple[float, ...]]) -> dict[int, MetricResult]:
        """Primaries whose word follows a step-by-step p."""
        members, outcomes = self.family.members(Role.PRIMARY), self._of(Role.PRIMARY)
        adjusted = dict(zip(members, adjust(self._p(outcomes, members)), strict=True))
        return self._stepped(outcomes, adjusted, Bonferroni(self.family.base, max(1, len(members))))

    def gated(self) -> dict[int, MetricResult]:
        """Primaries share alpha; what a better one no longer needs is passed on to the secondaries."""
        first, later = self.family.members(Role.PRIMARY), self.family.members(Role.SECONDARY)
        outcomes, base = [*self._of(Role.PRIMARY), *self._of(Role.SECONDARY)], self.family.base
        if not first:
            return {id(o): self._told(o, base) for o in outcomes}
        p = self._p(outcomes, (*first, *later))
        adjusted = dict(zip((*first, *later), adjusted_p(primaries_first(len(first), len(later)), p), strict=True))
        every = Bonferroni(base, len(first) + len(later))
        told = self._stepped(self._of(Role.PRIMARY), adjusted, Bonferroni(base, len(first)))
        return told | self._stepped(self._of(Role.SECONDARY), adjusted, every)

    def _of(self, role: Role) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.role is role]

    def _p(self, outcomes: Sequence[Outcome], members: Sequence[Member]) -> list[float]:
        """Of each member, unadjusted; 1 where it is not known, for it stays in the family."""
        found = {
            (told.outcome.metric.name, c.variant): c.effect.p_value
            for told in (self.read(outcome, self.family.base) for outcome in outcomes)
            for c in told.comparisons
            if isinstance(c.effect, Effect)
        }
        return [found.get(member, 1.0) for member in members]

    def _stepped(
        self, outcomes: Sequence[Outcome], adjusted: Mapping[Member, float], reading: Reading
    ) -> dict[int, MetricResult]:
        return {id(o): _by_step(self._told(o, reading), adjusted, reading.alpha) for o in outcomes}

    def _told(self, outcome: Outcome, reading: Reading) -> MetricResult:
        told = _at_stop(self.family, self.read(outcome, reading), reading)
        if outcome.margin is None or outcome.role is Role.GUARDRAIL:
            return told
        inner = self.read(outcome, readings.doubled(reading))
        pairs = zip(told.comparisons, inner.comparisons, strict=True)
        return replace(told, comparisons=tuple(_alike(outcome, *pair) for pair in pairs))


def discovered(told: MetricResult, adjusted: Mapping[Member, float], alpha: float) -> MetricResult:
    """The adjusted p in place of the plain one; the interval was made to agree with it."""

    def one(found: Comparison) -> Comparison:
        p = adjusted.get((told.outcome.metric.name, found.variant))
        if p is None or not isinstance(found.effect, Effect):
            return found
        apart = found.effect.difference.interval.excludes(0.0)
        p = min(p, math.nextafter(alpha, 0.0)) if apart else max(p, alpha)
        return replace(found, effect=replace(found.effect, p_value=p))

    return replace(told, comparisons=tuple(map(one, told.comparisons)))


def _by_step(told: MetricResult, adjusted: Mapping[Member, float], alpha: float) -> MetricResult:
    def one(found: Comparison) -> Comparison:
        p = adjusted.get((told.outcome.metric.name, found.variant))
        if p is None or not isinstance(found.effect, Effect):
            return found
        if told.outcome.role is Role.PRIMARY:
            p = min(p, found.effect.p_value)
        return replace(found, p_adjusted=p, reads=_word(told.outcome, found, apart=p < alpha))

    return replace(told, comparisons=tuple(map(one, told.comparisons)))


def _word(outcome: Outcome, found: Comparison, *, apart: bool) -> Reads:
    if not apart or not isinstance(found.effect, Effect):
        return Reads.EQUIVALENT if found.reads is Reads.EQUIVALENT else Reads.UNCLEAR
    upward = outcome.metric.direction is Direction.INCREASE
    return Reads.BETTER if (found.effect.difference.value > 0) is upward else Reads.WORSE


def _alike(outcome: Outcome, told: Comparison, inner: Comparison) -> Comparison:
    """Two one-sided tests at the margins: the interval at 1 − 2 alpha lies inside both."""
    effect, margin = skewness.bound(inner.effect), outcome.margin
    if told.reads is not Reads.UNCLEAR or isinstance(effect, Undetermined) or margin is None:
        return told
    found = effect.lift if margin.relative else effect.difference
    if not isinstance(found, Estimate) or not -margin.value < found.interval.low <= found.interval.high < margin.value:
        return told
    return replace(told, reads=Reads.EQUIVALENT)
