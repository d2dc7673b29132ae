"""What is known of simulated viewers from before: seconds watched of ten earlier stories, for any covariate declared.

The same kind of viewer watches longer before and now, so the covariate tells of the outcome as much as kinds differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abstory.experiment import DAY_US

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from abstory.simulate.play import Acts

    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]

STORIES = 10
NEW = 0.1
"""Of viewers, those of whom nothing is known."""
UNKNOWN = -1


def attributes(ids: pl.Series, acts: Acts) -> pl.DataFrame:
    """The rows of an attributes file, measured a day before the first exposure.

    Args:
        ids: of the viewers.
        acts: what they do.
    """
    import polars as pl

    when = pl.Series("ts", acts.exposed_us - DAY_US).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    parts = [
        pl.DataFrame({"viewer_id": ids, "name": [name] * len(ids), "ms": values, "ts": when}).filter(
            pl.col("ms") != UNKNOWN
        )
        for name, values in acts.before.items()
    ]
    whole, rest = pl.col("ms") // 1000, (pl.col("ms") % 1000).cast(pl.String).str.zfill(3)
    return pl.concat(parts).select("viewer_id", "name", pl.format("{}.{}", whole, rest).alias("value"), "ts")


def known(before: Ints) -> Ints:
    """Whether there is a value, as 0 or 1."""
    found: Ints = (before != UNKNOWN).astype("int64")
    return found


def millionths(before: Ints) -> Ints:
    """The stored integer of each value; 0 where there is none."""
    return before * known(before) * 1000
