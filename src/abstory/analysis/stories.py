"""Several stories in one experiment: the effect in each, how much they differ, and what they say together.

A viewer counts in every story they met, from their first exposure to it on, and stays one viewer: what they did in two
stories is correlated, and the covariance of the stories' effects says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.analysis import readings
from abstory.analysis.airtime import Withheld
from abstory.analysis.story_arms import StoryArm
from abstory.experiment import Experiment, Role
from abstory.metrics import Mean, Proportion, Ratio
from abstory.results import AcrossStories, StoryEffect
from abstory.stats import pooling
from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Adjusted
from abstory.stats.estimate import Effect, Interval, Reason, Undetermined
from abstory.stats.moments import Moments, Sample
from abstory.stats.pooling import Effects
from abstory.stats.reading import FixedHorizon, Reading
from abstory.warehouse.base import Answer

if TYPE_CHECKING:
    from abstory.stats.pooling import Floats

_UNKNOWN = Undetermined(Reason.NO_VARIATION)


def crossed(experiment: Experiment) -> tuple[str, ...]:
    """The measures that must be known by story and pair of stories: none below two stories."""
    if len(experiment.stories) < 2:
        return ()
    primaries = (o.metric for o in experiment.outcomes if o.role is Role.PRIMARY and o.metric.kind != "quantile")
    return tuple(dict.fromkeys(measure.name for metric in primaries for measure in metric.measures))


def across(
    experiment: Experiment, answer: Answer, moments: Mapping[str, Moments], withheld: Withheld
) -> tuple[AcrossStories, ...]:
    """Every primary comparison over the stories; nothing below two stories with viewers.

    Args:
        experiment: as the file declares it.
        answer: of the roll-up, with pairs of stories.
        moments: of every variant, for the level of each comparison and for how many viewers there are.
        withheld: why a comparison is not to be seen.
    """
    names = [story.id for story in experiment.stories]
    alpha = experiment.analysis.alpha / max(1, len(readings.family(experiment, moments)))
    reading, control = readings.base(experiment).at(alpha), experiment.control.name
    found = (
        _Compared(
            metric := outcome.metric,
            variant.name,
            StoryArm(metric, answer.arms[variant.name].stories),
            StoryArm(metric, answer.arms[control].stories),
            (moments[variant.name].n, moments[control].n),
            reading,
        )
        for outcome in experiment.outcomes
        if outcome.role is Role.PRIMARY and isinstance(outcome.metric, Proportion | Mean | Ratio)
        for variant in experiment.treatments
        if withheld(outcome.metric, variant) is None
    )
    return tuple(one.told(names) for one in found if len(one.places) > 1)


@dataclass(frozen=True, slots=True)
class _Compared:
    """One treatment against control over the stories that both have viewers of.

    Attributes:
        metric, variant: what is compared.
        treatment, control: each over the stories.
        people: analysed viewers of treatment and of control.
        reading: of one comparison, at its level in the family.
    """

    metric: Proportion | Mean | Ratio
    variant: str
    treatment: StoryArm
    control: StoryArm
    people: tuple[int, int]
    reading: Reading

    @property
    def places(self) -> list[int]:
        """Of the stories that both have viewers of."""
        both = self.treatment.met.keys() & self.control.met.keys()
        return sorted(one for one, other in both if one == other)

    def told(self, names: Sequence[str]) -> AcrossStories:
        """The comparison, in words of results."""
        effects = self._effects()
        between = pooling.between_variance(effects) if isinstance(effects, Effects) else effects
        return AcrossStories(
            metric=self.metric.name,
            variant=self.variant,
            unit=self.metric.unit,
            stories=tuple(self._each(place, names[place]) for place in self.places),
            met=self._met(),
            fixed=self._fixed(),
            random=self._random(effects, between),
            spread=between if isinstance(between, Undetermined) else math.sqrt(between),
            spread_interval=_spread(effects, self.reading.alpha),
            scatter_p=effects.scatter_p if isinstance(effects, Effects) else effects,
            inconsistency=effects.inconsistency if isinstance(effects, Effects) else effects,
        )

    def _each(self, place: int, name: str) -> StoryEffect:
        mine, controls = self.treatment.moments(place), self.control.moments(place)
        return StoryEffect(name, mine.n + controls.n, self.metric.effect(mine, controls, self.reading))

    def _effects(self) -> Effects | Undetermined:
        import numpy as np

        values = np.subtract(self.treatment.means(self.places), self.control.means(self.places))
        covariance = self.treatment.covariance(self.places) + self.control.covariance(self.places)
        positive = np.isfinite(covariance).all() and np.linalg.eigvalsh(covariance)[0] > 0
        return Effects(values, covariance) if positive else _UNKNOWN

    def _met(self) -> float:
        meetings = sum(arm.viewers(place) for arm in (self.treatment, self.control) for place in self.places)
        return meetings / max(1, sum(self.people))

    def _fixed(self) -> Effect | Undetermined:
        sizes = [[arm.viewers(place) for place in self.places] for arm in (self.treatment, self.control)]
        return self._pooled(pooling.sized_weights(*sizes), 0.0, math.inf, self.reading)

    def _random(self, effects: Effects | Undetermined, between: float | Undetermined) -> Effect | Undetermined:
        if isinstance(effects, Undetermined):
            return effects
        if isinstance(between, Undetermined):
            return between
        reading = FixedHorizon(self.reading.alpha)
        return self._pooled(effects.weights(between), between, effects.stories - 1, reading)

    def _pooled(self, weights: Floats, between: float, df: float, reading: Reading) -> Effect | Undetermined:
        """Both sides weighed alike; the variance between stories is laid to the treatment's."""
        mine, controls = (float(weights @ arm.means(self.places)) for arm in (self.treatment, self.control))
        errors = [float(weights @ arm.covariance(self.places) @ weights) for arm in (self.treatment, self.control)]
        if not all(map(math.isfinite, errors)):
            return _UNKNOWN
        own = errors[0] + between * float(weights @ weights)
        people = tuple(
            Sample(n, mean, error * n)
            for n, mean, error in zip(self.people, (mine, controls), (own, errors[1]), strict=True)
        )
        two = Adjusted((people[0], people[1]), mine, controls, own, errors[1], 0.0, df)
        return compare_adjusted(two, reading, method="fixed stories" if math.isinf(df) else "random stories")


def _spread(effects: Effects | Undetermined, alpha: float) -> Interval | Undetermined:
    found = effects if isinstance(effects, Undetermined) else pooling.between_interval(effects, alpha)
    return found if isinstance(found, Undetermined) else Interval(math.sqrt(found.low), math.sqrt(found.high))
