"""What is wrong with an experiment file, and where, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from abstory.spec.codes import CODES, PAGE

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a text: line and column, both counted from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault of one file.

    Attributes:
        code: stable, one of `CODES`: `E...` for errors, `W...` for warnings.
        severity: `error` or `warning`.
        file: the path as the user gave it.
        line, column: from 1; both 0 where the file as a whole is meant.
        path: the field, as `metrics.primary[0].name`; empty for the file as a whole.
        message: what is wrong, one sentence without a full stop.
        found: what stands there, shortened; empty where showing it says nothing or might leak a secret.
        hint: what was meant, or what to do; may be empty.
        width: how many characters the caret underlines.
        source: the line of the file, for the human rendering; empty where it must not be shown.
    """

    code: str
    severity: Severity
    file: str
    line: int
    column: int
    path: str
    message: str
    found: str = ""
    hint: str = ""
    width: int = 1
    source: str = ""

    @property
    def title(self) -> str:
        """What the code means, in a few words."""
        return CODES[self.code]

    @property
    def docs(self) -> str:
        """Where the code is explained."""
        return f"{PAGE}#{self.code.lower()}"

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sorts diagnostics by place, then code."""
        return (self.file, self.line, self.column, self.code, self.path)
