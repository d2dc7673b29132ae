"""Errors of the types, in the file's own words and at its own places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from abstory.errors import SpecError
from abstory.experiment import Experiment
from abstory.experiment.calendar import Calendar
from abstory.experiment.cells import BESIDE
from abstory.experiment.draft import Fault, near
from abstory.experiment.quantities import ATTRIBUTE_PATTERN, LEVEL_PATTERN, NAME_PATTERN, VARIANT_PATTERN, Duration
from abstory.experiment.sections import (
    Analysis,
    Audience,
    Counted,
    Decision,
    Definition,
    Frozen,
    Metrics,
    MetricUse,
    Schedule,
    Traffic,
)
from abstory.metrics import SLOT_METRICS, built_in
from abstory.spec.diagnostics import Diagnostic, Place, Severity
from abstory.spec.reader import Document, Leaf, Node, Path, Series, Table
from abstory.spec.scalars import shortened

_BELOW: dict[str, type[Frozen]] = {
    "schedule": Schedule,
    "audience": Audience,
    "traffic": Traffic,
    "metrics": Metrics,
    "analysis": Analysis,
    "decision": Decision,
    "calendar": Calendar,
    "primary": MetricUse,
    "secondary": MetricUse,
    "guardrails": MetricUse,
    "define": Definition,
    "numerator": Counted,
    "denominator": Counted,
}
KNOWN = frozenset(
    {*Experiment.model_fields, *BESIDE, *(name for model in _BELOW.values() for name in model.model_fields)}
)
"""Every field name of the format."""
_WORDS = {
    "bool_type": ("E203", "true or false is due here", ""),
    "model_type": ("E203", "a mapping is due here", "write it as name: value"),
    "model_attributes_type": ("E203", "a mapping is due here", "write it as name: value"),
    "mapping_type": ("E203", "a mapping is due here", "write it as name: value"),
    "dict_type": ("E203", "a mapping is due here", "write it as name: value"),
    "too_short": ("E208", "too few entries", "at least {min_length}"),
    "too_long": ("E208", "too many entries", "at most {max_length}"),
    "string_too_long": ("E208", "too long", "at most {max_length} characters"),
    "greater_than_equal": ("E208", "too small", "at least {ge}"),
    "less_than_equal": ("E208", "too large", "at most {le}"),
    "missing_argument": ("E202", "missing", ""),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a path leads in the tree: the nearest node there is, and the key that named it."""

    node: Node | None
    key: Place | None
    reached: Path


def diagnostic(
    document: Document,
    file: str,
    fault: Fault,
    *,
    severity: Severity = "error",
    at_key: bool = False,
    shown: bool = True,
) -> Diagnostic:
    """A fault at its place; `shown` is False where the value may be a secret."""
    path = declared(fault.path, document.root)
    spot = locate(document.root, path)
    leaf = spot.node if isinstance(spot.node, Leaf) and spot.reached == path and not at_key else None
    leaf = leaf if leaf and (leaf.text or not leaf.plain) else None
    place = (leaf.place if leaf else spot.key) or (spot.node.place if spot.node else Place(1, 1))
    line, width = source_line(document.text, place.line), _width(spot, leaf)
    return Diagnostic(
        fault.code,
        severity,
        file,
        place.line,
        place.column,
        spelt(path),
        fault.message,
        shortened(leaf.text) if leaf and shown else "",
        fault.hint,
        width,
        # Of a field that is not ours the name is shown and nothing after it; of the whole file, nothing.
        line if shown and spot.reached else line[: place.column - 1 + width] if spot.reached else "",
    )


def _width(spot: Spot, leaf: Leaf | None) -> int:
    if leaf:
        return max(1, len(leaf.text) + (0 if leaf.plain else 2))
    name = spot.reached[-1] if spot.reached else 0
    return len(name) if isinstance(name, str) and name else 1


def declared(path: Path, root: Node | None) -> Path:
    """Where the file says it: factors that only follow from the variants lie there."""
    variants = root.entries.get("variants") if isinstance(root, Table) and "factors" not in root.entries else None
    if path[:1] != ("factors",) or not isinstance(variants, Table):
        return path
    if len(path) == 1:
        return ("variants",)
    levels: dict[str, Path] = {}
    for name, cell in variants.entries.items():
        if isinstance(cell, Table) and isinstance(level := cell.entries.get(str(path[1])), Leaf):
            levels.setdefault(level.text, ("variants", name, path[1]))
    at = path[2] if len(path) > 2 and isinstance(path[2], int) else 0
    return [*levels.values(), ("variants",)][min(at, len(levels))]


def source_line(text: str, line: int) -> str:
    """That line of the file, empty where there is none."""
    lines = text.split("\n")
    return lines[line - 1] if 0 < line <= len(lines) else ""


def locate(root: Node | None, path: Path) -> Spot:
    """The deepest node on the way that `path` describes."""
    node, key = root, None
    for depth, step in enumerate(path):
        if isinstance(node, Table) and isinstance(step, str) and step in node.entries:
            key, node = node.keys[step], node.entries[step]
        elif isinstance(node, Series) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            key = node.place
        elif isinstance(node, Table) and isinstance(step, int):
            continue  # a list of one in its short form
        else:
            # A short form such as `primary: completion_rate` stands for all that is below it.
            return Spot(node, key, path if isinstance(node, Leaf) else path[:depth])
    return Spot(node, key, path)


def spelt(path: Path) -> str:
    """`metrics.primary[0].name`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def translated(errors: list[Any], document: Document, file: str) -> Iterator[Diagnostic]:
    """Every error of the types as diagnostics."""
    for error in errors:
        path = written(error["loc"], document.root)
        if error["type"] == "extra_forbidden":
            yield diagnostic(document, file, _unknown(path), at_key=True, shown=False)
        elif path and path[-1] == "[key]":
            pattern = error.get("ctx", {}).get("pattern", "")
            yield diagnostic(
                document, file, Fault("E205", path[:-1], "not a name", _RULES.get(pattern, "")), at_key=True
            )
        else:
            yield diagnostic(document, file, _fault(error, path), at_key=error["type"] == "missing")


def written(loc: tuple[str | int, ...], root: Node | None) -> Path:
    """The path as the file spells it: variants are a mapping there, and their levels lie beside the weight."""
    if len(loc) < 2 or loc[0] != "variants" or not isinstance(loc[1], int):
        return loc
    table = locate(root, ("variants",)).node
    names = list(table.entries) if isinstance(table, Table) else []
    name = names[loc[1]] if loc[1] < len(names) else str(loc[1])
    return ("variants", name, *(step for step in loc[2:] if step not in {"creative", "name"}))


def _unknown(path: Path) -> Fault:
    word = str(path[-1])
    known = _fields(path[:-1])
    size = "margin: 20%" if "guardrails" in path else "mde: 5%"
    named = f"write {{name: {word}, {size}}}" if names_metric(path) else ""
    hint = named or near(word, known) or f"known here: {', '.join(known)}"
    return Fault("E201", path, f"unknown field {shortened(word)!r}", hint)


def names_metric(path: Path) -> bool:
    """Whether a field that is not ours is the name of a metric, where `name` is due."""
    word = str(path[-1])
    return path[:1] == ("metrics",) and "define" not in path and bool(built_in(word) or word in SLOT_METRICS)


def _fields(path: Path) -> list[str]:
    for depth, step in enumerate(reversed(path)):
        model = _BELOW.get(str(step))
        # A word the author chose may happen to be one of ours.
        if model and not (depth == 0 and len(path) > 1 and path[-2] == "define"):
            return list(model.model_fields)
    return list(Experiment.model_fields)


def _fault(error: Mapping[str, Any], path: Path) -> Fault:
    kind, ctx = error["type"], error.get("ctx", {})
    if "message" in ctx and "hint" in ctx:
        return Fault(kind, path, ctx["message"], ctx["hint"])
    if kind in _TOLD:
        return _TOLD[kind](path, error)
    code, message, hint = _WORDS.get(kind, ("E203", str(error["msg"]).lower(), ""))
    return Fault(code, path, message, hint.format(**ctx))


def _missing(path: Path, _: Mapping[str, Any]) -> Fault:
    return Fault("E202", path, f"{path[-1]} is missing", _MISSING.get(str(path[-1]), ""))


_MISSING = {
    "version": "write version: 1 at the top",
    "key": "such as key: cta-button",
    "metrics": "such as metrics: {primary: completion_rate}",
    "primary": "such as primary: [{name: completion_rate, mde: 2%}]",
    "start": "such as start: 2026-11-23",
    "weeks": "such as weeks: 4",
    "slots": 'such as slots: {mon-fri: ["12:30", "18:30"]}',
    "end": "such as end: 2026-12-07 (exclusive)",
    "name": "such as name: completion_rate",
    "kind": "proportion, mean or ratio",
}


def _bad_name(path: Path, error: Mapping[str, Any]) -> Fault:
    value, rule = error["input"], _RULES.get(error["ctx"]["pattern"], "")
    if "length" in path[-2:] and (length := _no_duration(path, value)):
        return length
    lower = str(value).strip().lower().replace(" ", "-")
    hint = f"did you mean {lower}?" if lower != value and lower.isascii() and _is_name(lower) else rule
    return Fault("E205", path, "not a name", hint)


def _no_duration(path: Path, value: object) -> Fault | None:
    try:
        Duration.parse(value)
    except PydanticCustomError as error:
        told = error.context or {}
        return Fault("E207", path, told["message"], told["hint"])
    return None


_RULES = {
    NAME_PATTERN: "1 to 64 of a-z, 0-9, _ and -; first a letter or digit",
    LEVEL_PATTERN: "1 to 64 of a-z, 0-9, ., _ and -; first a letter or digit",
    VARIANT_PATTERN: "1 to 128 of a-z, 0-9, ., _ and -; first a letter or digit",
    ATTRIBUTE_PATTERN: "1 to 64 of A-Z, a-z, 0-9, ., _ and -",
}


def _is_name(text: str) -> bool:
    return bool(text) and all(char.isalnum() or char in "_-." for char in text) and text[0].isalnum()


def _choice(path: Path, error: Mapping[str, Any]) -> Fault:
    expected = str(error.get("ctx", {}).get("expected", "")).replace("'", "")
    choices = expected.replace(" or ", ", ").split(", ")
    return Fault("E204", path, f"one of {expected} is due here", near(str(error["input"]), choices))


def _text_due(path: Path, error: Mapping[str, Any]) -> Fault:
    value = error["input"]
    if "length" in path[-2:] and isinstance(value, int | float) and not isinstance(value, bool):
        return Fault("E207", path, "a duration needs a unit: ms, s, m, h, d or w", f"write {value}s")
    if isinstance(value, dict | list):
        return Fault("E203", path, "text is due here, not a list or a mapping", "")
    return Fault(
        "E203", path, "text is due here", "quote it" if value is not None else "write a word, or drop the line"
    )


def _list_due(path: Path, error: Mapping[str, Any]) -> Fault:
    value = error["input"]
    hint = f"write [{shortened(str(value))}]" if isinstance(value, str | int | float) else "such as [none, warm]"
    return Fault("E203", path, "a list is due here", hint)


def _number_due(path: Path, _: Mapping[str, Any]) -> Fault:
    hint = "weights are relative: 1 and 1 are halves" if path[-1:] == ("weight",) else "such as 1000"
    return Fault("E203", path, "a whole number is due here", hint)


_TOLD: dict[str, Callable[[Path, Mapping[str, Any]], Fault]] = {
    "missing": _missing,
    "string_pattern_mismatch": _bad_name,
    "literal_error": _choice,
    "enum": _choice,
    "string_type": _text_due,
    "int_type": _number_due,
    "tuple_type": _list_due,
}
"""The errors whose words depend on where they are or on what was found."""


def summary(file: str, found: tuple[Diagnostic, ...]) -> SpecError:
    """The one-line error that sums up a file's diagnostics and carries them."""
    errors = [one for one in found if one.severity == "error"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    first = errors[0]
    message = f"{file}:{first.line}:{first.column}: {first.message}{more}"
    return SpecError(message, found, hint="abstory validate shows every error with its place")
