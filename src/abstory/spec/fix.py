"""Words that were meant: a field, choice, metric, level or zone that is misspelt by a letter or two, put right.

A fix is kept only where no error is new but those inside a field that was unknown before; whatever asks for a decision,
such as a size without its sign, is never touched.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from difflib import get_close_matches

from abstory.spec.diagnostics import Diagnostic
from abstory.spec.load import check_bytes

MISSPELT = frozenset({"E201", "E204", "E210", "E301", "E308"})
"""The codes of words that are not known, where a near one may have been meant."""
SURE = 0.8
"""How alike two words must be (difflib's ratio) to change one without asking; for a hint, less will do."""
_MEANT = re.compile(r"did you mean (\S+)\?")
_QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True)
class Fix:
    """One word put right.

    Attributes:
        line, column: where it stands, from 1.
        found, meant: the word as it stood, and as it stands now.
    """

    line: int
    column: int
    found: str
    meant: str


def fixed(data: bytes, name: str) -> tuple[bytes, tuple[Fix, ...]]:
    """The bytes of an experiment file with its misspelt words put right, and what was changed; line ends stay.

    Args:
        data: of the file.
        name: of the file.
    """
    done: list[Fix] = []
    tried: set[tuple[int, int]] = set()
    while step := _step(data, name, tried):
        data, fix = step
        done.append(fix)
    return data, tuple(sorted(done, key=lambda fix: (fix.line, fix.column)))


def _step(data: bytes, name: str, tried: set[tuple[int, int]]) -> tuple[bytes, Fix] | None:
    """The first word that can be put right so that fewer errors remain."""
    found = _errors(data, name)
    for one in found:
        place = (one.line, one.column)
        meant = _MEANT.match(one.hint)
        if one.code not in MISSPELT or not meant or place in tried:
            continue
        tried.add(place)
        changed = _replaced(data, one, meant[1])
        if changed and _better(found, _errors(changed[0], name), one, meant[1]):
            return changed
    return None


def _better(before: list[Diagnostic], after: list[Diagnostic], one: Diagnostic, meant: str) -> bool:
    """Whether `one` is gone and nothing came but what could not be seen inside it."""
    known = {(error.code, error.path) for error in before if error != one}
    fresh = [error for error in after if (error.code, error.path) not in known]
    inside = re.compile(re.escape(f"{one.path.rpartition('.')[0]}.{meant}".removeprefix(".")) + r"([.\[]|$)")
    hidden = one.code == "E201" and all(inside.match(error.path) and error.code != "E111" for error in fresh)
    return hidden or len(after) < len(before)


def _errors(data: bytes, name: str) -> list[Diagnostic]:
    return [one for one in check_bytes(data, name)[1] if one.severity == "error"]


def _replaced(data: bytes, one: Diagnostic, meant: str) -> tuple[bytes, Fix] | None:
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    lines = data.removeprefix(mark).decode().split("\n")
    if not 0 < one.line <= len(lines):
        return None
    line, start = lines[one.line - 1], one.column - 1
    word = line[start : start + one.width]
    quote = word[0] if word[:1] in _QUOTES and word[:1] == word[-1:] else ""
    bare = word[len(quote) : len(word) - len(quote)]
    if not get_close_matches(bare, [meant], cutoff=SURE):
        return None
    lines[one.line - 1] = f"{line[:start]}{quote}{meant}{quote}{line[start + one.width :]}"
    return mark + "\n".join(lines).encode(), Fix(one.line, one.column, bare, meant)
