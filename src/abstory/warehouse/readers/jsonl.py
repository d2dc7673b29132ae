"""JSON lines: one flat object a line; numbers keep their digits, so that no id passes through a float."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from abstory.errors import InputRefused
from abstory.metrics import totals
from abstory.warehouse.base import Wishes
from abstory.warehouse.readers.layout import OURS, Layout
from abstory.warehouse.readers.rows import Row
from abstory.warehouse.readers.source import BOM

SHOWN = 80
_LOOKED_AT = 1000
_EXACT = 2**53
_NUMBERS = frozenset({"watch_ms", "value", "frame", *totals.TOTALS})


class _Whole(str):
    """An integer, digits as written."""

    __slots__ = ()


class _Broken(str):
    """A number with a point or an exponent, as written."""

    __slots__ = ()


def header(path: Path, wishes: Wishes) -> tuple[str, ...]:
    """The fields that the first objects have, as far as they concern us.

    Raises:
        InputRefused: no line is a JSON object, or the file is one JSON array.
    """
    wanted = OURS | set(wishes.mapping)
    names: dict[str, None] = {}
    objects = 0
    with path.open("rb") as file:
        if file.read(64).removeprefix(BOM).lstrip()[:2] in (b"[{", b"[\n", b"[\r"):
            raise InputRefused(f"{path}: one JSON array, not JSON lines", hint="write one object a line, without [ ]")
        file.seek(0)
        for line in file:
            found = _object(line.removeprefix(BOM))
            if isinstance(found, dict):
                names |= dict.fromkeys(name for name in found if name in wanted)
                objects += 1
            if objects == _LOOKED_AT:
                break
    if not objects:
        raise InputRefused(f"{path}: no line is a JSON object", hint="write one object a line")
    return tuple(names)


def rows(path: Path, layout: Layout) -> Iterator[Row]:
    """Every line that is not blank, in order."""
    fields = tuple(layout.columns.items())
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            bare = line.removeprefix(BOM) if number == 1 else line
            if bare.strip():
                yield _row(number, bare, fields)


def _row(number: int, line: bytes, fields: Sequence[tuple[str, str]]) -> Row:
    shown = line[: 4 * SHOWN].rstrip(b"\r\n").decode(errors="replace")[:SHOWN]
    found = _object(line)
    if isinstance(found, str):
        return Row(number, (), shown, found if line.endswith(b"\n") or found != _NOT_JSON else "incomplete last line")
    faults = (_fault(ours, found.get(theirs)) for ours, theirs in fields)
    if fault := next(filter(None, faults), None):
        return Row(number, (), shown, fault)
    return Row(number, tuple(_plain(found.get(theirs)) for _, theirs in fields), shown)


_NOT_JSON = "not JSON"


def _object(line: bytes) -> dict[str, Any] | str:
    """The object of a line, or what is wrong with it."""
    try:
        found = _DECODER.decode(line.decode())
    except UnicodeDecodeError:
        return "not UTF-8"
    except RecursionError:
        return "nested too deeply"
    except _Refused as error:
        return str(error)
    except ValueError:
        return _NOT_JSON
    return found if isinstance(found, dict) else "not a JSON object"


class _Refused(Exception):
    """JSON as Python takes it, but not as everybody does."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused("a field is there twice")
    return found


def _not_a_number(text: str) -> Any:
    raise _Refused(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_Whole, parse_float=_Broken, parse_constant=_not_a_number
)


def _fault(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return f"{name} is {_kind(value)}, not text"
    if name not in _NUMBERS and isinstance(value, _Broken):
        return f"{name} is a fraction; send text"
    if name not in _NUMBERS and isinstance(value, _Whole) and not _exact(value):
        return f"{name}: integer not exact; send text"
    return "a lone surrogate" if _lone(value) else None


def _plain(value: str | None) -> str | None:
    return None if value is None else str(value)


def _kind(value: object) -> str:
    return {bool: "a boolean", list: "a list", dict: "an object"}.get(type(value), "something else")


def _exact(digits: str) -> bool:
    return len(digits) <= len(str(_EXACT)) + 1 and abs(int(digits)) <= _EXACT


def _lone(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False
