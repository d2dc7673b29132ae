"""The tables of the store, as numbered SQL files that are applied once, in order, each in a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from abstory.errors import StoreDamaged, StoreTooNew
from abstory.warehouse.engine import transaction

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: `NNNN_name.sql`."""

    version: int
    name: str
    sql: str


def migrations() -> tuple[Migration, ...]:
    """Every migration this version knows, in order."""
    folder = files("abstory.warehouse").joinpath("sql", "migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(
        Migration(int(name[:4]), name[5:-4], folder.joinpath(name).read_text(encoding="utf-8")) for name in names
    )


def version_of(connection: DuckDBPyConnection) -> int:
    """The schema version of a database; 0 for one without tables.

    Raises:
        StoreDamaged: there are tables, but not ours.
    """
    tables = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables:
        return 0
    if "schema_version" not in tables:
        raise StoreDamaged("this DuckDB file holds other tables: it is not an abstory database")
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    return int(row[0]) if row and row[0] else 0


def pending(connection: DuckDBPyConnection) -> tuple[Migration, ...]:
    """What is still to be applied.

    Raises:
        StoreTooNew: the database has a migration that this version does not know.
        StoreDamaged: the database is not ours.
    """
    known, version = migrations(), version_of(connection)
    if known and version > known[-1].version:
        raise StoreTooNew(
            f"the database has schema {version}, this abstory knows {known[-1].version}", hint="update abstory"
        )
    return tuple(step for step in known if step.version > version)


def migrate(connection: DuckDBPyConnection) -> int:
    """Apply what is pending, each step in its own transaction; returns how many steps there were."""
    steps = pending(connection)
    for step in steps:
        _apply(connection, step)
    return len(steps)


def _apply(connection: DuckDBPyConnection, step: Migration) -> None:
    with transaction(connection):
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name VARCHAR NOT NULL)"
        )
        connection.execute(step.sql)
        connection.execute("INSERT INTO schema_version VALUES (?, ?)", [step.version, step.name])
