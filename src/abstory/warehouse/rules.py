"""What a row must be, as SQL that the engine applies while it reads: the values we keep, and the first fault.

Cheap tests come first and the costly ones see only what is suspicious. Nothing is repaired: no id is trimmed,
no time is given a zone, no name is folded.
"""

# ruff: noqa: S608 texts are quoted, everything else is a name of this file

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
MOST_FRAMES = 50
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
_PRINTABLE = "regexp_full_match({0}, '[!-~]+')"
_ORDINARY = "strlen({0}) = length({0})"
_ANY = "TRUE"
_WORD = 16
_LONGEST_WORD = 62
_EDGES = r"^[\s\p{Z}]|[\s\p{Z}]$"

# What the engine's own cast takes beyond our grammar, it takes by spaces, signs, or a point without digits.
_FRACTION, _BARE = "____-__-__T__:__:__._%", "____-__-__T__:__:__"

STAGED = {
    "viewer_id": "VARCHAR",
    "story_id": "VARCHAR",
    "event": "VARCHAR",
    "instant": "BIGINT",
    "watch_ms": "BIGINT",
    "amount": "BIGINT",
    "frame": "BIGINT",
    "event_id": "VARCHAR",
    "experiment": "VARCHAR",
    "variant": "VARCHAR",
    "name": "VARCHAR",
    "value": "VARCHAR",
}
"""What a row may hold once it is judged, beside its line, its fault and its excerpt."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """Rows as a reader gives them.

    Attributes:
        relation: what stands after FROM.
        columns: our name -> the SQL type it has there, under the name `r_<ours>`.
        line: SQL for the line number.
        raw: SQL for the row as it was written.
        fault: SQL for the reader's own complaint.
        ordinary: texts hold no control character and no space at an edge.
        ascii: nor any character beyond ASCII.
        frames: how many frames a story has, by its id, where that is declared.
    """

    relation: str
    columns: Mapping[str, str]
    line: str = "NULL"
    raw: str = ""
    fault: str = ""
    ordinary: bool = False
    ascii: bool = False
    frames: Mapping[str, int] = field(default_factory=dict)


def staged(columns: Iterable[str], kind: str) -> tuple[str, ...]:
    """Which of `STAGED` rows with these columns hold."""
    given = set(columns)
    if kind == "events" and "value" in given:
        given = given - {"value"} | {"amount"}
    return tuple(name for name in STAGED if name in given or (name == "instant" and "ts" in given))


def judged(incoming: Incoming, *, kind: str, events: Iterable[str]) -> str:
    """The SELECT that makes of incoming rows the columns of `staged`, a line, a fault and an excerpt."""
    names = staged(incoming.columns, kind)
    raw = incoming.raw or _joined(incoming.columns)
    return (
        f"SELECT {', '.join(names)}, line, fault,"
        f" CASE WHEN fault IS NOT NULL THEN left(regexp_replace({raw}, {quoted(_UNSEEN)}, '?', 'g'), {SHOWN}) END"
        f" FROM ({verdicts(incoming, kind=kind, events=events)})"
    )


def verdicts(incoming: Incoming, *, kind: str, events: Iterable[str]) -> str:
    """The SELECT that adds to incoming rows the columns of `staged`, a line and a fault."""
    columns = incoming.columns
    chosen = ", ".join(f"{_value(incoming, name)} AS {name}" for name in staged(columns, kind))
    return (
        f"SELECT *, {_fault(_rules(incoming, kind, events))} AS fault"
        f" FROM (SELECT *, {chosen}, {incoming.line} AS line"
        f" FROM (SELECT *, {', '.join(_quick(columns))} FROM {incoming.relation}))"
    )


def absent(held: Iterable[str], experiment: str | None) -> str:
    """SQL for the columns of `STAGED` that rows do not hold; `experiment` is what they are of where they name none."""
    given = {"experiment": quoted(experiment)} if experiment is not None else {}
    lacking = STAGED.keys() - set(held)
    return ", ".join(f"CAST({given.get(name, 'NULL')} AS {STAGED[name]}) AS {name}" for name in sorted(lacking))


def _quick(columns: Mapping[str, str]) -> Iterator[str]:
    """The engine's own reading, made once; whether it is ours too is looked at afterwards."""
    yield f"{'epoch_us(TRY_CAST(r_ts AS TIMESTAMP))' if columns['ts'] == 'VARCHAR' else 'NULL'} AS q_ts"
    if "watch_ms" in columns:
        yield f"TRY_CAST({_text('watch_ms', columns['watch_ms'])} AS UINTEGER) AS q_watch_ms"


def _value(incoming: Incoming, name: str) -> str:
    columns = incoming.columns
    if name == "instant":
        return _instant(columns["ts"], ordinary=incoming.ordinary)
    if name == "amount":
        return _amount(_text("value", columns["value"]))
    if name == "watch_ms":
        return _watch(columns["watch_ms"])
    if name == "frame":
        text = _text(name, columns[name])
        whole = f"TRY_CAST(split_part({text}, '.', 1) AS BIGINT)"
        return f"CASE WHEN regexp_full_match({text}, {quoted(_WHOLE)}) THEN {whole} END"
    return _text(name, columns[name])


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


def _instant(kind: str, *, ordinary: bool) -> str:
    if kind == "TIMESTAMPTZ_NS":
        return "epoch_ns(r_ts) // 1000"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return "CASE WHEN isfinite(r_ts) THEN epoch_us(r_ts) END"
    text = _text("ts", kind)
    quick = f"WHEN {_usual('r_ts', 'q_ts')} THEN q_ts" if ordinary else ""
    exact = f"WHEN regexp_full_match({text}, {quoted(_INSTANT)}) THEN epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))"
    return f"CASE {quick} {exact} END"


def _usual(text: str, read: str) -> str:
    """UTC in the form nearly every file has: without spaces, the engine reads of it only what we take, and 24:00.

    White space must be plain spaces. Midnight is left to the exact reading.
    """
    fraction = (
        f"strlen({text}) <= {len(_BARE) + 11} AND {text} LIKE '{_FRACTION}Z'"
        f" OR strlen({text}) <= {len(_BARE) + 16} AND {text} LIKE '{_FRACTION}+00:00'"
    )
    bare = f"({text} LIKE '{_BARE}Z' OR {text} LIKE '{_BARE}+00:00') AND NOT contains({text}, '.')"
    return f"{read} % 86400000000 <> 0 AND {text} >= '0' AND NOT contains({text}, ' ') AND ({fraction} OR {bare})"


def _watch(kind: str) -> str:
    text = _text("watch_ms", kind)
    return (
        f"CASE WHEN CAST(q_watch_ms AS VARCHAR) = {text} THEN q_watch_ms"
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


@dataclass(frozen=True, slots=True)
class _Rule:
    """SQL that is true where a row keeps the rule, cheap for the many, and SQL that says what is wrong, for the few."""

    kept: str
    fault: str


def _fault(rules: Sequence[_Rule]) -> str:
    kept = " AND ".join(f"({rule.kept})" for rule in rules)
    return f"CASE WHEN {kept} THEN NULL ELSE coalesce({', '.join(rule.fault for rule in rules)}) END"


def _rules(incoming: Incoming, kind: str, events: Iterable[str]) -> list[_Rule]:
    columns = incoming.columns
    plainly = _PRINTABLE if not incoming.ordinary else _ORDINARY if not incoming.ascii else _ANY
    rules = [_Rule(f"{incoming.fault} IS NULL", incoming.fault)] if incoming.fault else []
    rules += [_id_rule(columns["viewer_id"], plainly), _time_rule(columns["ts"])]
    if kind == "events":
        rules.append(_event_rule(events))
    optional = {"story_id", "event_id"} | ({"variant", "experiment"} if kind == "events" else set())
    for name in ("story_id", "event_id", "variant", "experiment", "name"):
        if name in columns:
            rules.append(_text_rule(name, plainly) if name in optional else _name_rule(name, plainly))
    if kind == "attributes":
        rules.append(_name_rule("value", plainly))
    if "watch_ms" in columns:
        rules.append(_watch_rule(columns["watch_ms"]))
    if kind == "events" and "value" in columns:
        rules.append(_value_rule(columns["value"]))
    if kind == "events" and "frame" in columns:
        rules.append(_frame_rule(columns["frame"], incoming.frames))
    return rules


def _id_rule(kind: str, plainly: str) -> _Rule:
    binary = (
        "WHEN viewer_id IS NULL AND r_viewer_id IS NOT NULL THEN 'viewer_id is not UTF-8'" if kind == "BLOB" else ""
    )
    name = _name_rule("viewer_id", plainly)
    return _Rule(
        f"CASE WHEN {_may_be_placeholder('viewer_id')} THEN NOT {_is_placeholder('viewer_id')} ELSE TRUE END"
        f" AND {name.kept}",
        f"CASE WHEN {_is_placeholder('viewer_id')} THEN 'placeholder id' {binary} ELSE {name.fault} END",
    )


def _may_be_placeholder(name: str) -> str:
    """As long as a placeholder; of the many UUIDs only what begins like one."""
    sizes = sum(1 << size for size in set(map(len, PLACEHOLDERS)))
    begins = f"({name} < '01' OR {name} BETWEEN 'F' AND 'G' OR {name} BETWEEN 'f' AND 'g')"
    return f"(({sizes} >> least(strlen({name}), {_LONGEST_WORD})) & 1) = 1 AND (strlen({name}) <= {_WORD} OR {begins})"


def _is_placeholder(name: str) -> str:
    return f"regexp_full_match(lower({name}), {quoted('|'.join(map(re.escape, PLACEHOLDERS)))})"


def _text_rule(name: str, plainly: str) -> _Rule:
    return _Rule(
        f"{name} IS NULL OR strlen({name}) <= {LONGEST_ID} AND {plainly.format(name)}",
        f"CASE WHEN strlen({name}) > {LONGEST_ID} THEN '{name} is longer than {LONGEST_ID} bytes'"
        f" WHEN regexp_matches({name}, {quoted(_UNSEEN)}) THEN '{name} holds a control or invisible character'"
        f" WHEN regexp_full_match({name}, {quoted(_BLANK)}) THEN '{name} is blank'"
        f" WHEN regexp_matches({name}, {quoted(_EDGES)}) THEN '{name} begins or ends with a space' END",
    )


def _name_rule(name: str, plainly: str) -> _Rule:
    return _Rule(
        f"strlen({name}) <= {LONGEST_ID} AND {plainly.format(name)}",
        f"CASE WHEN {name} IS NULL THEN '{name} is empty' ELSE {_text_rule(name, plainly).fault} END",
    )


def _event_rule(events: Iterable[str]) -> _Rule:
    # Of IN the engine makes a join, which is made for every row and loses the order of the file; OR costs more.
    known = f"CASE event {' '.join(f'WHEN {quoted(name)} THEN TRUE' for name in sorted(events))} ELSE FALSE END"
    return _Rule(known, f"CASE WHEN event IS NULL THEN 'event is empty' WHEN NOT {known} THEN '{UNKNOWN_EVENT}' END")


def _time_rule(kind: str) -> _Rule:
    return _Rule(
        f"instant >= {EARLIEST_US} AND instant < {LATEST_US}",
        f"CASE WHEN instant IS NULL THEN CASE WHEN {_text('ts', kind)} IS NULL THEN 'ts is empty'"
        " ELSE 'ts is no instant: write ISO 8601 with Z or an offset' END"
        f" WHEN instant < {EARLIEST_US} OR instant >= {LATEST_US} THEN 'ts is not between 2005 and 2090' END",
    )


def _watch_rule(kind: str) -> _Rule:
    absent = f"{_text('watch_ms', kind)} IS NULL"
    return _Rule(
        f"CASE WHEN watch_ms IS NULL THEN {absent} ELSE watch_ms <= {LONGEST_WATCH_MS} END",
        f"CASE WHEN watch_ms > {LONGEST_WATCH_MS} THEN 'watch_ms is more than 24 h'"
        f" WHEN watch_ms IS NULL AND NOT {absent} THEN 'watch_ms is no whole number of milliseconds from 0' END",
    )


def _value_rule(kind: str) -> _Rule:
    absent = f"{_text('value', kind)} IS NULL"
    return _Rule(
        f"amount IS NOT NULL OR {absent}",
        f"CASE WHEN NOT {absent} AND amount IS NULL THEN 'value is no number below 1e12' END",
    )


def _frame_rule(kind: str, declared: Mapping[str, int]) -> _Rule:
    """A frame that the story cannot have says that ids or counting are wrong: from 0, or of another story."""
    absent = f"{_text('frame', kind)} IS NULL"
    known = " ".join(f"WHEN {quoted(story)} THEN {count}" for story, count in sorted(declared.items()))
    last = f"CASE story_id {known} ELSE {MOST_FRAMES} END" if known else str(MOST_FRAMES)
    return _Rule(
        f"CASE WHEN frame IS NULL THEN {absent} ELSE frame BETWEEN 1 AND {last} END",
        f"CASE WHEN frame IS NULL AND NOT {absent} OR frame NOT BETWEEN 1 AND {MOST_FRAMES}"
        f" THEN 'frame is no whole number from 1 to {MOST_FRAMES}'"
        f" WHEN frame > {last} THEN concat('frame is beyond the ', {last}, ' of its story') END",
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
