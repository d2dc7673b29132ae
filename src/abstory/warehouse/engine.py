"""Opening a DuckDB file: what it must be before the engine sees it, how it is locked down, and what can go wrong."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING

from abstory.errors import (
    AbstoryError,
    NotWritable,
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreTooNew,
    UsageError,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MAGIC = b"DUCK"
_MAGIC_AT = 8
_MEMORY = re.compile(r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B")
_SQLITE = b"SQLite format 3"
_RETRY_SECONDS = 0.05


def check_file(path: Path) -> None:
    """Refuse what is not a DuckDB file by its first bytes: the engine would try to fetch an extension for some.

    Raises:
        StoreMissing: there is no such file.
        StoreDamaged: the file is something else.
        NotWritable: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError:
        raise StoreMissing(f"there is no database at {path}", hint="'abstory ingest' makes one") from None
    except OSError as error:
        raise NotWritable(f"{path} cannot be read: {error.strerror}") from None
    if head[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] != _MAGIC:
        raise StoreDamaged(f"{path} is {_what(head)}, not an abstory database", hint="name another file with --db")


def _what(head: bytes) -> str:
    if not head:
        return "an empty file"
    return "a SQLite database" if head.startswith(_SQLITE) else "some other kind of file"


def connect(
    path: Path, *, read_only: bool, memory: str | None, wait: float = 0.0, files: Sequence[Path] = ()
) -> DuckDBPyConnection:
    """Open `path`, waiting up to `wait` seconds for another process to let go of it, and lock the engine down.

    Afterwards the engine can read nothing but `files`, write nothing but the database and its spill folder,
    load no extension and change no setting but whether rows keep their order.

    Raises:
        StoreLocked: another process still holds it.
        StoreDamaged, StoreTooNew, NotWritable, StoreError: as the engine says.
    """
    deadline = time.monotonic() + wait
    while True:
        try:
            return _open(path, read_only=read_only, memory=memory, files=files)
        except StoreLocked:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY_SECONDS)


def _open(path: Path, *, read_only: bool, memory: str | None, files: Sequence[Path]) -> DuckDBPyConnection:
    import duckdb

    with engine_errors(path):
        connection = duckdb.connect(path, read_only=read_only, config=_settings(path, memory))
    try:
        with engine_errors(path):
            _lock_down(connection, files)
    except BaseException:
        connection.close()
        raise
    return connection


def _settings(path: Path, memory: str | None) -> dict[str, str | bool | int | float | list[str]]:
    if memory and not _MEMORY.fullmatch(memory):
        raise UsageError(f"memory limit {memory[:40]!r}: write a size such as 1GB")
    return {
        "memory_limit": memory or half_of_memory(),
        "temp_directory": f"{path}.tmp",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
    }


def _lock_down(connection: DuckDBPyConnection, files: Sequence[Path]) -> None:
    allowed = [str(file.resolve()) for file in files]
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_progress_bar = true")  # or the engine would not know how far it is
    connection.execute("SET enable_progress_bar_print = false")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET allowed_paths = [{', '.join(map(quoted, allowed))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET allowed_configs = ['preserve_insertion_order']")
    connection.execute("SET lock_configuration = true")


def quoted(text: str) -> str:
    """`text` as an SQL string literal, for the few places that take no bound parameter."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    """All of the block, or nothing of it."""
    import duckdb

    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has ended it
            connection.execute("ROLLBACK")
        raise


@contextmanager
def unordered(connection: DuckDBPyConnection) -> Iterator[None]:
    """Insert in any order: in order, each thread's block ends in a part of a row group, and is written again."""
    connection.execute("SET preserve_insertion_order = false")
    try:
        yield
    finally:
        connection.execute("SET preserve_insertion_order = true")


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return package_files("abstory.warehouse").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def half_of_memory() -> str:
    """Half of the machine's memory, as the engine writes it."""
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 2**21}MiB"


@contextmanager
def engine_errors(path: Path) -> Iterator[None]:
    """Turn the engine's own exceptions into ours, each with its exit code."""
    import duckdb

    try:
        yield
    except (RuntimeError, duckdb.InterruptException) as error:
        if _INTERRUPTED in str(error).lower():
            raise KeyboardInterrupt from None  # the engine's own word for Ctrl-C while a statement runs
        raise
    except (duckdb.ProgrammingError, duckdb.DataError):
        raise  # a statement of ours is wrong: a bug, not the user's environment
    except duckdb.Error as error:
        raise _translated(path, str(error)) from error


_INTERRUPTED = "interrupt"
_LOCKED = re.compile(r"Conflicting lock is held(?: in (?P<program>.+?))? \(PID (?P<pid>[0-9]+)\)")


def _translated(path: Path, said: str) -> AbstoryError:
    if "Could not set lock" in said:
        return _locked(path, said)
    if "different configuration" in said:
        return StoreLocked(f"{path} is already open in this process with other settings")
    if "newer" in said and "version" in said:
        return StoreTooNew(f"{path} was written by a newer engine", hint="update duckdb")
    return _unusable(path, said)


def _locked(path: Path, said: str) -> StoreLocked:
    found = _LOCKED.search(said)
    holder = f"process {found['pid']} ({Path(found['program'] or '?').name})" if found else "another process"
    return StoreLocked(f"{path} is held by {holder}", hint="try again with --wait 30s, or end that process")


def disk_is_full(said: str) -> bool:
    """Whether the engine complains of no room to write."""
    return any(words in said for words in ("No space left", "File too large", "quota exceeded", "ot enough space"))


def _unusable(path: Path, said: str) -> StoreError:
    if "Out of Memory" in said:
        return StoreError("the memory limit is too small for this", hint="raise it with --memory")
    first = said.split("\n", 1)[0]
    if "Permission denied" in said or "Read-only file system" in said:
        return NotWritable(f"{path} cannot be written: permission denied")
    if disk_is_full(said):
        return NotWritable(f"{path} cannot be written: the disk is full, or a limit on files is reached")
    return StoreDamaged(f"{path} cannot be used: {first}")
