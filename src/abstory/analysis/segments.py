"""Effects among viewers alike in an attribute (`--by`): exploratory, tested before any is named, never in the verdict.

All comparisons of all segments asked for are one family at a false discovery rate of alpha (Benjamini & Hochberg), with
intervals at the level of those named (Benjamini & Yekutieli 2005). Before that, each attribute has one test over all
its segments and treatments, by Holm over the attributes and metrics asked: only where it finds that effects differ may
a segment be named. Covariates do not enter. Which segments are large enough is decided by viewers and outcomes of all
variants together, never by a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from abstory.analysis import readings
from abstory.analysis.families import discovered
from abstory.analysis.result import among, plan
from abstory.errors import UsageError
from abstory.experiment import Experiment, Outcome, Role
from abstory.metrics import Quantile
from abstory.quality import split_by
from abstory.results import (
    Check,
    Comparison,
    Differing,
    ExperimentResult,
    MetricResult,
    Reads,
    Segmented,
    SegmentedMetric,
    SegmentResult,
    Segments,
)
from abstory.stats.estimate import Effect, Estimate, Reason, Undetermined
from abstory.stats.heterogeneity import Cell, Heterogeneity, heterogeneity
from abstory.stats.moments import Sample, Tally
from abstory.stats.multiplicity import benjamini_hochberg, holm
from abstory.stats.reading import Reading
from abstory.stats.selective import false_coverage_level
from abstory.stats.sequential import AlwaysValid
from abstory.warehouse.base import Warehouse
from abstory.warehouse.split import Segment, SegmentKind, Split

FEWEST_OUTCOMES = 20
FEWEST_VIEWERS = 200


def segmented(
    experiment: Experiment,
    warehouse: Warehouse,
    found: ExperimentResult,
    by: Sequence[str],
    only: Sequence[str] = (),
) -> ExperimentResult:
    """The result with what was asked about segments beside it; nothing else of it moves but the check of their split.

    Args:
        experiment: as the file declares it.
        warehouse: open, with the experiment's exposures.
        found: of all viewers; its instant and planned look are those of the segments.
        by: names of attributes.
        only: names of metrics; empty for the primaries. A quantile has no segments.

    Raises:
        UsageError: an attribute is not stored, or all its values are from the first exposure on.
    """
    asked = tuple(dict.fromkeys(by))
    question = plan(experiment, found.as_of_us)
    splits = warehouse.split(replace(question, by=tuple(dict.fromkeys((*asked, *question.by)))))
    for name in asked:
        _refuse(warehouse, name, splits.get(name))
    outcomes = tuple(_exploratory(outcome) for outcome in experiment.outcomes if _wanted(outcome, only))
    check = split_by(experiment, splits, over=readings.over(experiment, found.as_of_us))
    told = _Asked(_plain(experiment), found, {name: splits[name] for name in asked}, outcomes).told()
    method = replace(found.method, notes=(*found.method.notes, _note(asked)))
    return replace(found, segments=told, checks=tuple(_swapped(found.checks, check)), method=method)


def _note(asked: Sequence[str]) -> str:
    return (
        f"segments by {', '.join(asked)} are exploratory, no part of the verdict: last value before the first exposure,"
        " Holm over tests, Benjamini-Hochberg over comparisons, intervals at the level of those named, no covariates"
    )


def _refuse(warehouse: Warehouse, name: str, split: Split | None) -> None:
    if split is None:
        stored = warehouse.attributes()
        near = get_close_matches(name, stored, n=1)
        known = f"stored are {', '.join(stored)}" if stored else "none is stored: abstory ingest loads attributes"
        raise UsageError(f"no attribute {name} is stored", hint=f"did you mean {near[0]}?" if near else known)
    if split.later and all(segment.kind is SegmentKind.UNKNOWN for segment in split.segments):
        raise UsageError(
            f"every value of {name} was measured at or after its viewer's first exposure",
            hint="the variant may have made it: load values from before",
        )


def _wanted(outcome: Outcome, only: Sequence[str]) -> bool:
    asked = outcome.metric.name in only if only else outcome.role is Role.PRIMARY
    return asked and not isinstance(outcome.metric, Quantile)


def _exploratory(outcome: Outcome) -> Outcome:
    """A guardrail too is asked here where it differs, not whether it holds."""
    return outcome if outcome.role is Role.PRIMARY else replace(outcome, role=Role.SECONDARY, margin=None)


def _plain(experiment: Experiment) -> Experiment:
    analysis = experiment.analysis.model_copy(update={"covariates": ()})
    return experiment.model_copy(update={"analysis": analysis})


def _swapped(checks: Sequence[Check], new: Check) -> Iterator[Check]:
    for check in checks:
        yield new if check.id == new.id else check


@dataclass(frozen=True, slots=True)
class _Asked:
    """The splits of the attributes asked for, and what is to be told of them."""

    experiment: Experiment
    found: ExperimentResult
    splits: Mapping[str, Split]
    outcomes: tuple[Outcome, ...]

    @property
    def base(self) -> Reading:
        looking = self.found.method.looking
        return readings.base(self.experiment, looking.look if looking else None)

    def told(self) -> Segments:
        """Everything, at the levels that the whole family decides."""
        asked = [(name, outcome) for name in self.splits for outcome in self.outcomes]
        tests = _by_holm([self._test(self.splits[name], outcome) for name, outcome in asked])
        differing = {(name, outcome.metric.name): test for (name, outcome), test in zip(asked, tests, strict=True)}
        first = [told for name, outcome in asked for told in self._read(self.splits[name], outcome, self.base)]
        p = [_p(one) for told in first for one in told.comparisons if _member(one)]
        level = false_coverage_level(p, self.base.alpha)
        adjusted = iter(benjamini_hochberg(p))  # in the order in which they are read again
        attributes = tuple(
            Segmented(
                name,
                tuple(self._metric(split, o, level, differing[name, o.metric.name], adjusted) for o in self.outcomes),
                split.pooled,
                split.later,
            )
            for name, split in self.splits.items()
        )
        return Segments(attributes, len(p), len(tests), level)

    def _read(self, split: Split, outcome: Outcome, reading: Reading) -> list[MetricResult]:
        return [among(self.experiment, s.arms, self.found)(outcome, reading) for s in split.segments]

    def _metric(
        self,
        split: Split,
        outcome: Outcome,
        level: float,
        differing: Differing | Undetermined,
        adjusted: Iterator[float],
    ) -> SegmentedMetric:
        base = self.base
        named = isinstance(differing, Differing) and differing.p_adjusted < base.alpha
        read = zip(split.segments, self._read(split, outcome, base.at(level)), strict=True)
        segments = tuple(_segment(one, _named(told, adjusted, base.alpha, named=named)) for one, told in read)
        return SegmentedMetric(outcome.metric.name, differing, named, segments)

    def _test(self, split: Split, outcome: Outcome) -> Differing | Undetermined:
        """Not yet by Holm; of the treatments that have an effect among all viewers."""
        whole = next(told for told in self.found.metrics if told.outcome.metric.name == outcome.metric.name)
        effects = {one.variant: one.effect for one in whole.comparisons}
        known = {name: effect for name, effect in effects.items() if isinstance(effect, Effect)}
        if not known:
            return next((e for e in effects.values() if isinstance(e, Undetermined)), Undetermined(Reason.NO_VIEWERS))
        large = [_samples(segment, outcome, [self.found.control, *known]) for segment in split.segments]
        large = [samples for samples in large if samples]
        relative = all(isinstance(effect.lift, Estimate) for effect in known.values())
        tested = heterogeneity(list(_cells(large)), relative=relative)
        if isinstance(tested, Undetermined):
            return tested
        p = self._p(tested, sum(one.n for samples in large for one in samples) / (len(known) + 1))
        return Differing(tested.statistic, tested.df, p, p, len(large), relative)

    def _p(self, tested: Heterogeneity, viewers: float) -> float:
        """At one look where the file declares one; else at any look, by twice the viewers of a variant."""
        if readings.fixed(self.experiment):
            return tested.p_value()
        planned = AlwaysValid(self.experiment.analysis.alpha, readings.planned(self.experiment))
        return tested.always_valid_p(2 * viewers, planned.rho2)


def _samples(segment: Segment, outcome: Outcome, arms: Sequence[str]) -> list[Tally | Sample]:
    """Of every arm; none where the segment is too small for a normal test, whatever the arms' outcomes."""
    found = [outcome.metric.sample(segment.arms[arm]) for arm in arms if segment.arms[arm].n]
    samples = [one for one in found if not isinstance(one, Undetermined)]
    return samples if len(samples) == len(arms) and _enough(samples) else []


def _cells(groups: Sequence[Sequence[Tally | Sample]]) -> Iterator[Cell]:
    for group, samples in enumerate(groups):
        for arm, one in enumerate(samples):
            yield Cell(group, arm, one.mean, (one.variance / one.n) ** 0.5)


def _enough(samples: Sequence[Tally | Sample]) -> bool:
    total, fewest = sum(one.n for one in samples), min(one.n for one in samples)
    tallies = [one for one in samples if isinstance(one, Tally)]
    if not tallies:
        return fewest >= FEWEST_VIEWERS
    hits = sum(one.successes for one in tallies)
    return fewest * min(hits, total - hits) >= FEWEST_OUTCOMES * total


def _by_holm(tests: Sequence[Differing | Undetermined]) -> list[Differing | Undetermined]:
    """A test that could not be made stays in the family."""
    adjusted = holm([one.p_value if isinstance(one, Differing) else 1.0 for one in tests])
    return [
        replace(one, p_adjusted=p) if isinstance(one, Differing) else one
        for one, p in zip(tests, adjusted, strict=True)
    ]


def _member(one: Comparison) -> bool:
    return not (isinstance(one.effect, Undetermined) and one.effect.reason is Reason.NOT_COMPARABLE)


def _p(one: Comparison) -> float:
    return one.effect.p_value if isinstance(one.effect, Effect) else 1.0


def _named(told: MetricResult, adjusted: Iterator[float], alpha: float, *, named: bool) -> MetricResult:
    """With the p of the family; without words where no segment may be named."""
    name = told.outcome.metric.name
    p = {(name, one.variant): next(adjusted) for one in told.comparisons if _member(one)}
    found = discovered(told, p, alpha)
    return found if named else replace(found, comparisons=tuple(map(_unnamed, found.comparisons)))


def _unnamed(one: Comparison) -> Comparison:
    return one if one.reads is Reads.DESCRIPTIVE else replace(one, reads=Reads.UNKNOWN)


def _segment(segment: Segment, told: MetricResult) -> SegmentResult:
    viewers = {name: moments.n for name, moments in segment.arms.items()}
    return SegmentResult(segment.kind, segment.name, viewers, told)
