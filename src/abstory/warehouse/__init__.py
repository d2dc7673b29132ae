"""Where exposures and events lie, and the one door to it."""

from abstory.warehouse.duckdb import DuckDBStore, open_store

__all__ = ["DuckDBStore", "open_store"]
