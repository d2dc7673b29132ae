"""What one treatment's comparisons say, turned so that more is better whatever the metric's direction."""

from __future__ import annotations

import math
from dataclasses import dataclass

from abstory import digits
from abstory.experiment import Experiment, Role, Size
from abstory.experiment.clauses import Rule
from abstory.metrics import Direction
from abstory.results import Comparison, ExperimentResult, Fading, Looking, MetricResult, Reads
from abstory.stats.estimate import Effect, Estimate, Interval, Undetermined


@dataclass(frozen=True, slots=True)
class Line:
    """One treatment on one metric."""

    result: MetricResult
    comparison: Comparison

    @property
    def name(self) -> str:
        return self.result.outcome.metric.name

    @property
    def reads(self) -> Reads:
        return self.comparison.reads

    @property
    def limit(self) -> Size | None:
        """The margin of a guardrail, the MDE of any other metric."""
        outcome = self.result.outcome
        return outcome.margin if outcome.role is Role.GUARDRAIL else outcome.mde

    @property
    def scale(self) -> str:
        """`lift` or `difference`: what the limit is on; a lift where there is no limit and a lift exists."""
        if self.limit is not None:
            return "lift" if self.limit.relative else "difference"
        effect = self.comparison.effect
        return "difference" if isinstance(effect, Effect) and isinstance(effect.lift, Undetermined) else "lift"

    @property
    def estimate(self) -> Estimate | None:
        """The effect on `scale`; None where it is not known."""
        effect = self.comparison.effect
        if isinstance(effect, Undetermined):
            return None
        found = effect.lift if self.scale == "lift" else effect.difference
        return found if isinstance(found, Estimate) else None

    @property
    def good(self) -> Estimate | None:
        """The estimate with its sign turned so that more is better."""
        return self._turned(self.estimate) if self.estimate else None

    def _turned(self, found: Estimate) -> Estimate:
        if self.result.outcome.metric.direction is Direction.INCREASE:
            return found
        return Estimate(-found.value, Interval(-found.interval.high, -found.interval.low))

    def sized(self, *, relative: bool) -> Estimate | None:
        """The lift or the difference, turned so that more is better; None where it is not known."""
        effect = self.comparison.effect
        if isinstance(effect, Undetermined):
            return None
        found = effect.lift if relative else effect.difference
        return self._turned(found) if isinstance(found, Estimate) else None

    @property
    def low(self) -> float:
        """The cautious end of `good`; minus infinity where nothing is known."""
        return self.good.interval.low if self.good else -math.inf

    @property
    def too_small(self) -> bool:
        """Whether even the hopeful end stays below the MDE."""
        return bool(self.good and self.limit and self.good.interval.high < self.limit.value)

    @property
    def within(self) -> bool:
        """Whether the interval lies inside ±MDE: the only case in which an effect of that size is ruled out."""
        return self.too_small and self.not_worse

    @property
    def equivalent(self) -> bool:
        """Whether two one-sided tests put it inside its declared margin on either side."""
        return self.reads is Reads.EQUIVALENT

    @property
    def band(self) -> str:
        """The declared margin as the file writes it."""
        margin = self.result.outcome.margin
        return margin.text if margin else ""

    @property
    def not_worse(self) -> bool:
        """Non-inferior with the MDE as margin, or shown equivalent; without either, shown better."""
        if self.equivalent:
            return True
        return self.low > -self.limit.value if self.limit else self.reads is Reads.BETTER

    def change(self, number: float) -> str:
        """A number on `scale` as text."""
        if self.scale == "lift":
            return digits.lift(number)
        return digits.difference(number, self.result.outcome.metric.unit)

    def __str__(self) -> str:
        if self.estimate is None:
            return f"{self.name}: {self._why}"
        ends = self.estimate.interval
        told = f"{self.change(ends.low)} to {self.change(ends.high)}"
        return f"{self.name} {self.change(self.estimate.value)} ({told}{self._stepped})"

    @property
    def _stepped(self) -> str:
        """The p that the word goes by, where the interval alone would say another."""
        p, effect = self.comparison.p_adjusted, self.comparison.effect
        if p is None or isinstance(effect, Undetermined):
            return ""
        apart = self.reads in {Reads.BETTER, Reads.WORSE}
        return "" if apart is effect.difference.interval.excludes(0.0) else f"; p adj {digits.p_value(p)}"

    @property
    def _why(self) -> str:
        effect = self.comparison.effect
        return str(effect if isinstance(effect, Undetermined) else effect.lift)


@dataclass(frozen=True, slots=True)
class Standing:
    """One treatment on every metric."""

    variant: str
    primaries: tuple[Line, ...]
    secondaries: tuple[Line, ...]
    guardrails: tuple[Line, ...]

    @classmethod
    def of(cls, result: ExperimentResult, variant: str) -> Standing:
        """Collect the lines of one treatment. Raises KeyError for control or an unknown name."""

        def lines(role: Role) -> tuple[Line, ...]:
            return tuple(Line(m, m.against(variant)) for m in result.metrics if m.outcome.role is role)

        return cls(variant, lines(Role.PRIMARY), lines(Role.SECONDARY), lines(Role.GUARDRAIL))

    @property
    def deciding(self) -> tuple[Line, ...]:
        """The primaries that can be compared between these two variants."""
        return tuple(line for line in self.primaries if line.reads is not Reads.DESCRIPTIVE)

    @property
    def winning(self) -> tuple[Line, ...]:
        return tuple(line for line in self.primaries if line.reads is Reads.BETTER)

    @property
    def harms(self) -> tuple[Line, ...]:
        """Primaries shown worse, guardrails shown beyond their margin."""
        worse = tuple(line for line in self.primaries if line.reads is Reads.WORSE)
        return worse + tuple(line for line in self.guardrails if line.reads is Reads.HARMED)

    @property
    def conflicts(self) -> tuple[Line, ...]:
        """Secondaries shown worse."""
        return tuple(line for line in self.secondaries if line.reads is Reads.WORSE)

    @property
    def unsafe(self) -> tuple[Line, ...]:
        """Guardrails that are not (yet) shown to hold."""
        return tuple(line for line in self.guardrails if line.reads is not Reads.HOLDS)

    @property
    def low(self) -> float:
        """The cautious end of the first primary: what winners are ranked by."""
        return self.primaries[0].low if self.primaries else -math.inf

    @property
    def hope(self) -> float:
        """The estimate of the first primary: what leads while nothing is decided."""
        good = self.primaries[0].good if self.primaries else None
        return good.value if good else -math.inf


@dataclass(frozen=True, slots=True)
class Case:
    """The declared rule beside the result it is put to."""

    experiment: Experiment
    result: ExperimentResult
    rule: str | tuple[Rule, ...]

    def fading(self, variant: str | None) -> tuple[Fading, ...]:
        """What holds a treatment back under `novelty: hold`: its primary effects that are shown to wear off."""
        if self.experiment.decision.novelty != "hold":
            return ()
        return tuple(one for one in self.result.fading if one.variant == variant)

    @property
    def looking(self) -> Looking | None:
        """Of a group sequential design: where it stands."""
        return self.result.method.looking

    @property
    def over(self) -> bool:
        """Whether nothing more will be read: the last window is closed, or the last planned look is taken."""
        last = self.looking.look if self.looking else None
        return self.result.as_of_us >= self.experiment.closes_us or bool(last and last.last)

    @property
    def runtime_us(self) -> int:
        return self.result.runtime_us

    @property
    def long_enough(self) -> bool:
        return self.runtime_us >= self.experiment.decision.min_runtime.us

    def viewers(self, variant: str) -> int:
        """Of the smaller of the variant and control: what `min_per_variant` is held against."""
        counts = [arm.viewers for arm in self.result.arms if arm.variant in {variant, self.result.control}]
        return min(counts)

    def enough(self, variant: str) -> bool:
        """Viewers enough; under planned looks that minimum is the plan's end, and a look is enough."""
        if self.looking:
            return self.looking.look is not None
        return self.viewers(variant) >= self.experiment.decision.min_per_variant

    def ready(self, variant: str) -> bool:
        """Run long enough, on viewers enough."""
        return self.long_enough and self.enough(variant)
