"""A project at a glance: one line an experiment, and the `status/1` document.

`status/1`: `abstory`, `as_of` and `experiments` [{key, file, state, day, days, unit (viewer or post), viewers (posts,
the immature among them), immature, data, ruling, variant, days_left, problem}]; null for what is not known, `problem`
null where there is none.
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
from abstory.results import ExperimentResult, Ruling, Status, Verdict

FORMAT = "status/1"
_WAITING = "all exposed; a report counts them once their window has closed"
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
    """One experiment of the project: what a line shows.

    Attributes:
        key: of the experiment; of a broken file its name.
        file: the path as found.
        state: where it is in its life.
        day, days: running day and planned days; None for what is not known.
        viewers: seen so far, those whose window is open among them; None where nothing could be counted.
        immature: those whose window is open; None where nothing was analysed.
        data: health of the data; None without viewers.
        ruling, variant, days_left: of the verdict; None without one.
        problem: what stands in the way; empty where nothing does.
        unit: what is counted as viewers: `viewer` or `post`.
    """

    key: str
    file: str
    state: State
    day: int | None = None
    days: int | None = None
    viewers: int | None = None
    immature: int | None = None
    data: Status | None = None
    ruling: str | None = None
    variant: str | None = None
    days_left: int | None = None
    problem: str = ""
    unit: str = "viewer"

    @classmethod
    def of(cls, key: str, file: str, state: State, result: ExperimentResult, verdict: Verdict) -> Entry:
        """Of what was analysed."""
        seen = sum(arm.viewers + arm.immature for arm in result.arms)
        return cls(
            key,
            file,
            state,
            result.day,
            result.days,
            seen,
            sum(arm.immature for arm in result.arms),
            status(result.checks) if seen else None,
            verdict.ruling.value,
            verdict.variant,
            verdict.days_left,
            unit=result.unit,
        )


def lines(entries: Sequence[Entry], look: Look) -> list[Text]:
    """A table of all entries, then what is wrong with each that has a problem."""
    if not entries:
        return paragraph("", "no experiment files in experiments/: abstory new KEY writes one", look.width)
    data = [entry.data for entry in entries]
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
    hidden = paragraph("hidden: ", ", ".join(table.dropped), look.width, style="dim") if table.dropped else []
    waiting = any(entry.immature for entry in entries) and "viewers" not in table.dropped
    told = paragraph("viewers: ", _WAITING, look.width, style="dim") if waiting else []
    return [*table.lines, *hidden, *told, *(line for entry in entries for line in _problem(entry, look))]


def document(entries: Sequence[Entry], as_of_us: int) -> Plain:
    """The `status/1` document as plain values."""
    return {"abstory": FORMAT, "as_of": instant(as_of_us), "experiments": [_plain(entry) for entry in entries]}


def _state(entry: Entry) -> str:
    if entry.state is not State.RUNNING or not entry.day or entry.day < 1:
        return entry.state.value
    return f"day {entry.day} of {entry.days}" if entry.days else f"day {entry.day}"


def _viewers(entry: Entry) -> str:
    if (seen := _seen(entry)) is None:
        return ""
    return digits.count(seen) if entry.unit == "viewer" else f"{digits.count(seen)} {entry.unit}s"


def _seen(entry: Entry) -> int | None:
    """Nothing recorded yet is a known 0."""
    return 0 if entry.viewers is None and not entry.problem else entry.viewers


def _styles(data: Sequence[Status | None]) -> tuple[str, ...]:
    return tuple(_STYLES[told] if told else "" for told in data)


def _verdict(entry: Entry) -> str:
    if entry.ruling is None:
        return "see below" if entry.problem else Ruling.NO_DATA.value
    variant = f" {entry.variant}" if entry.variant else ""
    return f"{entry.ruling}{variant}{f' (about {entry.days_left} d)' if entry.days_left is not None else ''}"


def _problem(entry: Entry, look: Look) -> list[Text]:
    if not entry.problem:
        return []
    return paragraph(f"{look.say(entry.key)}: ", look.say(entry.problem), look.width, style="red")


def _plain(entry: Entry) -> Plain:
    return {
        "key": entry.key,
        "file": entry.file,
        "state": entry.state.value,
        "day": entry.day,
        "days": entry.days,
        "unit": entry.unit,
        "viewers": _seen(entry),
        "immature": entry.immature,
        "data": entry.data.value if entry.data else None,
        "ruling": entry.ruling,
        "variant": entry.variant,
        "days_left": entry.days_left,
        "problem": entry.problem or None,
    }
