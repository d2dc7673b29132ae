"""Which column of a file is which of ours: by name, never by place and never by a look at the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

from abstory.errors import InputRefused, UsageError
from abstory.metrics import totals
from abstory.warehouse.base import Wishes

EVENTS, EXPOSURES, ATTRIBUTES, POSTS, TOTALS = "events", "exposures", "attributes", "posts", "totals"
REQUIRED = {
    EVENTS: ("viewer_id", "story_id", "event", "ts"),
    EXPOSURES: ("experiment", "viewer_id", "variant", "ts"),
    ATTRIBUTES: ("viewer_id", "name", "value", "ts"),
    POSTS: ("experiment", "slot_id", "variant", "story_id", "posted_at"),
    TOTALS: ("story_id", "captured_at"),
}
LONG = ("metric", "value")
"""What a row of totals has in a file with a reading a row; in a wide one every total has a column of its own."""
OPTIONAL = {
    EVENTS: ("watch_ms", "value", "frame", "event_id", "experiment", "variant"),
    EXPOSURES: ("story_id",),
    ATTRIBUTES: (),
    POSTS: (),
    TOTALS: ("definition",),
}
OURS = frozenset(chain(*REQUIRED.values(), *OPTIONAL.values(), LONG, totals.TOTALS))
_SHOWN = 12
_PASSED_OVER = {POSTS: frozenset({"account", "block", "scheduled_at"})}


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file.

    Attributes:
        kind: one of `REQUIRED`.
        columns: our name -> their name, for what the file has.
        header: their names in file order.
    """

    kind: str
    columns: Mapping[str, str]
    header: tuple[str, ...]

    @property
    def wide(self) -> tuple[str, ...]:
        """The totals that have a column of their own; empty where a row is one reading, and in all other kinds."""
        return tuple(name for name in totals.TOTALS if name in self.columns)

    @property
    def left_alone(self) -> str:
        """What to say of columns that nothing is taken from; empty where there are none."""
        known = {*self.columns.values(), *_PASSED_OVER.get(self.kind, ())}
        others = [name for name in self.header if name not in known]
        if not others:
            return ""
        total = _total_in(others) if self.kind == TOTALS else None
        return f"nothing is taken from {_listed(others)}" + (f": {_meant(*total)}" if total else "")


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
    required = (*REQUIRED[kind], *(_readings(path, ours) if kind == TOTALS else ()))
    absent = [name for name in required if name not in ours and not (name == "experiment" and wishes.experiment)]
    if absent:
        raise InputRefused(f"{path}: no column {', '.join(absent)}", hint=_advice(absent[0], header))
    wanted = (*required, *OPTIONAL[kind])
    return Layout(kind, {name: ours[name] for name in wanted if name in ours}, tuple(header))


def sparse(found: Layout) -> Layout:
    """The same where fields need not be in every row: of wide totals any may turn up further down."""
    if not found.wide:
        return found
    more = {name: name for name in (*OPTIONAL[TOTALS], *totals.TOTALS) if name not in found.columns.values()}
    return replace(found, columns=more | dict(found.columns))


def _readings(path: Path, ours: Mapping[str, str]) -> tuple[str, ...]:
    """The columns in which a file of totals has its readings."""
    wide = tuple(name for name in totals.TOTALS if name in ours)
    if wide and "metric" in ours:
        raise InputRefused(
            f"{path}: columns metric and {wide[0]}: one reading a row, or a column for every total, not both",
            hint="take one of them out",
        )
    return wide or LONG


def _check_names(path: Path, header: Sequence[str]) -> None:
    for name in header:
        if name != name.strip():
            raise InputRefused(f"{path}: column {name!r} has spaces around its name", hint="remove them in the header")
        if header.count(name) > 1:
            raise InputRefused(f"{path}: column {name!r} is there twice", hint="rename one of them")


def _kind(ours: Mapping[str, str]) -> str:
    if "event" in ours:
        return EVENTS
    if "viewer_id" not in ours and ("slot_id" in ours or "captured_at" in ours):
        return POSTS if "slot_id" in ours else TOTALS
    if "variant" in ours:
        return EXPOSURES
    return ATTRIBUTES if "name" in ours else EVENTS


def _advice(name: str, header: Sequence[str]) -> str:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        return "separate the columns by commas"
    if name == "metric" and (total := _total_in(header)):
        return _meant(*total)
    near = get_close_matches(name, header, n=1)
    return _meant(near[0], name) if near else f"{_has(header)}; --map THEIRS={name}"


def _total_in(header: Sequence[str]) -> tuple[str, str] | None:
    """The first column that is called nearly as a total is, and that total."""
    near = ((name, get_close_matches(name.lower()[:64], totals.TOTALS, n=1)) for name in header)
    return next(((name, found[0]) for name, found in near if found), None)


def _has(header: Sequence[str]) -> str:
    return f"the header has: {_listed(header)}"


def _meant(theirs: str, ours: str) -> str:
    return f"did you mean --map {theirs}={ours}?"


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return ", ".join(name[:40] for name in columns[:_SHOWN]).encode("unicode_escape").decode()[:200] + more
