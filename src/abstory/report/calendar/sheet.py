"""The calendar as a sheet to fill in: who posts writes `story_id` and `posted_at`, then `abstory ingest` reads it."""

from __future__ import annotations

from abstory.assignment.calendar import Post
from abstory.report.calendar.drawn import Drawn
from abstory.report.csv import written
from abstory.report.look import Look
from abstory.report.rows import Cell, Rows

COLUMNS = ("experiment", "slot_id", "account", "block", "scheduled_at", "variant", "story_id", "posted_at")


def render(drawn: Drawn, look: Look) -> str:  # noqa: ARG001 every renderer takes a look
    """As CSV, in order of time."""
    return written(rows(drawn))


def rows(drawn: Drawn) -> Rows:
    """A row a slot, in order of time; nothing is known yet of what was posted."""
    return Rows("posts", dict.fromkeys(COLUMNS, "String"), [_row(drawn, post) for post in drawn.by_time])


def _row(drawn: Drawn, post: Post) -> tuple[Cell, ...]:
    slot, variant = post
    return (drawn.experiment.key, slot.id, slot.account, slot.block, drawn.due(slot), variant, None, None)
