"""A result read at an earlier instant: whether rows that arrived only after it count, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

from abstory.results import AsOf, ExperimentResult
from abstory.warehouse.parts import Later


def told(found: ExperimentResult, later: Later, *, known_then: bool) -> ExperimentResult:
    """The result with a note on the rows of before its instant that arrived after it.

    Args:
        found: read at the instant asked for.
        later: those rows.
        known_then: whether they were left out.
    """
    source = AsOf.KNOWN_THEN if known_then else found.as_of_from
    note = _note(later, known_then=known_then)
    notes = (*found.method.notes, note) if note else found.method.notes
    return replace(found, as_of_from=source, method=replace(found.method, notes=notes))


def _note(later: Later, *, known_then: bool) -> str:
    if known_then and not later.began:
        return "nothing was loaded by then: without --known-then, what was loaded since is read by the time it is of"
    if not later.exposures and not later.events:
        return "nothing of before then arrived later" if known_then else ""
    rows = f"{_of(later.exposures, 'exposure')} and {_of(later.events, 'event')} of before then arrived later"
    if known_then:
        return f"{rows}: they are left out"
    return f"{rows}: they count; --known-then leaves them out" if later.began else ""


def _of(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
