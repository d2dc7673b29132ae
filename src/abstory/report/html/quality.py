"""May the data be trusted: every check with its words, and who was counted in each variant."""

from __future__ import annotations

from abstory import digits
from abstory.report import banner
from abstory.report.html.parts import STATUS, Column, Kind, Section, Table
from abstory.report.html.sheet import Sheet


def quality(sheet: Sheet) -> list[Section]:
    """Both tables."""
    tables = [table for table in (_checks(sheet), _arms(sheet)) if table.columns[0].cells]
    return [Section("data", "Data quality", tables)] if tables else []


def _checks(sheet: Sheet) -> Table:
    checks, say = sheet.page.result.checks, sheet.draft.look.say
    columns = [
        Column("check", [say(check.id.replace("_", " ")) for check in checks], Kind.NAME),
        Column("status", [banner.WORDS[check.status] for check in checks], Kind.WORD),
        Column("found", [say(check.said) for check in checks], Kind.TEXT),
        Column("what to do", [say(check.advice) for check in checks], Kind.TEXT),
    ]
    kept = columns if any(check.advice for check in checks) else columns[:3]
    return Table("Checks of the data", kept, [STATUS[check.status] for check in checks])


def _arms(sheet: Sheet) -> Table:
    """Who was counted where."""
    arms = sheet.page.result.arms
    shown = sheet.cut(arms)
    total = sum(arm.viewers for arm in arms)
    columns = [
        Column("variant", [sheet.draft.name(arm.variant) for arm in shown], Kind.NAME),
        Column("viewers", [digits.count(arm.viewers) for arm in shown]),
        Column("share", [digits.rate(arm.viewers / total) if total else digits.NOTHING for arm in shown]),
        Column("declared", [digits.rate(arm.expected_share) for arm in shown]),
        Column("not mature", [digits.count(arm.immature) for arm in shown]),
        Column("saw several", [digits.count(arm.crossovers) for arm in shown]),
    ]
    rest = f"and {len(arms) - len(shown)} more variants" if len(shown) < len(arms) else ""
    return Table("Viewers of each variant", columns, rest=rest)
