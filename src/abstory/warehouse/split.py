"""Viewers told apart by one attribute, as it was before their first exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from abstory.stats.moments import Moments


class SegmentKind(StrEnum):
    """LEVEL: viewers of one value. OTHER: of the smaller levels together. UNKNOWN: without a value."""

    LEVEL = "level"
    OTHER = "other"
    UNKNOWN = "unknown"


def title(kind: SegmentKind, name: str) -> str:
    """What a reader is shown; a level that is logged as `unknown` or `other` stands in quotes."""
    return f'"{name}"' if kind is SegmentKind.LEVEL and name in {*SegmentKind} else name


@dataclass(frozen=True, slots=True)
class Segment:
    """Analysed viewers alike in one attribute.

    Attributes:
        kind: what they have in common.
        name: the value as it was logged; `other` and `unknown` of those kinds.
        arms: their moments by variant, every declared one, in stored integer units; n alone where nothing was measured.
    """

    kind: SegmentKind
    name: str
    arms: Mapping[str, Moments]

    @property
    def viewers(self) -> int:
        """Over all variants."""
        return sum(moments.n for moments in self.arms.values())


@dataclass(frozen=True, slots=True)
class Split:
    """All analysed viewers by one attribute: a viewer is in one segment, so segments sum to the whole.

    The last value before the first exposure counts; of two at one instant the larger text. Which levels are shown is
    decided by viewers of all variants together, never by what they did.

    Attributes:
        segments: those with viewers: levels, larger ones first (then by text), then other, then unknown.
        pooled: levels that `other` stands for.
        later: viewers whose only values are from the first exposure on; they count as unknown, for the variant may have
            made such a value.
    """

    segments: tuple[Segment, ...]
    pooled: int = 0
    later: int = 0
