"""What an unquoted word means: the YAML 1.2 core values, and a refusal of all that readers disagree about."""

from __future__ import annotations

import re
from datetime import date

_TRUTH = {"true": True, "false": False}
_NULLS = {"", "~", "null", "Null", "NULL"}
_SWITCHES = {"y", "n", "yes", "no", "on", "off"}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_REAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DOUBTFUL = re.compile(
    r"(?P<octal>[-+]?0o?[0-9_]+)"
    r"|(?P<base>[-+]?0[xb][0-9a-fA-F_]+)"
    r"|(?P<clock>[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)"
    r"|(?P<grouped>[-+]?[0-9][0-9]*(_[0-9]+)+(\.[0-9_]*)?)"
    r"|(?P<power>[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+)"
    r"|(?P<bare>[-+]?(\.[0-9]+|[0-9]+\.|0[0-9]+\.[0-9]*))"
    r"|(?P<never>[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))"
    r"|(?P<instant>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|\s+)[0-9].*|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})"
)
_WHY = {
    "octal": "is octal to some YAML readers and decimal to others",
    "base": "is a number to some YAML readers and text to others",
    "clock": "is a number in base 60 to some YAML readers and text to others",
    "grouped": "is a number to some YAML readers and text to others",
    "power": "is a number to some YAML readers and text to others",
    "bare": "is a number to some YAML readers and text to others",
    "never": "is not a finite number",
    "instant": "is a date to some YAML readers and text to others",
}
LONGEST_NUMBER = 18
_SHOWN = 40


class Ambiguous(Exception):
    """An unquoted scalar that does not mean one thing."""

    def __init__(self, code: str, found: str, why: str, hint: str) -> None:
        self.code, self.found, self.hint = code, shortened(found), hint
        self.message = f"'{self.found}' {why}"
        super().__init__(self.message)


def resolve(text: str) -> object:
    """The value of an unquoted scalar: None, a bool, an int, a float, a date or the text itself.

    Raises:
        Ambiguous: YAML readers disagree about it (E113), or it is a number out of all bounds (E114).
    """
    if text in _NULLS:
        return None
    if text.lower() in _TRUTH:
        return _TRUTH[text.lower()]
    if text.lower() in _SWITCHES:
        raise Ambiguous("E113", text, "is true or false to some YAML readers and text to others", f'quote it: "{text}"')
    return _number(text) if text[0] in "0123456789+-." else text


def _number(text: str) -> object:
    if len(text) > LONGEST_NUMBER and (_INTEGER.fullmatch(text) or _REAL.fullmatch(text)):
        raise Ambiguous("E114", text, f"has {len(text)} digits", f"at most {LONGEST_NUMBER} digits")
    if _INTEGER.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text):
        return float(text)
    if _DATE.fullmatch(text):
        return _date(text)
    if doubt := _DOUBTFUL.fullmatch(text):
        raise _doubtful(text, str(doubt.lastgroup or next(name for name, part in doubt.groupdict().items() if part)))
    return text


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Ambiguous("E114", text, "is not a date of the calendar", "check the day") from None


def _doubtful(text: str, kind: str) -> Ambiguous:
    code = "E114" if kind == "never" else "E113"
    quoted = f'"{shortened(text)}"'
    plain = "a date as YYYY-MM-DD" if kind == "instant" else "a plain decimal number"
    hint = "write a number" if kind == "never" else f"write {plain}, or quote it: {quoted}"
    return Ambiguous(code, text, _WHY[kind], hint)


def shortened(text: str) -> str:
    """`text`, at most 40 characters of it."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
