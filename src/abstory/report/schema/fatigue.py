"""The schemas of effects that change."""

from __future__ import annotations

from abstory.report.schema.airtime import EFFECT
from abstory.report.schema.words import COUNT, NUMBER, TEXT, Schema, known, listed, maybe, named, one_of, shaped

_POINT: Schema = {"number": COUNT, "viewers": COUNT, **EFFECT}
_EXPOSURES: Schema = {
    "metric": TEXT,
    "variant": TEXT,
    "returned": COUNT,
    **known("slope", named("estimate")),
    "p": maybe(NUMBER),
    "points": listed(shaped(_POINT)),
}
_FADING: Schema = {
    "metric": TEXT,
    "variant": TEXT,
    "by": one_of(("day of first exposure", "exposure")),
    "p": NUMBER,
}

SECTIONS: Schema = {"by_exposure?": listed(named("by_exposure")), "fading?": listed(named("fading"))}
DEFINITIONS: Schema = {"by_exposure": shaped(_EXPOSURES), "fading": shaped(_FADING)}
