"""The straight road of CSV: good rows go into their table in the very scan that reads them.

The scan puts the few bad rows aside in memory, as they were written but without their lines, which the engine does not
tell; the file is gone through once more to find them. A file with which anything does not add up must be staged.
"""

# ruff: noqa: S608 made of the names of this package alone

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from abstory.warehouse.base import Wishes
from abstory.warehouse.engine import statement
from abstory.warehouse.readers.layout import EVENTS, Layout
from abstory.warehouse.readers.source import CSV, Source, chunks
from abstory.warehouse.rules import WORD, absent, staged, verdicts
from abstory.warehouse.settle import Target
from abstory.warehouse.stage import count_rejected, incoming_lines, set_rejected_aside

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_ASIDE = 100_000
_ASIDE = "put_aside"
_LONG = 1023
_FEED, _RETURN = 10, 13


class Winding(Exception):
    """The file cannot go straight; what was inserted of it must be rolled back."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What is read, how, and where it goes.

    Attributes:
        source, columns, wishes: the file.
        target: the table that all its rows are meant for.
        arrived_us: the instant noted beside every row.
    """

    source: Source
    columns: Layout
    wishes: Wishes
    target: Target
    arrived_us: int


@dataclass(slots=True)
class Aside:
    """Bad rows as the scan meets them, told by the engine's threads: word and fault by line, and every line met."""

    told: dict[str, tuple[str, str]] = field(default_factory=dict)
    met: list[str] = field(default_factory=list)

    def put(self, word: str, fault: str, line: str) -> bool:
        """Remember a row; the row is not kept.

        Raises:
            Winding: there are too many.
        """
        if len(self.met) >= MOST_ASIDE:
            raise Winding
        self.told[line] = (word, fault)
        self.met.append(line)
        return False


@contextmanager
def putting_aside(connection: DuckDBPyConnection) -> Iterator[Aside]:
    """Where the scan of this block puts bad rows; it stands around the transaction, which may be past all commands."""
    aside = Aside()
    connection.complete()  # no function is made while some answer has rows left
    connection.create_function(_ASIDE, aside.put, ["VARCHAR", "VARCHAR", "VARCHAR"], "BOOLEAN", side_effects=True)
    try:
        yield aside
    finally:
        connection.complete()
        connection.remove_function(_ASIDE)


def may_go_straight(source: Source, columns: Layout) -> bool:
    """Every line of the file is a record, all records are meant for one table, and each makes one row of it."""
    mixed = columns.kind == EVENTS and "variant" in columns.columns
    return source.format == CSV and source.plain and not mixed and not columns.wide


def insert_lines(connection: DuckDBPyConnection, scan: Scan, aside: Aside) -> None:
    """Insert the good rows into the table, inside the caller's transaction, and the bad ones into `faulty`.

    Raises:
        Winding: too many rows are bad, or not every line is accounted for.
    """
    import duckdb

    try:
        inserted = connection.execute(_insert(scan)).fetchone()
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        raise Winding from None
    rejected = count_rejected(connection)
    if inserted is None or inserted[0] + len(aside.met) + rejected != scan.source.lines - 1:
        raise Winding
    _note(connection, scan.source, aside)
    if rejected:
        set_rejected_aside(connection, scan.columns)


def show_inserted(connection: DuckDBPyConnection, target: Target, last: int) -> None:
    """Make `staged` show the rows after row `last`, as far as warnings are made of them."""
    shown = target.columns.keys() & {"viewer_id", "slot_id", "story_id", "event"}
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW staged AS SELECT {', '.join(sorted(shown))}, {absent(shown, None)}, NULL AS fault"
        f" FROM {target.table} WHERE rowid > {last}"
    )


def _insert(scan: Scan) -> str:
    kind, table = scan.columns.kind, scan.target
    incoming = incoming_lines(scan.source, scan.columns, scan.wishes)
    lacking = absent(staged(scan.columns.columns, kind), scan.wishes.experiment)
    rows = verdicts(incoming, kind=kind, events=scan.wishes.events)
    return (
        f"INSERT INTO {table.table} ({', '.join(table.columns)}, arrived_at)"
        f" SELECT {', '.join(table.columns.values())}, {scan.arrived_us} FROM (SELECT *, {lacking} FROM ({rows}))"
        f" WHERE CASE WHEN fault IS NULL THEN TRUE ELSE {_ASIDE}(coalesce({WORD}, ''), fault, {incoming.raw}) END"
    )


def _note(connection: DuckDBPyConnection, source: Source, aside: Aside) -> None:
    if not aside.met:
        return
    found = list(_places(source, {line.encode(): line for line in aside.told}))
    if len(found) != len(aside.met):
        raise Winding
    rows = [(line, *aside.told[text], text) for line, text in found]
    connection.execute(statement("set_aside"), [list(column) for column in zip(*rows, strict=True)])


def _places(source: Source, wanted: dict[bytes, str]) -> Iterator[tuple[int, str]]:
    """The number of every line that is one of `wanted`; only lines of such a length and last byte are looked at."""
    import numpy as np

    shapes = np.zeros((_LONG + 1, 256), dtype=np.bool_)
    for line in wanted:
        shapes[min(len(line), _LONG), line[-1]] = True
    number = 1
    for chunk in chunks(source.path):
        data = np.frombuffer(chunk, dtype=np.uint8)
        feeds = np.flatnonzero(data == _FEED)
        ends = feeds if chunk.endswith(b"\n") else np.append(feeds, len(data))
        starts = np.append(0, ends[:-1] + 1)
        ends = ends - (data[ends - 1] == _RETURN)
        alike = np.flatnonzero(shapes[np.minimum(ends - starts, _LONG), data[ends - 1]])
        for nth in alike.tolist():
            line = chunk[starts[nth] : ends[nth]]
            if line in wanted:
                yield number + nth, wanted[line]
        number += len(feeds)
