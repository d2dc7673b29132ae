"""The fast road of CSV: where a record is a line, the engine reads it, and its line numbers are reckoned afterwards."""

# ruff: noqa: S608 the path is quoted, everything else is a name of this package

from __future__ import annotations

from typing import TYPE_CHECKING

from abstory.warehouse.base import Wishes
from abstory.warehouse.engine import quoted, statement
from abstory.warehouse.readers.layout import Layout
from abstory.warehouse.readers.source import Source
from abstory.warehouse.rules import WORD, Incoming, judged

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def stage_lines(connection: DuckDBPyConnection, source: Source, columns: Layout, wishes: Wishes) -> bool:
    """Stage a CSV file without quotes and blank lines.

    Returns:
        False where the engine did not account for every line; then the file must be read the slow way.
    """
    import duckdb

    select = judged(incoming_lines(source, columns, wishes), kind=columns.kind, events=wishes.events)
    try:
        connection.execute(f"INSERT INTO judged {select}")
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    # Rows are staged in the order of the file, which the plan keeps as long as no join is in it; line 1 is the header.
    set_aside(connection, "place + 2")
    rejected = count_rejected(connection)
    if rejected:
        connection.execute(statement("number_lines"))
        set_rejected_aside(connection, columns)
    row = connection.execute("SELECT count(*) FROM judged").fetchone()
    return row is not None and row[0] + rejected == source.lines - 1


def incoming_lines(source: Source, columns: Layout, wishes: Wishes) -> Incoming:
    """The lines of a CSV file without quotes and blank lines; those that are no row go into `reject_errors`."""
    places = {theirs: f"c{place}" for place, theirs in enumerate(columns.header)}
    declared = ", ".join(f"'{place}': 'VARCHAR'" for place in places.values())
    chosen = ", ".join(f"{places[theirs]} AS r_{ours}" for ours, theirs in columns.columns.items())
    relation = (
        f"(SELECT *, {chosen} FROM read_csv({quoted(str(source.path.resolve()))}, columns = {{{declared}}},"
        " header = true, auto_detect = false, delim = ',', quote = '', escape = '', comment = '', nullstr = '',"
        " compression = 'none', encoding = 'utf-8', strict_mode = true, store_rejects = true, rejects_limit = 0,"
        " rejects_line_size_limit = 400))"
    )
    written = ", ".join(f"coalesce({place}, '')" for place in places.values())
    types = dict.fromkeys(columns.columns, "VARCHAR")
    raw = f"concat_ws(',', {written})"
    return Incoming(relation, types, raw=raw, ordinary=source.ordinary, ascii=source.ascii, frames=wishes.frames)


def set_aside(connection: DuckDBPyConnection, line: str) -> None:
    """Copy the faulty rows of `judged` into `faulty`; to update them in place would rewrite the good ones."""
    connection.execute(f"INSERT INTO faulty SELECT {line}, {WORD}, fault, excerpt FROM staged WHERE fault IS NOT NULL")


def count_rejected(connection: DuckDBPyConnection) -> int:
    """How many lines were no row to the engine."""
    row = connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
    return int(row[0]) if row else 0


def set_rejected_aside(connection: DuckDBPyConnection, columns: Layout) -> None:
    """Note in `faulty` the lines that were no row to the engine."""
    connection.execute(statement("stage_rejects"), {"width": len(columns.header)})
