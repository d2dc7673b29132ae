"""What a row must be, as SQL that the engine applies while it reads: the values we keep, and the first fault.

Cheap tests come first and the costly ones see only what is suspicious. Nothing is repaired: no name is folded.
"""

# ruff: noqa: S608 texts are quoted, everything else is a name of this file

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from abstory.metrics import totals
from abstory.warehouse import values
from abstory.warehouse.engine import quoted
from abstory.warehouse.readers.layout import ATTRIBUTES, EVENTS, LONG, POSTS, TOTALS

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
"""Ids that stand for nobody, in any case: each would make one viewer of everyone who is not logged in."""

LONGEST_ID = 256
EARLIEST_US = 1_104_537_600_000_000  # 2005-01-01
LATEST_US = 3_786_912_000_000_000  # 2090-01-01
LONGEST_WATCH_MS = 86_400_000
MOST_FRAMES = 50
UNKNOWN_EVENT, UNKNOWN_TOTAL = "unknown event", "unknown total"
SHOWN = 80

_UNSEEN = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]"
_BLANK = r"[\s\p{Z}]+"
_PRINTABLE = "regexp_full_match({0}, '[!-~]+')"
_ORDINARY = "strlen({0}) = length({0})"
_ANY = "TRUE"
_WORD = 16
_LONGEST_WORD = 62
_EDGES = r"^[\s\p{Z}]|[\s\p{Z}]$"

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
    "slot_id": "VARCHAR",
    "metric": "VARCHAR",
    "definition": "VARCHAR",
}
"""What a row may hold once it is judged, beside its line, its fault and its excerpt."""
WORD = "coalesce(event, metric)"
"""The word of a row that must be a known one."""
WIDE = dict.fromkeys(totals.TOTALS, "BIGINT")
"""And what a row may hold that has several readings: millionths of each total."""


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
    """Which of `STAGED` and `WIDE` rows with these columns hold."""
    given = set(columns)
    if given.intersection(values.TIMES):
        given.add("instant")
    if kind in (EVENTS, TOTALS) and "value" in given:
        given = given - {"value"} | {"amount"}
    return tuple(name for name in (*STAGED, *WIDE) if name in given)


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
        f" FROM (SELECT *, {', '.join(values.quick(columns))} FROM {incoming.relation}))"
    )


def absent(held: Iterable[str], experiment: str | None) -> str:
    """SQL for the columns of `STAGED` that rows do not hold; `experiment` is what they are of where they name none."""
    given = {"experiment": quoted(experiment)} if experiment is not None else {}
    lacking = STAGED.keys() - set(held)
    return ", ".join(f"CAST({given.get(name, 'NULL')} AS {STAGED[name]}) AS {name}" for name in sorted(lacking))


def _value(incoming: Incoming, name: str) -> str:
    columns = incoming.columns
    if name == "instant":
        time = values.time_of(columns)
        return values.instant(time, columns[time], ordinary=incoming.ordinary)
    column = "value" if name == "amount" else name
    written = values.text(column, columns[column])
    read = {
        "amount": values.amount,
        "watch_ms": values.watch,
        "frame": values.whole,
        **dict.fromkeys(WIDE, values.amount),
    }
    return read[name](written) if name in read else written


def _joined(columns: Mapping[str, str]) -> str:
    shown = ", ".join(f"coalesce({values.text(name, kind, longest=SHOWN)}, '')" for name, kind in columns.items())
    return f"concat_ws(',', {shown})"


@dataclass(frozen=True, slots=True)
class _Rule:
    """SQL that is true where a row keeps the rule, cheap for the many, and SQL that says what is wrong, for the few."""

    kept: str
    fault: str


def _fault(rules: Sequence[_Rule]) -> str:
    kept = " AND ".join(f"({rule.kept})" for rule in rules)
    return f"CASE WHEN {kept} THEN NULL ELSE coalesce({', '.join(rule.fault for rule in rules)}) END"


def _rules(incoming: Incoming, kind: str, events: Iterable[str]) -> list[_Rule]:
    plainly = _PRINTABLE if not incoming.ordinary else _ORDINARY if not incoming.ascii else _ANY
    rules = [_Rule(f"{incoming.fault} IS NULL", incoming.fault)] if incoming.fault else []
    if kind == POSTS:
        return [*rules, *_post_rules(incoming.columns, plainly)]
    if kind == TOTALS:
        return [*rules, *_total_rules(incoming.columns, plainly)]
    return [*rules, *_viewer_rules(incoming, kind, plainly, events)]


def _viewer_rules(incoming: Incoming, kind: str, plainly: str, events: Iterable[str]) -> list[_Rule]:
    columns = incoming.columns
    rules = [_id_rule("viewer_id", columns["viewer_id"], plainly), _time_rule("ts", columns["ts"])]
    if kind == EVENTS:
        rules.append(_word_rule("event", events, UNKNOWN_EVENT))
    optional = {"story_id", "event_id"} | ({"variant", "experiment"} if kind == EVENTS else set())
    texts = [name for name in ("story_id", "event_id", "variant", "experiment", "name") if name in columns]
    rules += [(_text_rule if name in optional else _name_rule)(name, plainly) for name in texts]
    if kind == ATTRIBUTES:
        rules.append(_name_rule("value", plainly))
    if "watch_ms" in columns:
        rules.append(_watch_rule(columns["watch_ms"]))
    if kind == EVENTS and "value" in columns:
        rules.append(_value_rule(columns["value"]))
    if kind == EVENTS and "frame" in columns:
        rules.append(_frame_rule(columns["frame"], incoming.frames))
    return rules


def _post_rules(columns: Mapping[str, str], plainly: str) -> list[_Rule]:
    """Story and time are there or not there together: a slot in which nothing was posted has neither."""
    names = [_name_rule(name, plainly) for name in ("experiment", "variant") if name in columns]
    story = _or_empty(_id_rule("story_id", columns["story_id"], plainly), _blank("story_id", columns["story_id"]))
    time = _or_empty(_time_rule("posted_at", columns["posted_at"]), _blank("posted_at", columns["posted_at"]))
    both = _Rule(
        "(story_id IS NULL) = (instant IS NULL)",
        "CASE WHEN story_id IS NULL AND instant IS NOT NULL THEN 'story_id is empty, posted_at is not'"
        " WHEN story_id IS NOT NULL AND instant IS NULL THEN 'posted_at is empty, story_id is not' END",
    )
    return [_id_rule("slot_id", columns["slot_id"], plainly), *names, story, time, both]


def _total_rules(columns: Mapping[str, str], plainly: str) -> list[_Rule]:
    rules = [_id_rule("story_id", columns["story_id"], plainly), _time_rule("captured_at", columns["captured_at"])]
    if "definition" in columns:
        rules.append(_or_empty(_name_rule("definition", plainly), _blank("definition", columns["definition"])))
    if LONG[0] in columns:
        rules.append(_word_rule("metric", totals.TOTALS, UNKNOWN_TOTAL))
        return [*rules, _count_rule("value", columns["value"], "amount")]
    wide = [name for name in WIDE if name in columns]
    some = f"coalesce({', '.join(wide)}) IS NOT NULL"
    rules += [_or_empty(_count_rule(name, columns[name], name), _blank(name, columns[name])) for name in wide]
    return [*rules, _Rule(some, f"CASE WHEN NOT ({some}) THEN 'every total is empty' END")]


def _blank(name: str, kind: str) -> str:
    """Whether nothing is there at all; bytes that are no text are something."""
    unread = f" AND coalesce(octet_length(r_{name}), 0) = 0" if kind == "BLOB" else ""
    return f"{values.text(name, kind)} IS NULL{unread}"


def _or_empty(rule: _Rule, blank: str) -> _Rule:
    return _Rule(f"CASE WHEN {blank} THEN TRUE ELSE {rule.kept} END", f"CASE WHEN NOT ({blank}) THEN {rule.fault} END")


def _id_rule(name: str, kind: str, plainly: str) -> _Rule:
    binary = f"WHEN {name} IS NULL AND NOT ({_blank(name, kind)}) THEN '{name} is not UTF-8'" if kind == "BLOB" else ""
    plain = _name_rule(name, plainly)
    return _Rule(
        f"CASE WHEN {_may_be_placeholder(name)} THEN NOT {_is_placeholder(name)} ELSE TRUE END AND {plain.kept}",
        f"CASE WHEN {_is_placeholder(name)} THEN 'placeholder id' {binary} ELSE {plain.fault} END",
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


def _word_rule(name: str, words: Iterable[str], unknown: str) -> _Rule:
    # Of IN the engine makes a join, which is made for every row and loses the order of the file; OR costs more.
    known = f"CASE {name} {' '.join(f'WHEN {quoted(word)} THEN TRUE' for word in sorted(words))} ELSE FALSE END"
    return _Rule(known, f"CASE WHEN {name} IS NULL THEN '{name} is empty' WHEN NOT {known} THEN '{unknown}' END")


def _time_rule(name: str, kind: str) -> _Rule:
    return _Rule(
        f"instant >= {EARLIEST_US} AND instant < {LATEST_US}",
        f"CASE WHEN instant IS NULL THEN CASE WHEN {values.text(name, kind)} IS NULL THEN '{name} is empty'"
        f" ELSE '{name} is no instant: write ISO 8601 with Z or an offset' END"
        f" WHEN instant < {EARLIEST_US} OR instant >= {LATEST_US} THEN '{name} is not between 2005 and 2090' END",
    )


def _watch_rule(kind: str) -> _Rule:
    absent = f"{values.text('watch_ms', kind)} IS NULL"
    return _Rule(
        f"CASE WHEN watch_ms IS NULL THEN {absent} ELSE watch_ms <= {LONGEST_WATCH_MS} END",
        f"CASE WHEN watch_ms > {LONGEST_WATCH_MS} THEN 'watch_ms is more than 24 h'"
        f" WHEN watch_ms IS NULL AND NOT {absent} THEN 'watch_ms is no whole number of milliseconds from 0' END",
    )


def _value_rule(kind: str) -> _Rule:
    absent = f"{values.text('value', kind)} IS NULL"
    return _Rule(
        f"amount IS NOT NULL OR {absent}",
        f"CASE WHEN NOT {absent} AND amount IS NULL THEN 'value is no number below 1e12' END",
    )


def _count_rule(name: str, kind: str, column: str) -> _Rule:
    """A count, or an amount of time: less than nothing is no total. `column` holds it in millionths."""
    written = values.text(name, kind)
    good = f"{column} IS NOT NULL AND NOT starts_with({written}, '-')"
    return _Rule(
        good,
        f"CASE WHEN {written} IS NULL THEN '{name} is empty'"
        f" WHEN NOT ({good}) THEN '{name} is no number from 0 below 1e12' END",
    )


def _frame_rule(kind: str, declared: Mapping[str, int]) -> _Rule:
    """A frame that the story cannot have says that ids or counting are wrong: from 0, or of another story."""
    absent = f"{values.text('frame', kind)} IS NULL"
    known = " ".join(f"WHEN {quoted(story)} THEN {count}" for story, count in sorted(declared.items()))
    last = f"CASE story_id {known} ELSE {MOST_FRAMES} END" if known else str(MOST_FRAMES)
    return _Rule(
        f"CASE WHEN frame IS NULL THEN {absent} ELSE frame BETWEEN 1 AND {last} END",
        f"CASE WHEN frame IS NULL AND NOT {absent} OR frame NOT BETWEEN 1 AND {MOST_FRAMES}"
        f" THEN 'frame is no whole number from 1 to {MOST_FRAMES}'"
        f" WHEN frame > {last} THEN concat('frame is beyond the ', {last}, ' of its story') END",
    )


def near_names(names: Sequence[str], known: Iterable[str], unknown: str) -> dict[str, str]:
    """For every unknown word its reason, with the known one that was probably meant."""
    from difflib import get_close_matches

    everything = sorted(known)
    reasons = {}
    for name in names:
        near = get_close_matches(name.lower()[:64], everything, n=1)
        shown = name.encode("unicode_escape").decode()[:40]
        reasons[name] = f"{unknown} {shown}" + (f": did you mean {near[0]}?" if near else "")
    return reasons
