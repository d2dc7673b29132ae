"""One file to an `Experiment`, or to everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path as File
from typing import Any

from pydantic import ValidationError

from abstory.errors import UsageError
from abstory.experiment import ROLES, Experiment
from abstory.experiment.draft import Fault, Faults, near
from abstory.spec.diagnostics import Diagnostic
from abstory.spec.lints import lints
from abstory.spec.partial import remaining
from abstory.spec.reader import Document, Leaf, Path, Table, nothings, plain, read
from abstory.spec.secrets import masked, unsure
from abstory.spec.text import LARGEST
from abstory.spec.translate import KNOWN, diagnostic, names_metric, source_line, spelt, summary, translated, written

Checked = tuple[Experiment | None, tuple[Diagnostic, ...]]


def load_file(path: File) -> Experiment:
    """The experiment a file declares.

    Raises:
        SpecError: the file is invalid; it carries every diagnostic.
        UsageError: there is no such file, or it cannot be read.
    """
    experiment, found = check_file(path)
    if experiment is None:
        raise summary(str(path), found)
    return experiment


def check_file(path: File) -> Checked:
    """The experiment of a file where it is valid, and its errors and warnings in file order.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    try:
        if not path.is_file():
            what = "is not a file" if os.path.lexists(path) else "there is no such file"
            raise UsageError(f"{path}: {what}")
        with path.open("rb") as file:
            # One byte more than allowed tells a file that is too long without reading all of it.
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
        raise UsageError(f"{path}: {reason}") from None
    return check_bytes(data, str(path))


def check_bytes(data: bytes, name: str) -> Checked:
    """As `check_file`, of the bytes of a file called `name`."""
    document = read(data)
    unread = tuple(_unread(document, name))
    if document.root is None:
        return None, tuple(unsure(unread, KNOWN))
    if not isinstance(document.root, Table):
        return None, (*unread, _not_a_mapping(document, name))
    experiment, found, unknown = _typed(document, name)
    errors = tuple(sorted(masked({*unread, *found}, document, unknown), key=lambda one: one.order))
    if errors or experiment is None:
        return None, errors
    warnings = (diagnostic(document, name, fault, severity="warning") for fault in lints(experiment))
    return experiment, tuple(sorted(warnings, key=lambda one: one.order))


def _unread(document: Document, name: str) -> list[Diagnostic]:
    return [
        Diagnostic(
            p.code,
            "error",
            name,
            p.place.line,
            p.place.column,
            spelt(p.path or ()),
            p.message,
            p.found,
            p.hint,
            p.width,
            source_line(document.text, p.place.line),
        )
        for p in document.problems
    ]


def _not_a_mapping(document: Document, name: str) -> Diagnostic:
    place = document.root.place if document.root else None
    line, column = (place.line, place.column) if place else (1, 1)
    return Diagnostic(
        "E117", "error", name, line, column, "", "an experiment file is a mapping", hint="begin with version: 1"
    )


def _typed(document: Document, name: str) -> tuple[Experiment | None, tuple[Diagnostic, ...], tuple[Path, ...]]:
    assert document.root is not None  # noqa: S101 the caller has looked
    data = plain(document.root)
    broken = frozenset(map(_long, document.broken))
    empty = frozenset(map(_long, nothings(document.root))) - broken
    errors: list[Any] = []
    try:
        experiment = Experiment.model_validate(data)
        if not empty:
            return experiment, (), ()
    except ValidationError as error:
        errors = list(error.errors(include_url=False))
    own = [(e, written(e["loc"], document.root)) for e in errors if not (_of_rules(e) or _implied(e["loc"], data))]
    unknown = tuple(path for e, path in own if e["type"] == "extra_forbidden")
    empty = frozenset(path for path in empty if not _under(path, frozenset(unknown)))
    own = [(e, path) for e, path in own if path in unknown or not _under(path, broken | empty)]
    bad = broken | empty | {path for _, path in own}
    listed = _listed(document, name)
    if listed:
        bad |= {("variants",)}
        own = [(e, path) for e, path in own if path[:1] != ("variants",)]
    found = translated([e for e, path in own if not _follows(e, path, bad, unknown)], document, name)
    rest = (diagnostic(document, name, fault) for fault in remaining(data, bad))
    nothing = (diagnostic(document, name, _nothing(path)) for path in sorted(empty, key=str))
    everything = (*found, *rest, *nothing, *listed)
    if not everything and not document.problems:
        # A refusal without a reason would read as consent.
        everything = tuple(translated(errors, document, name))
    return None, everything, unknown


def _listed(document: Document, name: str) -> tuple[Diagnostic, ...]:
    # The types take resolved variants as a list; the file names them.
    root = document.root
    written_as = root.entries.get("variants") if isinstance(root, Table) else None
    nothing = written_as is None or (isinstance(written_as, Leaf) and written_as.value is None)
    if nothing or isinstance(written_as, Table) or ("variants",) in document.broken:
        return ()
    hint = "such as control: {cta: none}"
    return (diagnostic(document, name, Fault("E203", ("variants",), "variants are a mapping by name", hint)),)


def _nothing(path: Path) -> Fault:
    return Fault("E203", path, "a value is due here", "write one, or delete the line")


def _implied(loc: Path, data: Mapping[str, Any]) -> bool:
    """Whether an error is about a cell or level that only follows from another section, where it is told."""
    return loc[0] not in data and (loc[0] == "variants" or (loc[0] == "factors" and len(loc) > 2))


def _of_rules(error: Mapping[str, Any]) -> bool:
    return isinstance(error.get("ctx", {}).get("error"), Faults)


def _follows(error: Mapping[str, Any], path: Path, bad: Iterable[Path], unknown: Iterable[Path]) -> bool:
    """Whether another fault explains this one: a list that is too short without its bad items, a misspelt field."""
    if error["type"] == "too_short":
        return any(len(one) > len(path) and one[: len(path)] == path for one in bad)
    beside = [one for one in unknown if one[:-1] == path[:-1]]
    return error["type"] == "missing" and any(_stands_for(one, str(path[-1])) for one in beside)


def _stands_for(unknown: Path, field: str) -> bool:
    return bool(near(str(unknown[-1]), [field])) or (field == "name" and names_metric(unknown))


def _long(path: Path) -> Path:
    """The path as rules and types tell it, who know a list of one by its long form alone."""
    for top in _LISTS:
        if path[: len(top)] == top and path[len(top) :] and isinstance(path[len(top)], str):
            return (*top, 0, *path[len(top) :])
    return path


_LISTS: tuple[Path, ...] = (*(("metrics", role) for role in ROLES), ("stories",))


def _under(path: Path, broken: frozenset[Path]) -> bool:
    return any(path[: len(top)] == top for top in broken)
