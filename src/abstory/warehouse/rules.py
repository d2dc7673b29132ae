"""What a row must be, as SQL that the engine applies while it reads: the values we keep, and the first fault.

Cheap tests come first and the costly ones see only what is suspicious. Nothing is repaired: no id is trimmed,
no time is given a zone, no name is folded.
"""

# ruff: noqa: S608 texts are quoted, everything else is a name of this file

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from abstory.warehouse.engine import quoted

PLACEHOLDERS = (
    "null",
    "(null)",
    "<null>",
    "[null]",
    "undefined",
    "none",
    "nan",
    "nil",
    "n/a",
    "unknown",
    "anonymous",
    "(not set)",
    "[object object]",
    "00000000-0000-0000-0000-000000000000",
    "00000000000000000000000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
)
"""Viewer ids that stand for nobody, in any case: each would make one viewer of everyone who is not logged in."""

LONGEST_ID = 256
EARLIEST_US = 1_104_537_600_000_000  # 2005-01-01
LATEST_US = 3_786_912_000_000_000  # 2090-01-01
LONGEST_WATCH_MS = 86_400_000
LARGEST_VALUE = 10**12
UNKNOWN_EVENT = "unknown event"
SHOWN = 80

_INSTANT = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?"
    r"(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
)
_WHOLE = r"[0-9]{1,15}([.]0+)?"
_DECIMAL = r"[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?"
_UNSEEN = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]"
_BLANK = r"[\s\p{Z}]+"
_EDGES = r"^[\s\p{Z}]|[\s\p{Z}]$"

STAGED = {
    "line": "BIGINT",
    "viewer_id": "VARCHAR",
    "story_id": "VARCHAR",
    "event": "VARCHAR",
    "instant": "BIGINT",
    "watch_ms": "BIGINT",
    "amount": "BIGINT",
    "event_id": "VARCHAR",
    "experiment": "VARCHAR",
    "variant": "VARCHAR",
    "name": "VARCHAR",
    "value": "VARCHAR",
    "fault": "VARCHAR",
    "excerpt": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """Rows as a reader gives them.

    Attributes:
        relation: what stands after FROM.
        columns: our name -> the SQL type it has there, under the name `r_<ours>`.
        line: SQL for the line number.
        raw: SQL for the row as it was written.
        fault: SQL for the reader's own complaint.
    """

    relation: str
    columns: Mapping[str, str]
    line: str = "NULL"
    raw: str = ""
    fault: str = ""


def judged(incoming: Incoming, *, kind: str, events: Iterable[str], experiment: str | None) -> str:
    """The SELECT that makes staged rows of incoming ones."""
    columns = incoming.columns
    kept = {name: _text(name, columns[name]) for name in columns if name not in {"ts", "watch_ms"}}
    amount = _amount(kept.pop("value")) if kind == "events" and "value" in kept else "NULL"
    if experiment is not None and "experiment" not in kept:
        kept["experiment"] = quoted(experiment)
    values = kept | {
        "line": incoming.line,
        "instant": _instant(columns["ts"]),
        "watch_ms": _watch(columns["watch_ms"]) if "watch_ms" in columns else "NULL",
        "amount": amount,
    }
    chosen = ", ".join(f"{values.get(name, 'NULL')} AS {name}" for name in STAGED if name not in {"fault", "excerpt"})
    faults = _faults(incoming, kind, events)
    raw = incoming.raw or _joined(columns)
    return (
        f"SELECT {', '.join(name for name in STAGED if name not in {'fault', 'excerpt'})}, fault,"
        f" CASE WHEN fault IS NOT NULL THEN left(regexp_replace({raw}, {quoted(_UNSEEN)}, '?', 'g'), {SHOWN}) END"
        f" FROM (SELECT *, {faults} AS fault FROM (SELECT *, {chosen} FROM {incoming.relation}))"
    )


def _joined(columns: Mapping[str, str]) -> str:
    shown = ", ".join(f"coalesce({_text(name, kind, longest=SHOWN)}, '')" for name, kind in columns.items())
    return f"concat_ws(',', {shown})"


def _text(name: str, kind: str, *, longest: int | None = None) -> str:
    column = f"r_{name}"
    if kind == "BLOB":
        column = f"TRY(decode({column}))"
    elif kind != "VARCHAR":
        column = f"CAST({column} AS VARCHAR)"
    return f"left({column}, {longest})" if longest else f"nullif({column}, '')"


def _instant(kind: str) -> str:
    if kind == "TIMESTAMPTZ_NS":
        return "epoch_ns(r_ts) // 1000"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return "CASE WHEN isfinite(r_ts) THEN epoch_us(r_ts) END"
    text = _text("ts", kind)
    return f"CASE WHEN regexp_full_match({text}, {quoted(_INSTANT)}) THEN epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)) END"


def _watch(kind: str) -> str:
    text = _text("watch_ms", kind)
    number = f"TRY_CAST({text} AS BIGINT)"
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN CAST({number} AS VARCHAR) = {text} AND {number} >= 0 THEN {number}"
        f" WHEN regexp_full_match({text}, {quoted(_WHOLE)}) THEN TRY_CAST(split_part({text}, '.', 1) AS BIGINT) END"
    )


def _amount(text: str) -> str:
    """Millionths, a tie going to the even one; the engine's own cast takes ties away from zero."""
    exact = f"TRY_CAST({text} AS DECIMAL(38, 20))"
    near = f"CAST({exact} AS DECIMAL(38, 6))"
    whole = f"CAST({near} * 1000000 AS BIGINT)"
    tie = f"abs({near} - {exact}) = 0.0000005 AND {whole} % 2 <> 0"
    return (
        f"CASE WHEN {text} IS NOT NULL AND regexp_full_match({text}, {quoted(_DECIMAL)})"
        f" AND abs({exact}) < {LARGEST_VALUE}"
        f" THEN {whole} - CASE WHEN {tie} THEN sign({near}) ELSE 0 END END"
    )


def _faults(incoming: Incoming, kind: str, events: Iterable[str]) -> str:
    columns = incoming.columns
    found = [incoming.fault] if incoming.fault else []
    found += [_id_fault(columns["viewer_id"]), _time_fault(columns["ts"])]
    if kind == "events":
        found.append(_event_fault(events))
    optional = {"story_id", "event_id"} | ({"variant", "experiment"} if kind == "events" else set())
    for name in ("story_id", "event_id", "variant", "experiment", "name"):
        if name in columns:
            found.append(_text_fault(name) if name in optional else _name_fault(name))
    if kind == "attributes":
        found.append(_name_fault("value"))
    if "watch_ms" in columns:
        found.append(_watch_fault(columns["watch_ms"]))
    if kind == "events" and "value" in columns:
        given = _text("value", columns["value"])
        found.append(f"CASE WHEN {given} IS NOT NULL AND amount IS NULL THEN 'value is no number below 1e12' END")
    return f"coalesce({', '.join(found)})"


def _id_fault(kind: str) -> str:
    binary = "WHEN r_viewer_id IS NOT NULL THEN 'viewer_id is not UTF-8' " if kind == "BLOB" else ""
    names = ", ".join(map(quoted, PLACEHOLDERS))
    lengths = ", ".join(str(length) for length in sorted(set(map(len, PLACEHOLDERS))))
    return (
        f"CASE WHEN viewer_id IS NULL THEN CASE {binary}ELSE 'viewer_id is empty' END"
        f" WHEN strlen(viewer_id) IN ({lengths}) AND lower(viewer_id) IN ({names}) THEN 'placeholder id'"
        f" ELSE {_text_fault('viewer_id')} END"
    ).replace("CASE ELSE 'viewer_id is empty' END", "'viewer_id is empty'")


def _text_fault(name: str) -> str:
    return (
        f"CASE WHEN {name} IS NULL OR (strlen({name}) <= {LONGEST_ID} AND regexp_full_match({name}, '[!-~]+'))"
        f" THEN NULL"
        f" WHEN strlen({name}) > {LONGEST_ID} THEN '{name} is longer than {LONGEST_ID} bytes'"
        f" WHEN regexp_matches({name}, {quoted(_UNSEEN)}) THEN '{name} holds a control or invisible character'"
        f" WHEN regexp_full_match({name}, {quoted(_BLANK)}) THEN '{name} is blank'"
        f" WHEN regexp_matches({name}, {quoted(_EDGES)}) THEN '{name} begins or ends with a space' END"
    )


def _name_fault(name: str) -> str:
    return f"CASE WHEN {name} IS NULL THEN '{name} is empty' ELSE {_text_fault(name)} END"


def _event_fault(events: Iterable[str]) -> str:
    known = ", ".join(quoted(name) for name in sorted(events))
    return f"CASE WHEN event IS NULL THEN 'event is empty' WHEN event NOT IN ({known}) THEN '{UNKNOWN_EVENT}' END"


def _time_fault(kind: str) -> str:
    return (
        f"CASE WHEN instant IS NULL THEN CASE WHEN {_text('ts', kind)} IS NULL THEN 'ts is empty'"
        " ELSE 'ts is no instant: write ISO 8601 with Z or an offset' END"
        f" WHEN instant < {EARLIEST_US} OR instant >= {LATEST_US} THEN 'ts is not between 2005 and 2090' END"
    )


def _watch_fault(kind: str) -> str:
    return (
        f"CASE WHEN watch_ms > {LONGEST_WATCH_MS} THEN 'watch_ms is more than 24 h'"
        f" WHEN watch_ms IS NULL AND {_text('watch_ms', kind)} IS NOT NULL"
        " THEN 'watch_ms is no whole number of milliseconds from 0' END"
    )


def near_names(names: Sequence[str], known: Iterable[str]) -> dict[str, str]:
    """For every unknown event its reason, with the known name that was probably meant."""
    from difflib import get_close_matches

    everything = sorted(known)
    reasons = {}
    for name in names:
        near = get_close_matches(name.lower()[:64], everything, n=1)
        shown = name.encode("unicode_escape").decode()[:40]
        reasons[name] = f"{UNKNOWN_EVENT} {shown}" + (f": did you mean {near[0]}?" if near else "")
    return reasons
