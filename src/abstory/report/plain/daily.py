"""`effect_by_day` of the `report/1` document: how each primary effect came about.

A list: `metric`, `variant` and `points` [{day, viewers, difference, lift}], each over the viewers first exposed up to
that day (UTC), read always valid at the level of the family, so that all days hold together.
"""

from __future__ import annotations

from datetime import date, timedelta

from abstory.report.page import Page
from abstory.report.plain.values import Plain, estimate
from abstory.results import Daily, DayEffect
from abstory.stats.estimate import Undetermined

_EPOCH = date(1970, 1, 1)


def daily(page: Page) -> list[Plain]:
    """Every comparison of the metrics that the page shows."""
    return [_comparison(one) for one in page.result.daily if not page.only or one.metric in page.only]


def _comparison(told: Daily) -> Plain:
    return {"metric": told.metric, "variant": told.variant, "points": [_point(one) for one in told.points]}


def _point(told: DayEffect) -> Plain:
    effect = told.effect
    change, lift = (effect, effect) if isinstance(effect, Undetermined) else (effect.difference, effect.lift)
    day = (_EPOCH + timedelta(days=told.day)).isoformat()
    return {"day": day, "viewers": told.viewers, **estimate("difference", change), **estimate("lift", lift)}
