"""What a text that is no YAML most likely wanted to be, in words for people who do not know the parser's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from abstory.spec.diagnostics import Place

Told = tuple[Place, str, str]


@dataclass(frozen=True, slots=True)
class Stuck:
    """Where the parser gave up.

    Attributes:
        reason: its own words.
        context: what it was in the middle of, in its own words.
        place: where it gave up.
        begun: where what it was in the middle of began.
        lines: of the text.
    """

    reason: str
    context: str
    place: Place
    begun: Place
    lines: tuple[str, ...]


def explained(stuck: Stuck) -> Told:
    """Where the fault is, what it is, and what may have been meant."""
    for sign, told in _TOLD.items():
        if sign in f"{stuck.reason} {stuck.context}":
            return told(stuck)
    context = f" {stuck.context}" if stuck.context else ""
    end = "stream end" in stuck.reason or stuck.place.line >= len(stuck.lines)
    return stuck.place, f"YAML syntax: {stuck.reason}{context}", "is something unclosed above?" if end else ""


def _tab(stuck: Stuck) -> Told:
    within = stuck.lines[stuck.place.line - 1][: stuck.place.column - 1].strip()
    what, hint = ("inside a line", "write a space") if within else ("used as indentation", "indent with spaces")
    return stuck.place, f"a tab {what}", hint


def _open_quote(stuck: Stuck) -> Told:
    return stuck.begun, "a quote that is never closed", "end the text with the same quote"


def _open_bracket(stuck: Stuck) -> Told:
    bracket = stuck.lines[stuck.begun.line - 1][stuck.begun.column - 1 : stuck.begun.column]
    at = f"line {stuck.place.line}, column {stuck.place.column}"
    return stuck.begun, f"what begins with {bracket} is not closed, or lacks a comma", f"it goes wrong in {at}"


def _after_quote(stuck: Stuck) -> Told:
    hint = "put quotes round all of it, of the kind that it does not hold"
    return stuck.place, "text after a closing quote", hint


def _indented(stuck: Stuck) -> Told:
    hint = "the fields of one section begin in the same column"
    return stuck.place, "indented unlike the fields beside it", hint


def _colon(stuck: Stuck) -> Told:
    before = stuck.lines[stuck.place.line - 1][: stuck.place.column - 1]
    if ": " in before:
        return stuck.place, "a second colon in one line", 'a text with ": " in it needs quotes'
    hint = "is it indented too far, or does the line above lack a space after its colon?"
    return stuck.place, "a field that the line above leaves no room for", hint


def _stray(stuck: Stuck) -> Told:
    char = stuck.lines[stuck.place.line - 1][stuck.place.column - 1 : stuck.place.column]
    return stuck.place, f"a {char} that closes nothing", "delete it"


def _no_colon(stuck: Stuck) -> Told:
    return stuck.begun, "a name without a value", "write name: value, with a space after the colon"


def _special(stuck: Stuck) -> Told:
    char = stuck.lines[stuck.begun.line - 1][stuck.begun.column - 1 : stuck.begun.column]
    return stuck.begun, f"a text cannot begin with {char}", "put it in quotes"


_TOLD: dict[str, Callable[[Stuck], Told]] = {
    "'\\t'": _tab,
    "while scanning a quoted scalar": _open_quote,
    "while parsing a flow": _open_bracket,
    "expected <block end>, but found '<scalar>'": _after_quote,
    "expected <block end>, but found '<block mapping start>'": _indented,
    "expected <block end>, but found ']'": _stray,
    "expected <block end>, but found '}'": _stray,
    "mapping values are not allowed": _colon,
    "could not find expected ':'": _no_colon,
    "that cannot start any token": _special,
    "while scanning a block scalar": _special,
    "while scanning an anchor": _special,
}
"""What the parser says, and what is said instead; the first that fits."""
