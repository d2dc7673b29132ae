"""The report as a page of text, in reading order.

What to do, may I trust it, how much per variant, is it safe, how was it computed, what to type next.
"""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from abstory import digits
from abstory.experiment import Role
from abstory.report import banner
from abstory.report.accrual import accrued
from abstory.report.believed import believed
from abstory.report.compared import compared
from abstory.report.draft import Draft
from abstory.report.factors import factors
from abstory.report.fatigue import fatigued
from abstory.report.frames import frames
from abstory.report.json import status
from abstory.report.look import Look
from abstory.report.page import Page
from abstory.report.picked import guardrails, secondary
from abstory.report.retained import retained
from abstory.report.scattered import scattered
from abstory.report.segmented import segmented
from abstory.report.stories import stories
from abstory.report.tables import Column
from abstory.results import Check, Ruling, Status
from abstory.stats.estimate import Reason

_RULINGS = {
    Ruling.SHIP: "bold green",
    Ruling.KEEP: "bold",
    Ruling.WAIT: "bold yellow",
    Ruling.REVIEW: "bold yellow",
    Ruling.INVALID: "bold red",
    Ruling.NO_DATA: "bold yellow",
}
_STATUS = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red", Status.UNKNOWN: "yellow"}

SECTIONS: tuple[Callable[[Draft], list[Text]], ...] = (
    factors,
    stories,
    scattered,
    retained,
    frames,
    accrued,
    fatigued,
    segmented,
    believed,
)
"""What follows the comparisons, in reading order; a section that has nothing to say gives no line."""


def render(page: Page, look: Look) -> str:
    """The page as plain text."""
    return "".join(f"{line.plain}\n" for line in lines(page, look))


def lines(page: Page, look: Look) -> list[Text]:
    """The page, line by line, none wider than the look; colour only repeats what the words say."""
    draft = Draft(page, look)
    blocks = [_headline(draft), _verdict(draft) + _data(draft), *_numbers(draft)]
    blocks.append(_foot(draft))
    return [line for at, block in enumerate(b for b in blocks if b) for line in ([Text()] if at else []) + block]


def _headline(draft: Draft) -> list[Text]:
    result = draft.page.result
    title = draft.paragraph("", result.title) if result.title else []
    aired = banner.airtime(draft.page)
    stories = draft.paragraph("STORY ", aired) if aired else []
    return draft.listed(f"{draft.look.say(result.key)} · ", banner.headline(draft.page), style="bold") + title + stories


def _verdict(draft: Draft) -> list[Text]:
    style = _RULINGS[draft.page.verdict.ruling]
    return draft.listed(f"{banner.ruled(draft)}   ", banner.reasons(draft), style=style, joint=";")


def _data(draft: Draft) -> list[Text]:
    checks = draft.page.result.checks
    worst = status(checks)
    advice = [line for check in checks for line in _advice(draft, check)]
    return draft.listed(f"DATA {banner.WORDS[worst]}   ", draft.page.said, style=_STATUS[worst]) + advice


def _advice(draft: Draft, check: Check) -> list[Text]:
    advice = banner.advice(draft.page, check)
    return draft.paragraph("  → ", advice, style=_STATUS[check.status]) if advice else []


def _numbers(draft: Draft) -> list[list[Text]]:
    page = draft.page
    if page.verdict.ruling is Ruling.NO_DATA:
        return [_arms(draft)] if any(arm.viewers or arm.immature for arm in page.result.arms) else []
    if not page.result.trusted:
        return [_arms(draft)]
    if page.only:
        asked = [compared(draft, m) for m in page.result.metrics if m.outcome.metric.name in page.only]
        return [*asked, segmented(draft)]
    return [
        *(compared(draft, metric) for metric in page.of(Role.PRIMARY)),
        *_picked(draft),
        *(section(draft) for section in SECTIONS),
    ]


def _picked(draft: Draft) -> list[list[Text]]:
    page = draft.page
    if not page.everything:
        return _closely(draft, page.pick) if page.pick else []
    return [block for variant in page.treatments for block in _titled(draft, variant)]


def _titled(draft: Draft, variant: str) -> list[list[Text]]:
    first, *rest = _closely(draft, variant) or [[]]
    return [draft.paragraph("VARIANT  ", draft.name(variant), style="bold") + first, *rest] if first else []


def _closely(draft: Draft, variant: str) -> list[list[Text]]:
    """Everything that informs on one treatment or protects from it."""
    tables = ((draft.page.of(Role.SECONDARY), secondary), (draft.page.of(Role.GUARDRAIL), guardrails))
    return [table(draft, metrics, variant) for metrics, table in tables if metrics]


def _arms(draft: Draft) -> list[Text]:
    """Who was counted where: what to look at when no number can be shown."""
    arms = draft.page.result.arms
    total = sum(arm.viewers for arm in arms)
    shares = [digits.rate(arm.viewers / total) if total else draft.look.plain(digits.NOTHING) for arm in arms]
    return draft.table(
        [
            Column("variant", tuple(draft.name(arm.variant) for arm in arms)),
            Column(draft.page.result.units, tuple(digits.count(arm.viewers) for arm in arms), right=True),
            Column("share", tuple(shares), right=True),
            Column("declared", tuple(digits.rate(arm.expected_share) for arm in arms), right=True),
            Column(
                "not mature", tuple(digits.count(arm.immature) for arm in arms), right=True, drop=1, name="immature"
            ),
        ]
    )


def _foot(draft: Draft) -> list[Text]:
    notes = [line for mark, text in draft.notes for line in draft.paragraph(f"{mark} ", text)]
    return notes + _withheld(draft) + _hidden(draft) + _how(draft) + _next(draft)


def _withheld(draft: Draft) -> list[Text]:
    if draft.page.result.trusted:
        return []
    return draft.paragraph("", f"lifts, p values and intervals are withheld: {Reason.UNTRUSTED.value}.")


def _hidden(draft: Draft) -> list[Text]:
    if not draft.dropped:
        return []
    where = f"no room at {draft.look.width} columns; --json has all"
    return draft.listed("hidden: ", [*draft.dropped, where], style="dim")


def _how(draft: Draft) -> list[Text]:
    chain = banner.how(draft)
    if not chain:
        return []
    told = draft.listed("how: ", chain, style="dim", joint=",")
    return told + [line for note in banner.notes(draft.page) for line in draft.paragraph("     ", note)]


def _next(draft: Draft) -> list[Text]:
    page, key = draft.page, draft.page.result.key
    if page.verdict.ruling is Ruling.NO_DATA:
        first = f"abstory assign {key} VIEWER" if page.result.unit == "viewer" else f"abstory calendar {key}"
        commands = ["abstory ingest FILE", first, "abstory status"]
    elif not page.result.trusted:
        commands = ["abstory status", f"abstory report {key} --json"]
    else:
        commands = [f"abstory gate {key}", f"abstory report {key} -o report.html"]
    return draft.listed("next: ", commands, style="dim")
