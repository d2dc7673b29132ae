"""Which column of a file is which of ours: by name, never by place and never by a look at the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from abstory.errors import InputRefused, UsageError
from abstory.warehouse.base import Wishes

EVENTS, EXPOSURES, ATTRIBUTES = "events", "exposures", "attributes"
REQUIRED = {
    EVENTS: ("viewer_id", "story_id", "event", "ts"),
    EXPOSURES: ("experiment", "viewer_id", "variant", "ts"),
    ATTRIBUTES: ("viewer_id", "name", "value", "ts"),
}
OPTIONAL = {
    EVENTS: ("watch_ms", "value", "frame", "event_id", "experiment", "variant"),
    EXPOSURES: ("story_id",),
    ATTRIBUTES: (),
}
OURS = frozenset(name for names in (*REQUIRED.values(), *OPTIONAL.values()) for name in names)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file.

    Attributes:
        kind: `events`, `exposures` or `attributes`.
        columns: our name -> their name, for what the file has.
        header: their names in file order.
    """

    kind: str
    columns: Mapping[str, str]
    header: tuple[str, ...]


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse `--map` entries that name no column of ours, or one of ours twice."""
    for theirs, ours in mapping.items():
        if ours not in OURS:
            turned = f"write --map {ours}={theirs}" if theirs in OURS else f"ours are: {', '.join(sorted(OURS))}"
            raise UsageError(f"--map {theirs}={ours}: {ours} is no column of abstory", hint=turned)
    if len(set(mapping.values())) < len(mapping):
        raise UsageError("--map gives one column of abstory two names")


def layout(path: Path, header: Sequence[str], wishes: Wishes) -> Layout:
    """Find our columns in `header`.

    Raises:
        InputRefused: a column is missing, doubled or has spaces around its name.
    """
    _check_names(path, header)
    missing = [name for name in wishes.mapping if name not in header]
    if missing:
        raise InputRefused(f"{path}: --map names column {missing[0]!r}, which the file has not", hint=_has(header))
    taken = set(wishes.mapping.values())
    ours = {name: name for name in header if name in OURS and name not in taken and name not in wishes.mapping}
    ours |= {mine: theirs for theirs, mine in wishes.mapping.items()}
    kind = wishes.kind or _kind(ours)
    absent = [name for name in REQUIRED[kind] if name not in ours and not (name == "experiment" and wishes.experiment)]
    if absent:
        raise InputRefused(f"{path}: no column {', '.join(absent)}", hint=_advice(absent[0], header))
    wanted = (*REQUIRED[kind], *OPTIONAL[kind])
    return Layout(kind, {name: ours[name] for name in wanted if name in ours}, tuple(header))


def _check_names(path: Path, header: Sequence[str]) -> None:
    for name in header:
        if name != name.strip():
            raise InputRefused(f"{path}: column {name!r} has spaces around its name", hint="remove them in the header")
        if header.count(name) > 1:
            raise InputRefused(f"{path}: column {name!r} is there twice", hint="rename one of them")


def _kind(ours: Mapping[str, str]) -> str:
    if "event" in ours:
        return EVENTS
    if "variant" in ours:
        return EXPOSURES
    return ATTRIBUTES if "name" in ours else EVENTS


def _advice(name: str, header: Sequence[str]) -> str:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        return "separate the columns by commas"
    near = get_close_matches(name, header, n=1)
    return f"did you mean --map {near[0]}={name}?" if near else f"{_has(header)}; --map THEIRS={name}"


def _has(header: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in header[:12])
    return f"the header has: {shown.encode('unicode_escape').decode()[:200]}"
