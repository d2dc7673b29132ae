"""`posts` of the `report/1` document: what became of each slot of a calendar.

A list, account by account in order of time: `slot`, `account`, `block`, `scheduled_at`, `variant` (as drawn), `shown`
(as posted), `story`, `posted_at`, `fate` (ahead, open, read, unread, skipped, unknown), `read_after_s` (the latest of
its readings, after the window) and `totals` by name, as first read once the window was over.
"""

from __future__ import annotations

from abstory.report.page import Page
from abstory.report.plain.values import Plain, instant
from abstory.results import Fate, PostedSlot


def posts(page: Page) -> list[Plain]:
    """Every slot; none where viewers are randomised."""
    return [_post(slot) for slot in page.result.posts]


def _post(told: PostedSlot) -> Plain:
    return {
        "slot": told.slot.id,
        "account": told.slot.account,
        "block": told.slot.block,
        "scheduled_at": instant(told.slot.scheduled_us),
        "variant": told.variant,
        "shown": told.shown,
        "story": told.story,
        "posted_at": instant(told.posted_us),
        "fate": told.fate.value,
        "read_after_s": told.late_us / 1_000_000 if told.fate is Fate.READ else None,
        "totals": dict(told.totals),
    }
