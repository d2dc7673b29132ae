"""Any figure that looks interesting is usually wrong (Twyman's law): what is too good, too round or too equal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from abstory.experiment import Outcome, Role, Size, Variant
from abstory.metrics import BUILT_IN, Metric
from abstory.quality.evidence import ALARM_BELOW, Evidence
from abstory.results import Check, Status
from abstory.stats.estimate import Effect, Undetermined
from abstory.stats.moments import Moments, Sample, Tally
from abstory.stats.proportions import score_test
from abstory.stats.reading import FixedHorizon
from abstory.stats.sequential import AlwaysValid

TIMES_MDE = 5.0
LARGEST_T = 8.0
FEWEST_VIEWERS = 100
FEWEST_FOR_NOBODY = 1000
_LARGE = AlwaysValid(ALARM_BELOW, FEWEST_FOR_NOBODY)
_READING = FixedHorizon(ALARM_BELOW)
Pair = tuple[Moments, Moments]


def surprise(evidence: Evidence) -> Check:
    """What is too good to be true: none of it is impossible, each is more often a mistake."""
    found = list(_found(evidence))
    if not found:
        return Check("twyman", Status.OK, "nothing too good to be true", "", {"count": 0})
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    advice = "look at raw events of a few viewers before believing it"
    return Check("twyman", Status.WARN, found[0] + more, advice, {"count": len(found), "all": "; ".join(found)})


def _found(evidence: Evidence) -> Iterator[str]:
    yield from _twins(evidence)
    for outcome in evidence.experiment.outcomes:
        yield from _impossible(evidence, outcome.metric)
        yield from _rates(evidence, outcome.metric)
        if outcome.role is not Role.GUARDRAIL:
            for variant in evidence.experiment.treatments:
                if evidence.comparable(outcome.metric, variant):
                    yield from _effects(evidence, outcome, variant)


def _twins(evidence: Evidence) -> Iterator[str]:
    """Variants with the same numbers throughout: one file loaded as two."""
    arms = [(v.name, evidence.answer.arms[v.name].moments) for v in evidence.experiment.variants]
    for at, (name, moments) in enumerate(arms):
        if moments.n >= FEWEST_VIEWERS and any(moments.means.values()):
            # A rate alone repeats by chance; a variance of counts or seconds does not.
            for other, theirs in arms[at + 1 :]:
                if moments == theirs and any(moments.covariances.values()):
                    yield f"{name} and {other} have the very same numbers"


def _impossible(evidence: Evidence, metric: Metric) -> Iterator[str]:
    """Views are counted before they are completed."""
    if metric != BUILT_IN["completions_per_view"]:
        return
    for variant in evidence.experiment.variants:
        found = _value(metric, evidence.answer.arms[variant.name].moments)
        if found is not None and found > 1:
            yield f"{variant.name} has more completions than views"


def _rates(evidence: Evidence, metric: Metric) -> Iterator[str]:
    """A rate of exactly 0 or 1 where that is no accident."""
    arms = [(v.name, evidence.answer.arms[v.name].moments) for v in evidence.experiment.variants]
    tallies = {name: one for name, m in arms if m.n and isinstance(one := metric.sample(m), Tally)}
    total, hits = sum(one.n for one in tallies.values()), sum(one.successes for one in tallies.values())
    if total >= FEWEST_FOR_NOBODY and not hits and metric.name not in _RARE:
        yield f"{metric.name} is 0 for all of {total:,} viewers"
    for name, one in tallies.items():
        others = total - one.n
        if one.n >= FEWEST_VIEWERS and one.successes == one.n:
            yield f"{metric.name} of {name} is 100%"
        elif hits and others and not one.successes and (1 - hits / others) ** one.n < ALARM_BELOW:
            yield f"{metric.name} of {name} is 0, of the others it is not"


_RARE = frozenset({"hide_rate", "report_rate"})
"""What a healthy story may never see."""


def _effects(evidence: Evidence, outcome: Outcome, variant: Variant) -> Iterator[str]:
    """Without their size: a fixed horizon withholds that before its end."""
    mine, control, metric = evidence.answer.arms[variant.name], evidence.control, outcome.metric
    if outcome.mde and _moved(metric, (mine.moments, control.moments), outcome.mde):
        yield f"{metric.name} of {variant.name} moved by more than {TIMES_MDE:g} x MDE"
        return
    first = min(mine.days.keys() | control.days.keys(), default=-1)
    if first in mine.days.keys() & control.days.keys() and _far(metric, (mine.days[first], control.days[first])):
        yield f"{metric.name} of {variant.name} was beyond {LARGEST_T:g} errors on the first day"


def _moved(metric: Metric, arms: Pair, mde: Size) -> bool:
    samples = _samples(metric, arms)
    if samples is None or abs(_change(samples, relative=mde.relative)) <= TIMES_MDE * mde.value:
        return False
    effect = metric.effect(*arms, _READING)
    if isinstance(effect, Undetermined) or (mde.relative and isinstance(effect.lift, Undetermined)):
        return False
    return effect.p_value < ALARM_BELOW


def _far(metric: Metric, arms: Pair) -> bool:
    samples = _samples(metric, arms)
    if samples is None or _errors(samples) <= LARGEST_T:
        return False
    return isinstance(metric.effect(*arms, _READING), Effect)


def _samples(metric: Metric, arms: Pair) -> tuple[Tally | Sample, Tally | Sample] | None:
    """Of treatment and control, where both are large enough for an effect to be a surprise."""
    if min(arm.n for arm in arms) < FEWEST_VIEWERS:
        return None
    treatment, control = map(metric.sample, arms)
    if isinstance(treatment, Undetermined) or isinstance(control, Undetermined):
        return None
    # With fewer outcomes the exact test would be asked, which costs more than the whole report, to find no such effect.
    return None if _LARGE.lacks(treatment) or _LARGE.lacks(control) else (treatment, control)


def _change(samples: tuple[Tally | Sample, Tally | Sample], *, relative: bool) -> float:
    """Of the value, the lift or the difference; 0 where there is no lift."""
    treatment, control = (one.mean for one in samples)
    if not relative:
        return treatment - control
    return (treatment - control) / control if control else 0.0


def _errors(samples: tuple[Tally | Sample, Tally | Sample]) -> float:
    """|T| of no difference, which most often says that there is no need of a whole effect."""
    treatment, control = samples
    if isinstance(treatment, Tally) and isinstance(control, Tally):
        return abs(score_test(treatment, control))
    error = math.sqrt(treatment.variance / treatment.n + control.variance / control.n)
    return abs(treatment.mean - control.mean) / error if error else 0.0


def _value(metric: Metric, moments: Moments) -> float | None:
    found = metric.sample(moments) if moments.n else None
    return None if found is None or isinstance(found, Undetermined) else found.mean
