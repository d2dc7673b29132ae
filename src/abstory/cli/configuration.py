"""`abstory.toml`: a project's own values for the global flags, below flags and environment and above our defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abstory.errors import UsageError

FILE, SHARED, TABLE = "abstory.toml", "pyproject.toml", "abstory"


@dataclass(frozen=True, slots=True)
class Key:
    """A setting a file may hold.

    Attributes:
        option: the root command's parameter it stands for.
        means: what is meant, for the error.
        reads: the value for that parameter; raises ValueError or TypeError for anything else.
    """

    option: str
    means: str
    reads: Callable[[Any, Path], object]


def _text(value: object, _: Path) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _path(value: object, folder: Path) -> Path:
    return folder / _text(value, folder)


def _switch(value: object, _: Path) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _columns(value: object, _: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 40 <= value <= 400:
        raise TypeError
    return value


def _colour(value: object, _: Path) -> str:
    if value not in {"auto", "always", "never"}:
        raise ValueError
    return str(value)


def _wait(value: object, folder: Path) -> str:
    import click

    from abstory.cli.settings import seconds

    try:
        seconds(_text(value, folder))
    except click.BadParameter:
        raise ValueError from None
    return str(value)


KEYS: Mapping[str, Key] = {
    "db": Key("db", 'a path below this folder, such as "data/abstory.duckdb"', _path),
    "wait": Key("wait", 'a duration such as "30s"', _wait),
    "memory": Key("memory", 'a size such as "1GB"', _text),
    "color": Key("color", '"auto", "always" or "never"', _colour),
    "ascii": Key("ascii_only", "true or false", _switch),
    "width": Key("width", "a whole number of columns, 40 to 400", _columns),
    "quiet": Key("quiet", "true or false", _switch),
    "verbose": Key("verbose", "true or false", _switch),
}
"""What a file may set. What decides a verdict is never among them: it stands in the experiment file only."""


def source(project: Path) -> Path | None:
    """The file that configures a project: its `abstory.toml`, else a `pyproject.toml` with a `[tool.abstory]` table."""
    own, shared = project / FILE, project / SHARED
    if own.is_file():
        return own
    return shared if shared.is_file() and TABLE in _parsed(shared).get("tool", {}) else None


def defaults(project: Path) -> dict[str, object]:
    """The root command's defaults by parameter, as the project's file gives them; empty without one.

    Args:
        project: the project folder; paths in its file are relative to it.

    Raises:
        UsageError: the file is no TOML, or holds a key or a value that is not understood.
    """
    file = source(project)
    if file is None:
        return {}
    document = _parsed(file)
    table = document if file.name == FILE else document["tool"][TABLE]
    if not isinstance(table, dict):
        raise UsageError(f"{file}: tool.{TABLE} is not a table", hint=f"write [tool.{TABLE}] and keys below it")
    return {_key(file, name).option: _value(file, name, value) for name, value in table.items()}


def _parsed(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: {str(error)[:200]}", hint="it is read as TOML") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from None


def _key(file: Path, name: str) -> Key:
    if name in KEYS:
        return KEYS[name]
    from difflib import get_close_matches

    near = get_close_matches(name, KEYS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it may hold {', '.join(KEYS)}"
    raise UsageError(f"{_place(file, name)}: unknown setting {name[:40]}", hint=hint)


def _value(file: Path, name: str, value: object) -> object:
    try:
        return KEYS[name].reads(value, file.parent)
    except (ValueError, TypeError):
        found = f"{name} = {_shown(value)}"
        raise UsageError(f"{_place(file, name)}: {found}", hint=f"write {KEYS[name].means}") from None


def _place(file: Path, name: str) -> str:
    """File and line of a key, as far as a plain look can tell: the parser of the standard library keeps no places."""
    import re

    lines = file.read_text(encoding="utf-8-sig").splitlines()
    key = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=")
    line = next((number for number, text in enumerate(lines, 1) if key.match(text)), None)
    return f"{file}:{line}" if line else str(file)


def _shown(value: object) -> str:
    """A value about as the file writes it."""
    import json

    return json.dumps(value, default=str, ensure_ascii=False)[:40]
