"""The schema of `frames` of `report/1`: where viewers leave a story of several frames."""

from __future__ import annotations

from abstory.report.schema.airtime import EFFECT
from abstory.report.schema.words import (
    COUNT,
    SHARE,
    TEXT,
    Schema,
    listed,
    mapped,
    maybe,
    one_of,
    shaped,
)
from abstory.results import Reads

_BY_CAUSE = shaped(dict.fromkeys(("exit", "swipe", "no_event"), SHARE))
_SHARES = dict.fromkeys(("reached", "left", "forward", "back"), SHARE)
_FRAME = shaped(
    {
        "frame": COUNT,
        "name": TEXT,
        **_SHARES,
        "left_by": _BY_CAUSE,
        "incidence": _BY_CAUSE,
        "hazard": maybe(SHARE),
        "taps_forward": COUNT,
        "taps_back": COUNT,
    }
)
_CONTRAST = shaped(
    {
        "variant": TEXT,
        "frame": COUNT,
        "what": one_of(("left", "reached", "forward", "back")),
        "reads": one_of(Reads),
        **EFFECT,
    }
)
FRAMES: Schema = shaped(
    {
        "names": listed(TEXT),
        "variants": listed(shaped({"variant": TEXT, "viewers": COUNT, "frames": listed(_FRAME)})),
        "contrasts": listed(_CONTRAST),
        "families": mapped(COUNT),
        "beyond": COUNT,
        "unframed": COUNT,
    }
)
