"""Telling how far a long statement is: the engine works in one thread, another asks it now and then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from abstory.warehouse.base import Progress

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EVERY_SECONDS = 0.2


@contextmanager
def watched(connection: DuckDBPyConnection, progress: Progress | None, total: int) -> Iterator[None]:
    """Report the running statement's progress to `progress` (called from another thread) until the block ends."""
    if progress is None:
        yield
        return
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(connection, progress, total, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    progress(total, total)


def _watch(connection: DuckDBPyConnection, progress: Progress, total: int, done: threading.Event) -> None:
    while not done.wait(_EVERY_SECONDS):
        share = connection.query_progress()
        if share >= 0:
            progress(int(total * min(share, 100.0) / 100), total)
