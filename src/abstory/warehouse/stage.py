"""The fast road of CSV: where a record is a line, the engine reads it, and its line numbers are reckoned afterwards."""

# ruff: noqa: S608 the path is quoted, everything else is a name of this package

from __future__ import annotations

from typing import TYPE_CHECKING

from abstory.warehouse.base import Wishes
from abstory.warehouse.engine import quoted, statement
from abstory.warehouse.readers.layout import Layout
from abstory.warehouse.readers.source import Source
from abstory.warehouse.rules import Incoming, judged

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def stage_lines(connection: DuckDBPyConnection, source: Source, columns: Layout, wishes: Wishes) -> bool:
    """Stage a CSV file without quotes and blank lines.

    Returns:
        False where the engine did not account for every line; then the file must be read the slow way.
    """
    import duckdb

    types = dict.fromkeys(columns.columns, "VARCHAR")
    incoming = Incoming(_relation(source, columns), types, ordinary=source.ordinary)
    select = judged(incoming, kind=columns.kind, events=wishes.events)
    try:
        connection.execute(f"INSERT INTO judged {select}")
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    # Rows are staged in the order of the file, which the plan keeps as long as no join is in it; line 1 is the header.
    set_aside(connection, "place + 2")
    rejected = _rejected(connection)
    if rejected:
        connection.execute(statement("number_lines"))
        connection.execute(statement("stage_rejects"), {"width": len(columns.header)})
    row = connection.execute("SELECT count(*) FROM judged").fetchone()
    return row is not None and row[0] + rejected == source.lines - 1


def set_aside(connection: DuckDBPyConnection, line: str) -> None:
    """Copy the faulty rows of `judged` into `faulty`; to update them in place would rewrite the good ones."""
    connection.execute(f"INSERT INTO faulty SELECT {line}, event, fault, excerpt FROM staged WHERE fault IS NOT NULL")


def _rejected(connection: DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
    return int(row[0]) if row else 0


def _relation(source: Source, columns: Layout) -> str:
    places = {theirs: place for place, theirs in enumerate(columns.header)}
    declared = ", ".join(f"'c{place}': 'VARCHAR'" for place in places.values())
    chosen = ", ".join(f"c{places[theirs]} AS r_{ours}" for ours, theirs in columns.columns.items())
    return (
        f"(SELECT {chosen} FROM read_csv({quoted(str(source.path.resolve()))}, columns = {{{declared}}}, header = true,"
        " auto_detect = false, delim = ',', quote = '', escape = '', comment = '', nullstr = '', compression = 'none',"
        " encoding = 'utf-8', strict_mode = true, store_rejects = true, rejects_limit = 0,"
        " rejects_line_size_limit = 400))"
    )
