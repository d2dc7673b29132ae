"""The embedded store: one DuckDB file that one process writes."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from abstory.errors import NotWritable, UsageError
from abstory.warehouse.base import Answer, Endings, Exposure, Ingested, Progress, RollUp, Span, Wishes
from abstory.warehouse.engine import check_file, connect, engine_errors, statement, transaction
from abstory.warehouse.migrations import migrate, pending
from abstory.warehouse.parts import Later
from abstory.warehouse.slots import SlotData
from abstory.warehouse.split import Split

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_RECORDED_AT_ONCE = 50_000
_LOG = logging.getLogger(__name__)


def open_store(
    path: Path,
    *,
    read_only: bool = False,
    create: bool = False,
    wait: float = 0.0,
    memory: str | None = None,
    files: Sequence[Path] = (),
) -> DuckDBStore:
    """Open the database; use it as a context manager, in the thread that opened it.

    Args:
        path: the DuckDB file.
        read_only: several processes may read at once, as long as none writes.
        create: make the database when there is none (never over another file).
        wait: seconds to wait for a process that holds it.
        memory: limit such as `1GB`; None for half the machine. Beyond it the engine spills beside the file.
        files: the only files the engine may read, those that are to be ingested.

    Raises:
        StoreMissing, StoreDamaged, StoreTooNew, StoreLocked, NotWritable: as they say.
    """
    if create and not path.exists():
        _create(path, memory)
    check_file(path)
    connection = connect(path, read_only=read_only, memory=memory, wait=wait, files=files)
    try:
        if pending(connection):
            connection = _migrated(connection, path, read_only=read_only, memory=memory, wait=wait, files=files)
    except BaseException:
        connection.close()
        raise
    _LOG.info("opened %s to %s", path, "read" if read_only else "write")
    return DuckDBStore(connection, path, files)


def _create(path: Path, memory: str | None) -> None:
    """Made beside and linked into place, so that a crash never leaves half a database under the name."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    _make_room(fresh)
    try:
        _fill(fresh, memory)
        _put(fresh, path)
    except OSError as error:
        raise NotWritable(f"{path} cannot be made: {error.strerror}") from None
    except NotWritable as error:
        raise NotWritable(str(error).replace(fresh.name, path.name)) from None
    finally:
        _clear(fresh)


def _fill(fresh: Path, memory: str | None) -> None:
    connection = connect(fresh, read_only=False, memory=memory)
    try:
        with engine_errors(fresh):
            migrate(connection)
            connection.execute("CHECKPOINT")  # closing does it too, but does not say when it cannot
    finally:
        connection.close()


def _make_room(fresh: Path) -> None:
    try:
        fresh.parent.mkdir(parents=True, exist_ok=True)
        _clear(fresh)
    except OSError as error:
        raise NotWritable(f"{fresh.parent} cannot be written: {(error.strerror or '').lower()}") from None


def _clear(fresh: Path) -> None:
    for left in (fresh, fresh.with_name(f"{fresh.name}.wal")):
        left.unlink(missing_ok=True)


def _put(fresh: Path, path: Path) -> None:
    try:
        os.link(fresh, path)
    except FileExistsError:
        return  # another process was first; its database is as good


def _migrated(
    connection: DuckDBPyConnection,
    path: Path,
    *,
    read_only: bool,
    memory: str | None,
    wait: float,
    files: Sequence[Path],
) -> DuckDBPyConnection:
    if not read_only:
        with engine_errors(path):
            migrate(connection)
        return connection
    connection.close()
    open_store(path, memory=memory, wait=wait).close()
    return connect(path, read_only=True, memory=memory, wait=wait, files=files)


class DuckDBStore:
    """Exposures, events and what was made of them, in one DuckDB file. Belongs to one thread of one process."""

    def __init__(self, connection: DuckDBPyConnection, path: Path, files: Sequence[Path] = ()) -> None:
        self.path = path
        self._files = frozenset(file.resolve() for file in files)
        self._connection = connection
        self._owner = _here()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; other processes can open it now."""
        self._connection.close()

    @property
    def connection(self) -> DuckDBPyConnection:
        """The engine's connection, for the modules of this package.

        Raises:
            UsageError: it is used from another thread or after a fork, where answers would be wrong.
        """
        if _here() != self._owner:
            raise UsageError("a store belongs to the thread that opened it", hint="open another one")
        return self._connection

    def meter(self) -> Callable[[], float]:
        """Says how far the running statement is, in per cent (below 0 where nobody knows); any thread may ask it."""
        return self.connection.query_progress

    def record(self, exposures: Sequence[Exposure]) -> int:
        """Append exposures durably, and what decided on them, in one transaction.

        Returns how many exposures were new (the same row twice is one).
        """
        with engine_errors(self.path), self.connection.cursor() as cursor, transaction(cursor):
            return sum(
                _append(cursor, exposures[start : start + _RECORDED_AT_ONCE])
                for start in range(0, len(exposures), _RECORDED_AT_ONCE)
            )

    def ingest(self, path: Path, wishes: Wishes, *, now_us: int, progress: Progress | None = None) -> Ingested:
        """Load one file in one transaction, or nothing of it.

        Args:
            path: one of the `files` that the store was opened with.
            wishes: how to read it.
            now_us: the instant to note in the manifest.
            progress: told how far it is, from another thread.

        Raises:
            InputRefused: the file cannot be trusted as a whole.
            UsageError: the mapping names no column of ours, or the store was opened without this file.
        """
        from abstory.warehouse.ingest import Order, ingest

        if path.resolve() not in self._files:
            raise UsageError(f"{path}: name the file in open_store(files=...)")
        with engine_errors(self.path):
            done = ingest(self.connection, Order(path, wishes, now_us), progress)
        _LOG.info("ingested %s: %d rows read, %d stored", path, done.read, done.stored)
        return done

    def span(self, experiment: str) -> Span:
        """First and last instant of what is stored."""
        row = self._row("SELECT min(exposed_at), max(exposed_at) FROM exposures WHERE experiment = ?", experiment)
        last = self._row("SELECT max(occurred_at) FROM events")
        return Span(row[0], row[1], last[0])

    def roll_up(self, question: RollUp) -> Answer:
        """All metrics of one experiment in one query."""
        from abstory.warehouse.rollup import roll_up
        from abstory.warehouse.rollup_segments import counted

        with engine_errors(self.path):
            answer = roll_up(self.connection, question)
            viewers = [answer.arms[arm.variant].moments.n for arm in question.arms]
            splits = counted(self.connection, question, viewers)
        told = (question.experiment, len(question.arms), len(question.measures))
        _LOG.info("rolled %s up: %d variants, %d measures", *told)
        return replace(answer, splits=splits)

    def split(self, question: RollUp) -> Mapping[str, Split]:
        """Moments by segment of each attribute that `question.by` names and that is stored at all."""
        from abstory.warehouse.rollup_segments import split

        with engine_errors(self.path):
            return split(self.connection, question)

    def attributes(self) -> Sequence[str]:
        """Names of the attributes that are stored, sorted."""
        from abstory.warehouse.rollup_segments import names

        with engine_errors(self.path):
            return names(self.connection)

    @contextmanager
    def recalled(self, at_us: int) -> Iterator[None]:
        """The store as it was known at an instant: what arrived later is hidden until the context ends."""
        from abstory.warehouse.recall import recalled

        with engine_errors(self.path), recalled(self.connection, at_us):
            yield

    def later(self, experiment: str, at_us: int) -> Later:
        """Rows of before an instant that arrived only after it."""
        from abstory.warehouse.recall import later

        with engine_errors(self.path):
            return later(self.connection, experiment, at_us)

    def endings(self, question: RollUp) -> Mapping[str, Endings]:
        """Where views ended, by variant; one query."""
        from abstory.warehouse.rollup_endings import endings

        with engine_errors(self.path):
            return endings(self.connection, question)

    def slots(self, experiment: str, as_of_us: int) -> SlotData:
        """What was posted in the slots of an experiment, and every total of these stories, as of an instant."""
        from abstory.warehouse.slots import slots

        with engine_errors(self.path):
            return slots(self.connection, experiment, as_of_us)

    def experiments(self) -> frozenset[str]:
        """The keys that have an exposure, or a slot."""
        known = "SELECT experiment FROM exposures UNION SELECT experiment FROM slots"
        with engine_errors(self.path):
            rows = self.connection.execute(known).fetchall()
        return frozenset(key for (key,) in rows)

    def viewers_per_variant(self, experiment: str) -> Mapping[str, int]:
        """Distinct viewers by logged variant."""
        return self._counts(
            "SELECT variant, count(DISTINCT viewer_id) FROM exposures"
            " WHERE experiment = ? AND NOT forced GROUP BY variant ORDER BY variant",
            experiment,
        )

    def fingerprints(self, experiment: str) -> Mapping[str, int]:
        """Exposures by the fingerprint they were recorded under; empty text where none was logged."""
        return self._counts(
            "SELECT coalesce(fingerprint, '') AS name, count(*) FROM exposures"
            " WHERE experiment = ? GROUP BY name ORDER BY name",
            experiment,
        )

    def _row(self, sql: str, *values: object) -> tuple[int | None, ...]:
        with engine_errors(self.path):
            return self.connection.execute(sql, list(values)).fetchone() or ()

    def _counts(self, sql: str, *values: object) -> dict[str, int]:
        with engine_errors(self.path):
            return dict(self.connection.execute(sql, list(values)).fetchall())


def _here() -> tuple[int, int]:
    return os.getpid(), threading.get_ident()


def _append(cursor: DuckDBPyConnection, exposures: Sequence[Exposure]) -> int:
    known = [(e.viewer_id, name, text, e.exposed_at_us - 1) for e in exposures for name, text in e.attributes]
    if known:
        cursor.execute(statement("record_attributes"), [list(column) for column in zip(*known, strict=True)])
    done = cursor.execute(statement("record"), _columns(exposures)).fetchone()
    return int(done[0]) if done else 0


def _columns(exposures: Sequence[Exposure]) -> list[list[object]]:
    rows = [
        (e.experiment, e.viewer_id, e.variant, e.exposed_at_us, e.story_id, e.fingerprint, e.forced) for e in exposures
    ]
    return [list(column) for column in zip(*rows, strict=True)]
