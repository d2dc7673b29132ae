"""The health of an installation: lines for people, the `doctor/1` document for programs.

`doctor/1`: `abstory`, `settings` [{name, value, origin}] and `findings` [{about, status (ok | warn | fail | unknown),
said, advice}].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from abstory.report.json import Plain
from abstory.report.look import Look
from abstory.report.prose import paragraph
from abstory.results import Status

FORMAT = "doctor/1"
_MARKS = {Status.OK: "ok", Status.WARN: "!!", Status.FAIL: "no", Status.UNKNOWN: "??"}
_STYLES = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red", Status.UNKNOWN: "yellow"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One global setting: its value, and where that came from (a flag, the environment, a file, our default)."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and what to do where it is not well."""

    about: str
    status: Status
    said: str
    advice: str = ""


def lines(settings: Sequence[Setting], findings: Sequence[Finding], look: Look) -> list[Text]:
    """A line a finding, with advice where there is something to do; then every setting and its origin."""
    width = max(map(len, [*(one.about for one in findings), *(one.name for one in settings)]))
    told = [line for one in findings for line in _finding(one, width, look)]
    head = Text("settings, and where each comes from", "bold")
    return [*told, Text(), head, *(line for one in settings for line in _setting(one, width, look))]


def _finding(one: Finding, width: int, look: Look) -> list[Text]:
    lead = f"{_MARKS[one.status]}  {one.about:<{width}}  "
    said = paragraph(lead, look.say(one.said), look.width, style=_STYLES[one.status])
    return said + (paragraph(look.plain("    → "), look.say(one.advice), look.width) if one.advice else [])


def _setting(one: Setting, width: int, look: Look) -> list[Text]:
    return paragraph(f"    {one.name:<{width}}  ", look.say(f"{one.value} ({one.origin})"), look.width)


def document(settings: Sequence[Setting], findings: Sequence[Finding]) -> Plain:
    """The `doctor/1` document as plain values."""
    return {
        "abstory": FORMAT,
        "settings": [{"name": one.name, "value": one.value, "origin": one.origin} for one in settings],
        "findings": [
            {"about": one.about, "status": one.status.value, "said": one.said, "advice": one.advice} for one in findings
        ],
    }
