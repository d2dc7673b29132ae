"""Checksums of Parquet pages, which readers skip by default: a flipped bit turns one viewer into another.

Only page headers are read here (Thrift compact protocol; parquet.thrift, struct PageHeader); the engine reads the data.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import BinaryIO

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = frozenset({4, 5, 6})
_LONG_FORM = 15
_HEADER_READ = 1 << 16
_MOST_FIELDS = 10_000
_UNCOMPRESSED, _COMPRESSED, _CRC, _DICTIONARY = 2, 3, 4, 7


class BadPage(ValueError):
    """A page that is not as its header says."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of itself: bytes when unpacked, and its number of distinct values if it is a dictionary."""

    unpacked: int
    distinct: int | None


def check_chunk(file: BinaryIO, start: int, length: int) -> list[Page]:
    """Verify every page of the column chunk at `start`, `length` bytes long.

    Raises:
        BadPage: a header cannot be read, a page ends too early, or its CRC-32 is not the one written.
    """
    pages = []
    at, end = start, start + length
    while at < end:
        page, at = _check_page(file, at, end)
        pages.append(page)
    return pages


def _check_page(file: BinaryIO, at: int, end: int) -> tuple[Page, int]:
    file.seek(at)
    reader = _Compact(file.read(min(_HEADER_READ, end - at)))
    fields = reader.struct()
    size = _number(fields, _COMPRESSED)
    begin = at + reader.at
    if size < 0 or begin + size > end:
        raise BadPage("a page runs over its end")
    expected = fields.get(_CRC)
    if isinstance(expected, int) and expected & 0xFFFFFFFF != _crc(file, begin, size):
        raise BadPage("a page does not match its checksum")
    dictionary = fields.get(_DICTIONARY)
    distinct = _number(dictionary, 1) if isinstance(dictionary, dict) else None
    return Page(_number(fields, _UNCOMPRESSED), distinct), begin + size


def _number(fields: dict[int, object], key: int) -> int:
    value = fields.get(key)
    if not isinstance(value, int):
        raise BadPage("a page header cannot be read")
    return value


def _crc(file: BinaryIO, begin: int, size: int) -> int:
    file.seek(begin)
    crc, left = 0, size
    while left and (chunk := file.read(min(left, 1 << 20))):
        crc, left = zlib.crc32(chunk, crc), left - len(chunk)
    if left:
        raise BadPage("the file ends inside a page")
    return crc


class _Compact:
    """The part of Thrift's compact protocol that a page header uses."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int = 0) -> dict[int, object]:
        """Fields by number; nested structs as the same."""
        if depth > 8:
            raise BadPage("a page header cannot be read")
        fields: dict[int, object] = {}
        key = 0
        for _ in range(_MOST_FIELDS):
            head = self._byte()
            if not head:
                return fields
            key = key + (head >> 4) if head >> 4 else self._zigzag()
            fields[key] = self._value(head & 15, depth)
        raise BadPage("a page header cannot be read")

    def _value(self, kind: int, depth: int) -> object:
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind in _INTEGERS:
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            return self._list(depth)
        self._skip({_BYTE: 1, _DOUBLE: 8}.get(kind) or self._length(kind))
        return None

    def _list(self, depth: int) -> list[object]:
        head = self._byte()
        count = head >> 4 if head >> 4 < _LONG_FORM else self._varint()
        if count > _MOST_FIELDS:
            raise BadPage("a page header cannot be read")
        return [self._value(head & 15, depth + 1) for _ in range(count)]

    def _length(self, kind: int) -> int:
        if kind != _BINARY:
            raise BadPage("a page header cannot be read")
        return self._varint()

    def _skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self._data):
            raise BadPage("a page header cannot be read")

    def _byte(self) -> int:
        self._skip(1)
        return self._data[self.at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise BadPage("a page header cannot be read")
        return value | byte << shift

    def _zigzag(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)
