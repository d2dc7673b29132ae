"""The schema of `calendar/1`."""

from __future__ import annotations

from abstory.report.calendar.json import FORMAT
from abstory.report.schema.words import (
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    NUMBER,
    SHARE,
    TEXT,
    Schema,
    listed,
    mapped,
    maybe,
    named,
    shaped,
    titled,
)


def calendar() -> Schema:
    """What every `calendar/1` document holds."""
    about = {"key": TEXT, "title": maybe(TEXT), "hypothesis": maybe(TEXT), "fingerprint": TEXT, "control": TEXT}
    post = dict.fromkeys(("slot_id", "account", "block"), TEXT)
    variant = {"variant": TEXT, "control": FLAG, "creative": mapped(TEXT), "asset": maybe(TEXT)}
    fields = {
        "experiment": shaped(about),
        "start": DAY,
        "end": DAY,
        "timezone": TEXT,
        "seed": COUNT,
        "block_by": listed(TEXT),
        "min_gap": maybe(TEXT),
        "no_repeat": COUNT,
        "variants": listed(shaped(variant)),
        "posts": listed(shaped(post | {"scheduled_at": INSTANT, "local": TEXT, "variant": TEXT})),
        "balance": _balance(),
    }
    return titled("abstory calendar", FORMAT, fields, {"count": _count()})


def _balance() -> Schema:
    contrast = {"variant": TEXT, "possible": named("count"), "smallest_p": SHARE, "alpha": SHARE, "decidable": FLAG}
    return shaped(
        {
            "even": FLAG,
            "blocks": listed(shaped({"block": TEXT, "counts": mapped(COUNT)})),
            "closest": maybe(shaped({"seconds": COUNT, "slots": listed(TEXT)})),
            "repeats": COUNT,
            "again": maybe(COUNT),
            "possible": named("count"),
            "contrasts": listed(shaped(contrast)),
        }
    )


def _count() -> Schema:
    told = shaped({"count": maybe(COUNT), "log10": NUMBER})
    return told | {"description": "how many; count is null above 2^53, which not every reader keeps exactly"}
