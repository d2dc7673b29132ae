"""The schema of `posts` of `report/1`: what became of each slot of a calendar."""

from __future__ import annotations

from abstory.metrics import TOTALS
from abstory.report.schema.words import INSTANT, NUMBER, TEXT, Schema, listed, maybe, one_of, shaped
from abstory.results import Fate

POSTS: Schema = listed(
    shaped(
        {
            "slot": TEXT,
            "account": TEXT,
            "block": TEXT,
            "scheduled_at": INSTANT,
            "variant": TEXT,
            "shown": maybe(TEXT),
            "story": maybe(TEXT),
            "posted_at": maybe(INSTANT),
            "fate": one_of(Fate),
            "read_after_s": maybe(NUMBER),
            "totals": shaped({f"{name}?": NUMBER for name in TOTALS}),
        }
    )
)
