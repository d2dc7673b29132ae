"""The store as it was known at an instant: rows that arrived later are hidden from every query of one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from abstory.warehouse.parts import Later

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = ("exposures", "events", "attributes", "slots", "story_totals")


@contextmanager
def recalled(connection: DuckDBPyConnection, at_us: int) -> Iterator[None]:
    """Hide what arrived after `at_us`.

    Views of the connection stand before the tables of the same name. A row without a time of arrival is taken to
    have come as it happened.
    """
    store = _quoted(str(connection.execute("SELECT current_database()").fetchall()[0][0]))
    try:
        for table in _TABLES:
            connection.execute(
                f"CREATE TEMP VIEW {table} AS SELECT * FROM {store}.main.{table}"  # noqa: S608 our own names
                f" WHERE arrived_at IS NULL OR arrived_at <= {int(at_us)}"
            )
        yield
    finally:
        for table in _TABLES:
            connection.execute(f"DROP VIEW IF EXISTS temp.main.{table}")


def later(connection: DuckDBPyConnection, experiment: str, at_us: int) -> Later:
    """What `recalled` hides of the time before `at_us`."""
    exposures = connection.execute(
        "SELECT count(*) FROM exposures WHERE experiment = $experiment AND exposed_at <= $at AND arrived_at > $at",
        {"experiment": experiment, "at": at_us},
    ).fetchall()
    events = connection.execute(
        "SELECT count(*) FROM events WHERE occurred_at < $at AND arrived_at > $at", {"at": at_us}
    ).fetchall()
    began = connection.execute("SELECT count(*) FROM ingests WHERE ingested_at <= $at", {"at": at_us}).fetchall()
    return Later(exposures[0][0], events[0][0], bool(began[0][0]))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
