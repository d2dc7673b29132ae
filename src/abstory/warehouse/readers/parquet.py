"""Parquet: the metadata is judged before the data is unpacked, types are those of the file, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from abstory.errors import InputRefused
from abstory.metrics import totals
from abstory.warehouse.readers.layout import Layout
from abstory.warehouse.readers.pages import BadPage, Page, check_chunk
from abstory.warehouse.values import TIMES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_INSTANTS = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"})
_NUMBERS = frozenset({"watch_ms", "value", *totals.TOTALS})
_LONGEST_ON_AVERAGE = 4096
_LONGEST_ALLOWED = 256


@dataclass(frozen=True, slots=True)
class Schema:
    """Column names and the engine's types, in file order."""

    types: Mapping[str, str]


def schema(connection: DuckDBPyConnection, path: Path) -> Schema:
    """The columns of the file.

    Raises:
        InputRefused: it cannot be read as Parquet, is truncated or damaged.
    """
    import duckdb

    try:
        found = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path.resolve())]).fetchall()
    except duckdb.Error as error:
        raise damaged(path, str(error)) from None
    return Schema({row[0]: row[1] for row in found})


def damaged(path: Path, said: str) -> InputRefused:
    """The refusal for a file that the engine cannot read."""
    first = said.split("\n", 1)[0].split(": ", 1)[-1]
    return InputRefused(f"{path}: damaged or incomplete Parquet ({first[:120]})", hint="write or copy it again")


def check(connection: DuckDBPyConnection, path: Path, layout: Layout, types: Schema) -> None:
    """Refuse types that would change ids or times, pages that do not match their checksums, and bombs.

    Raises:
        InputRefused: with the column and the reason.
    """
    for ours, theirs in layout.columns.items():
        if fault := _unfit(ours, types.types[theirs]):
            raise InputRefused(f"{path}: column {theirs} {fault[0]}", hint=fault[1])
    chunks = connection.execute(
        "SELECT path_in_schema, coalesce(dictionary_page_offset, data_page_offset), data_page_offset,"
        " total_compressed_size FROM parquet_metadata(?)",
        [str(path.resolve())],
    ).fetchall()
    wanted = set(layout.columns.values())
    with path.open("rb") as file:
        for name, first, data, length in chunks:
            if name in wanted:
                _check_chunk(file, path, name, (min(first or data, data), length))


def _check_chunk(file: BinaryIO, path: Path, name: str, place: tuple[int, int]) -> None:
    try:
        pages = check_chunk(file, *place)
    except BadPage as error:
        raise InputRefused(f"{path}: column {name}: {error}", hint="the file is damaged; copy it again") from None
    for page in pages:
        if _bloated(page):
            raise InputRefused(
                f"{path}: values of {name} are far longer than {_LONGEST_ALLOWED} bytes", hint="is it the right column?"
            )


def _bloated(page: Page) -> bool:
    return bool(page.distinct) and page.unpacked > _LONGEST_ON_AVERAGE * (page.distinct or 1)


def _unfit(ours: str, kind: str) -> tuple[str, str] | None:
    if kind in ("VARCHAR", "BLOB") or (ours in _NUMBERS and kind in ("DOUBLE", "FLOAT")):
        return None
    if ours in TIMES:
        return _unfit_time(kind)
    if kind in _INTEGERS or (ours in _NUMBERS and kind.startswith("DECIMAL")):
        return None
    return f"is {kind}, not text", "write it as text"


def _unfit_time(kind: str) -> tuple[str, str] | None:
    if kind in _INSTANTS:
        return None
    if kind.startswith("TIMESTAMP"):
        return "has times without a zone", "write them as UTC-adjusted timestamps"
    return f"is {kind}, not a time", "write UTC-adjusted timestamps or ISO 8601 text with Z"
