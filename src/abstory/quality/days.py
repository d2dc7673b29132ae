"""What differs between days of first exposure: the split, the effect, and how much was logged at all.

Days are independent cohorts, for a viewer has one first exposure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime

from abstory import digits
from abstory.experiment import DAY_US
from abstory.metrics import Metric
from abstory.quality.cohorts import sample, within
from abstory.quality.evidence import ALARM_BELOW, Evidence
from abstory.results import Check, Status
from abstory.stats.moments import Moments
from abstory.stats.multiplicity import holm
from abstory.stats.sample_ratio import SMALLEST_DEVIATION, srm_chisq
from abstory.stats.trend import FLAG_P, Trend

FEWEST_EXPECTED = 20
LATE_SHARE = 0.8
LATE_ERRORS = 5.0


def daily_split(evidence: Evidence) -> Check:
    """Where to look when the split is off: chi-square of every complete day, by Holm over days.

    Of viewers first exposed, whether their window is closed or not. The running day is left out, so that no day is
    tested twice.
    """
    days = dict(_splits(evidence))
    weights = [float(variant.weight) for variant in evidence.experiment.variants]
    found = {day: srm_chisq(counts, weights) for day, counts in days.items()}
    adjusted = holm([one.p_value for one in found.values()])
    off = [
        day
        for (day, one), p in zip(found.items(), adjusted, strict=True)
        if p < ALARM_BELOW and one.deviation >= SMALLEST_DEVIATION
    ]
    figures = {"days": len(found), "off": len(off), "p": min(adjusted, default=None)}
    if not off:
        said = (
            f"split as declared on {'each of ' * (len(found) > 1)}{digits.counted(len(found), 'day')}"
            if found
            else "no complete day to hold the split to"
        )
        return Check("daily_srm", Status.OK, said, "", figures)
    names = ", ".join(map(date, off[:3])) + (f" and {len(off) - 3} more" if len(off) > 3 else "")
    said = f"the split was off on {names} (Holm {digits.p_said(min(adjusted))})"
    return Check("daily_srm", Status.WARN, said, "find what was released, or what failed, on these days", figures)


def novelty(evidence: Evidence) -> Check:
    """Whether a primary effect changes with the day of first exposure: slope p < .01, by Holm over comparisons."""
    trends = evidence.trends
    adjusted = holm([trend.p_value for trend in trends.values()])
    figures: dict[str, float | int | str | None] = {"comparisons": len(trends), "p": min(adjusted, default=None)}
    if min(adjusted, default=1.0) >= FLAG_P:
        said = "effects steady over days" if trends else "too few days to see effects wear off"
        return Check("novelty", Status.OK, said, "", figures)
    (metric, variant), trend = min(trends.items(), key=lambda item: item[1].p_value)
    said = (
        f"the effect of {variant} on {metric} {'fades' if _fades(trend) else 'grows'} with the day of first exposure"
        f" ({digits.p_said(min(adjusted), FLAG_P)})"
    )
    figures |= {"metric": metric, "variant": variant, "slope": trend.slope}
    if not _withheld(evidence):
        figures |= {"pooled": trend.pooled, "late": trend.late}
    advice = "trust the later half of the days more"
    return Check("novelty", Status.WARN, said, advice if evidence.over else f"let it run on, and {advice}", figures)


def fading_by_day(evidence: Evidence) -> dict[tuple[str, str], float]:
    """(metric, treatment) to the p of every primary effect that fades, where `novelty` would warn of it."""
    trends = evidence.trends
    adjusted = holm([trend.p_value for trend in trends.values()])
    return {key: p for (key, trend), p in zip(trends.items(), adjusted, strict=True) if p < FLAG_P and _fades(trend)}


def _fades(trend: Trend) -> bool:
    """Whether the later half of the days has less of the effect than all of them."""
    return abs(trend.late) < abs(trend.pooled) or trend.late * trend.pooled < 0


def late(evidence: Evidence) -> Check:
    """Whether viewers of the last closed day did far less than those before: events may still be on their way.

    Of the first primary metric, all variants together: below 0.8 of the days before and more than 5 errors away. What
    has not come has no time of arrival: this is what its absence looks like from within.
    """
    outcome = evidence.experiment.outcomes[0]
    days = _closed_days(evidence, outcome.metric)
    if len(days) < 2:
        return Check("late", Status.OK, "too few days to see events come late")
    *before, last = [sample(outcome.metric, days[day]) for day in sorted(days)]
    known = [one for one in before if one is not None]
    if last is None or not known:
        return Check("late", Status.OK, "too few viewers to see events come late")
    n = sum(one.n for one in known)
    usual = sum(one.n * one.mean for one in known) / n
    error = math.sqrt(within(known) * (1 / n + 1 / last.n))
    figures = {"last": last.mean, "before": usual}
    if error > 0 and last.mean < LATE_SHARE * usual and last.mean < usual - LATE_ERRORS * error:
        said = f"{outcome.metric.name} of viewers from {date(max(days))} is {digits.rate(last.mean / usual)} of before"
        return Check("late", Status.WARN, said, "are all events loaded? read with an earlier --as-of", figures)
    return Check("late", Status.OK, "the last day logged as much as before", "", figures)


def date(day: int) -> str:
    """A day of the answer as `2026-11-23`."""
    return f"{datetime.fromtimestamp(day * DAY_US // 1_000_000, UTC):%Y-%m-%d}"


def _splits(evidence: Evidence) -> Iterator[tuple[int, list[int]]]:
    """Viewers by variant on every complete day that is large enough for the chi-square test."""
    names = [variant.name for variant in evidence.experiment.variants]
    weights = [variant.weight for variant in evidence.experiment.variants]
    seen = evidence.answer.exposures_by_day
    for day in sorted({day for day, _ in seen}):
        counts = [seen.get((day, name), 0) for name in names]
        whole = evidence.as_of_us is not None and (day + 1) * DAY_US <= evidence.as_of_us
        if whole and sum(counts) * min(weights) >= FEWEST_EXPECTED * sum(weights):
            yield day, counts


def _closed_days(evidence: Evidence, metric: Metric) -> dict[int, Moments]:
    """All variants together, on days of which no viewer's window is open: as much as the metric is made of."""
    days: dict[int, Moments] = {}
    names = [measure.name for measure in metric.measures]
    closed_us = (evidence.as_of_us or 0) - evidence.experiment.analysis.window.us
    for day, moments in (item for arm in evidence.arms for item in arm.days.items()):
        if (day + 1) * DAY_US <= closed_us:
            own = moments.of(names, metric.pairs)
            days[day] = days[day] + own if day in days else own
    return days


def _withheld(evidence: Evidence) -> bool:
    """Whether effects are not to be seen yet, or only as of a planned look."""
    return evidence.experiment.analysis.looks != "always_valid" and not evidence.over
