"""Where in a file the ids lie that the contract refuses: a second, plain reading, made only when there are any."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from abstory.assignment.bucket import viewer_bytes
from abstory.errors import InvalidViewerId


def refused_ids(path: Path, id_column: str, *, most: int = 5) -> tuple[tuple[int, str], ...]:
    """The first `most` refused ids of a CSV or JSONL file as (line, reason); () for other files.

    Args:
        path: a file that was read whole before.
        id_column: its column of ids.
        most: how many places.
    """
    read = {".csv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl}.get(path.suffix.lower())
    if read is None:
        return ()
    refused = ((line, reason) for line, viewer in read(path, id_column) if (reason := _refusal(viewer)))
    return tuple(islice(refused, most))


def _csv(path: Path, id_column: str) -> Iterator[tuple[int, object]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        at = header.index(id_column)
        for row in rows:
            fields = row or [""]  # of one column, a blank line is a row without an id
            if len(fields) == len(header):
                yield rows.line_num, fields[at]


def _jsonl(path: Path, id_column: str) -> Iterator[tuple[int, object]]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, _field(line, id_column)


def _field(line: str, name: str) -> object:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row.get(name) if isinstance(row, dict) else None


def _refusal(viewer: object) -> str:
    if not isinstance(viewer, str | int):
        return "viewer id is neither text nor a whole number"
    try:
        viewer_bytes(viewer)
    except InvalidViewerId as error:
        return error.message
    return ""
