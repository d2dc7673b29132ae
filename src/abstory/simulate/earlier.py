"""What is known of simulated viewers from before: seconds watched of ten earlier stories, for any covariate declared.

The same kind of viewer watches longer before and now, so the covariate tells of the outcome as much as kinds differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]

STORIES = 10
NEW = 0.1
"""Of viewers, those of whom nothing is known."""
UNKNOWN = -1


def known(before: Ints) -> Ints:
    """Whether there is a value, as 0 or 1."""
    found: Ints = (before != UNKNOWN).astype("int64")
    return found


def millionths(before: Ints) -> Ints:
    """The stored integer of each value; 0 where there is none."""
    return before * known(before) * 1000
