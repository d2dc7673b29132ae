"""The planted value of every metric, in closed form: an audience is a finite mixture, so this is exact arithmetic."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable

from abstory.experiment import Variant
from abstory.metrics import COMPLETE, ENGAGEMENTS, VIEW, Measure, MeasureKind, Metric, Quantile, Ratio, horizon_seconds
from abstory.simulate.audience import HOOKED_SECONDS, Persona, StoryAudience, chance, length, survival

_MEAN_WITHIN_SECOND = 0.4995  # a leaver's watch time is whole milliseconds, 0..999 within the second


def truth(audience: StoryAudience, variant: Variant, metric: str) -> float:
    """The planted value of a built-in viewer metric for one variant, exactly.

    Raises:
        KeyError: for a metric this audience does not plant.
    """
    if metric in _TRUTHS:
        return _TRUTHS[metric](audience, variant)
    seconds = horizon_seconds(metric)
    if seconds is not None and metric.startswith("watched_"):
        return _reaching(audience, variant, seconds)
    event = metric.removesuffix("_rate")
    return _doing(audience, variant, ("cta_click" if event == "cta" else event,))


def planted(audience: StoryAudience, variant: Variant, metric: Metric) -> float:
    """The planted value of any metric for one variant, by the measures it is made of, exactly; values not cut.

    Raises:
        KeyError: for a measure of events or values that this audience does not plant.
    """
    if isinstance(metric, Quantile):
        return _quantile(audience, variant, metric.share)
    top = _expected(audience, variant, metric.measures[0]) * metric.measures[0].scale
    if not isinstance(metric, Ratio):
        return top
    return top / (_expected(audience, variant, metric.denominator) * metric.denominator.scale)


def _expected(audience: StoryAudience, variant: Variant, measure: Measure) -> float:
    """Mean of a measure's stored integer over viewers."""
    return _MEANS[measure.kind](audience, variant, measure)


def _counted(audience: StoryAudience, variant: Variant, event: str) -> float:
    if event == VIEW:
        return _views(audience)
    if event == COMPLETE:
        return _views(audience) * _complete_views(audience, variant)
    return _doing(audience, variant, (event,))


def _any(audience: StoryAudience, variant: Variant, events: tuple[str, ...]) -> float:
    """Hiding is for those who leave early, all else for those who stay: never both."""
    if VIEW in events:
        return 1.0
    if events == (COMPLETE,):
        return _reaching(audience, variant, length(variant))
    staying = tuple(event for event in events if event != "hide")
    hides = _doing(audience, variant, ("hide",)) if "hide" in events else 0.0
    return hides + (_doing(audience, variant, staying) if staying else 0.0)


def _quantile(audience: StoryAudience, variant: Variant, share: float) -> float:
    """Seconds that at least `share` of all views do not outlast, to the millisecond."""
    weights = [persona.share * _mean_views(persona) for persona in audience.personas]
    curves = zip(*(survival(audience, variant, persona) for persona in audience.personas), strict=True)
    staying = [math.fsum(map(operator.mul, weights, second)) / sum(weights) for second in curves]
    for second, (now, then) in enumerate(itertools.pairwise(staying)):
        if share <= 1 - then:  # one of the thousand milliseconds of this second, all alike
            within = math.ceil((share - 1 + now) / (now - then) * 1000) - 1
            return second + max(0, within) / 1000
    return float(length(variant))


def _first(audience: StoryAudience, variant: Variant, seconds: int) -> float:
    """Mean seconds of the first view, counted up to `seconds`."""
    return sum(p.share * _mean_watch(survival(audience, variant, p)[: seconds + 1]) for p in audience.personas)


def _reaching(audience: StoryAudience, variant: Variant, seconds: int) -> float:
    """Share of viewers of whom at least one view lasts `seconds`; nobody outlasts the cut."""
    if seconds > length(variant):
        return 0.0
    missing = 0.0
    for persona in audience.personas:
        stay = survival(audience, variant, persona)[seconds]
        missing += persona.share * sum(share * (1 - stay) ** k for k, share in enumerate(persona.views, 1))
    return 1 - missing


def _doing(audience: StoryAudience, variant: Variant, events: tuple[str, ...]) -> float:
    """Share of viewers who do at least one of `events`, all of which need the same first seconds."""
    total = 0.0
    for persona in audience.personas:
        hooked = survival(audience, variant, persona)[HOOKED_SECONDS]
        allowed = 1 - hooked if events == ("hide",) else hooked
        none = 1.0
        for event in events:
            none *= 1 - chance(audience, variant, persona, event)
        total += persona.share * allowed * (1 - none)
    return total


def _views(audience: StoryAudience) -> float:
    return sum(persona.share * _mean_views(persona) for persona in audience.personas)


def _mean_views(persona: Persona) -> float:
    return sum(k * share for k, share in enumerate(persona.views, 1))


def _seconds(audience: StoryAudience, variant: Variant) -> float:
    return sum(
        persona.share * _mean_views(persona) * _mean_watch(survival(audience, variant, persona))
        for persona in audience.personas
    )


def _mean_watch(curve: tuple[float, ...]) -> float:
    pairs = itertools.pairwise(curve)
    left = sum((now - then) * (second + _MEAN_WITHIN_SECOND) for second, (now, then) in enumerate(pairs))
    return left + curve[-1] * (len(curve) - 1)


def _complete_views(audience: StoryAudience, variant: Variant) -> float:
    complete = sum(p.share * _mean_views(p) * survival(audience, variant, p)[-1] for p in audience.personas)
    return complete / _views(audience)


_TRUTHS = {
    "impressions": lambda audience, _variant: _views(audience),
    "completion_rate": lambda audience, variant: _reaching(audience, variant, length(variant)),
    "completions_per_view": _complete_views,
    "engagement_rate": lambda audience, variant: _doing(audience, variant, ENGAGEMENTS),
    "watch_seconds": _seconds,
}

_MEANS: dict[MeasureKind, Callable[[StoryAudience, Variant, Measure], float]] = {
    MeasureKind.COUNT: lambda audience, variant, m: sum(_counted(audience, variant, event) for event in m.events),
    MeasureKind.ANY: lambda audience, variant, m: _any(audience, variant, m.events),
    MeasureKind.SUM_WATCH: lambda audience, variant, _: 1000 * _seconds(audience, variant),
    MeasureKind.COMPLETED: lambda audience, variant, _: _reaching(audience, variant, length(variant)),
    MeasureKind.COMPLETE_VIEWS: lambda audience, variant, _: _counted(audience, variant, COMPLETE),
    MeasureKind.WATCHED: lambda audience, variant, m: _reaching(audience, variant, -(-m.threshold_ms // 1000)),
    MeasureKind.FIRST_WATCH: lambda audience, variant, m: 1000 * _first(audience, variant, m.threshold_ms // 1000),
}
