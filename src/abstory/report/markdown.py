"""A report as Markdown, for a pull request: the verdict, the data, and the tables of the page without its drawings."""

from __future__ import annotations

from abstory.report import banner
from abstory.report.draft import Draft
from abstory.report.harmless import in_markdown
from abstory.report.html.layout import effects
from abstory.report.html.parts import Column, Kind, Section, Table
from abstory.report.html.sheet import Detail, Embedded, Sheet
from abstory.report.json import status
from abstory.report.look import Look
from abstory.report.page import Page

_ROWS = 10


def render(page: Page, look: Look) -> str:
    """The page as Markdown; nothing in it is taken for markup but our own."""
    draft = Draft(page, look)
    sheet = Sheet(draft, Detail(None if page.everything else _ROWS, Embedded.ABSENT))
    head = [_heading(draft), *_banner(draft)]
    body = [block for section in effects(sheet) for block in _section(draft, section)]
    notes = "\n".join(f"- {_plain(draft, f'{mark} {text}')}" for mark, text in draft.notes)
    how = _plain(draft, ", ".join(banner.how(draft)))
    return "\n\n".join(block for block in [*head, *body, notes, how] if block) + "\n"


def _heading(draft: Draft) -> str:
    result = draft.page.result
    title = f": {result.title}" if result.title else ""
    return f"## {_plain(draft, f'{result.key}{title}')}\n\n{_plain(draft, ' · '.join(banner.headline(draft.page)))}"


def _banner(draft: Draft) -> list[str]:
    page = draft.page
    reasons, said = _plain(draft, "; ".join(banner.reasons(draft))), _plain(draft, " · ".join(page.said))
    worst = banner.WORDS[status(page.result.checks)]
    todo = [f"- {_plain(draft, told)}" for check in page.result.checks if (told := banner.advice(page, check))]
    return [f"**{_plain(draft, banner.ruled(draft))}** {reasons}", f"**Data {worst}** {said}", "\n".join(todo)]


def _section(draft: Draft, section: Section) -> list[str]:
    tables = [part for part in section.parts if isinstance(part, Table)]
    if not tables:
        return []
    many = len(tables) > 1
    told = [block for one in tables for block in (_plain(draft, one.caption) * many, _table(draft, one), one.rest)]
    return [f"### {_plain(draft, section.title)}", _plain(draft, section.lead), *told]


def _table(draft: Draft, table: Table) -> str:
    columns = [column for column in table.columns if column.kind is not Kind.DRAWN]
    cells = [[_plain(draft, str(cell)) for cell in column.cells] for column in columns]
    heads = [_plain(draft, column.head) for column in columns]
    rows = [heads, [_rule(column) for column in columns], *zip(*cells, strict=True)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _rule(column: Column) -> str:
    return "---:" if column.kind is Kind.NUMBER else "---"


def _plain(draft: Draft, text: str) -> str:
    return draft.look.plain(in_markdown(text))
