"""The face of abstory in an app: load an experiment, assign a viewer, and have the exposure recorded when it is used.

An app is an edge, as the command line is, so this is the one module beside `abstory.cli` that may read the clock.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Self

from pydantic import PrivateAttr

from abstory.assignment.assign import Assigner, Decide, Explanation, Outcome, Reason
from abstory.assignment.assign import Assignment as Decided
from abstory.assignment.bucket import viewer_bytes
from abstory.assignment.eligibility import Attributes
from abstory.errors import StoreLocked
from abstory.experiment import Experiment as Declared

BUFFERED = 1_000
"""Exposures held in memory before they are written."""

Used = Callable[[str, str], None]
"""Told the viewer and the variant of an assignment that is being used."""

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
    """

    def __init__(
        self, store: Path, experiment: Declared, *, clock: Callable[[], int] = now_us, limit: int = BUFFERED
    ) -> None:
        self._store = store
        self._experiment = experiment
        self._clock = clock
        self._limit = limit
        self._due = limit
        self._waiting: dict[str, tuple[str, int]] = {}
        self._adding, self._writing = Lock(), Lock()
        atexit.register(self.flush)

    def add(self, viewer_id: str, variant: str) -> None:
        """Hold one exposure, now; a viewer already held stays with the earlier time. May write a batch."""
        with self._adding:
            self._waiting.setdefault(viewer_id, (variant, self._clock()))
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

    def _write(self, batch: Mapping[str, tuple[str, int]], wait: float) -> int:
        from abstory.warehouse import open_store
        from abstory.warehouse.base import Exposure

        declared = self._experiment
        exposures = [
            Exposure(declared.key, viewer, variant, at, declared.story, declared.fingerprint)
            for viewer, (variant, at) in batch.items()
        ]
        with open_store(self._store, create=True, wait=wait) as store:
            return store.record(exposures)


class Experiment(Declared):
    """A declared experiment with the verbs of an app.

    Examples:
        >>> with Experiment.load("experiments/launch.yaml", store="abstory.duckdb") as launch:  # doctest: +SKIP
        ...     launch.assign("viewer-1", {"country": "DE"}).variant
    """

    _recorder: Recorder | None = PrivateAttr(default=None)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        store: str | Path | None = None,
        clock: Callable[[], int] = now_us,
        buffer: int = BUFFERED,
    ) -> Experiment:
        """Read an experiment file.

        Args:
            path: the YAML file.
            store: the DuckDB file that exposures go to; without one, assigning works and nothing is recorded.
            clock: microseconds UTC; when an exposure happened.
            buffer: exposures held in memory before they are written; 1 writes each at once.

        Raises:
            SpecError: the file is invalid.
        """
        from abstory.spec.load import load_file

        declared = load_file(Path(path))
        fields = {name: getattr(declared, name) for name in Declared.model_fields}
        experiment = cls.model_construct(declared.model_fields_set, **fields)
        if store is not None:
            experiment._recorder = Recorder(Path(store), declared, clock=clock, limit=buffer)  # noqa: SLF001 ours
        return experiment

    def assign(self, viewer_id: str | int, attributes: Attributes | None = None) -> Assignment:
        """The viewer's assignment; nothing is recorded until its variant or creative is read.

        Args:
            viewer_id: 1 to 256 bytes of UTF-8 text as given, or an int.
            attributes: what is known of the viewer, by name; a viewer lacking one the audience names is not eligible.

        Raises:
            InvalidViewerId: the id is refused.
            UsageError: an attribute the audience names is neither text, int nor bool.
            NotYet: the experiment asks for a layer, a range or a holdout.
        """
        decide, used = self._ready
        data = viewer_bytes(viewer_id)
        text = viewer_id if type(viewer_id) is str else data.decode()
        return Assignment(text, decide(data, attributes), used)

    def explain(self, viewer_id: str | int, attributes: Attributes | None = None) -> Explanation:
        """Every step of the decision; records nothing. Raises as `assign`."""
        return self._assigner.explain(viewer_id, attributes)

    def flush(self, *, wait: float = 0.0) -> int:
        """Write the exposures held so far; returns how many were new.

        Raises:
            StoreError: the database cannot be written; the exposures are held still.
        """
        return self._recorder.flush(wait=wait) if self._recorder else 0

    def close(self) -> None:
        """Write the exposures held so far, for the last time. Raises as `flush`."""
        if self._recorder:
            self._recorder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def _assigner(self) -> Assigner:
        return Assigner(self)

    @cached_property
    def _ready(self) -> tuple[Decide, Used | None]:
        # One look-up a call: a private attribute of a pydantic model costs more than the hash.
        return self._assigner.outcome, self._recorder.add if self._recorder else None
