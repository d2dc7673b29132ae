"""A declared experiment made ready to simulate: who comes, for how long, and what is planted in every treatment."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

from abstory.errors import UsageError
from abstory.experiment import DAY_US, HOUR_US, Audience, Experiment, Outcome, Role, Schedule, Variant
from abstory.metrics import COMPLETE, VIEW, Direction, MeasureKind, Metric
from abstory.simulate.audience import LAUNCH, Nudge, StoryAudience
from abstory.simulate.cut import planted_cut
from abstory.simulate.truth import planted

OWN_EVENT_CHANCE = 0.02
"""Of an event that only the team's own metrics know, for a viewer of keenness 1 who stays."""
SPARE = 1.25
"""Viewers beyond the declared minimum, so that chance leaves no variant below it."""
_SHORTEST_WINDOW_US = 23 * HOUR_US
_USUAL_DAYS = 14
_FIRST_DAY = date(2026, 1, 5)
_TRIED_VIEWERS = 5_000
_WATCHING = frozenset(
    {
        MeasureKind.SUM_WATCH,
        MeasureKind.COMPLETED,
        MeasureKind.COMPLETE_VIEWS,
        MeasureKind.WATCHED,
        MeasureKind.FIRST_WATCH,
    }
)


@dataclass(frozen=True, slots=True)
class Wish:
    """An effect to plant in every treatment.

    Attributes:
        metric: name of a declared metric.
        size: signed; a lift where `relative`, else a difference in the metric's unit (a fraction of a rate).
        relative: whether `size` is a share of control's value.
    """

    metric: str
    size: float
    relative: bool


@dataclass(frozen=True)
class Design:
    """All that a run needs; a run's number gives its seed.

    Attributes:
        experiment: with a schedule, open to every simulated viewer.
        audience: how viewers behave, the planted effect included.
        viewers: who come, before the declared traffic share.
        seed: another seed, other runs.
        wish: what was planted; None for no effect at all.
        cut: of metrics whose values are cut, what is planted, by variant in declared order.
    """

    experiment: Experiment
    audience: StoryAudience
    viewers: int
    seed: int = 0
    wish: Wish | None = None
    cut: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def looks_us(self) -> tuple[int, ...]:
        """The end of every day of the schedule, and the end of the last window."""
        experiment = self.experiment
        days = range(experiment.start_us + DAY_US, experiment.closes_us, DAY_US)
        return (*days, experiment.closes_us)

    @property
    def unit(self) -> str:
        """What is randomised."""
        return "viewer"

    @property
    def trial(self) -> Design:
        """A small run, on which both roads are tried before one is taken."""
        return replace(self, viewers=min(self.viewers, _TRIED_VIEWERS))

    def truth(self, variant: Variant, metric: Metric) -> float:
        """The planted value of a metric for one variant."""
        key = variant.name, metric.name
        if key not in self._truths:
            self._truths[key] = self._truth(variant, metric)
        return self._truths[key]

    @cached_property
    def _truths(self) -> dict[tuple[str, str], float]:
        """What `truth` found so far: every run asks the same."""
        return {}

    def _truth(self, variant: Variant, metric: Metric) -> float:
        if metric.name in self.cut:
            return self.cut[metric.name][[v.name for v in self.experiment.variants].index(variant.name)]
        return planted(self.audience, variant, metric)


def design(
    experiment: Experiment,
    *,
    wish: Wish | None = None,
    viewers: int | None = None,
    days: int | None = None,
    seed: int = 0,
) -> Design:
    """The declared experiment with an audience that has no effect in it but the one wished for.

    Args:
        experiment: viewer design; without a schedule it runs for 14 days. Of several stories one is played, all along.
        wish: an effect for every treatment, before values are cut; None for an A/A.
        viewers: who come in all; None for a quarter more than `decision.min_per_variant` asks for.
        days: length of the schedule instead of the declared one.
        seed: of all draws, together with the experiment's key.

    Raises:
        UsageError: the audience cannot show such an effect, or such an experiment.
    """
    ready = _scheduled(experiment, days)
    plain = _audience(ready)
    _refuse(ready, plain)
    audience = plain if wish is None else _with(plain, ready, wish)
    metrics = [outcome.metric for outcome in ready.outcomes if any(m.winsorize for m in outcome.metric.measures)]
    return Design(ready, audience, viewers or enough(ready), seed, wish, planted_cut(ready, audience, metrics))


def mde(experiment: Experiment) -> Wish:
    """The smallest change worth detecting of the first primary that declares one, in its good direction.

    Raises:
        UsageError: no primary declares an MDE.
    """
    for outcome in experiment.outcomes:
        if outcome.role is Role.PRIMARY and outcome.mde:
            sign = 1 if outcome.metric.direction is Direction.INCREASE else -1
            return Wish(outcome.metric.name, sign * outcome.mde.value, outcome.mde.relative)
    raise UsageError(
        f"{experiment.key} declares no MDE for a primary metric",
        hint="add mde: to it, or say what to plant: --effect METRIC=+5%",
    )


def enough(experiment: Experiment) -> int:
    """Viewers so that the smallest variant has a quarter more than `decision.min_per_variant`."""
    weights = [variant.weight for variant in experiment.variants]
    part = min(weights) / sum(weights) * experiment.traffic.share / 10_000
    return math.ceil(SPARE * experiment.decision.min_per_variant / part)


def _scheduled(experiment: Experiment, days: int | None) -> Experiment:
    declared = experiment.schedule
    schedule = declared or Schedule(start=_FIRST_DAY, end=_FIRST_DAY + timedelta(days=_USUAL_DAYS))
    if days is not None:
        schedule = schedule.model_copy(update={"end": schedule.start + timedelta(days=days)})
    fields = {name: getattr(experiment, name) for name in type(experiment).model_fields}
    one_story = {"stories": (), "story": next(iter(experiment.story_ids), None)}
    analysis = experiment.analysis.model_copy(update={"window_ends_with_story": False})
    changed = {"schedule": schedule, "audience": Audience(), "analysis": analysis, **one_story}
    return Experiment.model_construct(**fields | changed)


def _audience(experiment: Experiment) -> StoryAudience:
    """The launch audience without its likings, with a chance for every event that a metric reads."""
    asked = {
        event for outcome in experiment.outcomes for measure in outcome.metric.measures for event in measure.events
    }
    own = sorted(asked - LAUNCH.chances.keys() - {VIEW, COMPLETE})
    return replace(LAUNCH, nudges={}, chances={**LAUNCH.chances, **dict.fromkeys(own, OWN_EVENT_CHANCE)})


def _refuse(experiment: Experiment, audience: StoryAudience) -> None:
    if experiment.analysis.window.us < _SHORTEST_WINDOW_US:
        raise UsageError("simulated viewers come back for 22 hours", hint="simulate needs a window of at least 23h")
    broken = [v.name for v in experiment.variants if v.length and v.length.ms % 1000]
    if broken:
        raise UsageError(f"{broken[0]}: simulated viewers leave second by second", hint="use lengths of whole seconds")
    for outcome in experiment.outcomes:
        try:
            planted(audience, experiment.control, outcome.metric)
        except KeyError:
            raise UsageError(f"the simulated audience has no such thing as {outcome.metric.name}") from None


def _with(plain: StoryAudience, experiment: Experiment, wish: Wish) -> StoryAudience:
    outcome = wanted(experiment, wish.metric)
    base = planted(plain, experiment.control, outcome.metric)
    aim = base * (1 + wish.size) if wish.relative else base + wish.size
    nudges = {v.name: _nudge(plain, v, outcome.metric, aim) for v in experiment.treatments}
    return replace(plain, nudges=nudges)


def wanted(experiment: Experiment, name: str) -> Outcome:
    """The declared outcome of that name; UsageError without one."""
    for outcome in experiment.outcomes:
        if outcome.metric.name == name:
            return outcome
    names = ", ".join(outcome.metric.name for outcome in experiment.outcomes)
    raise UsageError(f"{experiment.key} declares no metric {name}", hint=f"it declares {names}")


def _nudge(plain: StoryAudience, variant: Variant, metric: Metric, aim: float) -> Nudge:
    """The nudge that brings a variant's planted value to `aim`: on leaving for watch time, on the events otherwise."""
    for nudge in _pushes(metric):

        def value(factor: float, nudge: Callable[[float], Nudge] = nudge) -> float:
            return planted(replace(plain, nudges={variant.name: nudge(factor)}), variant, metric)

        low, high = 1e-3, 1e3
        if min(value(low), value(high)) < aim < max(value(low), value(high)):
            return nudge(_solved(value, aim, low, high))
    raise UsageError(f"no audience of ours has a {metric.name} of {aim:.4g}", hint="plant a smaller effect")


def _pushes(metric: Metric) -> Iterator[Callable[[float], Nudge]]:
    measure = metric.measures[0]
    events = [event for event in measure.events if event not in {VIEW, COMPLETE}]
    if measure.kind in _WATCHING or COMPLETE in measure.events or metric.kind == "quantile":
        yield lambda factor: Nudge(leaving=factor)
    elif events:
        yield lambda factor: Nudge(events=dict.fromkeys(events, factor))


def _solved(value: Callable[[float], float], aim: float, low: float, high: float) -> float:
    """The factor with value(factor) = aim, by halving on the log scale; `value` is monotone."""
    rising = value(high) > value(low)
    for _ in range(60):
        middle = math.sqrt(low * high)
        if (value(middle) < aim) is rising:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)
