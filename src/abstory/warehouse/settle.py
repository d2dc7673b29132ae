"""From staged rows to stored ones: each identity is kept once, and which one is kept depends on no order.

Rows are compared exactly only where their hashes meet. Of two rows with one identity the smaller is kept, whether it
came first or last, in this file or in an earlier one.
"""

# ruff: noqa: S608 made of the names in this file alone

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from abstory.warehouse.readers.layout import Layout

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Target:
    """A table and what makes a row of it the same row.

    Attributes:
        table: its name.
        columns: column -> SQL over a staged row.
        time: the column of its instant; a constant where rows of any time can be the same.
        identity: SQL over the table's columns; NULLs are equal.
        rank: columns by which the smallest of equals is kept, NULL last.
        rows: which staged rows are meant for it.
        reach: which stored rows can meet rows between `$first` and `$last`.
        source: where staged rows are taken from.
        each: how many rows of the table one row of the file may make; those of the n-th have places from n * each on.
    """

    table: str
    columns: dict[str, str]
    time: str
    identity: tuple[str, ...]
    rank: tuple[str, ...]
    rows: str
    reach: str
    source: str = "staged"
    each: int = 1


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the rows of a file that were meant for a table.

    Attributes:
        arrived: how many there were.
        stored: how many of them brought something new.
        conflicts: how often one told something else of an identity that was taken.
    """

    arrived: int
    stored: int
    conflicts: int


_ANONYMOUS = "CASE WHEN event_id IS NULL THEN {} END"
IS_EXPOSURE = "coalesce(event = 'exposure' AND variant IS NOT NULL AND experiment IS NOT NULL, FALSE)"

EVENTS = Target(
    table="events",
    columns={
        "viewer_id": "viewer_id",
        "story_id": "story_id",
        "event": "event",
        "occurred_at": "instant",
        "watch_ms": "watch_ms",
        "value": "amount",
        "event_id": "event_id",
        "frame": "frame",
    },
    time="occurred_at",
    identity=("event_id", *(_ANONYMOUS.format(name) for name in ("viewer_id", "story_id", "event", "occurred_at"))),
    rank=("occurred_at", "watch_ms", "value", "frame", "viewer_id", "story_id", "event"),
    rows=f"NOT {IS_EXPOSURE}",
    reach="(occurred_at BETWEEN $first AND $last OR event_id IS NOT NULL)",
)
EXPOSURES = Target(
    table="exposures",
    columns={
        "experiment": "experiment",
        "viewer_id": "viewer_id",
        "variant": "variant",
        "exposed_at": "instant",
        "story_id": "story_id",
        "fingerprint": "CAST(NULL AS VARCHAR)",
        "forced": "FALSE",
    },
    time="exposed_at",
    identity=("experiment", "viewer_id", "variant", "exposed_at", "story_id"),
    rank=("exposed_at",),
    rows="TRUE",
    reach="exposed_at BETWEEN $first AND $last AND NOT forced",
)
MIXED_EXPOSURES = replace(EXPOSURES, rows=IS_EXPOSURE)
ATTRIBUTES = Target(
    table="attributes",
    columns={"viewer_id": "viewer_id", "name": "name", "value": "value", "measured_at": "instant"},
    time="measured_at",
    identity=("viewer_id", "name", "measured_at"),
    rank=("value",),
    rows="TRUE",
    reach="measured_at BETWEEN $first AND $last",
)
SLOTS = Target(
    table="slots",
    columns={
        "experiment": "experiment",
        "slot_id": "slot_id",
        "variant": "variant",
        "story_id": "story_id",
        "posted_at": "instant",
    },
    time="0",
    identity=("experiment", "slot_id", "story_id IS NULL"),
    rank=("posted_at", "story_id", "variant"),
    rows="TRUE",
    reach="TRUE",
)
STORY_TOTALS = Target(
    table="story_totals",
    columns={
        "story_id": "story_id",
        "captured_at": "instant",
        "metric": "metric",
        "value": "amount",
        "definition": "definition",
    },
    time="captured_at",
    identity=("story_id", "captured_at", "metric", "definition"),
    rank=("value",),
    rows="amount IS NOT NULL",
    reach="captured_at BETWEEN $first AND $last",
)
_TARGETS = {
    "events": (EVENTS, MIXED_EXPOSURES),
    "exposures": (EXPOSURES,),
    "attributes": (ATTRIBUTES,),
    "posts": (SLOTS,),
    "totals": (STORY_TOTALS,),
}


def targets(columns: Layout) -> tuple[Target, ...]:
    """Where the rows of a file go."""
    wide = columns.wide
    if not wide:
        return _TARGETS[columns.kind]
    named = ", ".join(f"'{name}'" for name in wide)
    readings = (
        f"(SELECT place * {len(wide)} + unnest(range({len(wide)})) AS place, fault, story_id, instant, definition,"
        f" unnest([{named}]) AS metric, unnest([{', '.join(wide)}]) AS amount FROM staged WHERE fault IS NULL)"
    )
    return (replace(STORY_TOTALS, source=readings, each=len(wide)),)


def settle(connection: DuckDBPyConnection, target: Target, arrived_us: int) -> Settled:
    """Move the good staged rows of `target` into its table, inside the caller's transaction.

    A row keeps the `arrived_us` it first came with; one that takes another's place arrives now.
    """
    chosen = ", ".join(f"{source} AS {name}" for name, source in target.columns.items())
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW arriving AS SELECT place, {chosen}"
        f" FROM {target.source} WHERE fault IS NULL AND {target.rows}"
    )
    arrived, last = _arrived(connection, target), last_row(connection, target)
    if not _meet(connection, target, last, arrived):
        _insert(connection, target, "TRUE", arrived_us)
        return Settled(arrived, arrived, 0)
    conflicts = _rank(connection, target, last)
    replaced = _remove(connection, target, "old")
    lost = f"(SELECT place FROM ranked WHERE {_BEATEN} AND NOT old)"
    inserted = _insert(connection, target, f"place NOT IN {lost}", arrived_us)
    stored = inserted - replaced if target.each == 1 else _arrived(connection, target, _NEW)
    return Settled(arrived, stored, conflicts)


def settle_inserted(connection: DuckDBPyConnection, target: Target, last: int) -> Settled:
    """The same for rows that this transaction inserted after row `last`: those that others beat are deleted."""
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW arriving AS SELECT rowid AS place, {', '.join(target.columns)}"
        f" FROM {target.table} WHERE rowid > {last}"
    )
    arrived = _arrived(connection, target)
    if not _meet(connection, target, last, arrived):
        return Settled(arrived, arrived, 0)
    conflicts = _rank(connection, target, last)
    return Settled(arrived, arrived - _remove(connection, target, "TRUE"), conflicts)


def _arrived(connection: DuckDBPyConnection, target: Target, which: str = "TRUE") -> int:
    """Rows of the file."""
    rows = "*" if target.each == 1 else f"DISTINCT place // {target.each}"
    return _count(connection, f"SELECT count({rows}) FROM arriving WHERE {which}")


def last_row(connection: DuckDBPyConnection, target: Target) -> int:
    """The id of the last row stored; those inserted from now on have larger ones. -1 where there is none."""
    return _count(connection, f"SELECT coalesce(max(rowid), -1) FROM {target.table}")


_SORTED_AT_ONCE, _LISTED = 8_000_000, 100_000
_BEATEN = "position > 1 AND NOT (old AND kept_old)"
_NEW = "place NOT IN (SELECT place FROM ranked WHERE NOT old AND (position > 1 OR taken))"


def _meet(connection: DuckDBPyConnection, target: Target, last: int, arrived: int) -> int:
    """Fill `meeting` with the hashes that occur twice; how many there are."""
    connection.execute("CREATE OR REPLACE TEMP TABLE meeting (mark UBIGINT)")
    twice = _twice(connection, target) if arrived <= _SORTED_AT_ONCE else None
    if twice is None:
        marks = f"SELECT {_mark(target)} AS mark FROM arriving"
        connection.execute(f"INSERT INTO meeting {marks} GROUP BY mark HAVING count(*) > 1")
    else:
        connection.execute("INSERT INTO meeting SELECT unnest(CAST(? AS UBIGINT[]))", [twice])
    connection.execute(
        f"INSERT INTO meeting SELECT DISTINCT {_mark(target)} FROM {target.table}"
        f" WHERE {_reach(connection, target, last)} AND {_mark(target)} IN (SELECT {_mark(target)} FROM arriving)"
    )
    return _count(connection, "SELECT count(*) FROM meeting")


def _twice(connection: DuckDBPyConnection, target: Target) -> list[int] | None:
    """The hashes that occur twice among arriving rows, None where they are many; sorting costs half of grouping."""
    import numpy as np

    marks = np.sort(connection.execute(f"SELECT {_mark(target)} AS mark FROM arriving").fetchnumpy()["mark"])
    repeated = np.unique(marks[1:][marks[1:] == marks[:-1]])
    return list(map(int, repeated)) if len(repeated) <= _LISTED else None


def _mark(target: Target) -> str:
    return f"hash({', '.join(target.identity)})"


def _reach(connection: DuckDBPyConnection, target: Target, last: int) -> str:
    """Which stored rows can be the same as an arriving one, by time: the engine skips the blocks of the others."""
    row = connection.execute(f"SELECT min({target.time}), max({target.time}) FROM arriving").fetchone()
    if last < 0 or row is None or row[0] is None:
        return "FALSE"
    reach = target.reach.replace("$first", str(int(row[0]))).replace("$last", str(int(row[1])))
    return f"rowid <= {last} AND {reach}"


def _rank(connection: DuckDBPyConnection, target: Target, last: int) -> int:
    """Fill `ranked` with every arriving or stored row whose hash meets another, by identity, the one to keep first.

    Returns:
        How many of the beaten told something else.
    """
    names = ", ".join(target.columns)
    content, identity = f"row({', '.join(target.rank)})", ", ".join(target.identity)
    order = ", ".join(f"{name} NULLS LAST" for name in target.rank)
    meets = f"{_mark(target)} IN (SELECT mark FROM meeting)"
    stored = f"{target.table} WHERE {_reach(connection, target, last)}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE ranked AS SELECT place, old, row_number() OVER same AS position,"
        f" first_value(old) OVER same AS kept_old, bool_or(old) OVER whole AS taken,"
        f" {content} IS DISTINCT FROM first_value({content}) OVER same AS differs"
        f" FROM (SELECT place, FALSE AS old, {names} FROM arriving WHERE {meets}"
        f" UNION ALL SELECT rowid, TRUE, {names} FROM {stored} AND {meets})"
        f" WINDOW whole AS (PARTITION BY {identity}), same AS (whole ORDER BY {order}, old DESC, place)"
    )
    return _count(connection, f"SELECT count(*) FROM ranked WHERE {_BEATEN} AND differs")


def _remove(connection: DuckDBPyConnection, target: Target, which: str) -> int:
    beaten = f"SELECT place FROM ranked WHERE {_BEATEN} AND {which}"
    return _count(connection, f"DELETE FROM {target.table} WHERE rowid IN ({beaten})")


def _insert(connection: DuckDBPyConnection, target: Target, which: str, arrived_us: int) -> int:
    names = ", ".join(target.columns)
    rows = f"SELECT {names}, {arrived_us} FROM arriving WHERE {which}"
    return _count(connection, f"INSERT INTO {target.table} ({names}, arrived_at) {rows}")


def _count(connection: DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
