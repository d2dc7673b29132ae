"""Everything a verdict, a report and a gate need, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from abstory.experiment import HOUR_US, Role
from abstory.results.airtime import Accrual, Airtime
from abstory.results.comparison import MetricResult
from abstory.results.daily import Daily
from abstory.results.data import ArmCount, Check, Status
from abstory.results.factors import FactorResult
from abstory.results.fatigue import ByExposure, Fading
from abstory.results.frames import FrameResult
from abstory.results.method import AsOf, Method
from abstory.results.posted import PostedSlot
from abstory.results.retention import Retention
from abstory.results.segments import Segments
from abstory.results.stories import AcrossStories
from abstory.stats.estimate import Effect


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """Everything a verdict, a report and a gate need, computed once.

    Attributes:
        key, title, hypothesis, fingerprint: of the file.
        control: name of the control variant.
        as_of_us: the instant this is the state of.
        first_exposure_us: None with no exposure in the schedule.
        day, days: running day (1-based, of the schedule where there is one) and planned days (None without schedule).
        arms: every declared variant, declared order, control included.
        metrics: every outcome, in declared order.
        checks: data quality, most important first.
        method: how.
        as_of_from: how `as_of_us` came about.
        data_end_us: instant of the last stored event (of the last exposure where there is no event); None with neither.
        exposures_by_day: day (days since 1970-01-01 UTC) and variant -> viewers first exposed.
        data_hash: sha256 of the evidence behind the numbers (64 hex digits): equal exactly when a second look
            saw the same data at the same instant under the same file.
        without_crossovers: every outcome again without the viewers who saw several variants, to hold beside `metrics`;
            never decided by, for leaving them out selects on behaviour. Empty where there are none.
        factors: what each factor does, by outcome; empty where the variants differ in one unordered factor only.
        airtimes: the stories that the file lists, and when each is visible.
        by_exposure: every primary comparison from exposure to exposure; empty where nobody came back, or not asked.
        fading: primary effects shown to wear off; what `novelty: hold` goes by.
        stories: every primary comparison over several stories; empty below two.
        accruals: of every primary comparison, over the hours of the stories; empty where no story says when it went up.
        retention: how long views last; None where the variants have no second in common, or nothing was counted.
        segments: effects among viewers alike in an attribute, where they were asked for; exploratory, never decided by.
        daily: of every primary comparison that has an effect, day by day; empty where a warehouse keeps no days apart.
        frames: where viewers leave a story of several frames; None where the file names none.
        unit: what is randomised and counted, as a noun: `viewer` or `post`. Of posts, what is called viewers here and
            in `ArmCount` is posts.
        posts: what became of each slot of the calendar; empty where viewers are randomised.
    """

    key: str
    title: str | None
    hypothesis: str | None
    fingerprint: str
    control: str
    as_of_us: int
    first_exposure_us: int | None
    day: int
    days: int | None
    arms: tuple[ArmCount, ...]
    metrics: tuple[MetricResult, ...]
    checks: tuple[Check, ...]
    method: Method
    as_of_from: AsOf = AsOf.GIVEN
    data_end_us: int | None = None
    exposures_by_day: Mapping[tuple[int, str], int] = field(default_factory=dict)
    data_hash: str = ""
    without_crossovers: tuple[MetricResult, ...] = ()
    factors: tuple[FactorResult, ...] = ()
    airtimes: tuple[Airtime, ...] = ()
    accruals: tuple[Accrual, ...] = ()
    retention: Retention | None = None
    segments: Segments | None = None
    daily: tuple[Daily, ...] = ()
    frames: FrameResult | None = None
    stories: tuple[AcrossStories, ...] = ()
    by_exposure: tuple[ByExposure, ...] = ()
    fading: tuple[Fading, ...] = ()
    unit: str = "viewer"
    posts: tuple[PostedSlot, ...] = ()

    @property
    def units(self) -> str:
        """The noun in the plural."""
        return f"{self.unit}s"

    @property
    def viewers(self) -> int:
        """Analysed viewers over all variants."""
        return sum(arm.viewers for arm in self.arms)

    @property
    def mature(self) -> float | None:
        """Share of the exposed viewers whose window is closed; None without viewers."""
        waiting = sum(arm.immature for arm in self.arms)
        return self.viewers / (self.viewers + waiting) if self.viewers + waiting else None

    @property
    def runtime_us(self) -> int:
        """From the first exposure to `as_of`, to the next whole hour: a day's last event is never at midnight."""
        first = self.first_exposure_us
        return 0 if first is None else -(-(self.as_of_us - first) // HOUR_US) * HOUR_US

    @property
    def trusted(self) -> bool:
        """No check failed."""
        return all(check.status is not Status.FAIL for check in self.checks)


def crossed(found: ExperimentResult) -> tuple[str, ...]:
    """What has crossed its boundary by this look: `metric variant` of each primary comparison, earlier ones first."""
    look = found.method.looking.look if found.method.looking else None
    now = (
        f"{told.outcome.metric.name} {one.variant}"
        for told in found.metrics
        if told.outcome.role is Role.PRIMARY
        for one in told.comparisons
        if isinstance(one.effect, Effect) and one.effect.difference.interval.excludes(0.0)
    )
    return tuple(dict.fromkeys((*(look.crossed if look else ()), *now)))
