"""Bytes to text: only UTF-8, only so long, and nothing in it that a reader cannot see."""

from __future__ import annotations

import re

LARGEST = 64 * 1024
LONGEST_LINE = 4096
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)

_INDENT = re.compile("^ *([\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])", re.MULTILINE)
"""Spaces that look like indentation, and are none to YAML."""


class Refused(Exception):
    """The bytes are not a text that can be shown and parsed."""

    def __init__(self, code: str, message: str, *, hint: str = "", line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.line, self.column = code, message, hint, line, column


def decode(data: bytes) -> str:
    """The text of an experiment file, without byte order mark, lines ending in LF.

    Raises:
        Refused: too long (E102), not UTF-8 (E103), or with characters that do not show (E104).
    """
    if len(data) > LARGEST:
        raise Refused("E102", f"{len(data):,} bytes, more than the {LARGEST:,} an experiment file may have")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise Refused("E103", "not UTF-8 but UTF-16", hint="save the file as UTF-8")
    text = _utf8(data).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    _short_lines(text)
    if bad := _UNSEEN.search(text):
        line, column = _where(text, bad.start())
        message = f"the character U+{ord(bad[0]):04X}, which does not show"
        raise Refused("E104", message, hint="delete it, or type the line again", line=line, column=column)
    if odd := _INDENT.search(text):
        line, column = _where(text, odd.start(1))
        message = f"the character U+{ord(odd[1]):04X}, which looks like a space, used as indentation"
        raise Refused("E104", message, hint="indent with plain spaces", line=line, column=column)
    return text


def _short_lines(text: str) -> None:
    # Some scanning is quadratic in the length of a line: 60,000 of one character cost minutes.
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST_LINE:
            message = f"a line of {len(line):,} characters, more than {LONGEST_LINE:,}"
            raise Refused("E102", message, hint="break the line", line=number, column=LONGEST_LINE + 1)


def unseen(text: str) -> str | None:
    """The first character of a (quoted, unescaped) text that does not show, as U+NNNN; None where there is none."""
    bad = _UNSEEN.search(text)
    return f"U+{ord(bad[0]):04X}" if bad else None


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = _where(before, len(before))
        message = f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
        raise Refused("E103", message, hint="save the file as UTF-8", line=line, column=column) from None


def _where(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, index - before.rfind("\n")
