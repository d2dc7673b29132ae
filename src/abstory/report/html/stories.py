"""The stories of the file, and when each was to be seen."""

from __future__ import annotations

from abstory import digits
from abstory.report.html.parts import Column, Kind, Section, Table
from abstory.report.html.sheet import Sheet


def stories(sheet: Sheet) -> list[Section]:
    """Every story with its time on air, where the file says when one went up."""
    told = sheet.page.result.airtimes
    if not any(one.published_us is not None for one in told):
        return []
    shown, as_of = sheet.cut(told), sheet.page.result.as_of_us
    columns = [
        Column("story", [sheet.draft.look.say(one.story) for one in shown], Kind.NAME),
        Column("published", [_minute(one.published_us) for one in shown], Kind.TEXT),
        Column("gone", [_minute(one.ends_us) for one in shown], Kind.TEXT),
        Column("now", ["on air" if one.live(as_of) else "" for one in shown], Kind.TEXT),
    ]
    rest = f"and {len(told) - len(shown)} more stories" if len(shown) < len(told) else ""
    return [Section("stories", "Stories", [Table("Stories and their time on air", columns, rest=rest)])]


def _minute(us: int | None) -> str:
    return digits.NOTHING if us is None else digits.minute(us)
