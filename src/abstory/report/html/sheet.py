"""The page while it is laid out: the draft it shares with every format, and how much of it there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from abstory.report.draft import Draft
from abstory.report.page import Page

_T = TypeVar("_T")


class Embedded(Enum):
    """How the document for programs is part of a page: as it is, packed, or not at all."""

    PLAIN = "JSON"
    PACKED = "JSON, by gzip, in base64"
    ABSENT = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a long page is shown.

    Attributes:
        rows: of any one table of variants; None for all of them.
        document: how the `report/1` document is part of the page.
    """

    rows: int | None
    document: Embedded


@dataclass(frozen=True, slots=True)
class Sheet:
    """The page while it is laid out.

    Attributes:
        draft: what is shown, and the footnotes so far.
        detail: how much of it.
    """

    draft: Draft
    detail: Detail

    @property
    def page(self) -> Page:
        return self.draft.page

    def cut(self, rows: Sequence[_T]) -> Sequence[_T]:
        """As many rows as there is room for."""
        return rows if self.detail.rows is None else rows[: self.detail.rows]
