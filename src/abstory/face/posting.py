"""A posting calendar as a value that shows itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abstory.errors import UsageError
from abstory.report.calendar import SUFFIXES, renderer
from abstory.report.calendar.drawn import Drawn
from abstory.report.look import Look

if TYPE_CHECKING:
    import polars as pl

    from abstory.assignment.balance import Balance
    from abstory.assignment.calendar import Post


@dataclass(frozen=True, slots=True)
class Posts:
    """Which post is which variant.

    Attributes:
        drawn: what renderers show.
    """

    drawn: Drawn

    def __repr__(self) -> str:
        return self.text()

    @property
    def posts(self) -> tuple[Post, ...]:
        """Every slot with its variant, account by account in order of time."""
        return self.drawn.posts

    @property
    def balance(self) -> Balance:
        """How even they are, and how much can be shown with them."""
        return self.drawn.balance

    def text(self, *, width: int = 80, ascii_only: bool = False) -> str:
        """As `abstory calendar` prints it, in `width` columns (at least 40)."""
        return renderer("table")(self.drawn, Look(width, ascii_only))

    def to_dict(self) -> dict[str, Any]:
        """The `calendar/1` document as plain values."""
        from abstory.report.calendar.json import document

        return document(self.drawn)

    def to_polars(self) -> pl.DataFrame:
        """The sheet as `abstory calendar --format csv` writes it: a row a slot, in order of time."""
        from abstory.report.calendar.sheet import rows

        return rows(self.drawn).frame()

    def save(self, path: str | Path) -> Path:
        """Write it in the format that the name's suffix asks for, such as `posts.csv`; returns the path.

        Raises:
            UsageError: no format has that suffix.
        """
        file = Path(path)
        if file.suffix.lower() not in SUFFIXES:
            raise UsageError(
                f"no format is written as {file.suffix or file.name}", hint=f"one of {', '.join(SUFFIXES)}"
            )
        file.write_bytes(renderer(SUFFIXES[file.suffix.lower()])(self.drawn, Look()).encode())
        return file
