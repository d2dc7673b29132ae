"""What a calendar leaves to chance between two variants, in the few numbers that power depends on, as it grows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from abstory.stats.redraws import DRAWS, MOST_ENUMERATED
from abstory.stats.timeline import Forks, Timeline, arrangements, compared

_PAIRS = 4096


class Growth(StrEnum):
    """What more weeks bring: more blocks of the same kind, larger blocks, or nothing, where a rule leaves no choice."""

    BLOCKS = "blocks"
    SIZES = "sizes"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Layout:
    """The draws of one comparison, counted.

    Attributes:
        slots: of either arm, k > 0; need not be whole.
        blocks: that have both arms.
        log_draws: natural logarithm of how many draws there are, the one posted among them.
        contrasts: how many independent ones they amount to: 2k − B in B blocks, fewer where a rule couples slots.
        growth: of a longer calendar; under a rule along accounts BLOCKS, for its draws multiply from slot to slot.
    """

    slots: float
    blocks: float
    log_draws: float
    contrasts: float
    growth: Growth

    @classmethod
    def of(cls, timelines: Sequence[Timeline], *, no_repeat: int, growth: Growth) -> Layout:
        """Of a drawn calendar, with a value in every slot.

        With C the covariance of the labels over the draws, contrasts = tr(C)²/tr(C²): the degrees of freedom of the
        draws' own variance y'Cy for normal y, after Satterthwaite (Biometrics Bulletin 1946;2:110).

        Args:
            timelines: one an account.
            no_repeat: as `timeline.arrangements`.
            growth: of a longer calendar.

        Raises:
            ValueError: no block has both arms, or as `timeline.arrangements`.
        """
        sizes = [size for size in compared(timelines).sizes if all(size)]
        if not sizes:
            raise ValueError("no block has both arms")
        slots = sum(map(sum, sizes))
        return cls(
            slots=slots / 2,
            blocks=len(sizes),
            log_draws=math.log(arrangements(timelines, no_repeat)),
            contrasts=slots - len(sizes) if no_repeat == 1 else coupled(timelines, no_repeat),
            growth=growth,
        )

    @property
    def df(self) -> float:
        """Degrees of freedom of the t that the comparison comes close to; 2(k − 1) without blocks."""
        return self.contrasts - 1

    @property
    def draws(self) -> int:
        """How many draws are compared, the one posted among them: all of them, or as many as are sampled."""
        return DRAWS + 1 if self.sampled else math.floor(math.exp(self.log_draws) + 1e-6)

    @property
    def sampled(self) -> bool:
        """Whether there are so many that a part of them is drawn at random."""
        return self.log_draws > math.log(MOST_ENUMERATED + 0.5)

    def grown(self, slots: float) -> Layout:
        """The same law with `slots` > 0 in either arm."""
        by, one = slots / self.slots, slots / self.blocks
        if self.growth is Growth.BLOCKS:
            return Layout(slots, self.blocks * by, self.log_draws * by, self.contrasts * by, self.growth)
        if self.growth is Growth.SIZES:
            ways = self.blocks * (math.lgamma(2 * one + 1) - 2 * math.lgamma(one + 1))
            return Layout(slots, self.blocks, ways, 2 * slots - self.blocks, self.growth)
        return replace(self, slots=slots)


def coupled(timelines: Sequence[Timeline], no_repeat: int) -> float:
    """tr(C)²/tr(C²), accounts being drawn apart.

    tr(C) = Σ π(1 − π) over slots with π the share of draws that treat one, and tr(C²) is the mean of ((a − π)'(b − π))²
    over two draws a and b: 4,096 seeded pairs give it to some per cent. 0 where nothing is left to chance.
    """
    import numpy as np

    source, trace, squared = np.random.Generator(np.random.PCG64(0)), 0.0, 0.0
    for line in timelines:
        forks = Forks.of(line, no_repeat)
        shares = forks.shares
        one, other = (forks.drawn(_PAIRS, source) - shares for _ in range(2))
        trace += float((shares * (1 - shares)).sum())
        squared += float(((one * other).sum(axis=1) ** 2).mean())
    return trace * trace / squared if squared else 0.0
