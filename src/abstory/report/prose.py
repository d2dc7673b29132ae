"""Sentences in a given width, and the footnotes they point to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, chop_cells
from rich.text import Text


class Footnotes:
    """Numbered in the order of first use; the same words have one number."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def mark(self, text: str) -> str:
        """The mark to put where `text` is meant: `[1]`."""
        if text not in self._texts:
            self._texts.append(text)
        return f"[{self._texts.index(text) + 1}]"

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((f"[{number}]", text) for number, text in enumerate(self._texts, 1))


def paragraph(lead: str, text: str, width: int, *, style: str = "") -> list[Text]:
    """`lead` in `style`, then `text`, broken at blanks; later lines are indented to stand under the text."""
    return _styled(_flow(lead, text.split(), width), lead, style)


def listed(lead: str, parts: Sequence[str], width: int, *, style: str = "", joint: str = " ·") -> list[Text]:
    """`lead`, then parts with `joint` between them, broken between parts wherever that is possible."""
    joined = [f"{part}{joint}" for part in parts[:-1]] + list(parts[-1:])
    room = width - _indent(lead, width)
    pieces = (piece for part in joined for piece in ([part] if cell_len(part) <= room else part.split()))
    return _styled(_flow(lead, pieces, width), lead, style)


def _flow(lead: str, pieces: Iterable[str], width: int) -> list[str]:
    lines, gap, indent = _chopped(lead, width), "", _indent(lead, width)
    for piece in pieces:
        if cell_len(joined := f"{lines[-1]}{gap}{piece}") <= width:
            lines[-1] = joined
        else:
            lines += [" " * indent + part for part in _chopped(piece, width - indent)]
        gap = " "
    return [line.rstrip() for line in lines]


def _indent(lead: str, width: int) -> int:
    return min(cell_len(lead), width // 3)


def _chopped(text: str, width: int) -> list[str]:
    return list(chop_cells(text, width)) or [""]


def _styled(lines: list[str], lead: str, style: str) -> list[Text]:
    texts = [Text(line) for line in lines]
    texts[0].stylize(style, 0, len(lead))
    return texts
