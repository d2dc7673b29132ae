"""The calendar for calendar programs: an event a post, as iCalendar (RFC 5545).

Times are UTC, so no time zone need be described. An event keeps its UID while the slot keeps its place, and nothing
depends on the clock: the same file gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from abstory.assignment.calendar import Post
from abstory.experiment import Variant
from abstory.report.calendar.drawn import Drawn
from abstory.report.harmless import one_line
from abstory.report.look import Look
from abstory.spec.assets import asset_of

_WIDEST = 75
_SHOWN = timedelta(minutes=15)
"""How long an event lasts, so that a calendar shows its words; nothing is blocked by it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def render(drawn: Drawn, look: Look) -> str:  # noqa: ARG001 every renderer takes a look
    """As iCalendar: lines of at most 75 octets that end in CRLF."""
    return "".join(f"{line}\r\n" for content in _lines(drawn) for line in folded(content))


def escaped(text: str) -> str:
    """A text as a value (RFC 5545, 3.3.11); what a program might obey is shown instead."""
    return re.sub(r"([\\;,])", r"\\\1", one_line(text))


def folded(content: str) -> Iterator[str]:
    """A content line as lines of at most 75 octets, no character cut (RFC 5545, 3.1)."""
    line, size = "", 0
    for character in content:
        octets = len(character.encode())
        if size + octets > _WIDEST:
            yield line
            line, size = " ", 1
        line, size = line + character, size + octets
    yield line


def _lines(drawn: Drawn) -> Iterator[str]:
    experiment = drawn.experiment
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//abstory//calendar 1//EN", "CALSCALE:GREGORIAN")
    yield "METHOD:PUBLISH"
    yield f"X-WR-CALNAME:{escaped(experiment.key)}"
    if experiment.title:
        yield f"X-WR-CALDESC:{escaped(experiment.title)}"
    variants = {variant.name: variant for variant in experiment.variants}
    for post in drawn.by_time:
        yield from _event(drawn, post, variants[post.variant])
    yield "END:VCALENDAR"


def _event(drawn: Drawn, post: Post, variant: Variant) -> Iterator[str]:
    due = _EPOCH + timedelta(microseconds=post.slot.scheduled_us)
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(f'{post.slot.id}/{drawn.experiment.key}@abstory')}"
    # The stamp must be there and may not be the clock's.
    yield f"DTSTAMP:{_utc(_EPOCH + timedelta(microseconds=drawn.experiment.start_us))}"
    yield f"DTSTART:{_utc(due)}"
    yield f"DTEND:{_utc(due + _SHOWN)}"
    yield f"SUMMARY:{escaped(f'{post.slot.account}: {post.variant}')}"
    yield "DESCRIPTION:" + "\\n".join(map(escaped, _said(drawn, post, variant)))
    yield f"CATEGORIES:{escaped(drawn.experiment.key)}"
    yield from ("TRANSP:TRANSPARENT", "END:VEVENT")


def _said(drawn: Drawn, post: Post, variant: Variant) -> Iterator[str]:
    levels = ", ".join(f"{factor} {level}" for factor, level in variant.creative.items())
    yield f"Post {post.variant} on {post.slot.account}" + (f": {levels}" if levels else "")
    if asset := asset_of(drawn.experiment, variant, ""):
        yield f"Cut: {asset}"
    yield f"Experiment {drawn.experiment.key}, slot {post.slot.id}"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"
