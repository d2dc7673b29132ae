"""May the data be trusted: every check with its words, and who was counted in each variant."""

from __future__ import annotations

from collections.abc import Sequence

from abstory import digits
from abstory.report import banner
from abstory.report.html.parts import STATUS, Behind, Column, Kind, Part, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.results import Check, Status


def quality(sheet: Sheet) -> list[Section]:
    """What is not well is shown, what is well when asked for."""
    ill = [check for check in sheet.page.result.checks if check.status is not Status.OK]
    well = [check for check in sheet.page.result.checks if check.status is Status.OK]
    parts: list[Part] = [_checks(sheet, "Checks that found something", ill)] if ill else []
    parts += [_arms(sheet)] if sheet.page.result.arms else []
    parts += (
        [Behind(f"{digits.counted(len(well), 'check')} found nothing", _checks(sheet, "Checks", well))] if well else []
    )
    return [Section("data", "Data quality", parts)] if parts else []


def _checks(sheet: Sheet, caption: str, checks: Sequence[Check]) -> Table:
    say = sheet.draft.look.say
    columns = [
        Column("check", [say(check.id.replace("_", " ")) for check in checks], Kind.NAME),
        Column("status", [banner.WORDS[check.status] for check in checks], Kind.WORD),
        Column("found", [say(check.said) for check in checks], Kind.TEXT),
        Column("what to do", [say(check.advice) for check in checks], Kind.TEXT),
    ]
    kept = columns if any(check.advice for check in checks) else columns[:3]
    return Table(caption, kept, [STATUS[check.status] for check in checks])


def _arms(sheet: Sheet) -> Table:
    """Who was counted where."""
    result, arms = sheet.page.result, sheet.page.result.arms
    shown = sheet.cut(arms)
    total = sum(arm.viewers for arm in arms)
    columns = [
        Column("variant", [sheet.draft.name(arm.variant) for arm in shown], Kind.NAME),
        Column(result.units, [digits.count(arm.viewers) for arm in shown]),
        Column("share", [digits.rate(arm.viewers / total) if total else digits.NOTHING for arm in shown]),
        Column("declared", [digits.rate(arm.expected_share) for arm in shown]),
        Column("not mature", [digits.count(arm.immature) for arm in shown]),
        Column(
            "saw several" if result.unit == "viewer" else "of another variant",
            [digits.count(arm.crossovers) for arm in shown],
        ),
    ]
    rest = f"and {digits.counted(len(arms) - len(shown), 'more variant')}" if len(shown) < len(arms) else ""
    return Table(f"{result.units.capitalize()} of each variant", columns, rest=rest)
