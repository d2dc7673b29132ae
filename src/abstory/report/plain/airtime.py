"""When the stories were visible, and how each primary effect came about over their hours, as plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from abstory.report.page import Page
from abstory.report.plain.values import Plain, effect
from abstory.results import Accrual, Airtime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def airtimes(page: Page) -> list[Plain]:
    """Every listed story: when it went up, when it ends, hours left."""
    at = page.result.as_of_us
    return [_airtime(one, at) for one in page.result.airtimes]


def accruals(page: Page) -> list[Plain]:
    """Points by hour of every primary comparison; nothing where the data are not to be trusted."""
    return [_accrual(one) for one in page.result.accruals] if page.result.trusted else []


def _airtime(told: Airtime, as_of_us: int) -> Plain:
    return {
        "story": told.story,
        "published": _instant(told.published_us),
        "ends": _instant(told.ends_us),
        "live": told.live(as_of_us) if told.ends_us is not None else None,
        "hours_left": told.hours_left(as_of_us),
    }


def _instant(us: int | None) -> str | None:
    return None if us is None else (_EPOCH + timedelta(microseconds=us)).isoformat().replace("+00:00", "Z")


def _accrual(told: Accrual) -> Plain:
    points = [{"hour": point.hour, "viewers": point.viewers, **effect(point.effect)} for point in told.points]
    return {"metric": told.metric, "variant": told.variant, "reading": "always valid", "points": points}
