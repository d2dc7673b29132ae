"""How a page is to look: its width, and the characters it may use."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.report.harmless import one_line

_PLAIN = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "·": "|",
        "─": "-",
        "│": "|",
        "┼": "+",
        "┊": ":",
        "├": "[",
        "┤": "]",
        "●": "*",
        "○": "o",
        "▸": ">",
        "◂": "<",
        "±": "+/-",
        "²": "2",
        "→": "->",
        "≥": ">=",
        "≤": "<=",
        "×": "x",
        "…": "...",
        "∞": "inf",
        "’": "'",
        "“": '"',
        "”": '"',
    }
)


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is to look.

    Attributes:
        width: columns of the terminal, at least 40.
        ascii_only: whether every character must be ASCII.
    """

    width: int = 80
    ascii_only: bool = False

    def say(self, text: str) -> str:
        """`text` on one line, harmless, in the characters this look allows."""
        return self.plain(one_line(text))

    def plain(self, text: str) -> str:
        """Our own drawing in the characters this look allows."""
        if not self.ascii_only or text.isascii():
            return text
        return text.translate(_PLAIN).encode("ascii", "backslashreplace").decode("ascii")
