"""What a section of the page is made of: tables, figures and sentences, as values that a template lays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

from abstory.results import Reads, Status


class Kind(StrEnum):
    """What the cells of a column are, which decides how they are set."""

    NAME = "name"
    NUMBER = "num"
    DRAWN = "bar"
    WORD = "word"
    TEXT = "text"


TONES = {
    Reads.BETTER: "good",
    Reads.HOLDS: "good",
    Reads.WORSE: "bad",
    Reads.HARMED: "bad",
    Reads.NOT_SHOWN_SAFE: "warn",
    Reads.UNCLEAR: "",
    Reads.EQUIVALENT: "",
    Reads.UNKNOWN: "dim",
    Reads.DESCRIPTIVE: "dim",
}
"""The colour of a word, which only repeats it."""

STATUS = {Status.OK: "good", Status.WARN: "warn", Status.FAIL: "bad", Status.UNKNOWN: "warn"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        head: its name.
        cells: one a row: text, which is escaped, or a drawing.
        kind: what they are.
        axis: of drawn columns: the labels at the left, the middle and the right.
    """

    head: str
    cells: Sequence[str | Markup]
    kind: Kind = Kind.NUMBER
    axis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its first column names the rows.

    Attributes:
        caption: what it shows, for whoever cannot see where it stands.
        columns: all as long as each other.
        tones: one a row, may be empty.
        rest: of rows left out, what they say.
        narrow: whether its rows become blocks on a phone; it scrolls in its own box otherwise.
    """

    caption: str
    columns: Sequence[Column]
    tones: Sequence[str] = ()
    rest: str = ""
    narrow: bool = False

    part = "table"

    @property
    def rows(self) -> list[tuple[str, list[tuple[Column, str | Markup]]]]:
        """Every row: its tone, and its cells with their columns."""
        whole = zip(*(column.cells for column in self.columns), strict=True)
        tones = [*self.tones, *[""] * len(self.columns[0].cells)]
        return [(tone, list(zip(self.columns, row, strict=True))) for tone, row in zip(tones, whole, strict=False)]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with the table of its numbers behind it.

    Attributes:
        drawing: the SVG, with title and description.
        caption: what to see in it.
        behind: the same numbers.
        high, low: labels of the vertical axis at its ends.
        along: labels of the horizontal axis, spread evenly from end to end.
        legend: (class of the stroke, name) of each series, where there are several.
        small: whether half the page's width is enough.
    """

    drawing: Markup
    caption: str
    behind: Table
    high: str = ""
    low: str = ""
    along: Sequence[str] = ()
    legend: Sequence[tuple[str, str]] = ()
    small: bool = False

    part = "figure"


@dataclass(frozen=True, slots=True)
class Prose:
    """A sentence or two."""

    text: str

    part = "prose"


@dataclass(frozen=True, slots=True)
class Folded:
    """A long text, shown when asked for, exactly as it is."""

    title: str
    text: str

    part = "folded"


@dataclass(frozen=True, slots=True)
class Behind:
    """A table that is shown when asked for."""

    title: str
    table: Table

    part = "behind"


Part = Table | Figure | Prose | Folded | Behind


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the page.

    Attributes:
        name: part of its id, unique on the page.
        title: its heading.
        parts: in reading order.
        lead: a sentence under the heading.
        drawn: what the drawings mean, for where they are shown.
    """

    name: str
    title: str
    parts: Sequence[Part]
    lead: str = ""
    drawn: str = ""
