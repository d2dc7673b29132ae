"""The same decision as polars expressions; polars has no SHA-256 of its own, so the hash is Python's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abstory.assignment.assign import Assigner
from abstory.assignment.bucket import hasher, viewer_bytes
from abstory.experiment import Experiment

if TYPE_CHECKING:
    import polars as pl


def bucket_expr(salt: str, column: str) -> pl.Expr:
    """`h(salt, column)` as Int64; null where the id is null.

    Raises:
        UsageError: the salt is not plain.
        InvalidViewerId: when run, for an id that the contract refuses.
    """
    import polars as pl

    hashed = hasher(salt)

    def hash_all(ids: pl.Series) -> pl.Series:
        values = [None if i is None else hashed(viewer_bytes(i)) for i in ids]
        return pl.Series(ids.name, values, dtype=pl.Int64)

    return pl.col(column).map_batches(hash_all, return_dtype=pl.Int64)


def variant_expr(experiment: Experiment, column: str) -> pl.Expr:
    """The variant's name for a viewer without attributes; null where the viewer takes no part, or the id is null.

    Raises:
        NotYet, UsageError: as `Assigner`.
        InvalidViewerId: when run, for an id that the contract refuses.
    """
    import polars as pl

    assign = Assigner(experiment).assign

    def assign_all(ids: pl.Series) -> pl.Series:
        return pl.Series(ids.name, [None if i is None else assign(i).variant for i in ids], dtype=pl.String)

    return pl.col(column).map_batches(assign_all, return_dtype=pl.String)
