"""Effects among viewers alike in an attribute: exploratory, and in words only where a test says that they differ."""

from __future__ import annotations

from abstory import digits
from abstory.report import cells
from abstory.report.html.drawn import drawn
from abstory.report.html.parts import TONES, Column, Kind, Part, Prose, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.report.segmented import Split, sentences, word
from abstory.results import Segmented
from abstory.warehouse.split import title


def segments(sheet: Sheet) -> list[Section]:
    """A section an attribute: every metric asked for, of the treatment to look at or of every one."""
    found, page = sheet.page.result.segments, sheet.page
    if found is None:
        return []
    lead = f"Exploratory: {digits.counted(found.comparisons, 'comparison')}. No verdict looks at them."
    variants = page.treatments if page.everything else [page.pick] if page.pick else []
    told = [
        (by, [Split(sheet.draft, by, metric, v) for metric in by.metrics for v in variants if metric.segments])
        for by in found.attributes
    ]
    return [_section(sheet, at, by, splits, lead) for at, (by, splits) in enumerate(told, 1) if splits]


def _section(sheet: Sheet, number: int, by: Segmented, splits: list[Split], lead: str) -> Section:
    parts = [part for one in splits for part in _parts(sheet, one)]
    return Section(f"segments-{number}", f"By {sheet.draft.look.say(by.attribute)}", parts, lead)


def _parts(sheet: Sheet, split: Split) -> list[Part]:
    return [_table(sheet, split), *(Prose(sheet.draft.look.say(text)) for text in sentences(split))]


def _table(sheet: Sheet, split: Split) -> Table:
    draft, rows, told, lift, unit = sheet.draft, split.rows, split.told, split.lift, split.unit
    say = draft.look.say
    effects = [
        Column("lift" if lift else "difference", [cells.point(draft, e, unit, lift=lift) for e in told]),
        drawn(told, None if lift else unit),
        Column(
            f"adj {cells.confidence(sheet.page.result.method.alpha)}",
            [cells.ends(draft, e, unit, lift=lift) for e in told],
        ),
    ]
    columns = [
        Column(say(split.by.attribute), [say(title(one.kind, one.name)) for one, _ in rows], Kind.NAME),
        Column("viewers", [digits.count(sum(one.viewers.values())) for one, _ in rows]),
        Column("control", [cells.value(draft, one.told.control, unit) for one, _ in rows]),
        Column("variant", [cells.value(draft, seen.value, unit) for _, seen in rows]),
        *(effects if any(told) else []),
        Column("reads as", [word(split, *row) for row in rows], Kind.WORD),
    ]
    caption = say(f"{split.metric.metric} of {draft.name(split.variant)} by {split.by.attribute}")
    return Table(caption, columns, [TONES[seen.reads] for _, seen in rows], narrow=True)
