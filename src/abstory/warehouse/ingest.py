"""One file into the store, in one transaction, or nothing of it: rows, quarantine and manifest together."""

# ruff: noqa: S608 column names are quoted, everything else is a name of this file

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from abstory.errors import InputRefused
from abstory.metrics import totals
from abstory.warehouse.base import Ingested, Progress, Quarantined, Wishes
from abstory.warehouse.engine import disk_is_full, transaction, unordered
from abstory.warehouse.readers import delimited, jsonl, parquet
from abstory.warehouse.readers.layout import EVENTS, POSTS, TOTALS, Layout, check_mapping, layout, sparse
from abstory.warehouse.readers.rows import Row, batches, metered
from abstory.warehouse.readers.source import CSV, JSONL, PARQUET, Source, check_unchanged, survey
from abstory.warehouse.rules import (
    STAGED,
    UNKNOWN_EVENT,
    UNKNOWN_TOTAL,
    WIDE,
    Incoming,
    absent,
    judged,
    near_names,
    staged,
)
from abstory.warehouse.settle import IS_EXPOSURE, Settled, last_row, settle, settle_inserted, targets
from abstory.warehouse.stage import set_aside, stage_lines
from abstory.warehouse.straight import Scan, Winding, insert_lines, may_go_straight, putting_aside, show_inserted
from abstory.warehouse.watch import Meter

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RULES_VERSION = 1
_FIRST = 20
_SURVEYED, _READ = 0.1, 0.85  # shares of the time that a file takes, as the progress bar has them
_MOST_NAMES = 200


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be loaded and how it is to be read.

    Attributes:
        path: the file.
        wishes: what the command line says of it.
        now_us: the instant written into the manifest.
    """

    path: Path
    wishes: Wishes
    now_us: int


def ingest(connection: DuckDBPyConnection, order: Order, progress: Progress | None = None) -> Ingested:
    """Load one file in one transaction.

    Raises:
        InputRefused: the file cannot be trusted as a whole; nothing was written.
        UsageError: the mapping names no column of ours.
    """
    check_mapping(order.wishes.mapping)
    meter = Meter(progress)
    source = survey(order.path, meter.part(0, _SURVEYED))
    if known := _known(connection, source, order):
        return known
    columns = _layout(connection, source, order.wishes)
    try:
        straight = _straight(connection, source, columns, order, meter)
        return straight or _staged(connection, source, columns, order, meter)
    finally:
        _forget(connection)


def _straight(
    connection: DuckDBPyConnection, source: Source, columns: Layout, order: Order, meter: Meter
) -> Ingested | None:
    """The quick way, in which rows are inserted as they are read; None, and nothing written, where it does not suit."""
    if not may_go_straight(source, columns):
        return None
    target = targets(columns)[0]
    try:
        with putting_aside(connection) as aside, unordered(connection), transaction(connection):
            _make_faulty(connection)
            last = last_row(connection, target)
            with meter.watching(connection, _SURVEYED, _READ):
                insert_lines(connection, Scan(source, columns, order.wishes, target, order.now_us), aside)
            _name_words(connection, order.wishes)
            check_unchanged(source)
            show_inserted(connection, target, last)
            warnings = _warnings(connection, source, columns)
            with meter.watching(connection, _READ, 1):
                settled = settle_inserted(connection, target, last)
            outcome = _outcome(connection, columns, order, [settled])
            return _noted(connection, source, order, replace(outcome, warnings=warnings))
    except Winding:
        return None


def _staged(connection: DuckDBPyConnection, source: Source, columns: Layout, order: Order, meter: Meter) -> Ingested:
    """The way for every file: rows are judged into a temporary table first."""
    _stage(connection, source, columns, order.wishes, meter)
    check_unchanged(source)
    with unordered(connection), transaction(connection):
        warnings = _warnings(connection, source, columns)
        with meter.watching(connection, _READ, 1):
            settled = [settle(connection, target, order.now_us) for target in targets(columns)]
        outcome = _outcome(connection, columns, order, settled)
        return _noted(connection, source, order, replace(outcome, warnings=warnings))


def _options(wishes: Wishes) -> str:
    return json.dumps(
        {
            "rules": RULES_VERSION,
            "map": dict(sorted(wishes.mapping.items())),
            "kind": wishes.kind,
            "experiment": wishes.experiment,
            "events": sorted(wishes.events),
            **({"frames": dict(sorted(wishes.frames.items()))} if wishes.frames else {}),
        }
    )


def _known(connection: DuckDBPyConnection, source: Source, order: Order) -> Ingested | None:
    """The answer for bytes that were ingested before under the same options."""
    row = connection.execute(
        "SELECT kind, read, quarantined, ingest FROM ingests WHERE sha256 = ? AND options = ? LIMIT 1",
        [source.sha256, _options(order.wishes)],
    ).fetchone()
    if row is None:
        return None
    kind, read, quarantined, ingest_id = row
    outcome = Ingested(str(order.path), kind, read, 0, read - quarantined, quarantined, already=True)
    return replace(outcome, reasons=_reasons(connection, ingest_id), first=_first(connection, ingest_id))


def _layout(connection: DuckDBPyConnection, source: Source, wishes: Wishes) -> Layout:
    if source.format == CSV:
        return layout(source.path, delimited.header(source.path), wishes)
    if source.format == JSONL:
        return sparse(layout(source.path, jsonl.header(source.path, wishes), wishes))
    types = parquet.schema(connection, source.path)
    found = layout(source.path, tuple(types.types), wishes)
    parquet.check(connection, source.path, found, types)
    return found


def _outcome(connection: DuckDBPyConnection, columns: Layout, order: Order, settled: Sequence[Settled]) -> Ingested:
    quarantined = _one(connection, "SELECT count(*) FROM faulty")
    arrived, stored = sum(part.arrived for part in settled), sum(part.stored for part in settled)
    return Ingested(
        file=str(order.path),
        kind=columns.kind,
        read=arrived + quarantined,
        stored=stored,
        duplicate=arrived - stored,
        quarantined=quarantined,
        conflicts=sum(part.conflicts for part in settled),
    )


def _noted(connection: DuckDBPyConnection, source: Source, order: Order, outcome: Ingested) -> Ingested:
    """Write manifest and quarantine; the outcome with what is in them."""
    number = _manifest(connection, source, order, outcome)
    return replace(outcome, reasons=_reasons(connection, number), first=_first(connection, number))


def _stage(connection: DuckDBPyConnection, source: Source, columns: Layout, wishes: Wishes, meter: Meter) -> None:
    """Fill `judged` and `faulty`, temporary tables outside the transaction: gone with the process, whatever happens."""
    told = meter.part(_SURVEYED, _READ)
    _empty_stage(connection, columns, wishes)
    if source.format == PARQUET:
        with meter.watching(connection, _SURVEYED, _READ):
            _stage_parquet(connection, source, columns, wishes)
    elif source.format == JSONL:
        _stage_rows(connection, metered(jsonl.rows(source.path, columns), told, source.size), columns, wishes)
    elif not (source.plain and stage_lines(connection, source, columns, wishes)):
        _empty_stage(connection, columns, wishes)
        _stage_rows(connection, metered(delimited.rows(source.path, columns), told, source.size), columns, wishes)
    _name_words(connection, wishes)


def _empty_stage(connection: DuckDBPyConnection, columns: Layout, wishes: Wishes) -> None:
    """`judged` holds what the file has; `staged` shows it with every column that a row may have."""
    held = staged(columns.columns, columns.kind)
    typed = ", ".join(f"{name} {(STAGED | WIDE)[name]}" for name in held)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE judged ({typed}, line BIGINT, fault VARCHAR, excerpt VARCHAR)")
    _make_faulty(connection)
    others = absent(held, wishes.experiment)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW staged AS SELECT rowid AS place, *, {others} FROM judged")


def _make_faulty(connection: DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE faulty (line BIGINT, word VARCHAR, fault VARCHAR, excerpt VARCHAR)"
    )


def _stage_rows(connection: DuckDBPyConnection, rows: Iterable[Row], columns: Layout, wishes: Wishes) -> None:
    types = dict.fromkeys(columns.columns, "VARCHAR")
    incoming = Incoming("incoming", types, line="r_line", raw="r_raw", fault="r_fault")
    insert = f"INSERT INTO judged {_judged(incoming, columns, wishes)}"
    for batch in batches(rows, tuple(columns.columns)):
        connection.register("incoming", batch)
        connection.execute(insert)
        connection.unregister("incoming")
    set_aside(connection, "line")


def _stage_parquet(connection: DuckDBPyConnection, source: Source, columns: Layout, wishes: Wishes) -> None:
    import duckdb

    types = parquet.schema(connection, source.path).types
    chosen = ", ".join(
        f'"{theirs.replace(chr(34), 2 * chr(34))}" AS r_{ours}' for ours, theirs in columns.columns.items()
    )
    relation = f"(SELECT {chosen}, file_row_number + 1 AS r_line FROM read_parquet(?, file_row_number = true))"
    incoming = Incoming(relation, {ours: types[theirs] for ours, theirs in columns.columns.items()}, line="r_line")
    try:
        connection.execute(f"INSERT INTO judged {_judged(incoming, columns, wishes)}", [str(source.path.resolve())])
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        if disk_is_full(str(error)):
            raise
        raise parquet.damaged(source.path, str(error)) from None
    except duckdb.OutOfMemoryException:
        raise InputRefused(f"{source.path}: does not fit the memory limit", hint="raise it with --memory") from None
    set_aside(connection, "line")


def _judged(incoming: Incoming, columns: Layout, wishes: Wishes) -> str:
    return judged(replace(incoming, frames=wishes.frames), kind=columns.kind, events=wishes.events)


def _name_words(connection: DuckDBPyConnection, wishes: Wishes) -> None:
    """Give unknown events and totals the name that was probably meant."""
    for fault, known in ((UNKNOWN_EVENT, wishes.events), (UNKNOWN_TOTAL, totals.TOTALS)):
        unknown = connection.execute(
            "SELECT DISTINCT word FROM faulty WHERE fault = ? ORDER BY word LIMIT ?", [fault, _MOST_NAMES]
        ).fetchall()
        for name, reason in near_names([row[0] for row in unknown], known, fault).items():
            connection.execute("UPDATE faulty SET fault = ? WHERE fault = ? AND word = ?", [reason, fault, name])


def _warnings(connection: DuckDBPyConnection, source: Source, columns: Layout) -> tuple[str, ...]:
    unit = {POSTS: "slot", TOTALS: "story"}.get(columns.kind, "viewer")
    spellings = 0 if source.ascii else _one(connection, _SPELLINGS.format(id=f"{unit}_id"))
    idle = _one(connection, _IDLE_EXPOSURES) if columns.kind == EVENTS else 0
    said = {
        columns.left_alone: bool(columns.left_alone),
        f"{spellings} {unit} ids are spellings of fewer words (composed and decomposed Unicode);"
        f" each is kept as a {unit} of its own": spellings,
        f"{idle} exposure rows name no experiment or no variant: kept as events that no metric uses"
        " (--experiment KEY and a variant column make exposures of them)": idle,
    }
    return tuple(sentence for sentence, count in said.items() if count)


_SPELLINGS = (
    "SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM (SELECT DISTINCT {id} FROM staged"
    " WHERE fault IS NULL AND strlen({id}) <> length({id})) GROUP BY nfc_normalize({id})"
    " HAVING count(*) > 1)"
)
_IDLE_EXPOSURES = f"SELECT count(*) FROM staged WHERE fault IS NULL AND event = 'exposure' AND NOT {IS_EXPOSURE}"


def _manifest(connection: DuckDBPyConnection, source: Source, order: Order, outcome: Ingested) -> int:
    number = _one(connection, "SELECT coalesce(max(ingest), 0) + 1 FROM ingests")
    connection.execute(
        "INSERT INTO ingests (ingest, sha256, options, file, kind, ingested_at, read, stored, duplicate, quarantined)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            number,
            source.sha256,
            _options(order.wishes),
            outcome.file,
            outcome.kind,
            order.now_us,
            outcome.read,
            outcome.stored,
            outcome.duplicate,
            outcome.quarantined,
        ],
    )
    connection.execute(
        "INSERT INTO quarantine SELECT ?, line, fault, excerpt FROM faulty ORDER BY line",
        [number],
    )
    return number


def _reasons(connection: DuckDBPyConnection, number: int) -> Mapping[str, int]:
    return dict(
        connection.execute(
            "SELECT reason, count(*) AS n FROM quarantine WHERE ingest = ? GROUP BY reason ORDER BY n DESC, reason",
            [number],
        ).fetchall()
    )


def _first(connection: DuckDBPyConnection, number: int) -> tuple[Quarantined, ...]:
    rows = connection.execute(
        "SELECT line, reason, excerpt FROM quarantine WHERE ingest = ? ORDER BY line, reason LIMIT ?", [number, _FIRST]
    ).fetchall()
    return tuple(Quarantined(*row) for row in rows)


def _forget(connection: DuckDBPyConnection) -> None:
    for view in ("arriving", "staged"):
        connection.execute(f"DROP VIEW IF EXISTS {view}")
    for table in ("judged", "faulty", "meeting", "ranked", "reject_errors", "reject_scans"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")


def _one(connection: DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
