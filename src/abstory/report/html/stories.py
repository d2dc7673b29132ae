"""The stories of the file: one contrast in each of them and in all together, and when each was to be seen."""

from __future__ import annotations

from abstory import digits
from abstory.report import cells
from abstory.report.html.drawn import drawn
from abstory.report.html.parts import Column, Kind, Part, Prose, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.report.stories import FIXED, RANDOM, differ
from abstory.results import AcrossStories
from abstory.stats.estimate import Effect, Estimate


def across(sheet: Sheet) -> list[Section]:
    """Of the treatment to look at, of every one where everything is asked for: each primary metric, story by story."""
    page = sheet.page
    shown = page.treatments if page.everything else [page.pick]
    told = [one for one in page.result.stories if one.variant in shown]
    parts = [part for one in told for part in _parts(sheet, one)]
    return [Section("across", "Story by story", parts)] if parts else []


def _parts(sheet: Sheet, told: AcrossStories) -> list[Part]:
    met = f"A viewer met {digits.figures(told.met)} of them."
    return [_table(sheet, told), Prose(sheet.draft.look.say(f"{met} {differ(told)}"))]


def _table(sheet: Sheet, told: AcrossStories) -> Table:
    draft, unit = sheet.draft, told.unit
    shown = sheet.cut(told.stories)
    effects = [*(one.effect for one in shown), told.fixed, told.random]
    lift = any(isinstance(effect, Effect) and isinstance(effect.lift, Estimate) for effect in effects)
    found = [cells.on_scale(effect, lift=lift) for effect in effects]
    columns = [
        Column("story", [*(draft.look.say(one.story) for one in shown), FIXED, RANDOM], Kind.NAME),
        Column("viewers", [*(digits.count(one.viewers) for one in shown), "", ""]),
        Column("lift" if lift else "difference", [cells.point(draft, e, unit, lift=lift) for e in found]),
        *([drawn(found, None if lift else unit)] if any(found) else []),
        Column(
            cells.confidence(sheet.page.result.method.alpha), [cells.ends(draft, e, unit, lift=lift) for e in found]
        ),
    ]
    rest = f"and {len(told.stories) - len(shown)} more stories" if len(shown) < len(told.stories) else ""
    return Table(f"{told.metric} of {draft.name(told.variant)}, story by story", columns, rest=rest, narrow=True)


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
