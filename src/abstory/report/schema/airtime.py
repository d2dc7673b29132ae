"""The schemas of what a report says of stories and their hours."""

from __future__ import annotations

from abstory.report.schema.words import (
    COUNT,
    FLAG,
    INSTANT,
    INTERVAL,
    NUMBER,
    TEXT,
    Schema,
    known,
    listed,
    maybe,
    named,
    shaped,
)

_NUMBERS = known("statistic") | known("p") | known("critical") | known("standard_error")
EFFECT: Schema = {
    **known("difference", named("estimate")),
    **known("lift", named("estimate")),
    **_NUMBERS,
    "method": maybe(TEXT),
    "effect_unknown?": named("unknown"),
}
"""An effect wherever one stands."""

_AIRTIME: Schema = {
    "story": TEXT,
    "published": maybe(INSTANT),
    "ends": maybe(INSTANT),
    "live": maybe(FLAG),
    "hours_left": maybe(COUNT),
}
_POINT: Schema = {"hour": COUNT, "viewers": COUNT, **EFFECT}
_COMPARED: Schema = {"metric": TEXT, "variant": TEXT, "reading": TEXT}

_ACROSS: Schema = {
    "metric": TEXT,
    "variant": TEXT,
    "met": NUMBER,
    "each": listed(shaped({"story": TEXT, "viewers": COUNT, **EFFECT})),
    "fixed_stories": shaped(EFFECT),
    "random_stories": shaped(EFFECT),
    **known("spread"),
    **known("spread_ci", INTERVAL),
    **known("inconsistency"),
    **known("scatter_p"),
}

SECTIONS: Schema = {
    "airtimes?": listed(named("airtime")),
    "stories?": listed(named("across_stories")),
    "accruals?": listed(named("accrual")),
}
DEFINITIONS: Schema = {
    "airtime": shaped(_AIRTIME),
    "across_stories": shaped(_ACROSS),
    "accrual": shaped({**_COMPARED, "points": listed(shaped(_POINT))}),
}
