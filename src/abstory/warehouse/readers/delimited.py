"""CSV by RFC 4180 in UTF-8, where one broken row never costs its neighbours.

Files in which a record is a line are left to the engine. Quotes, blank lines and mixed line ends are read here,
line by line, because a quote that never closes must not swallow the rows after it.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from abstory.errors import InputRefused
from abstory.warehouse.readers.layout import Layout
from abstory.warehouse.readers.rows import Row
from abstory.warehouse.readers.source import BOM

_LONGEST_RECORD = 200
_LONGEST_HEADER = 1 << 16
SHOWN = 80


def header(path: Path) -> tuple[str, ...]:
    """The names in the first line.

    Raises:
        InputRefused: the first line is no header.
    """
    with path.open("rb") as file:
        first = file.readline(_LONGEST_HEADER).removeprefix(BOM).rstrip(b"\r\n")
    if b"\r" in first:
        raise InputRefused(f"{path}: lines end in CR alone", hint="save it with LF or CRLF line ends")
    try:
        names = next(csv.reader([first.decode()], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        raise InputRefused(f"{path}: the first line is no header", hint="UTF-8, names separated by commas") from None
    return tuple(names)


def rows(path: Path, layout: Layout) -> Iterator[Row]:
    """Every record after the header, in order, with the line it begins on."""
    places = [layout.header.index(theirs) for theirs in layout.columns.values()]
    width = len(layout.header)
    with path.open("rb") as file:
        lines = _Lines(islice(file, 1, None))
        while (line := lines.take()) is not None:
            if line.strip(b"\r\n"):
                yield _row(line, lines, width, places)


class _Lines:
    """Lines that can be looked at before they are taken."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._ahead: deque[bytes] = deque()
        self.number = 1

    def take(self, count: int = 1) -> bytes | None:
        """The next line, or the last of the next `count`; None at the end."""
        line = None
        for _ in range(count):
            line = self._ahead.popleft() if self._ahead else next(self._source, None)
            self.number += line is not None
        return line

    def ahead(self, index: int) -> bytes | None:
        """The line `index` places after the one taken last, without taking it."""
        while len(self._ahead) <= index:
            line = next(self._source, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[index]


def _row(line: bytes, lines: _Lines, width: int, places: list[int]) -> Row:
    number = lines.number
    shown = line[: 4 * SHOWN].rstrip(b"\r\n").decode(errors="replace")[:SHOWN]
    try:
        values = _record(line, lines)
    except UnicodeDecodeError:
        return Row(number, (), shown, "not UTF-8")
    except csv.Error as error:
        return Row(number, (), shown, _broken(error))
    if len(values) == width + 1 and not values[-1]:
        values.pop()
    if len(values) != width:
        return Row(number, (), shown, f"{len(values)} fields where the header has {width}")
    return Row(number, tuple(values[place] for place in places), shown)


def _record(line: bytes, lines: _Lines) -> list[str]:
    text = line.decode().rstrip("\n").removesuffix("\r")
    if '"' not in text:
        return text.split(",")
    try:
        return _parsed([text])
    except csv.Error:
        if text.count('"') % 2 == 0:
            raise
    return _spread(text, lines)


def _spread(text: str, lines: _Lines) -> list[str]:
    """A record whose quoted field goes on over the next lines; they are taken only when the quote closes."""
    record = [text]
    for index in range(_LONGEST_RECORD):
        line = lines.ahead(index)
        if line is None:
            break
        record.append(line.decode().rstrip("\n").removesuffix("\r"))
        if record[-1].count('"') % 2:
            values = _parsed([f"{part}\n" for part in record])
            lines.take(index + 1)
            return values
    raise csv.Error("unexpected end of data")


def _parsed(record: list[str]) -> list[str]:
    reader = csv.reader(record, strict=True)
    values = next(reader)
    if reader.line_num != len(record):
        raise csv.Error("quote inside a value")
    return values


def _broken(error: csv.Error) -> str:
    said = str(error)
    if "end of data" in said:
        return "a quote that never closes"
    return "field longer than 128 KiB" if "limit" in said else "a quote in the wrong place"
