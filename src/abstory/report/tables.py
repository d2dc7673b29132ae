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
    """

    head: str
    cells: tuple[str, ...]
    right: bool = False
    drop: int = 0
    name: str = ""
    styles: tuple[str, ...] = ()

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
    names, room = columns[0], max(8, int(width * _NAME_SHARE))
    if not isinstance(names, Column):
        raise TypeError("the first column names the rows")
    inside = replace(names, cells=tuple(name if cell_len(name) <= room else "" for name in names.cells))
    kept, dropped = _fit([inside, *columns[1:]], width)
    if _total(kept) > width:
        inside = replace(inside, cells=("",) * len(names.cells), head="")
        kept = [inside, *kept[1:]]
    drawn = [Sized(column, column.width) for column in _drawn(kept, width)]
    across = min(width, _total(drawn))
    lines = [*_own_line(names.head, inside.head, width), _line(drawn, [c.column.head for c in drawn], None)]
    lines.append(Text(rule * across, "dim"))
    for row, name in enumerate(names.cells):
        lines += _own_line(name, inside.cells[row], width)
        lines.append(_line(drawn, [c.column.cells[row] for c in drawn], row))
    return Table(tuple(lines), tuple(dropped))


def _own_line(name: str, inside: str, width: int) -> Iterator[Text]:
    if name != inside:
        yield from (Text(part) for part in chop_cells(name, width))


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
