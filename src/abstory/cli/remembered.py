"""What a command found last time, kept in the user's cache folder: used while nothing it rests on has changed.

A cache only: whatever is unreadable, or was written by another version of the program, is as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Kept = Mapping[str, Any]


class Remembered:
    """Findings by name, each with a token of what it rests on.

    Args:
        subject: whose findings these are, such as a project folder and its database.
    """

    def __init__(self, subject: str) -> None:
        from platformdirs import user_cache_path

        name = hashlib.sha256(subject.encode()).hexdigest()[:32]
        self._path = user_cache_path("abstory", appauthor=False) / f"{name}.json"
        self._program = program()
        self._found = self._read()
        self._used: dict[str, list[Any]] = {}

    def recall(self, name: str, token: str) -> Kept | None:
        """What was found under that name, where it rested on the same; None otherwise."""
        kept = self._found.get(name)
        if kept is None or kept[0] != token:
            return None
        self._used[name] = kept
        found: Kept = kept[1]
        return found

    def keep(self, name: str, token: str, found: Kept) -> None:
        """Keep a finding; nothing is written before `save`."""
        self._used[name] = [token, dict(found)]

    def save(self) -> None:
        """Write what was used this time, if it is not what was read; a folder that cannot be written is no failure."""
        if self._used == self._found:
            return
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps({"program": self._program, "found": self._used}), encoding="utf-8")
            beside.replace(self._path)

    def _read(self) -> dict[str, list[Any]]:
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            same = told["program"] == self._program
            return dict(told["found"]) if same else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def program() -> str:
    """What tells this program from any other state of it: the names, sizes and times of its files."""
    from abstory import __file__ as here

    folder, told = Path(here).parent, hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".sql"}:
            stat = path.stat()
            told.update(f"{path.relative_to(folder)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return told.hexdigest()


def state_of(database: Path) -> str:
    """A database as it lies there: another token after every write to it."""
    told = (path.stat() for path in (database, Path(f"{database}.wal")) if path.exists())
    return " ".join(f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}" for stat in told)
