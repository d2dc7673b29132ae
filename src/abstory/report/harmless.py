"""Text that came from a file or a log, made safe to print: shown, never obeyed."""

from __future__ import annotations

import re
import unicodedata

_OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_MARKDOWN = re.compile(r"([\\`*_\[\]#|<>~])")


def harmless(text: str) -> str:
    """`text` with control, escape and bidi characters shown by their code instead of obeyed."""
    return "".join(char if char in "\n\t" or not _obeyed(char) else _shown(char) for char in text)


def one_line(text: str) -> str:
    """`text` on one line: runs of white space are one blank, the rest as `harmless`."""
    return harmless(" ".join(text.split()))


def in_markdown(text: str) -> str:
    """`text` on one line, with nothing in it that Markdown would take for markup."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))


def _obeyed(char: str) -> bool:
    return unicodedata.category(char) in _OBEYED


def _shown(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
