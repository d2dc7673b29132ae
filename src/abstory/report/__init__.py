"""Renderers: a result goes in, text or bytes come out; nothing here prints. A format is a module and a line."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abstory.report.look import Look
    from abstory.report.page import Page

    Renderer = Callable[[Page, Look], str | bytes]

FORMATS = {"table": "terminal", "json": "json", "csv": "csv", "parquet": "parquet", "md": "markdown", "html": "html"}
"""Every format with the module whose `render` makes it."""

SUFFIXES = {
    ".txt": "table",
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".md": "md",
    ".html": "html",
    ".htm": "html",
}
"""The format that the name of a file asks for."""


def renderer(name: str) -> Renderer:
    """The renderer of a format. Raises KeyError for a name that is not in `FORMATS`."""
    found: Renderer = importlib.import_module(f"abstory.report.{FORMATS[name]}").render
    return found


__all__ = ["FORMATS", "SUFFIXES", "renderer"]
