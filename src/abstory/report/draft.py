"""A page while it is laid out: what is shown, how it looks, and what its foot must still say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.text import Text

from abstory.report.look import Look
from abstory.report.page import Page
from abstory.report.prose import Footnotes, listed, paragraph
from abstory.report.tables import Column, Drawing, lay
from abstory.results import Reads

STYLES = {
    Reads.BETTER: "green",
    Reads.HOLDS: "green",
    Reads.WORSE: "red",
    Reads.HARMED: "bold red",
    Reads.NOT_SHOWN_SAFE: "yellow",
    Reads.UNCLEAR: "",
    Reads.EQUIVALENT: "",
    Reads.UNKNOWN: "dim",
    Reads.DESCRIPTIVE: "dim",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A page while it is laid out.

    Attributes:
        page: what is shown.
        look: how.
        notes: footnotes so far.
        dropped: names of columns that found no room so far.
    """

    page: Page
    look: Look
    notes: Footnotes = field(default_factory=Footnotes)
    dropped: list[str] = field(default_factory=list)

    def name(self, variant: str) -> str:
        """A variant as the report calls it."""
        return self.look.say(self.page.name(variant))

    def note(self, text: str) -> str:
        """The mark of a footnote."""
        return self.notes.mark(self.look.say(text))

    def table(self, columns: Sequence[Column | Drawing]) -> list[Text]:
        """Laid out; what found no room is remembered for the foot."""
        laid = lay(columns, self.look.width, self.look.plain("─"))
        self.dropped.extend(name for name in laid.dropped if name not in self.dropped)
        return list(laid.lines)

    def paragraph(self, lead: str, text: str, *, style: str = "") -> list[Text]:
        """Words in the page's width."""
        return paragraph(self.look.plain(lead), self.look.say(text), self.look.width, style=style)

    def listed(self, lead: str, parts: Sequence[str], *, style: str = "", joint: str = " ·") -> list[Text]:
        """Parts with a middle dot between them, in the page's width."""
        said = [self.look.say(part) for part in parts]
        return listed(self.look.plain(lead), said, self.look.width, style=style, joint=self.look.plain(joint))
