"""The page laid out: its sections in reading order, as much of each as fits the size that a page may have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from abstory.report import banner
from abstory.report.draft import Draft
from abstory.report.html.accrual import exposures
from abstory.report.html.beliefs import beliefs
from abstory.report.html.compared import primary
from abstory.report.html.factors import factors
from abstory.report.html.fatigue import fatigue
from abstory.report.html.frames import frames
from abstory.report.html.method import method
from abstory.report.html.parts import STATUS, Section
from abstory.report.html.picked import guardrails, secondary
from abstory.report.html.quality import quality
from abstory.report.html.retention import retention
from abstory.report.html.scattered import posts
from abstory.report.html.segments import segments
from abstory.report.html.sheet import Detail, Embedded, Sheet
from abstory.report.html.stories import across, stories
from abstory.report.html.unfolding import by_day, by_hour
from abstory.report.json import status
from abstory.report.look import Look
from abstory.report.page import Page
from abstory.results import Ruling
from abstory.stats.estimate import Reason

MOST = 100_000
"""Bytes of a page, unless everything was asked for."""

DETAILS = (
    *(Detail(None, document) for document in Embedded),
    *(Detail(rows, Embedded.ABSENT) for rows in (20, 10, 5, 2)),
)
"""From the whole page to the shortest: the first that fits is taken."""

EFFECTS: tuple[Callable[[Sheet], list[Section]], ...] = (
    primary,
    secondary,
    guardrails,
    posts,
    factors,
    retention,
    frames,
    by_day,
    by_hour,
    across,
    fatigue,
    segments,
    beliefs,
)
"""What is shown only of data that can be trusted, in reading order; one that has nothing to say gives no section."""

ALWAYS: tuple[Callable[[Sheet], list[Section]], ...] = (exposures, stories, quality, method)
"""What follows, whatever the data."""

_MARK = re.compile(r"\[(\d+)\]")
_RULINGS = {Ruling.SHIP: "good", Ruling.KEEP: "", Ruling.INVALID: "bad"}


def render(page: Page, look: Look) -> str:
    """A whole document, at most `MOST` bytes unless everything was asked for."""
    details = DETAILS[:1] if page.everything else DETAILS
    texts = (_render("page.html.j2", page, look, detail) for detail in details)
    return _first_that_fits(texts)


def fragment(page: Page) -> str:
    """The page as one element with its own styles, for a notebook; without the document for programs."""
    return _render("fragment.html.j2", page, Look(), Detail(None if page.everything else 20, Embedded.ABSENT))


def _first_that_fits(texts: Iterable[str]) -> str:
    told = ""
    for told in texts:
        if len(told.encode()) <= MOST:
            break
    return told


def _render(template: str, page: Page, look: Look, detail: Detail) -> str:
    sheet = Sheet(Draft(page, Look()), detail)
    text = _templates().get_template(template).render(_told(sheet)) + "\n"
    # Where only ASCII may be written, the rest are references, which every browser reads back.
    return text.encode("ascii", "xmlcharrefreplace").decode() if look.ascii_only else text


def _told(sheet: Sheet) -> dict[str, object]:
    draft, page = sheet.draft, sheet.page
    result, say = page.result, sheet.draft.look.say
    worst = status(result.checks)
    head = {
        "name": f"abstory-{result.key}",
        "key": say(result.key),
        "title": say(result.title or result.key),
        "hypothesis": say(result.hypothesis or ""),
        "headline": banner.headline(page),
        "ruled": banner.ruled(draft),
        "ruling": _RULINGS.get(page.verdict.ruling, "warn"),
        "reasons": [say(reason) for reason in banner.reasons(draft)],
        "data": banner.WORDS[worst],
        "data_tone": STATUS[worst],
        "said": [say(part) for part in page.said],
        "advice": [say(told) for check in result.checks if (told := banner.advice(page, check))],
        "withheld": "" if result.trusted else f"Lifts, p values and intervals are withheld: {Reason.UNTRUSTED.value}.",
    }
    # Sections mark footnotes as they are made, so the notes are read after them.
    return head | {
        "sections": [*effects(sheet), *(section for make in ALWAYS for section in make(sheet))],
        "notes": [text for _, text in draft.notes],
    }


def effects(sheet: Sheet) -> list[Section]:
    """What the data say of every variant; nothing where they cannot be trusted, or there are none."""
    page = sheet.page
    readable = page.result.trusted and page.verdict.ruling is not Ruling.NO_DATA
    return [section for make in EFFECTS if readable for section in make(sheet)]


@cache
def _templates() -> Environment:
    loader = PackageLoader("abstory.report.html", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"noted": _noted, "plain": _plain}
    return made


def _noted(text: str, name: str) -> Markup:
    """Text in which the mark of a footnote leads to it."""
    return Markup(_MARK.sub(rf'<a href="#{name}-note-\1">[\1]</a>', str(escape(text))))  # noqa: S704 escaped


def _plain(text: str) -> Markup:
    """Text between tags, where quotes need no escaping: a document has many."""
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))  # noqa: S704 escaped
