"""Any figure that looks interesting is usually wrong (Twyman's law): what is too good, too round or too equal."""

from __future__ import annotations

from collections.abc import Iterator

from abstory.experiment import Outcome, Role, Variant
from abstory.metrics import BUILT_IN, Metric
from abstory.quality.evidence import ALARM_BELOW, Evidence
from abstory.results import Check, Status
from abstory.stats.estimate import Effect, Undetermined
from abstory.stats.moments import Moments, Tally
from abstory.stats.reading import FixedHorizon
from abstory.stats.sequential import AlwaysValid

TIMES_MDE = 5.0
LARGEST_T = 8.0
FEWEST_VIEWERS = 100
FEWEST_FOR_NOBODY = 1000
_LARGE = AlwaysValid(ALARM_BELOW, FEWEST_FOR_NOBODY)


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
    mine, control = evidence.answer.arms[variant.name], evidence.control
    effect = _effect(outcome.metric, mine.moments, control.moments)
    if effect and outcome.mde and effect.p_value < ALARM_BELOW:
        scale = effect.lift if outcome.mde.relative else effect.difference
        if not isinstance(scale, Undetermined) and abs(scale.value) > TIMES_MDE * outcome.mde.value:
            yield f"{outcome.metric.name} of {variant.name} moved by more than {TIMES_MDE:g} x MDE"
            return
    first = min(mine.days.keys() | control.days.keys(), default=None)
    if first is None or first not in mine.days or first not in control.days:
        return
    effect = _effect(outcome.metric, mine.days[first], control.days[first])
    if effect and abs(effect.statistic) > LARGEST_T:
        yield f"{outcome.metric.name} of {variant.name} was beyond {LARGEST_T:g} errors on the first day"


def _effect(metric: Metric, treatment: Moments, control: Moments) -> Effect | None:
    if min(treatment.n, control.n) < FEWEST_VIEWERS:
        return None
    # With fewer outcomes the exact test would be asked, which costs more than the whole report, to find no such effect.
    if any(isinstance(one, Undetermined) or _LARGE.lacks(one) for one in map(metric.sample, (treatment, control))):
        return None
    found = metric.effect(treatment, control, FixedHorizon(ALARM_BELOW))
    return None if isinstance(found, Undetermined) else found


def _value(metric: Metric, moments: Moments) -> float | None:
    found = metric.sample(moments) if moments.n else None
    return None if found is None or isinstance(found, Undetermined) else found.mean
