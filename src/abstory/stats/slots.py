"""Posts whose variant was drawn, in blocks of a calendar: one value a slot, and what a draw could have given.

Impressions of one slot are not independent, so the slot is the unit: its rate counts once, whatever its reach.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slots:
    """Slots in any order; the attributes run in parallel.

    Attributes:
        values: of each slot, such as its completion rate; finite.
        treated: whether the slot had the treatment, else it had control.
        blocks: within which the draw was balanced, such as a week; one block for all where there was none.
    """

    values: tuple[float, ...]
    treated: tuple[bool, ...]
    blocks: tuple[Hashable, ...]

    @classmethod
    def of(cls, values: Iterable[float], treated: Iterable[int], blocks: Iterable[Hashable] | None = None) -> Slots:
        """From parallel columns; without `blocks` all slots are one block.

        Raises:
            ValueError: columns of unequal length, or a value that is not finite.
        """
        found = tuple(float(value) for value in values)
        arms = tuple(bool(arm) for arm in treated)
        within = (0,) * len(found) if blocks is None else tuple(blocks)
        if not len(found) == len(arms) == len(within):
            raise ValueError(f"{len(found)} values, {len(arms)} arms and {len(within)} blocks are not of one length")
        if not all(map(math.isfinite, found)):
            raise ValueError("a slot without a finite value cannot be compared: leave it out")
        return cls(found, arms, within)

    @property
    def by_block(self) -> tuple[tuple[int, ...], ...]:
        """Places of the slots of each block, blocks in order of first appearance."""
        places: dict[Hashable, list[int]] = {}
        for place, block in enumerate(self.blocks):
            places.setdefault(block, []).append(place)
        return tuple(map(tuple, places.values()))

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Treated slots and slots of control, by block."""
        counted = [Counter(self.treated[place] for place in block) for block in self.by_block]
        return tuple((count[True], count[False]) for count in counted)

    @property
    def both(self) -> bool:
        """Whether some block has both arms: without one nothing can be compared."""
        return any(treated and control for treated, control in self.sizes)

    @property
    def counts(self) -> str:
        """Slots of either arm, as a reason's detail."""
        return f"{sum(self.treated)} and {len(self.treated) - sum(self.treated)} slots"

    def centred(self) -> Floats:
        """Values, arms as 0/1, and values of treated slots (else 0), each less its block's mean: slots × 3.

        Values are taken from the block's first one before, so that a large common level costs no digits.
        """
        import numpy as np

        arms = np.array(self.treated, dtype=np.float64)
        columns = np.column_stack([self.values, arms, arms * self.values])
        for block in map(list, self.by_block):
            columns[block] -= columns[block[0]]
            columns[block] -= columns[block].mean(axis=0)
        return columns


def assignments(sizes: Sequence[tuple[int, int]]) -> int:
    """How many draws there are: ∏ C(n_t + n_c, n_t) over the (treated, control) of each block.

    The smallest two-sided p that any outcome can have is 2 over this number: 3 + 3 slots can never reach .05, 4 + 4,
    six pairs or three blocks of 2 + 2 can.
    """
    return math.prod(math.comb(treated + control, treated) for treated, control in sizes)
