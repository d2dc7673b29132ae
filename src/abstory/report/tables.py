"""Tables of whole columns: one that does not fit is dropped and named, a number is never cut.

A row's name that is too long (all of them, when there is no other way) gets a line of its own, wrapped;
everything else stands in its column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len, chop_cells
from rich.text import Text

GAP = 2
_NAME_SHARE = 0.38


@dataclass(frozen=True, slots=True)
class Column:
    """A column of finished text.

    Attributes:
        head: over the rule.
        cells: one a row.
        right: aligned to the right.
        drop: 0 never; otherwise the lower number goes first when the table is too wide.
        name: what the footer calls it when dropped.
        styles: one a row, or none.
        own: whether a cell that is too long may have a line of its own, as the names of the rows may.
    """

    head: str
    cells: tuple[str, ...]
    right: bool = False
    drop: int = 0
    name: str = ""
    styles: tuple[str, ...] = ()
    own: bool = False

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.head, *self.cells)))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A column that is drawn in as many columns as are left, between `least` and `most`."""

    draw: Callable[[int], Column]
    least: int
    most: int
    drop: int = 0
    name: str = ""

    @property
    def width(self) -> int:
        return self.least


@dataclass(frozen=True, slots=True)
class Sized:
    """A column with its width, which takes a look at every cell to know."""

    column: Column
    width: int


@dataclass(frozen=True, slots=True)
class Table:
    """Lines ready to print, and the names of what found no room."""

    lines: tuple[Text, ...]
    dropped: tuple[str, ...] = ()


def lay(columns: Sequence[Column | Drawing], width: int, rule: str = "─") -> Table:
    """Lay columns out in `width` cells; the first column names the rows."""
    if not isinstance(columns[0], Column):
        raise TypeError("the first column names the rows")
    named = {at: one for at, one in enumerate(columns) if isinstance(one, Column) and (at == 0 or one.own)}
    inside, kept, dropped = _shortened(columns, named, width)
    drawn = [Sized(column, column.width) for column in _drawn(kept, width)]
    across = min(width, _total(drawn))
    heads = [(one.head, inside[at].head) for at, one in named.items()]
    lines = [*_own_lines(heads, width), _line(drawn, [c.column.head for c in drawn], None)]
    lines.append(Text(rule * across, "dim"))
    for row in range(len(columns[0].cells)):
        lines += _own_lines([(one.cells[row], inside[at].cells[row]) for at, one in named.items()], width)
        lines.append(_line(drawn, [c.column.cells[row] for c in drawn], row))
    return Table(tuple(lines), tuple(dropped))


def _shortened(
    columns: Sequence[Column | Drawing], named: dict[int, Column], width: int
) -> tuple[dict[int, Column], list[Column | Drawing], list[str]]:
    """The columns that name, without what gets a line of its own, with the columns that fit and what is dropped."""
    room = max(8, int(width * _NAME_SHARE))
    for ats, longest in (([0], room), (named, room), ([0], 0), (named, 0)):
        inside = _in_order(named, {at: _short(one, longest) if at in ats else one for at, one in named.items()})
        kept, dropped = _fit([inside.get(at, one) for at, one in enumerate(columns)], width)
        if _total(kept) <= width:
            break
    return inside, kept, dropped


def _in_order(named: dict[int, Column], inside: dict[int, Column]) -> dict[int, Column]:
    """Where a name has a line of its own, so have those before it, which are read first."""
    out = [
        max((at for at, one in named.items() if one.cells[row] != inside[at].cells[row]), default=0)
        for row in range(len(named[0].cells))
    ]
    return {
        at: replace(one, cells=tuple("" if at < out[row] else cell for row, cell in enumerate(one.cells)))
        for at, one in inside.items()
    }


def _short(column: Column, longest: int) -> Column:
    """The column without what is longer, and without its head where nothing may stay."""
    cells = tuple(cell if cell_len(cell) <= longest else "" for cell in column.cells)
    return replace(column, cells=cells, head=column.head if longest else "")


def _own_lines(names: Sequence[tuple[str, str]], width: int) -> Iterator[Text]:
    """What found no room in its column, each wrapped on lines of its own; what names less stands further in."""
    for depth, (name, inside) in enumerate(names):
        indent = " " * GAP if depth else ""
        if name != inside:
            yield from (Text(indent + part) for part in chop_cells(name, width - len(indent)))


def _fit(columns: list[Column | Drawing], width: int) -> tuple[list[Column | Drawing], list[str]]:
    kept, dropped = list(columns), []
    while _total(kept) > width and (loose := [c for c in kept if c.drop]):
        least = min(loose, key=lambda c: c.drop)
        kept.remove(least)
        dropped.append(least.name)
    return kept, [name for name in dropped if name]


def _total(columns: Sequence[Column | Drawing | Sized]) -> int:
    return sum(c.width for c in columns) + GAP * (len(columns) - 1)


def _drawn(columns: list[Column | Drawing], width: int) -> list[Column]:
    spare = max(0, width - _total(columns))
    return [c if isinstance(c, Column) else c.draw(min(c.most, c.least + spare)) for c in columns]


def _line(columns: list[Sized], cells: list[str], row: int | None) -> Text:
    line = Text()
    for at, (sized, cell) in enumerate(zip(columns, cells, strict=True)):
        styles = sized.column.styles
        style = "bold" if row is None else (styles[row] if styles else "")
        line.append(" " * GAP if at else "")
        line.append(_aligned(sized, cell), style)
    line.rstrip()
    return line


def _aligned(sized: Sized, cell: str) -> str:
    blank = " " * (sized.width - cell_len(cell))
    return blank + cell if sized.column.right else cell + blank
