"""How a cell is read, as SQL over the columns `r_<ours>` of a reader: what we keep of it, or NULL.

Nothing is repaired: no id is trimmed, no time is given a zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from abstory.warehouse.engine import quoted

LARGEST_VALUE = 10**12
TIMES = ("ts", "posted_at", "captured_at")
"""The columns that hold an instant; a kind of files has one of them."""

_INSTANT = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?"
    r"(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
)
_WHOLE = r"[0-9]{1,15}([.]0+)?"
_DECIMAL = r"[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?"

# What the engine's own cast takes beyond our grammar, it takes by spaces, signs, or a point without digits.
_FRACTION, _BARE = "____-__-__T__:__:__._%", "____-__-__T__:__:__"


def text(name: str, kind: str, *, longest: int | None = None) -> str:
    """The text of a column of SQL type `kind`; NULL where it is empty, or no UTF-8."""
    column = f"r_{name}"
    if kind == "BLOB":
        column = f"TRY(decode({column}))"
    elif kind != "VARCHAR":
        column = f"CAST({column} AS VARCHAR)"
    return f"left({column}, {longest})" if longest else f"nullif({column}, '')"


def time_of(columns: Mapping[str, str]) -> str:
    """The column that holds the instant of a row."""
    return next(name for name in TIMES if name in columns)


def quick(columns: Mapping[str, str]) -> Iterator[str]:
    """The engine's own reading, made once; whether it is ours too is looked at afterwards."""
    time = time_of(columns)
    yield f"{f'epoch_us(TRY_CAST(r_{time} AS TIMESTAMP))' if columns[time] == 'VARCHAR' else 'NULL'} AS q_time"
    if "watch_ms" in columns:
        yield f"TRY_CAST({text('watch_ms', columns['watch_ms'])} AS UINTEGER) AS q_watch_ms"


def instant(name: str, kind: str, *, ordinary: bool) -> str:
    """Microseconds since 1970 UTC; `ordinary` as in `Incoming`."""
    column, written = f"r_{name}", text(name, kind)
    if kind == "TIMESTAMPTZ_NS":
        return f"epoch_ns({column}) // 1000"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CASE WHEN isfinite({column}) THEN epoch_us({column}) END"
    usual = f"WHEN {_usual(column, 'q_time')} THEN q_time" if ordinary else ""
    exact = f"WHEN regexp_full_match({written}, {quoted(_INSTANT)}) THEN epoch_us(TRY_CAST({written} AS TIMESTAMPTZ))"
    return f"CASE {usual} {exact} END"


def _usual(column: str, read: str) -> str:
    """UTC in the form nearly every file has: without spaces, the engine reads of it only what we take, and 24:00.

    White space must be plain spaces. Midnight is left to the exact reading.
    """
    fraction = (
        f"strlen({column}) <= {len(_BARE) + 11} AND {column} LIKE '{_FRACTION}Z'"
        f" OR strlen({column}) <= {len(_BARE) + 16} AND {column} LIKE '{_FRACTION}+00:00'"
    )
    bare = f"({column} LIKE '{_BARE}Z' OR {column} LIKE '{_BARE}+00:00') AND NOT contains({column}, '.')"
    return f"{read} % 86400000000 <> 0 AND {column} >= '0' AND NOT contains({column}, ' ') AND ({fraction} OR {bare})"


def whole(written: str) -> str:
    """A whole number from 0, with at most zeros behind the point."""
    digits = f"TRY_CAST(split_part({written}, '.', 1) AS BIGINT)"
    return f"CASE WHEN regexp_full_match({written}, {quoted(_WHOLE)}) THEN {digits} END"


def watch(written: str) -> str:
    """The same, where `quick` has usually read it."""
    return f"CASE WHEN CAST(q_watch_ms AS VARCHAR) = {written} THEN q_watch_ms ELSE {whole(written)} END"


def amount(written: str) -> str:
    """Millionths, a tie going to the even one; the engine's own cast takes ties away from zero."""
    exact = f"TRY_CAST({written} AS DECIMAL(38, 20))"
    near = f"CAST({exact} AS DECIMAL(38, 6))"
    millionths = f"CAST({near} * 1000000 AS BIGINT)"
    tie = f"abs({near} - {exact}) = 0.0000005 AND {millionths} % 2 <> 0"
    return (
        f"CASE WHEN {written} IS NOT NULL AND regexp_full_match({written}, {quoted(_DECIMAL)})"
        f" AND abs({exact}) < {LARGEST_VALUE}"
        f" THEN {millionths} - CASE WHEN {tie} THEN sign({near}) ELSE 0 END END"
    )
