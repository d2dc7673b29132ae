"""A report as CSV: one row a metric and variant, unrounded, an empty cell for what is not known."""

from __future__ import annotations

import csv
import io

from abstory.report.harmless import one_line
from abstory.report.look import Look
from abstory.report.page import Page
from abstory.report.rows import Cell, Rows, comparisons

_FORMULAS = ("=", "+", "-", "@")


def render(page: Page, look: Look) -> str:  # noqa: ARG001 every renderer takes a look
    """The comparisons."""
    return written(comparisons(page))


def written(table: Rows) -> str:
    """A table as CSV with a head; text a spreadsheet would take for a formula is quoted with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.types)
    writer.writerows([_safe(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def _safe(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    told = one_line(cell)
    return f"'{told}" if told.startswith(_FORMULAS) else told
