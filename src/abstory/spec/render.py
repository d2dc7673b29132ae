"""Diagnostics as text: for people, for editors, for GitHub's annotations, for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from abstory.spec.diagnostics import Diagnostic

WIDEST = 120


def human(found: Iterable[Diagnostic]) -> str:
    """The place, the fault, the line with a caret under it, and what was meant."""
    return "\n\n".join(_human(one) for one in found)


def _human(one: Diagnostic) -> str:
    head = f"{one.file}:{one.line}:{one.column}: {one.severity} {one.code}: {_said(one)}"
    hint = [f"  hint: {one.hint}"] if one.hint else []
    return "\n".join([head, *_excerpt(one), *hint])


def _said(one: Diagnostic) -> str:
    field = f"{one.path}: " if one.path else ""
    found = f" (found {one.found})" if one.found and one.found not in one.message else ""
    return f"{field}{one.message}{found}"


def _excerpt(one: Diagnostic) -> list[str]:
    if not one.source or one.column > WIDEST:
        return []
    line = one.source.replace("\t", " ")[:WIDEST]
    gutter = f"  {one.line} | "
    width = max(1, min(one.width, len(line) - one.column + 1))
    return [f"{gutter}{line}", f"{' ' * (len(gutter) - 2)}| {' ' * (one.column - 1)}{'^' * width}"]


def concise(found: Iterable[Diagnostic]) -> str:
    """One line each, as compilers write them."""
    return "\n".join(
        f"{one.file}:{one.line}:{one.column}: {one.code} {_said(one)}{f' [{one.hint}]' if one.hint else ''}"
        for one in found
    )


def github(found: Iterable[Diagnostic]) -> str:
    """Workflow commands that GitHub shows beside the line."""
    return "\n".join(_github(one) for one in found)


def _github(one: Diagnostic) -> str:
    where = f"file={_property(one.file)},line={one.line},col={one.column},title={one.code}"
    hint = f". {one.hint}" if one.hint else ""
    return f"::{one.severity} {where}::{_data(_said(one) + hint)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_json(found: Iterable[Diagnostic]) -> str:
    """One document, `abstory: validate/1`."""
    fields = ("code", "severity", "file", "line", "column", "path", "message", "found", "hint", "docs")
    rows = [{field: getattr(one, field) for field in fields} for one in found]
    return json.dumps({"abstory": "validate/1", "diagnostics": rows}, indent=2)


FORMATS: dict[str, Callable[[Iterable[Diagnostic]], str]] = {
    "human": human,
    "concise": concise,
    "github": github,
    "json": as_json,
}
