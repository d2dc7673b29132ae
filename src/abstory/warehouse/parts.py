"""Parts of questions and answers that only some experiments have: stories, repeated exposures, rows that came late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from abstory.stats.moments import Moments


@dataclass(frozen=True, slots=True)
class Airing:
    """A story, and when it was to be seen: in [from, until), or always where that is not known.

    Attributes:
        story: its id.
        from_us, until_us: both or neither.
    """

    story: str
    from_us: int | None = None
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """Viewers of one arm who met two stories (or one, taken twice), and what they did with each.

    A viewer enters a story with the first exposure to it and its own window, in the arm of the first exposure at all.

    Attributes:
        viewers: with both windows closed.
        one, other: sums of every measure over these viewers, in the earlier and in the later listed story.
        products: sums of products of a measure in the one and a measure in the other.
    """

    viewers: int
    one: Mapping[str, int]
    other: Mapping[str, int]
    products: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Late:
    """Events that came when the store already held later ones from after the end of their viewer's window.

    Attributes:
        events: such events, of closed windows.
        viewers: whose they are.
        longest_us: by how much the furthest lies before the events that were already there.
    """

    events: int
    viewers: int
    longest_us: int


@dataclass(frozen=True, slots=True)
class Later:
    """Rows of before an instant that arrived only after it, and whether anything had arrived by then.

    Attributes:
        exposures: of one experiment.
        events: of any story.
        began: whether any stored row had arrived by the instant; if not, the store was filled afterwards.
    """

    exposures: int
    events: int
    began: bool


SPACING = "spacing"
"""The measure that slopes over exposures are divided by: k (k² − 1) of a viewer with k exposures."""


@dataclass(frozen=True, slots=True)
class Occasions:
    """One arm exposure by exposure: the n-th runs up to the next, a viewer's window at most.

    Attributes:
        lines: of viewers with several exposures, slopes as numerators under the measures' names and `SPACING` below;
            None where nobody has two.
        numbers: everybody at their n-th exposure, from 1.
    """

    lines: Moments | None
    numbers: Mapping[int, Moments]
