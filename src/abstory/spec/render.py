"""Diagnostics as text: for people, for editors, for GitHub's annotations, for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence

from abstory.spec.codes import PAGE
from abstory.spec.diagnostics import Diagnostic
from abstory.spec.excerpt import cut, excerpt

STYLES = ("human", "concise", "github", "json")


def rendered(found: Sequence[Diagnostic], style: str, *, width: int = 80) -> str:
    """The diagnostics in one of `STYLES`; only people's own minds the width, in columns."""
    return human(found, width) if style == "human" else _FOR_PROGRAMS[style](found)


def human(found: Sequence[Diagnostic], width: int = 80) -> str:
    """The fault, its place, the line with a caret under it, what was meant, and where the codes are explained."""
    codes = ", ".join(sorted({one.code for one in found}))
    closing = _wrapped(f"{PAGE} explains {codes}", width)
    return "\n\n".join([*(_human(one, width) for one in found), closing])


def _human(one: Diagnostic, width: int) -> str:
    lines = excerpt(one, width)
    found = f", found {one.found}" if one.found and not lines and one.found not in one.message else ""
    head = _wrapped(f"{one.severity} {one.code}: {one.message}{found}", width)
    field = f"  {cut(one.path, width)}" if one.path else ""
    hint = [_wrapped(f"  hint: {one.hint}", width)] if one.hint else []
    return "\n".join([head, f"  --> {one.file}:{one.line}:{one.column}{field}", *lines, *hint])


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _said(one: Diagnostic) -> str:
    field = f"{one.path}: " if one.path else ""
    found = f" (found {one.found})" if one.found and one.found not in one.message else ""
    return f"{field}{one.message}{found}"


def concise(found: Sequence[Diagnostic]) -> str:
    """One line each, as compilers write them."""
    return "\n".join(
        f"{one.file}:{one.line}:{one.column}: {one.code} {_said(one)}{f' [{one.hint}]' if one.hint else ''}"
        for one in found
    )


def github(found: Sequence[Diagnostic]) -> str:
    """Workflow commands that GitHub shows beside the line."""
    return "\n".join(_github(one) for one in found)


def _github(one: Diagnostic) -> str:
    where = {"file": one.file, "line": str(one.line), "col": str(one.column), "title": f"{one.code} {one.title}"}
    hint = f". {one.hint}" if one.hint else ""
    return workflow_command(one.severity, _said(one) + hint, **where)


def workflow_command(kind: str, text: str, **properties: str) -> str:
    """One of GitHub's workflow commands, such as `::error file=a.yaml,line=1::what is wrong`, escaped as it asks."""
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {told}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_json(found: Sequence[Diagnostic]) -> str:
    """One document, `abstory: validate/1`."""
    fields = ("code", "title", "severity", "file", "line", "column", "path", "message", "found", "hint", "docs")
    rows = [{field: getattr(one, field) for field in fields} for one in found]
    return json.dumps({"abstory": "validate/1", "diagnostics": rows}, indent=2)


_FOR_PROGRAMS: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
    "concise": concise,
    "github": github,
    "json": as_json,
}
