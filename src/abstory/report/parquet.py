"""A report as Parquet: the rows of the CSV with their types, null for what is not known."""

from __future__ import annotations

import io

from abstory.report.look import Look
from abstory.report.page import Page
from abstory.report.rows import Rows, comparisons


def render(page: Page, look: Look) -> bytes:  # noqa: ARG001 every renderer takes a look
    """The comparisons."""
    return written(comparisons(page))


def written(table: Rows) -> bytes:
    """A table as the bytes of a file."""
    file = io.BytesIO()
    table.frame().write_parquet(file)
    return file.getvalue()
