"""The decision ledger's table: rows are appended, listed, never changed."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from abstory.warehouse.engine import engine_errors

if TYPE_CHECKING:
    from abstory.warehouse.duckdb import DuckDBStore

_APPEND = """
INSERT INTO decisions (experiment, asked_at, asked_by, as_of, fingerprint, data_hash, variant, outcome, document)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LIST = """
SELECT experiment, asked_at, asked_by, as_of, fingerprint, data_hash, variant, outcome, document
FROM decisions WHERE experiment = coalesce(?, experiment) ORDER BY asked_at, rowid
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """One look: who asked, when, of which data, and what was answered.

    Attributes:
        experiment: key.
        asked_at_us: when the gate was asked.
        asked_by: who asked, as the command line knows it.
        as_of_us: the instant the data were read at.
        fingerprint: of the file.
        data_hash: of the evidence.
        variant: the treatment asked about; None for the whole experiment.
        outcome: open, closed, undecided or untrusted.
        document: the whole answer as JSON.
    """

    experiment: str
    asked_at_us: int
    asked_by: str
    as_of_us: int
    fingerprint: str
    data_hash: str
    variant: str | None
    outcome: str
    document: str


def append(store: DuckDBStore, decided: Decided) -> None:
    """Add one row durably. Raises StoreError when the database cannot be written."""
    with engine_errors(store.path):
        store.connection.execute(_APPEND, astuple(decided))


def listed(store: DuckDBStore, experiment: str | None) -> tuple[Decided, ...]:
    """Every row of one experiment (of all for None), oldest first, those of one instant as they were appended."""
    with engine_errors(store.path):
        return tuple(Decided(*row) for row in store.connection.execute(_LIST, [experiment]).fetchall())
