"""The warehouse is asked once for all metrics; its answer becomes one result, every comparison with its word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from abstory.analysis import (
    adjustment,
    airtime,
    capping,
    factors,
    families,
    fatigue,
    frames,
    readings,
    rowquantiles,
    stories,
)
from abstory.analysis.daily import daily
from abstory.analysis.factor_contrasts import Question
from abstory.analysis.words import bound, guards, reads
from abstory.assignment.sql import variant_sql
from abstory.experiment import DAY_US, Experiment, Outcome, Role, Variant
from abstory.ledger import data_hash
from abstory.metrics import Metric, triples
from abstory.quality import INFORMING, WITHHOLDING, Evidence, checks, watched
from abstory.results import (
    ArmCount,
    AsOf,
    ByExposure,
    Check,
    Comparison,
    ExperimentResult,
    Look,
    MetricResult,
    Reads,
    Status,
)
from abstory.stats import skewness
from abstory.stats.covariates import Arms
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Moments
from abstory.stats.reading import Reading
from abstory.warehouse.base import Answer, Arm, RollUp, Span, Warehouse


def read(
    experiment: Experiment,
    warehouse: Warehouse,
    *,
    now_us: int,
    as_of_us: int | None = None,
    look: Look | None = None,
) -> Analysis:
    """Ask a warehouse for what it holds, to be analysed.

    Args:
        experiment: as the file declares it.
        warehouse: open, with the experiment's exposures.
        now_us: the clock.
        as_of_us: the instant to read at, which then stands for the clock too; None for the earlier of now and the
            data's end (the last stored event, or the last exposure where there is no event), so that no window counts
            as closed whose events may be missing.
        look: the planned look to read, at its own instant.
    """
    span = warehouse.span(experiment.key)
    instant, source = as_of(span, now_us=now_us, given_us=as_of_us)
    at = look or instant
    answer = warehouse.roll_up(plan(experiment, look.as_of_us if look else instant))
    stored = warehouse.fingerprints(experiment.key)
    asked_us = now_us if as_of_us is None else as_of_us
    found = Analysis.of(experiment, answer, span, at, stored=stored, now_us=asked_us)
    return replace(found, as_of_from=AsOf.LAST_LOOK if look else source)


def as_of(span: Span, *, now_us: int, given_us: int | None) -> tuple[int, AsOf]:
    """The instant to read at, and how it came about."""
    if given_us is not None:
        return given_us, AsOf.GIVEN
    end = data_end(span)
    if end is None or now_us <= end:
        return now_us, AsOf.NOW
    return end, AsOf.LAST_EVENT if span.last_event_us is not None else AsOf.LAST_EXPOSURE


def data_end(span: Span) -> int | None:
    """The last stored event's instant, the last exposure's where there is no event."""
    return span.last_exposure_us if span.last_event_us is None else span.last_event_us


def plan(experiment: Experiment, as_of_us: int) -> RollUp:
    """The one question for all metrics: measures and pairs without repeats, in the order metrics are declared."""
    metrics = [outcome.metric for outcome in experiment.outcomes]
    return RollUp(
        experiment=experiment.key,
        arms=tuple(
            Arm(v.name, v.length.ms if v.length else None, experiment.frames_of(v)) for v in experiment.variants
        ),
        start_us=experiment.start_us,
        end_us=experiment.end_us,
        window_us=experiment.analysis.window.us,
        as_of_us=as_of_us,
        story=None if experiment.stories else experiment.story,
        measures=tuple(dict.fromkeys(m for metric in metrics for m in metric.measures))
        + adjustment.measures(experiment),
        pairs=tuple(dict.fromkeys((*(p for metric in metrics for p in metric.pairs), *adjustment.pairs(experiment)))),
        assigned_sql=variant_sql(experiment, "viewer_id"),
        quantiles=rowquantiles.asked(experiment),
        triples=tuple(dict.fromkeys(key for metric in metrics for key in triples(metric))),
        airings=airtime.airings(experiment),
        repeated=fatigue.repeated(experiment),
        crossed=stories.crossed(experiment),
        ends_with_story=experiment.analysis.window_ends_with_story,
        by=watched(experiment),
    )


def analyse(
    experiment: Experiment,
    answer: Answer,
    span: Span,
    at: int | Look,
    *,
    stored: Mapping[str, int] | None = None,
    now_us: int | None = None,
) -> ExperimentResult:
    """Everything a verdict, a report and a gate need, from the roll-up's answer alone.

    Args:
        experiment: as the file declares it.
        answer: to `plan(experiment, as_of_us)`.
        span: of what is stored.
        at: the instant the answer is of, or the planned look there.
        stored: exposures by the fingerprint they were recorded under; None where that is not known.
        now_us: the clock, for the age of the data only; None leaves the age unknown.
    """
    return Analysis.of(experiment, answer, span, at, stored=stored, now_us=now_us).whole


@dataclass(frozen=True)
class Analysis:
    """What is read of one answer, each part when it is asked for.

    Attributes:
        asked: what the comparisons are made of.
        evidence: what the checks looked at.
        span: of what is stored.
        checks: those that can fail.
        now_us: the clock, for the age of the data only.
        as_of_from: how its instant came about.
    """

    asked: _Asked
    evidence: Evidence
    span: Span
    checks: tuple[Check, ...]
    now_us: int | None
    as_of_from: AsOf = AsOf.GIVEN

    @classmethod
    def of(
        cls,
        experiment: Experiment,
        answer: Answer,
        span: Span,
        at: int | Look,
        *,
        stored: Mapping[str, int] | None = None,
        now_us: int | None = None,
    ) -> Analysis:
        """Arguments as of `analyse`."""
        look = at if isinstance(at, Look) else None
        as_of_us = at.as_of_us if isinstance(at, Look) else at
        end = data_end(span)
        age_us = None if now_us is None or end is None else now_us - end
        evidence = Evidence(experiment, answer, stored or {}, age_us, readings.over(experiment, as_of_us), as_of_us)
        quality = checks(evidence, WITHHOLDING)
        trusted = all(check.status is not Status.FAIL for check in quality)
        asked = _Asked(experiment, rowquantiles.moments(experiment, answer), as_of_us, trusted, look)
        return cls(asked, evidence, span, quality, now_us)

    @cached_property
    def bare(self) -> ExperimentResult:
        """As far as a verdict looks: the comparisons, and whether they may be trusted, by the checks that can fail."""
        experiment, answer, as_of_us = self.asked.experiment, self.evidence.answer, self.asked.as_of_us
        first = _first_exposure(experiment, answer, self.span)
        metrics = self.asked.metrics()
        return ExperimentResult(
            key=experiment.key,
            title=experiment.title,
            hypothesis=experiment.hypothesis,
            fingerprint=experiment.fingerprint,
            control=experiment.control.name,
            as_of_us=as_of_us,
            first_exposure_us=first,
            day=_day(experiment, first, as_of_us),
            days=(experiment.schedule.end - experiment.schedule.start).days if experiment.schedule else None,
            arms=_arms(experiment, answer),
            metrics=metrics,
            checks=self.checks,
            method=readings.method(experiment, self.asked.moments, as_of_us=as_of_us, now_us=self.now_us),
            as_of_from=self.as_of_from,
            data_end_us=data_end(self.span),
            exposures_by_day=answer.exposures_by_day,
            fading=fatigue.fading(metrics, self.by_exposure, self.evidence),
        )

    def told(self, *, whole: bool) -> ExperimentResult:
        """`whole`, or `bare`."""
        return self.whole if whole else self.bare

    @cached_property
    def by_exposure(self) -> tuple[ByExposure, ...]:
        return fatigue.by_exposure(self.asked.experiment, self.evidence.answer, self.asked.moments, self.asked.withheld)

    @property
    def whole(self) -> ExperimentResult:
        """With what stands beside the comparisons, each from a module of its own."""
        asked, evidence, found = self.asked, self.evidence, self.bare
        experiment, answer = asked.experiment, evidence.answer
        by_factor = factors.factors(asked.factorial)
        by_frame = frames.frames(frames.Question(experiment, answer, asked.closed, asked.look))
        beside = (*_notes(experiment, answer, found.metrics), *factors.notes(by_factor), *frames.notes(by_frame))
        return replace(
            found,
            checks=(*self.checks, *checks(evidence, INFORMING)),
            method=replace(found.method, notes=(*found.method.notes, *beside)),
            data_hash=data_hash(
                answer, as_of_us=asked.as_of_us, fingerprint=experiment.fingerprint, stored=evidence.stored
            ),
            without_crossovers=asked.loyal(answer),
            factors=by_factor,
            airtimes=airtime.airtimes(experiment),
            accruals=airtime.accruals(experiment, answer, asked.moments, asked.withheld),
            daily=daily(experiment, answer, found),
            frames=by_frame,
            stories=stories.across(experiment, answer, asked.moments, asked.withheld),
            by_exposure=self.by_exposure,
        )


def among(
    experiment: Experiment, moments: Mapping[str, Moments], found: ExperimentResult
) -> Callable[[Outcome, Reading], MetricResult]:
    """How a metric is read among some of the viewers: as in the result of all of them.

    Args:
        experiment: as the file declares it.
        moments: of those viewers, by variant.
        found: of all viewers; where it withholds an effect, so does this.
    """
    look = found.method.looking.look if found.method.looking else None
    return _Asked(experiment, moments, found.as_of_us, found.trusted, look).metric


def _notes(experiment: Experiment, answer: Answer, metrics: tuple[MetricResult, ...]) -> Iterator[str]:
    """What was done to the values before they were compared."""
    yield from adjustment.notes(experiment, metrics)
    yield from capping.notes(experiment, answer)
    yield from rowquantiles.notes(experiment, answer)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One experiment's moments, with all that decides how they may be read."""

    experiment: Experiment
    moments: Mapping[str, Moments]
    as_of_us: int
    trusted: bool
    look: Look | None = None

    @property
    def closed(self) -> Undetermined | None:
        """Why nothing at all may be shown now; None where it may."""
        untrusted = None if self.trusted else Undetermined(Reason.UNTRUSTED)
        return untrusted or readings.withheld(self.experiment, self.as_of_us, self.look)

    @property
    def factorial(self) -> Question:
        """The same for the factors behind the variants."""
        return Question(self.experiment, self.moments, self.closed, self.look)

    def metrics(self) -> tuple[MetricResult, ...]:
        family = families.Family(self.experiment, self.moments, self.look)
        return families.settled(family, self.experiment.outcomes, self.metric)

    def loyal(self, answer: Answer) -> tuple[MetricResult, ...]:
        """The metrics without viewers who saw several variants; empty where there are none."""
        if not any(arm.crossovers for arm in answer.arms.values()):
            return ()
        return replace(self, moments={name: arm.without_crossovers for name, arm in answer.arms.items()}).metrics()

    def metric(self, outcome: Outcome, reading: Reading) -> MetricResult:
        control = value(outcome.metric, self.moments[self.experiment.control.name])
        compared = tuple(self._compare(outcome, variant, reading) for variant in self.experiment.treatments)
        return MetricResult(outcome, control, compared)

    def _compare(self, outcome: Outcome, variant: Variant, reading: Reading) -> Comparison:
        seen = value(outcome.metric, self.moments[variant.name])
        effect = self.withheld(outcome.metric, variant) or self._effect(outcome.metric, variant, reading)
        if isinstance(effect, Undetermined) and effect.reason is Reason.NOT_COMPARABLE:
            return Comparison(variant.name, seen, effect, Reads.DESCRIPTIVE)
        if outcome.role is not Role.GUARDRAIL:
            return Comparison(variant.name, seen, effect, reads(effect, outcome.metric.direction))
        effect = skewness.bound(effect)
        return Comparison(variant.name, seen, effect, guards(effect, outcome), bound(effect, outcome))

    def withheld(self, metric: Metric, variant: Variant) -> Undetermined | None:
        """Why an effect is not to be seen, now or ever; None where it is."""
        if not self.trusted:
            return Undetermined(Reason.UNTRUSTED)
        if detail := readings.lengths_apart(self.experiment, metric, variant):
            return Undetermined(Reason.NOT_COMPARABLE, detail)
        return readings.withheld(self.experiment, self.as_of_us, self.look)

    def _effect(self, metric: Metric, variant: Variant, reading: Reading) -> Effect | Undetermined:
        treatment, control = self.moments[variant.name], self.moments[self.experiment.control.name]
        if not treatment.n or not control.n:
            return Undetermined(Reason.NO_VIEWERS)
        prior = adjustment.regressors(self.experiment)
        return adjustment.effect(metric, Arms(treatment, control), prior, reading)


def value(metric: Metric, moments: Moments) -> float | Undetermined:
    """A variant's rate, mean or ratio, or why there is none."""
    if not moments.n:
        return Undetermined(Reason.NO_VIEWERS)
    sample = metric.sample(moments)
    return sample if isinstance(sample, Undetermined) else sample.mean


def _arms(experiment: Experiment, answer: Answer) -> tuple[ArmCount, ...]:
    total = sum(variant.weight for variant in experiment.variants)
    found = ((variant, answer.arms[variant.name]) for variant in experiment.variants)
    return tuple(
        ArmCount(variant.name, arm.moments.n, arm.immature, arm.crossovers, variant.weight / total)
        for variant, arm in found
    )


def _first_exposure(experiment: Experiment, answer: Answer, span: Span) -> int | None:
    """The first one in the schedule: that of the span, or the schedule's start where that lies before it."""
    if span.first_exposure_us is None or not any(answer.exposures_by_day.values()):
        return None
    return max(span.first_exposure_us, experiment.start_us)


def _day(experiment: Experiment, first_us: int | None, as_of_us: int) -> int:
    """Running day, 1-based and never beyond the planned ones; 0 before the start."""
    if experiment.schedule:
        planned = (experiment.schedule.end - experiment.schedule.start).days
        return max(0, min(planned, 1 + (as_of_us - experiment.start_us) // DAY_US))
    return 0 if first_us is None else 1 + (as_of_us - first_us) // DAY_US
