"""A file of viewers through one SQL expression: read as text, never sniffed, and one bad row never costs a good one."""

# ruff: noqa: S608  SQL is put together of our own text and of column positions; paths and values are bound
from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from abstory.errors import InputRefused, NotWritable, UsageError
from abstory.warehouse.engine import connect, engine_errors, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LINES = "auto_detect = false, header = {header}, store_rejects = true, rejects_limit = 0"
_CSV = _LINES.format(header="true") + ", delim = ',', quote = '\"', escape = '\"'"
# No JSON text holds a raw control character, so every line is one column.
_JSONL = _LINES.format(header="false") + ", delim = '\x01', quote = '', escape = ''"
_NO_WHOLE = "-?[0-9]{19,}|-?[0-9]+[.eE].*"
_TEXTS = "('VARCHAR', 'BIGINT', 'UBIGINT', 'BOOLEAN')"
_PARQUET_TYPES = {"VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
_PARQUET_TYPES |= {f"U{kind}" for kind in _PARQUET_TYPES if kind.endswith("INT") or kind == "INTEGER"}
_WRITTEN = {".csv": "FORMAT csv, HEADER true", ".jsonl": "FORMAT json", ".parquet": "FORMAT parquet"}
_BATCH = 50_000
VARIANT = "variant_name"
"""The SQL type of a variant's name: one byte a row in scratch, text in whatever is written."""
_REASON = "reason_name"
_REASONS = ("assigned", "not_eligible", "outside_traffic", "invalid_ids")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compute of each row.

    Attributes:
        id_column: name of the column of ids.
        attributes: names of the columns that decide eligibility; they are `a0`, `a1`, ... in `eligible`.
        eligible: boolean SQL over `a0`, `a1`, ...; may use the variables.
        draw: SQL over `viewer_id`, NULL outside the traffic share.
        names: of all variants, in letters, digits, `.`, `_`, `-` and `/`.
        name: SQL over `draw`, the variant, of the type `VARIANT`.
        variables: values the SQL asks for with `getvariable`.
        kept: whether attributes are told with whoever is assigned.
    """

    id_column: str
    attributes: tuple[str, ...]
    eligible: str
    draw: str
    names: tuple[str, ...]
    name: str
    variables: Mapping[str, Sequence[str]]
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A file as the engine reads it: SQL that gives `viewer_id`, `a0`, `a1`, ... as text, in the order of the file."""

    sql: str
    values: tuple[object, ...]


class Bulk:
    """Viewers of one file, assigned; lives as long as its `bulk` context.

    Attributes:
        counts: rows by reason: `assigned`, `not_eligible`, `outside_traffic`, `invalid_ids`, `broken_rows`.
    """

    def __init__(self, connection: DuckDBPyConnection, scratch: Path, kept: int = 0) -> None:
        self._connection = connection
        self._kept = kept
        self._scratch = scratch
        self.counts = self._counted()

    def batches(self) -> Iterator[list[tuple[str, ...]]]:
        """(viewer, variant, kept attributes) of everyone assigned, in lists that fit in memory."""
        told = f"viewer_id, variant{_columns(self._kept)}"
        found = self._connection.execute(f"SELECT DISTINCT {told} FROM assigned WHERE reason = 'assigned'")
        while rows := found.fetchmany(_BATCH):
            yield rows

    def write(self, target: Path) -> None:
        """Write viewer_id, variant and reason of every valid row beside `target`, then rename.

        Raises:
            NotWritable: the folder or the file cannot be written.
        """
        rows = "SELECT viewer_id, variant, reason FROM assigned WHERE reason <> 'invalid_ids'"
        with engine_errors(target):
            self._connection.execute(f"COPY ({rows}) TO {quoted(str(self._scratch))} ({_WRITTEN[_kind(target)]})")
        try:
            self._scratch.replace(target)
        except OSError as error:
            raise NotWritable(f"{target} cannot be written: {error.strerror}") from None

    def _counted(self) -> dict[str, int]:
        found = dict(self._connection.execute("SELECT reason, count(*) FROM assigned GROUP BY reason").fetchall())
        known = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"
        if self._count(known):
            found["broken_rows"] = self._count("SELECT count(DISTINCT line) FROM reject_errors")
        return {str(reason): int(count) for reason, count in found.items() if count}

    def _count(self, sql: str) -> int:
        row = self._connection.execute(sql).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def bulk(path: Path, plan: Plan, *, beside: Path, memory: str | None = None) -> Iterator[Bulk]:
    """Assign every viewer of a file.

    Args:
        path: CSV, JSONL or Parquet, by suffix.
        plan: what to compute.
        beside: the file that will be written; scratch lies in its folder and is gone afterwards.
        memory: limit of the engine, such as `1GB`; None for half the machine.

    Raises:
        InputRefused: the file as a whole cannot be read, or a column is missing.
        NotWritable: the folder of `beside` cannot be written.
        UsageError: a suffix is none of ours.
    """
    _kind(beside)
    with _scratch(beside.parent) as folder, engine_errors(beside):
        written = folder / "written"
        connection = connect(folder / "bulk", read_only=False, memory=memory, files=[path, written])
        try:
            _assign(connection, path, plan)
            yield Bulk(connection, written, _kept(plan))
        finally:
            connection.close()


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    try:
        made = tempfile.TemporaryDirectory(prefix=".abstory-", dir=folder)
    except OSError as error:
        raise NotWritable(f"{folder} cannot be written: {error.strerror}") from None
    with made as name:
        yield Path(name).resolve()


def _kind(path: Path) -> str:
    suffix = {".ndjson": ".jsonl"}.get(path.suffix.lower(), path.suffix.lower())
    if suffix not in _WRITTEN:
        raise UsageError(f"{path}: the name must end in .csv, .jsonl or .parquet")
    return suffix


def _assign(connection: DuckDBPyConnection, path: Path, plan: Plan) -> None:
    import duckdb

    try:
        source = _source(connection, path, plan)
        for name, values in plan.variables.items():
            connection.execute(f"SET VARIABLE {name} = ?", [list(values)])
        for kind, words in ((VARIANT, plan.names), (_REASON, _REASONS)):
            connection.execute(f"CREATE TEMP TYPE {kind} AS ENUM ({', '.join(map(quoted, words))})")
        connection.execute(_sql(plan, source.sql), source.values)
    except duckdb.Error as error:
        # Only the first line: what follows may quote the file, and with it ids.
        first = str(error).split("\n", 1)[0]
        raise InputRefused(f"{path} cannot be read: {first}") from None


def _kept(plan: Plan) -> int:
    return len(plan.attributes) if plan.kept else 0


def _sql(plan: Plan, source: str) -> str:
    valid = "coalesce(strlen(viewer_id) BETWEEN 1 AND 256, false)"
    kept = _columns(_kept(plan))
    return f"""
        CREATE TEMP TABLE assigned AS
        SELECT viewer_id, {plan.name} AS variant,
               CASE WHEN NOT valid THEN {_reason("invalid_ids")} WHEN NOT eligible THEN {_reason("not_eligible")}
                    WHEN draw IS NULL THEN {_reason("outside_traffic")} ELSE {_reason("assigned")} END AS reason{kept}
        FROM (SELECT viewer_id, valid, eligible, CASE WHEN valid AND eligible THEN {plan.draw} END AS draw{kept}
              FROM (SELECT viewer_id, {valid} AS valid, {plan.eligible} AS eligible{kept} FROM ({source})))"""


def _columns(count: int) -> str:
    return "".join(f", a{at}" for at in range(count))


def _reason(word: str) -> str:
    """A constant of the type, or the engine would look the word up in every row."""
    return f"'{word}'::{_REASON}"


def _source(connection: DuckDBPyConnection, path: Path, plan: Plan) -> Source:
    if not path.is_file():
        raise InputRefused(f"{path} is not a file")
    wanted = (plan.id_column, *plan.attributes)
    return {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}[_kind(path)](connection, path, wanted)


def _csv(_: DuckDBPyConnection, path: Path, wanted: Sequence[str]) -> Source:
    header = _header(path)
    columns = ", ".join(f"c{index}: 'VARCHAR'" for index in range(len(header)))
    picked = _named(f"c{_index(header, name, path)}" for name in wanted)
    return Source(f"SELECT {picked} FROM read_csv(?, columns = {{{columns}}}, {_CSV})", (str(path.resolve()),))


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file, strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        raise InputRefused(f"{path} is not CSV in UTF-8", hint="save it as UTF-8, separated by commas") from None
    except OSError as error:
        raise InputRefused(f"{path} cannot be read: {error.strerror}") from None


def _index(header: Sequence[str], name: str, path: Path) -> int:
    if header.count(name) == 1:
        return header.index(name)
    many = "more than one column" if name in header else "no column"
    raise InputRefused(f"{path} has {many} called {name}", hint=f"its columns are {', '.join(header)[:200]}")


def _named(expressions: Iterator[str]) -> str:
    first, *others = expressions
    return ", ".join([f"{first} AS viewer_id", *(f"{text} AS a{index}" for index, text in enumerate(others))])


def _jsonl(_: DuckDBPyConnection, path: Path, wanted: Sequence[str]) -> Source:
    lines = f"SELECT line FROM read_csv(?, columns = {{line: 'VARCHAR'}}, {_JSONL}) WHERE line IS NOT NULL"
    pointers = ["/" + name.replace("~", "~0").replace("/", "~1") for name in wanted]
    # A line that is no JSON is an error, and NULL.
    found = ", ".join(f"TRY(json_extract_string(line, ?)) AS t{index}" for index in range(len(wanted)))
    # A boolean is an attribute, never an id.
    viewer = _TEXTS.replace(", 'BOOLEAN'", "")
    picked = _named(_fitting(f"t{index}", _TEXTS if index else viewer) for index in range(len(wanted)))
    return Source(f"SELECT {picked} FROM (SELECT line, {found} FROM ({lines}))", (*pointers * 2, str(path.resolve())))


def _fitting(text: str, types: str) -> str:
    """`text` where it is of one of `types`. What looks like no other is not looked at again: to parse is what costs."""
    number = f"{text} < ':' AND regexp_full_match({text}, {quoted(_NO_WHOLE)})"
    doubtful = (
        f"{text} >= '[' AND {text} < '\\' OR {text} >= '{{' AND {text} < '|' OR {text} = 'true' OR {text} = 'false'"
    )
    return (
        f"CASE WHEN {doubtful} OR {number} THEN CASE WHEN json_type(line, ?) IN {types} THEN {text} END ELSE {text} END"
    )


def _parquet(connection: DuckDBPyConnection, path: Path, wanted: Sequence[str]) -> Source:
    where = (str(path.resolve()),)
    columns = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", where).fetchall()
    names, types = [str(c[0]) for c in columns], [str(c[1]) for c in columns]
    at = [_index(names, name, path) for name in wanted]
    for index in at:
        if types[index] not in _PARQUET_TYPES or (index == at[0] and types[index] == "BOOLEAN"):
            raise InputRefused(f"{path}: column {names[index]} is {types[index]}, not text or whole numbers")
    aliases = ", ".join(f"c{index}" for index in range(len(names)))
    picked = _named(f"CAST(c{index} AS VARCHAR)" for index in at)
    return Source(f"SELECT {picked} FROM read_parquet(?) AS t({aliases})", where)
