"""What every check of data quality looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from abstory.experiment import Experiment, Role, Variant
from abstory.metrics import Metric
from abstory.quality.cohorts import Days
from abstory.stats.trend import Trend, effect_trend
from abstory.warehouse.base import Answer, ArmData

ALARM_BELOW = 0.001
SMALLEST_GAP = 0.001


@dataclass(frozen=True)
class Evidence:
    """What the checks look at.

    Attributes:
        experiment: as the file declares it.
        answer: of the roll-up.
        stored: exposures by the fingerprint they were recorded under, empty text where none was logged.
        age_us: from the last stored event to now; None without an event or a clock.
        over: the last window of the schedule is closed: nothing more is waited for, and the one look of a fixed
            horizon has the plain chi-square test for SRM.
        as_of_us: the instant the answer is of; None where not known, then no day counts as complete.
    """

    experiment: Experiment
    answer: Answer
    stored: Mapping[str, int]
    age_us: int | None = None
    over: bool = False
    as_of_us: int | None = None

    @property
    def arms(self) -> Sequence[ArmData]:
        """In declared order."""
        return [self.answer.arms[variant.name] for variant in self.experiment.variants]

    @property
    def control(self) -> ArmData:
        return self.answer.arms[self.experiment.control.name]

    @property
    def viewers(self) -> int:
        return sum(arm.moments.n for arm in self.arms)

    @cached_property
    def trends(self) -> Mapping[tuple[str, str], Trend]:
        """(metric, treatment) to the trend over days of every primary effect that has one."""
        return dict(self._trends())

    def _trends(self) -> Iterator[tuple[tuple[str, str], Trend]]:
        for outcome in self.experiment.outcomes if self.control.days else ():
            control = Days.of(outcome.metric, self.control.days) if outcome.role is Role.PRIMARY else None
            for variant in self.experiment.treatments if control else ():
                treatment = Days.of(outcome.metric, self.answer.arms[variant.name].days)
                if treatment and control and self.comparable(outcome.metric, variant):
                    found = effect_trend(list(treatment.against(control)))
                    if isinstance(found, Trend):
                        yield (outcome.metric.name, variant.name), found

    def comparable(self, metric: Metric, variant: Variant) -> bool:
        """Whether a treatment may be held beside control: not on a metric of length where the lengths differ."""
        mine, controls = variant.length, self.experiment.control.length
        return metric.across_lengths or (mine and mine.us) == (controls and controls.us)
