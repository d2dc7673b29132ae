"""The line a diagnostic is about, as much of it as fits, with a caret under what is meant."""

from __future__ import annotations

import unicodedata

from abstory.spec.diagnostics import Diagnostic

_CUT = "..."
_NO_CELL = {"Mn", "Me", "Cf"}


def excerpt(one: Diagnostic, width: int) -> list[str]:
    """Two lines of at most `width` columns (40 or more); none where the line must not be shown."""
    if not one.source:
        return []
    gutter = f"  {one.line} | "
    at = min(one.column - 1, len(one.source))
    line = one.source.replace("\t", " ")
    before, after = _window(line[:at], line[at:], width - len(gutter))
    carets = max(1, min(_cells(line[at : at + one.width]), _cells(after)))
    return [f"{gutter}{before}{after}", f"{' ' * (len(gutter) - 2)}| {' ' * _cells(before)}{'^' * carets}"]


def cut(text: str, room: int) -> str:
    """The beginning of a text, in at most `room` columns."""
    return text if _cells(text) <= room else _fitting(text, room - len(_CUT)) + _CUT


def _window(before: str, after: str, room: int) -> tuple[str, str]:
    shown = cut(after, max(room // 2, room - _cells(before)))
    left = room - _cells(shown)
    if _cells(before) <= left:
        return before, shown
    return _CUT + _fitting(before[::-1], left - len(_CUT))[::-1], shown


def _fitting(text: str, room: int) -> str:
    used = 0
    for count, char in enumerate(text):
        used += _cells(char)
        if used > room:
            return text[:count]
    return text


def _cells(text: str) -> int:
    """Columns of a terminal: two for the wide characters of East Asia and emoji, none for accents that combine."""
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.category(char) in _NO_CELL:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
