"""Effects that change, as plain values.

`by_exposure` [{metric, variant, returned, slope {estimate, ci} (change of the difference an exposure), p, points
[{number, viewers, effect fields}]}] and `fading` [{metric, variant, by, p}]: what `novelty: hold` goes by.
"""

from __future__ import annotations

from abstory.report.page import Page
from abstory.report.plain.values import Plain, effect, estimate
from abstory.results import ByExposure


def by_exposure(page: Page) -> list[Plain]:
    """Every primary comparison from exposure to exposure; nothing where the data are not to be trusted."""
    return [_exposures(one) for one in page.result.by_exposure] if page.result.trusted else []


def fading(page: Page) -> list[Plain]:
    """Primary effects shown to wear off."""
    found = page.result.fading if page.result.trusted else ()
    return [{"metric": one.metric, "variant": one.variant, "by": one.by, "p": one.p_value} for one in found]


def _exposures(told: ByExposure) -> Plain:
    return {
        "metric": told.metric,
        "variant": told.variant,
        "returned": told.returned,
        **estimate("slope", told.slope),
        "p": told.p_value,
        "points": [{"number": one.number, "viewers": one.viewers, **effect(one.effect)} for one in told.points],
    }
