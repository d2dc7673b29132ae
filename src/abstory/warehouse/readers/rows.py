"""Rows on their way from a Python reader to the engine: columns of text, a line number and, where known, a fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from abstory.warehouse.base import Progress

AT_ONCE = 100_000
_TOLD_EVERY = 5000


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file: its values in the order of the layout's columns, or the reason it has none."""

    line: int
    values: tuple[str | None, ...]
    raw: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """A frame that the engine reads through Arrow's own interface, without another package between."""

    frame: Any

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)


def batches(rows: Iterable[Row], names: Sequence[str]) -> Iterator[Columns]:
    """Frames of at most `AT_ONCE` rows: r_line, r_raw, r_fault and r_<name> of `names`, all text but the line."""
    waiting = iter(rows)
    while batch := list(islice(waiting, AT_ONCE)):
        yield _columns(batch, names)


def metered(rows: Iterable[Row], progress: Progress, size: int) -> Iterator[Row]:
    """The same rows; `progress` is told now and then how many of `size` bytes they have been, about."""
    done = 0
    for number, row in enumerate(rows):
        done += len(row.raw) + 1
        if number % _TOLD_EVERY == 0:
            progress(done, size)
        yield row


def _columns(batch: Sequence[Row], names: Sequence[str]) -> Columns:
    import polars as pl

    empty: tuple[str | None, ...] = (None,) * len(names)
    values = list(zip(*(row.values or empty for row in batch), strict=True))
    data = {
        "r_line": pl.Series([row.line for row in batch], dtype=pl.Int64),
        "r_raw": pl.Series([row.raw for row in batch], dtype=pl.String),
        "r_fault": pl.Series([row.fault for row in batch], dtype=pl.String),
    }
    data |= {f"r_{name}": pl.Series(column, dtype=pl.String) for name, column in zip(names, values, strict=True)}
    return Columns(pl.DataFrame(data))
