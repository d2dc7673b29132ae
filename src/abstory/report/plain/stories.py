"""Several stories as plain values.

`stories` [{metric, variant, met (stories a viewer met), each [{story, viewers, effect fields}], fixed_stories and
random_stories {effect fields}, spread (SD between stories), spread_ci, inconsistency (I²), scatter_p}].
"""

from __future__ import annotations

from abstory.report.page import Page
from abstory.report.plain.values import Plain, effect, finite, known, why
from abstory.results import AcrossStories
from abstory.stats.estimate import Undetermined


def stories(page: Page) -> list[Plain]:
    """Every primary comparison over the stories; nothing where the data are not to be trusted."""
    return [_across(one) for one in page.result.stories] if page.result.trusted else []


def _across(told: AcrossStories) -> Plain:
    return {
        "metric": told.metric,
        "variant": told.variant,
        "met": told.met,
        "each": [{"story": one.story, "viewers": one.viewers, **effect(one.effect)} for one in told.stories],
        "fixed_stories": effect(told.fixed),
        "random_stories": effect(told.random),
        **known("spread", told.spread),
        **_spread(told),
        **known("inconsistency", told.inconsistency),
        **known("scatter_p", told.scatter_p),
    }


def _spread(told: AcrossStories) -> Plain:
    ends = told.spread_interval
    if isinstance(ends, Undetermined):
        return {"spread_ci": None, "spread_ci_unknown": why(ends)}
    return {"spread_ci": [finite(ends.low), finite(ends.high)]}
