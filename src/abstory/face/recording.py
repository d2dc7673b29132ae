"""An assignment that is recorded when it is used, and the exposures on their way into the store."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

from abstory.assignment.assign import Assignment as Decided
from abstory.assignment.assign import Outcome, Reason
from abstory.assignment.eligibility import named
from abstory.errors import StoreLocked
from abstory.experiment import Experiment as Declared

BUFFERED = 1_000
"""Exposures held in memory before they are written."""

Used = Callable[[str, str], None]
"""Told the viewer and the variant of an assignment that is being used."""

Known = tuple[tuple[str, str], ...]
"""Attributes of a viewer: name and canonical text."""

_MOST_BUFFERED = 100 * BUFFERED


def now_us() -> int:
    """The system clock in microseconds UTC."""
    return time.time_ns() // 1000


class Assignment:
    """One viewer's assignment. Reading `variant` or `creative` is using it, and records the exposure, once.

    `viewer_id`, `reason` and `peek()` may be read freely: they record nothing.
    """

    __slots__ = ("_outcome", "_used", "viewer_id")

    def __init__(self, viewer_id: str, outcome: Outcome, used: Used | None) -> None:
        self.viewer_id = viewer_id
        self._outcome = outcome
        self._used = used

    def __repr__(self) -> str:
        # Without the id: a repr ends in logs, and ids must not.
        return f"Assignment(variant={self._outcome.variant!r}, reason={self._outcome.reason.value!r})"

    @property
    def reason(self) -> Reason:
        """Why there is, or is not, a variant."""
        return self._outcome.reason

    @property
    def variant(self) -> str | None:
        """The variant's name, or None where the viewer takes no part; records the exposure."""
        self._expose()
        return self._outcome.variant

    @property
    def creative(self) -> Mapping[str, str]:
        """The levels to show by factor, empty where the viewer takes no part; records the exposure."""
        self._expose()
        return self._outcome.creative

    def peek(self) -> Decided:
        """What was decided, without exposing: for logs, tests and prefetching."""
        return Decided(self.viewer_id, *self._outcome)

    def _expose(self) -> None:
        used, self._used = self._used, None
        if used is not None and self._outcome.variant is not None:
            used(self.viewer_id, self._outcome.variant)


class Recorder:
    """Exposures on their way into the store: held in memory, written in batches, each batch in one transaction.

    The database is open only while a batch is written, so reports can read in between. A batch that finds it locked
    is kept and tried again; what is still held when the process is killed is lost, so `limit` is how much may be.

    Args:
        store: the DuckDB file; made when there is none.
        experiment: whose exposures these are.
        clock: microseconds UTC.
        limit: exposures held before a write.

    Attributes:
        store: the file.
        asked: attributes that the audience names; they are recorded with the exposure.
    """

    def __init__(
        self, store: Path, experiment: Declared, *, clock: Callable[[], int] = now_us, limit: int = BUFFERED
    ) -> None:
        self.store = store
        self._experiment = experiment
        self._clock = clock
        self._limit = limit
        self._due = limit
        self._waiting: dict[str, tuple[str, int, Known]] = {}
        self.asked = named(experiment.audience)
        self._adding, self._writing = Lock(), Lock()
        atexit.register(self.flush)

    def add(self, viewer_id: str, variant: str, *, known: Known = ()) -> None:
        """Hold one exposure, now; a viewer already held stays with the earlier time. May write a batch.

        Args:
            viewer_id: who saw it.
            variant: what was seen.
            known: (name, value) of the attributes that decided; `asked` has the names.
        """
        with self._adding:
            self._waiting.setdefault(viewer_id, (variant, self._clock(), known))
            full = len(self._waiting) >= self._due
        if full:
            self._flush_when_free()

    def flush(self, *, wait: float = 0.0) -> int:
        """Write what is held; returns how many exposures were new. On an error nothing is lost: it is held still.

        Args:
            wait: seconds to wait for another process that holds the database.

        Raises:
            StoreError: the database cannot be written.
        """
        with self._writing:
            with self._adding:
                batch, self._waiting = self._waiting, {}
            try:
                new = self._write(batch, wait) if batch else 0
            except BaseException:
                with self._adding:
                    self._waiting |= batch
                raise
            self._due = self._limit
        return new

    def close(self, *, wait: float = 0.0) -> None:
        """Write what is held, for the last time. Raises as `flush`."""
        self.flush(wait=wait)
        atexit.unregister(self.flush)

    def _flush_when_free(self) -> None:
        try:
            self.flush()
        except StoreLocked:
            # A page must not fail because a report is being read; but memory must not grow for ever either.
            if self._due >= _MOST_BUFFERED:
                raise
            self._due += self._limit

    def _write(self, batch: Mapping[str, tuple[str, int, Known]], wait: float) -> int:
        from abstory.warehouse import open_store
        from abstory.warehouse.base import Exposure

        declared = self._experiment
        exposures = [
            Exposure(declared.key, viewer, variant, at, declared.only_story, declared.fingerprint, attributes=known)
            for viewer, (variant, at, known) in batch.items()
        ]
        with open_store(self.store, create=True, wait=wait) as store:
            return store.record(exposures)
