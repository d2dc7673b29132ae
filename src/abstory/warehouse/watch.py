"""Telling how far a long job is: forward only, whatever its parts say of themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from abstory.warehouse.base import Progress

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EVERY_SECONDS = 0.2
_FINE = 1000


class Meter:
    """How far one job is, told to `progress` in thousandths; None is nobody to tell."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._done = 0
        self._lock = threading.Lock()

    @property
    def idle(self) -> bool:
        """Whether nobody listens."""
        return self._progress is None

    def part(self, start: float, end: float) -> Progress:
        """What a part of the job tells its own progress to: the part from share `start` to share `end` of the whole."""
        return lambda done, total: self._tell(start + (end - start) * done / max(total, 1))

    def _tell(self, share: float) -> None:
        done = int(_FINE * min(share, 1.0))
        with self._lock:
            if self._progress is not None and done > self._done:
                self._done = done
                self._progress(done, _FINE)

    @contextmanager
    def watching(self, connection: DuckDBPyConnection, start: float, end: float) -> Iterator[None]:
        """Tell how far the long statement of the block is, asking the engine from another thread."""
        part = self.part(start, end)
        if not self.idle:
            done = threading.Event()
            watcher = threading.Thread(target=_watch, args=(connection, part, done), daemon=True)
            watcher.start()
            try:
                yield
            finally:
                done.set()
                watcher.join()
        else:
            yield
        part(1, 1)


def _watch(connection: DuckDBPyConnection, part: Progress, done: threading.Event) -> None:
    while not done.wait(_EVERY_SECONDS):
        share = connection.query_progress()
        if share >= 0:
            part(int(share), 100)
