"""A project at a glance: one line an experiment, and the `status/1` document.

`status/1`: `abstory`, `as_of` and `experiments` [{key, file, state, day, days, viewers (the immature among them),
immature, data, ruling, variant, days_left, problem}]; null for what is not known, `problem` null where there is none.
`state` is draft (no schedule and no exposure), not started, running, ended, or broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.text import Text

from abstory import digits
from abstory.report.json import Plain, instant, status
from abstory.report.look import Look
from abstory.report.prose import paragraph
from abstory.report.tables import Column, lay
from abstory.results import ExperimentResult, Status, Verdict

FORMAT = "status/1"
_WORDS = {Status.OK: "ok", Status.WARN: "warning", Status.FAIL: "untrusted", Status.UNKNOWN: "unknown"}
_STYLES = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red", Status.UNKNOWN: "dim"}


class State(StrEnum):
    """Where an experiment is in its life."""

    DRAFT = "draft"
    NOT_STARTED = "not started"
    RUNNING = "running"
    ENDED = "ended"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Entry:
    """One experiment of the project.

    Attributes:
        key: of the experiment; of a broken file its name.
        file: the path as found.
        state: where it is in its life.
        result, verdict: None where nothing could be analysed.
        problem: what stands in the way; empty where nothing does.
    """

    key: str
    file: str
    state: State
    result: ExperimentResult | None = None
    verdict: Verdict | None = None
    problem: str = ""


def lines(entries: Sequence[Entry], look: Look) -> list[Text]:
    """A table of all entries, then what is wrong with each that has a problem."""
    if not entries:
        return paragraph("", "no experiment files in experiments/: abstory new KEY writes one", look.width)
    data = [_data(entry) for entry in entries]
    table = lay(
        [
            Column("experiment", tuple(look.say(entry.key) for entry in entries)),
            Column("state", tuple(_state(entry) for entry in entries)),
            Column("viewers", tuple(_viewers(entry) for entry in entries), right=True, drop=2, name="viewers"),
            Column("data", tuple(_WORDS[d] if d else "" for d in data), drop=1, name="data", styles=_styles(data)),
            Column("verdict", tuple(look.say(_verdict(entry)) for entry in entries)),
        ],
        look.width,
        look.plain("─"),
    )
    return [*table.lines, *(line for entry in entries for line in _problem(entry, look))]


def document(entries: Sequence[Entry], as_of_us: int) -> Plain:
    """The `status/1` document as plain values."""
    return {"abstory": FORMAT, "as_of": instant(as_of_us), "experiments": [_plain(entry) for entry in entries]}


def _state(entry: Entry) -> str:
    result = entry.result
    if entry.state is not State.RUNNING or result is None or result.day < 1:
        return entry.state.value
    return f"day {result.day} of {result.days}" if result.days else f"day {result.day}"


def _viewers(entry: Entry) -> str:
    return digits.count(_seen(entry.result)) if _counted(entry) else ""


def _counted(entry: Entry) -> bool:
    """Whether the number of viewers is known; nothing recorded yet is a known 0."""
    return entry.result is not None or not entry.problem


def _seen(result: ExperimentResult | None) -> int:
    return sum(arm.viewers + arm.immature for arm in result.arms) if result else 0


def _data(entry: Entry) -> Status | None:
    return status(entry.result.checks) if entry.result and _seen(entry.result) else None


def _styles(data: Sequence[Status | None]) -> tuple[str, ...]:
    return tuple(_STYLES[told] if told else "" for told in data)


def _verdict(entry: Entry) -> str:
    if entry.verdict is None:
        return "see below" if entry.problem else "NO DATA"
    variant = f" {entry.verdict.variant}" if entry.verdict.variant else ""
    days = entry.verdict.days_left
    return f"{entry.verdict.ruling.value}{variant}{f' (about {days} d)' if days is not None else ''}"


def _problem(entry: Entry, look: Look) -> list[Text]:
    if not entry.problem:
        return []
    return paragraph(f"{look.say(entry.key)}: ", look.say(entry.problem), look.width, style="red")


def _plain(entry: Entry) -> Plain:
    result, verdict, data = entry.result, entry.verdict, _data(entry)
    return {
        "key": entry.key,
        "file": entry.file,
        "state": entry.state.value,
        "day": result.day if result else None,
        "days": result.days if result else None,
        "viewers": _seen(result) if _counted(entry) else None,
        "immature": sum(arm.immature for arm in result.arms) if result else None,
        "data": data.value if data else None,
        "ruling": verdict.ruling.value if verdict else None,
        "variant": verdict.variant if verdict else None,
        "days_left": verdict.days_left if verdict else None,
        "problem": entry.problem or None,
    }
