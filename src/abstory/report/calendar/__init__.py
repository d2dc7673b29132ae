"""A posting calendar, written: for a terminal, as a sheet to fill in, for calendar programs, and as JSON."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abstory.report.calendar.drawn import Drawn
    from abstory.report.look import Look

    Renderer = Callable[[Drawn, Look], str]

FORMATS = {"table": "table", "csv": "sheet", "ics": "ics", "json": "json"}
"""Every format with the module whose `render` makes it."""

SUFFIXES = {".txt": "table", ".csv": "csv", ".ics": "ics", ".json": "json"}
"""The format that the name of a file asks for."""


def renderer(name: str) -> Renderer:
    """The renderer of a format. Raises KeyError for a name that is not in `FORMATS`."""
    found: Renderer = importlib.import_module(f"abstory.report.calendar.{FORMATS[name]}").render
    return found


__all__ = ["FORMATS", "SUFFIXES", "renderer"]
