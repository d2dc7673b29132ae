"""The slot design read: posts drawn by a calendar, compared by drawing the calendar again.

A post counts once, whatever its reach, and belongs to the variant that was drawn for its slot, whatever was posted.
There is one look, when the last post's window is over. Who shares alpha with whom is decided as for viewers
(`families`); only what one comparison is read by is another.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from abstory import digits
from abstory.analysis import post_factors, readings
from abstory.analysis.families import Family, settled
from abstory.analysis.posted import posted, told
from abstory.analysis.redrawing import Draws, Pairs
from abstory.analysis.words import bound, guards, reads
from abstory.experiment import DAY_US, Experiment, Outcome, Role, Variant
from abstory.ledger import data_hash
from abstory.metrics import Total
from abstory.quality.posts import PostEvidence, post_checks
from abstory.results import (
    ArmCount,
    AsOf,
    Comparison,
    ExperimentResult,
    FactorResult,
    Fate,
    MetricResult,
    PostedSlot,
    Reads,
    Status,
)
from abstory.stats.estimate import Estimate, Reason, Undetermined
from abstory.stats.moments import Moments, pair
from abstory.stats.reading import Reading
from abstory.stats.redraws import DRAWS
from abstory.warehouse.base import Warehouse
from abstory.warehouse.slots import SlotData

READING = "calendar drawn again"


def run(
    experiment: Experiment,
    warehouse: Warehouse,
    *,
    now_us: int,
    as_of_us: int | None = None,
    redraws: int = DRAWS,
    whole: bool = True,
) -> ExperimentResult:
    """Analyse what a warehouse holds of a calendar.

    Args:
        experiment: of the slot design.
        warehouse: open.
        now_us: the clock.
        as_of_us: the instant to read at; None for the data's end, or for the calendar's end once that is over: a post
            without a reading is missing then, and never 0.
        redraws: as `draws` of `redraws.by_blocks`.
        whole: with all that a report shows; else as far as a verdict looks, what stands beside it left empty.
    """
    data = warehouse.slots(experiment.key, now_us if as_of_us is None else as_of_us)
    instant, source = (as_of_us, AsOf.GIVEN) if as_of_us is not None else as_of(experiment, data, now_us=now_us)
    asked_us = now_us if as_of_us is None else as_of_us
    found = analyse(experiment, data, as_of_us=instant, now_us=asked_us, redraws=redraws, whole=whole)
    return replace(found, as_of_from=source)


def as_of(experiment: Experiment, data: SlotData, *, now_us: int) -> tuple[int, AsOf]:
    """The instant to read at, and how it came about: the same for the same data, whenever one asks."""
    end = data_end(data)
    if now_us >= experiment.closes_us:
        last = max(experiment.closes_us, end or 0)
        return last, AsOf.LAST_READING if last == end else AsOf.CALENDAR_END
    return (now_us, AsOf.NOW) if end is None else (end, AsOf.LAST_READING)


def data_end(data: SlotData) -> int | None:
    """The instant of the last post or reading; None without one."""
    posts = (post.posted_us for post in data.posts)
    return max((us for us in (*posts, data.last_captured_us) if us is not None), default=None)


def analyse(
    experiment: Experiment,
    data: SlotData,
    *,
    as_of_us: int,
    now_us: int | None = None,
    redraws: int = DRAWS,
    whole: bool = True,
) -> ExperimentResult:
    """Everything a verdict, a report and a gate need, from what is known of the slots alone.

    Args:
        experiment: of the slot design.
        data: as of `as_of_us`.
        as_of_us: the instant.
        now_us: the clock, for the age of the data only.
        redraws: as `draws` of `redraws.by_blocks`.
        whole: as of `run`.
    """
    slots = posted(experiment, data, as_of_us=as_of_us)
    evidence = PostEvidence(experiment, slots, data, as_of_us, now_us)
    checks = post_checks(evidence)
    trusted = all(check.status is not Status.FAIL for check in checks)
    asked = Asked(experiment, slots, as_of_us, trusted, redraws)
    first = min((slot.posted_us for slot in slots if slot.posted_us is not None), default=None)
    how = readings.method(experiment, asked.moments, as_of_us=as_of_us, now_us=now_us)
    found = ExperimentResult(
        key=experiment.key,
        title=experiment.title,
        hypothesis=experiment.hypothesis,
        fingerprint=experiment.fingerprint,
        control=experiment.control.name,
        as_of_us=as_of_us,
        first_exposure_us=first,
        day=_day(experiment, as_of_us),
        days=experiment.calendar.weeks * 7 if experiment.calendar else None,
        arms=tuple(_arm(experiment, variant, slots) for variant in experiment.variants),
        metrics=asked.metrics(),
        checks=checks,
        method=replace(how, reading=READING),
        data_end_us=data_end(data),
        exposures_by_day=_by_day(slots),
        unit="post",
        posts=slots,
    )
    return asked.beside(found, data) if whole else found


@dataclass(frozen=True)
class Asked:
    """One calendar as it is read at an instant.

    Attributes:
        experiment: as the file declares it.
        slots: what became of each.
        as_of_us: the instant.
        trusted: no check failed.
        redraws: as `draws` of `redraws.by_blocks`.
    """

    experiment: Experiment
    slots: tuple[PostedSlot, ...]
    as_of_us: int
    trusted: bool
    redraws: int = DRAWS

    @cached_property
    def totals(self) -> tuple[Total, ...]:
        """Every metric as the platform allows it, in declared order."""
        return tuple(told(_total(outcome), self.slots) for outcome in self.experiment.outcomes)

    @cached_property
    def draws(self) -> Draws:
        """The calendars that could have been drawn."""
        if self.experiment.calendar is None:
            raise ValueError("a slot design has a calendar")
        return Draws(self.experiment.calendar, self.slots, self.totals, self.redraws)

    def metrics(self) -> tuple[MetricResult, ...]:
        """Every outcome at its level, in declared order."""
        return settled(Family(self.experiment, self.moments), self.experiment.outcomes, self.metric)

    def factors(self) -> tuple[FactorResult, ...]:
        """What each factor does on every metric."""
        ways = {total: mixed(total, self.slots) for total in self.totals}
        withheld = {
            total: Undetermined(Reason.DEFINITIONS, told) if told else self.closed for total, told in ways.items()
        }
        return post_factors.factors(self.experiment, self.draws, withheld)

    @property
    def moments(self) -> Mapping[str, Moments]:
        """Of every variant's posts: how many were read, and of each metric the mean and what its error is made of."""
        return {variant.name: self._moments(variant.name) for variant in self.experiment.variants}

    def _moments(self, variant: str) -> Moments:
        own = [slot for slot in self.slots if slot.variant == variant and slot.fate is Fate.READ]
        found = {total.name: _mean(own, total) for total in self.totals}
        means = {name: mean for name, (mean, _) in found.items() if not math.isnan(mean)}
        return Moments(len(own), means, {pair(name, name): len(own) * found[name][1] for name in means})

    @property
    def closed(self) -> Undetermined | None:
        """Why no effect at all may be shown now; None where they may."""
        untrusted = None if self.trusted else Undetermined(Reason.UNTRUSTED)
        return untrusted or readings.withheld(self.experiment, self.as_of_us, None)

    def metric(self, outcome: Outcome, reading: Reading) -> MetricResult:
        """One metric over all treatments, at the level of a reading."""
        asked = replace(outcome, metric=told(_total(outcome), self.slots))
        compared_with = tuple(self._comparison(asked, variant, reading) for variant in self.experiment.treatments)
        return MetricResult(asked, self._value(asked, self.experiment.control), compared_with)

    def _value(self, outcome: Outcome, variant: Variant) -> float | Undetermined:
        if ways := mixed(_total(outcome), self.slots):
            return Undetermined(Reason.DEFINITIONS, ways)
        mean, _ = _mean([slot for slot in self.slots if slot.variant == variant.name], _total(outcome))
        return Undetermined(Reason.TOO_FEW_SLOTS, "no post with a value") if math.isnan(mean) else mean

    def _comparison(self, outcome: Outcome, variant: Variant, reading: Reading) -> Comparison:
        seen, direction = self._value(outcome, variant), outcome.metric.direction
        effect = self._withheld(outcome, variant) or self.draws.effect(_total(outcome), self._against(variant), reading)
        if isinstance(effect, Undetermined) and effect.reason is Reason.NOT_COMPARABLE:
            return Comparison(variant.name, seen, effect, Reads.DESCRIPTIVE)
        if outcome.role is not Role.GUARDRAIL:
            return Comparison(variant.name, seen, effect, reads(effect, direction))
        return Comparison(variant.name, seen, effect, guards(effect, outcome), bound(effect, outcome))

    def _against(self, variant: Variant) -> Pairs:
        return ((variant.name, self.experiment.control.name),)

    def _withheld(self, outcome: Outcome, variant: Variant) -> Undetermined | None:
        if detail := readings.lengths_apart(self.experiment, outcome.metric, variant):
            return Undetermined(Reason.NOT_COMPARABLE, detail)
        if ways := mixed(_total(outcome), self.slots):
            return Undetermined(Reason.DEFINITIONS, ways)
        return self.closed

    def beside(self, found: ExperimentResult, data: SlotData) -> ExperimentResult:
        """The result with what stands beside its comparisons."""
        by_factor, how = self.factors(), found.method
        notes = (*self._notes(), *how.notes, *post_factors.notes(by_factor))
        return replace(
            found,
            method=replace(how, notes=notes),
            data_hash=data_hash(data, as_of_us=found.as_of_us, fingerprint=found.fingerprint, stored={}),
            factors=by_factor,
        )

    def _notes(self) -> Iterator[str]:
        yield "a post counts once, whatever its reach; values are averages over posts"
        if not self.closed and not mixed(self.totals[0], self.slots):
            yield from self._drawn()
        for outcome, total in zip(self.experiment.outcomes, self.totals, strict=True):
            if outcome.role is Role.PRIMARY and not (total.below or self.closed or mixed(total, self.slots)):
                yield from self._logged(total)
            yield from _left_out(total, self.slots)

    def _logged(self, metric: Total) -> Iterator[str]:
        """Of a primary total: its lift where a post that went viral weighs less than in the mean."""
        for variant in self.experiment.treatments:
            found = self.draws.logged(metric, self._against(variant), self.experiment.analysis.alpha)
            if isinstance(found, Estimate):
                change = f"{digits.lift(found.value)} ({digits.between(found.interval, None)})"
                yield f"{metric.name} of {variant.name} on the log scale, where a viral post weighs less: {change}"

    def _drawn(self) -> Iterator[str]:
        """How many calendars the first primary's first treatment was held against."""
        _, redrawn = self.draws.of(self.totals[0], self._against(self.experiment.treatments[0]))
        if redrawn.complete:
            yield f"every one of {len(redrawn.sums):,} calendars that could have been drawn is compared"
        else:
            yield f"{len(redrawn.sums):,} calendars were drawn again by the same rules"
        if self.experiment.calendar and self.experiment.calendar.no_repeat > 1:
            yield "under no_repeat effects weigh a post by its chance of the other variant: see the methods"


def mixed(metric: Total, slots: Sequence[PostedSlot]) -> str:
    """The ways in which one of the metric's totals was counted, where there are several; else empty."""
    for name in metric.needs:
        ways = {way for slot in slots for way in slot.definitions.get(name, ())}
        if len(ways) > 1:
            return f"{name}: {' and '.join(sorted(way or 'not named' for way in ways))}"
    return ""


def _total(outcome: Outcome) -> Total:
    if not isinstance(outcome.metric, Total):
        raise TypeError(f"{outcome.metric.name} is no metric of posts")
    return outcome.metric


def _mean(slots: Sequence[PostedSlot], metric: Total) -> tuple[float, float]:
    """The mean over posts that have a value, NaN without one, and the square of its error."""
    own = [value for slot in slots if (value := slot.value(metric)) is not None]
    if not own:
        return math.nan, math.nan
    mean = math.fsum(own) / len(own)
    return mean, math.fsum((value - mean) ** 2 for value in own) / max(1, len(own) - 1) / len(own)


def _left_out(metric: Total, slots: Sequence[PostedSlot]) -> Iterator[str]:
    """Posts that were read and yet have no value."""
    lacking = sum(1 for slot in slots if slot.fate is Fate.READ and slot.value(metric) is None)
    if lacking:
        yield f"{metric.name}: {lacking} post{'' if lacking == 1 else 's'} without {' or '.join(metric.needs)} left out"


def _arm(experiment: Experiment, variant: Variant, slots: Sequence[PostedSlot]) -> ArmCount:
    own = [slot for slot in slots if slot.variant == variant.name]
    fates = Counter(slot.fate for slot in own)
    other = sum(1 for slot in own if slot.fate is Fate.READ and slot.shown != variant.name)
    return ArmCount(variant.name, fates[Fate.READ], fates[Fate.OPEN], other, 1 / len(experiment.variants))


def _by_day(slots: Sequence[PostedSlot]) -> Mapping[tuple[int, str], int]:
    return dict(Counter((slot.posted_us // DAY_US, slot.variant) for slot in slots if slot.posted_us is not None))


def _day(experiment: Experiment, as_of_us: int) -> int:
    days = experiment.calendar.weeks * 7 if experiment.calendar else 0
    if as_of_us >= experiment.closes_us:
        return days
    return max(0, min(days, 1 + (as_of_us - experiment.start_us) // DAY_US))
