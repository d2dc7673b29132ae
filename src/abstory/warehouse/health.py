"""What a database holds, counted: for a look at its health, never for a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.warehouse.engine import engine_errors
from abstory.warehouse.migrations import version_of

if TYPE_CHECKING:
    from abstory.warehouse.duckdb import DuckDBStore

TABLES = ("exposures", "events", "attributes", "slots", "story_totals", "quarantine", "ingests", "decisions")


@dataclass(frozen=True, slots=True)
class Health:
    """One database.

    Attributes:
        version: of its tables, the number of the last migration applied.
        rows: by table of `TABLES`.
        quarantined: rows set aside, by reason, most frequent first.
    """

    version: int
    rows: Mapping[str, int]
    quarantined: Mapping[str, int]


def health(store: DuckDBStore) -> Health:
    """Count what is there. Raises StoreError where the file cannot be read to its end."""
    counts = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in TABLES)  # noqa: S608 our own names
    reasons = "SELECT reason, count(*) AS n FROM quarantine GROUP BY reason ORDER BY n DESC, reason"
    with engine_errors(store.path):
        rows = dict(store.connection.execute(counts).fetchall())
        return Health(version_of(store.connection), rows, dict(store.connection.execute(reasons).fetchall()))
