"""The `report/1` document: everything a report knows, unrounded, for programs.

Top level: `abstory` (`"report/1"`), `experiment` {key, title, hypothesis, fingerprint, control,
unit}, `as_of`, `as_of_from`,
`data_end`, `first_exposure` (UTC, ISO 8601), `day`, `days`, `window`, `data_hash`, `verdict` {ruling, variant,
reasons, days_left}, `data` {status, trusted, checks [{id, status, said, advice, figures}]}, `variants` [{variant,
control, viewers, immature, crossovers, expected_share}], `metrics` [{name, kind, role, definition, direction, unit,
mde, margin, control, comparisons}], `exposures_by_day` [{day, variant, viewers}] and `method` {reading, multiplicity,
family, alpha, planned, notes}.

A comparison: `variant`, `value`, `reads`, `difference` and `lift` (each {estimate, ci}), `statistic`, `p`, `critical`,
`standard_error`, `method`, `bound`, `p_adjusted` (where `reads` follows a step-by-step p), `shrunken`, `at_stop`
{difference, lift, p} (at a planned look that stops). Rates and lifts are fractions, never per cents. `method.looking`:
{planned, viewers, seen, taken, next_at, look {number, share, as_of}} under planned looks. `beliefs`, only when asked
for: [{metric, variant, scale, prior, chance_better, loss_shipping, loss_keeping, mean, interval}]. `factors`, where
variants differ in several: see `plain/factors.py`. `retention`, where the
variants have a second in common: see `plain/retention.py`. `segments`, only when asked for: see `plain/segments.py`.
`effect_by_day`: see `plain/daily.py`.
`frames`, where the file names them: see `plain/frames.py`.

`experiment.unit` is what was randomised, `viewer` or `post`. Of posts, every `viewers` counts posts, and `posts` says
what became of each slot: see `plain/posts.py`.

Where the file lists stories: `airtimes` [{story, published, ends, live, hours_left}]; where they have a time,
`accruals` [{metric, variant, reading, points [{hour, viewers, and as in a comparison from `difference` to `method`}]}]:
the effect among viewers first exposed within so many hours of publication. `stories`: see `plain/stories.py`;
`by_exposure` and `fading`: see `plain/fatigue.py`.

What is not known is null, with `<name>_unknown` {reason, detail} beside it; an end of a `ci` that is null is unbounded.
There is no NaN and no Infinity. Changes to this document only ever add to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from abstory.experiment import Size
from abstory.report.look import Look
from abstory.report.page import Page
from abstory.report.plain.airtime import accruals, airtimes
from abstory.report.plain.daily import daily
from abstory.report.plain.factors import factors
from abstory.report.plain.fatigue import by_exposure, fading
from abstory.report.plain.frames import frames
from abstory.report.plain.posts import posts
from abstory.report.plain.retention import retention
from abstory.report.plain.segments import segments
from abstory.report.plain.stories import stories
from abstory.report.plain.values import Plain, comparison, finite, instant, known, why
from abstory.results import ArmCount, Check, ExperimentResult, Looking, MetricResult, Status
from abstory.stats.estimate import Undetermined

if TYPE_CHECKING:
    from abstory.analysis.beliefs import Belief

__all__ = ["FORMAT", "SECTIONS", "Plain", "document", "figures", "instant", "render", "status", "written"]

FORMAT = "report/1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FROM_WORST = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.OK)


def render(page: Page, look: Look) -> str:
    """The document as text: indented, ASCII where the look asks for it, ending in a line feed."""
    return written(document(page), look)


def written(plain: Plain, look: Look) -> str:
    """Any of our documents as text. Raises ValueError for a NaN, which is a bug."""
    return json.dumps(plain, indent=2, allow_nan=False, ensure_ascii=look.ascii_only) + "\n"


def document(page: Page) -> Plain:
    """The `report/1` document as plain values."""
    result, verdict = page.result, page.verdict
    shown = [m for m in result.metrics if not page.only or m.outcome.metric.name in page.only]
    return {
        "abstory": FORMAT,
        "experiment": {
            "key": result.key,
            "title": result.title,
            "hypothesis": result.hypothesis,
            "fingerprint": result.fingerprint,
            "control": result.control,
            "unit": result.unit,
        },
        **_times(result),
        "window": page.window or None,
        "data_hash": result.data_hash or None,
        "verdict": {
            "ruling": verdict.ruling.value,
            "variant": verdict.variant,
            "reasons": list(verdict.reasons),
            "days_left": verdict.days_left,
        },
        "data": _data(result),
        "variants": [_arm(result, arm) for arm in result.arms],
        "metrics": [_metric(result, metric) for metric in shown],
        "exposures_by_day": _by_day(result),
        "method": _method(result),
        **{name: part for name, make in SECTIONS.items() if (part := make(page))},
    }


def _beliefs(page: Page) -> list[Plain]:
    return [_belief(belief) for belief in page.beliefs]


SECTIONS: Mapping[str, Callable[[Page], object]] = {
    "factors": factors,
    "effect_by_day": daily,
    "airtimes": airtimes,
    "posts": posts,
    "retention": retention,
    "frames": frames,
    "stories": stories,
    "accruals": accruals,
    "segments": segments,
    "by_exposure": by_exposure,
    "fading": fading,
    "beliefs": _beliefs,
}
"""Parts that only some reports have, and what makes them; one that is empty is left out."""


def figures(numbers: Mapping[str, float | int | str | None] | None) -> Plain | None:
    """The figures of a check, with null for whatever is not finite."""
    return None if numbers is None else {name: finite(value) for name, value in numbers.items()}


def status(checks: tuple[Check, ...]) -> Status:
    """The worst of the checks; unknown where nothing was checked."""
    return next((worst for worst in _FROM_WORST if any(c.status is worst for c in checks)), Status.UNKNOWN)


def _times(result: ExperimentResult) -> Plain:
    return {
        "as_of": instant(result.as_of_us),
        "as_of_from": result.as_of_from.value,
        "data_end": instant(result.data_end_us),
        "first_exposure": instant(result.first_exposure_us),
        "day": result.day,
        "days": result.days,
    }


def _data(result: ExperimentResult) -> Plain:
    checks = [
        {"id": c.id, "status": c.status.value, "said": c.said, "advice": c.advice, "figures": figures(c.figures)}
        for c in result.checks
    ]
    return {"status": status(result.checks).value, "trusted": result.trusted, "checks": checks}


def _arm(result: ExperimentResult, arm: ArmCount) -> Plain:
    return {
        "variant": arm.variant,
        "control": arm.variant == result.control,
        "viewers": arm.viewers,
        "immature": arm.immature,
        "crossovers": arm.crossovers,
        "expected_share": arm.expected_share,
    }


def _metric(result: ExperimentResult, told: MetricResult) -> Plain:
    metric, outcome = told.outcome.metric, told.outcome
    return {
        "name": metric.name,
        "kind": metric.kind,
        "role": outcome.role.value,
        "definition": metric.definition,
        "direction": metric.direction.value,
        "unit": metric.unit.value,
        "mde": _size(outcome.mde),
        "margin": _size(outcome.margin),
        **known("control", told.control),
        "comparisons": [comparison(result, one) for one in told.comparisons],
    }


def _belief(told: Belief) -> Plain:
    found = told.posterior
    plain = {"metric": told.metric, "variant": told.variant, "scale": told.scale, "prior": told.prior}
    names = ("chance_better", "loss_shipping", "loss_keeping", "mean", "interval")
    if isinstance(found, Undetermined):
        return plain | dict.fromkeys(names) | {"belief_unknown": why(found)}
    ends = [finite(found.interval.low), finite(found.interval.high)]
    return plain | dict(
        zip(names, (found.chance, found.loss_shipping, found.loss_keeping, found.mean, ends), strict=True)
    )


def _size(told: Size | None) -> Plain | None:
    return {"value": told.value, "relative": told.relative, "text": told.text} if told else None


def _by_day(result: ExperimentResult) -> list[Plain]:
    days = sorted(result.exposures_by_day.items())
    return [{"day": _day(day), "variant": variant, "viewers": viewers} for (day, variant), viewers in days]


def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def _method(result: ExperimentResult) -> Plain:
    method = result.method
    return {
        "reading": method.reading,
        "multiplicity": method.multiplicity or None,
        "family": method.family,
        "alpha": method.alpha,
        "planned": method.planned,
        "notes": list(method.notes),
        "looking": _looking(method.looking) if method.looking else None,
    }


def _looking(told: Looking) -> Plain:
    look = told.look
    return {
        "planned": told.planned,
        "viewers": told.viewers,
        "seen": told.seen,
        "taken": told.taken,
        "next_at": told.next_at,
        "look": {"number": look.number, "share": look.share, "as_of": instant(look.as_of_us)} if look else None,
    }
