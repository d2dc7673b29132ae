"""Where viewers leave a story of several frames, and where variants part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from abstory.results.comparison import Reads
from abstory.stats.estimate import Effect, Undetermined
from abstory.stats.incidence import Funnel
from abstory.stats.moments import Tally

NO_WORD = ""
"""The cause of those who ended on a frame and of whom no event says how."""


@dataclass(frozen=True, slots=True)
class FrameFunnel:
    """One variant's viewers, frame by frame.

    Attributes:
        variant: its name.
        funnel: by furthest frame and cause: `complete` (came to the end), `swipe`, `exit` or `NO_WORD`.
        forward: who tapped forward on each frame, of all viewers; frame 1 first.
        back: who tapped back, likewise.
        times: taps forward and back in all, by frame.
    """

    variant: str
    funnel: Funnel
    forward: tuple[Tally, ...]
    back: tuple[Tally, ...]
    times: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class FrameContrast:
    """A treatment against control on one frame, of all exposed viewers.

    Attributes:
        variant: the treatment.
        frame: 1-based.
        what: `left` (ended there and did not come to the end), `reached`, `forward` or `back`.
        effect: difference, lift, interval and p, or why not.
        reads: the word; taps are neither better nor worse, and have none but `unclear` or `not compared`.
    """

    variant: str
    frame: int
    what: str
    effect: Effect | Undetermined
    reads: Reads


@dataclass(frozen=True, slots=True)
class FrameResult:
    """A story's frames over all variants.

    Attributes:
        control: name of the control variant.
        names: of the frames, in order, of the longest variant.
        funnels: by variant; those without analysed viewers are not in it.
        contrasts: every treatment, frame and kind; exploratory.
        families: comparisons that share alpha, by kind.
        beyond: events on frames that their variant does not have.
        unframed: exits, swipes and taps that name no frame.
    """

    control: str
    names: tuple[str, ...]
    funnels: Mapping[str, FrameFunnel]
    contrasts: tuple[FrameContrast, ...]
    families: Mapping[str, int]
    beyond: int = 0
    unframed: int = 0

    def of(self, variant: str, what: str) -> tuple[FrameContrast, ...]:
        """One treatment's contrasts of one kind, in the order of the frames."""
        return tuple(one for one in self.contrasts if (one.variant, one.what) == (variant, what))

    def parting(self, variant: str) -> FrameContrast | None:
        """Where a treatment parts from control: of the frames whose leavers differ, that of the largest gap."""
        apart = [one for one in self.of(variant, "left") if one.reads in {Reads.BETTER, Reads.WORSE}]
        return max(apart, key=_gap, default=None)


def _gap(one: FrameContrast) -> float:
    return abs(one.effect.difference.value) if isinstance(one.effect, Effect) else 0.0
