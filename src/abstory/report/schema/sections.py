"""The schemas of the parts that only some reports have: one entry for each of `SECTIONS` of `report/json.py`."""

from __future__ import annotations

from abstory.report.schema import airtime, fatigue, frames, posts, retention
from abstory.report.schema.words import (
    COUNT,
    DAY,
    FLAG,
    INTERVAL,
    NUMBER,
    SHARE,
    TEXT,
    Schema,
    known,
    listed,
    mapped,
    maybe,
    named,
    one_of,
    shaped,
)
from abstory.results import Reads
from abstory.warehouse.split import SegmentKind

SECTIONS: Schema = {
    "factors?": listed(named("factors")),
    **airtime.SECTIONS,
    **fatigue.SECTIONS,
    "retention?": retention.RETENTION,
    "segments?": named("segments"),
    "effect_by_day?": listed(named("daily")),
    "frames?": frames.FRAMES,
    "posts?": posts.POSTS,
    "beliefs?": listed(named("belief")),
}

_CHANGES = known("difference", named("estimate")) | known("lift", named("estimate"))
_TESTED = {
    **_CHANGES,
    **known("statistic"),
    **known("p"),
    **known("critical"),
    **known("standard_error"),
    "method": maybe(TEXT),
    "effect_unknown?": named("unknown"),
}
_LEVELS = mapped(TEXT)
_TERMS = listed(listed(TEXT))


def _segments() -> Schema:
    attribute = {"attribute": TEXT, "pooled_levels": COUNT, "measured_after_exposure": COUNT}
    counts = {"comparisons": COUNT, "tests": COUNT, "interval_level": SHARE}
    attributes = listed(shaped({**attribute, "metrics": listed(named("segmented_metric"))}))
    return shaped({"exploratory": {"const": True}, **counts, "attributes": attributes})


def _segmented_metric() -> Schema:
    p = {"p": maybe(SHARE), "p_adjusted": maybe(SHARE)}
    scale = one_of(("lift", "difference"))
    test = shaped({"statistic": maybe(NUMBER), "df": COUNT, **p, "segments": COUNT, "scale": scale})
    about = {"segment": TEXT, "kind": one_of(SegmentKind), "viewers": mapped(COUNT)}
    segment = shaped({**about, **known("control"), "comparisons": listed(named("comparison"))})
    return shaped({"metric": TEXT, **known("heterogeneity", test), "named": FLAG, "segments": listed(segment)})


def _belief() -> Schema:
    chances = dict.fromkeys(("chance_better", "loss_shipping", "loss_keeping", "mean"), maybe(NUMBER))
    about = {"metric": TEXT, "variant": TEXT, "scale": one_of(("lift", "difference")), "prior": TEXT}
    return shaped({**about, **chances, "interval": maybe(INTERVAL), "belief_unknown?": named("unknown")})


def _daily() -> Schema:
    point = shaped({"day": DAY, "viewers": COUNT, **_CHANGES})
    return shaped({"metric": TEXT, "variant": TEXT, "points": listed(point)})


def _factors() -> Schema:
    return shaped(
        {
            "metric": TEXT,
            "role": TEXT,
            "weights": one_of(("equal", "observed", "overlap")),
            "model": one_of(("saturated", "additive")),
            "family": COUNT,
            "adjusted": FLAG,
            "flagged": listed(TEXT),
            "untold": _TERMS,
            "effects": listed(named("factor_effect")),
            "trends": listed(shaped({"slope": named("factor_effect"), **known("lack_of_fit_p")})),
            "interactions": listed(named("interaction")),
        }
    )


def _factor_effect() -> Schema:
    about = dict.fromkeys(("factor", "level", "reference"), TEXT)
    return shaped(
        {**about, "given": _LEVELS, "reads": one_of(Reads), "differs_by": listed(TEXT), "aliases": _TERMS, **_TESTED}
    )


def _interaction() -> Schema:
    part = shaped({"levels": _LEVELS, **known("difference", named("estimate"))})
    return shaped(
        {
            "factors": listed(TEXT),
            "df": COUNT,
            **known("statistic"),
            "p": maybe(NUMBER),
            "p_adjusted": maybe(NUMBER),
            "found": FLAG,
            "odds_p": maybe(NUMBER),
            "aliases": _TERMS,
            "parts": listed(part),
            "means": listed(shaped({"levels": _LEVELS, **known("value")})),
            "simple": listed(named("factor_effect")),
        }
    )


DEFINITIONS: Schema = {
    **airtime.DEFINITIONS,
    **fatigue.DEFINITIONS,
    **retention.DEFINITIONS,
    "segments": _segments(),
    "segmented_metric": _segmented_metric(),
    "belief": _belief(),
    "daily": _daily(),
    "factors": _factors(),
    "factor_effect": _factor_effect(),
    "interaction": _interaction(),
}
"""What the sections are made of."""
