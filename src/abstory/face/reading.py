"""What everyone does who reads data: take an instant as people write it, and analyse as the ledger allows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from abstory.errors import UsageError

if TYPE_CHECKING:
    from abstory.experiment import Experiment
    from abstory.results import ExperimentResult
    from abstory.warehouse import DuckDBStore

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str, experiment: Experiment, *, now: int) -> int:
    """An instant as a user writes it, in microseconds UTC.

    Args:
        text: ISO 8601 with an offset or Z; or a date, meaning 00:00 of it in the experiment's timezone.
        experiment: whose timezone a date is in (UTC without a schedule).
        now: an instant after it is refused, because windows that are still open would be taken for closed.

    Raises:
        UsageError: anything else.
    """
    told = _parsed(text, experiment)
    us = (told - _EPOCH) // timedelta(microseconds=1)
    if us > now:
        raise UsageError(f"--as-of {text} lies in the future", hint="windows that are still open cannot be read")
    return us


def _parsed(text: str, experiment: Experiment) -> datetime:
    zone = experiment.schedule.timezone if experiment.schedule else "UTC"
    try:
        if len(text) <= len("2026-11-23"):
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), ZoneInfo(zone))
        told = datetime.fromisoformat(text)
    except ValueError:
        told = None
    if told is None or told.tzinfo is None:
        hint = "write a date such as 2026-11-30, or a time with its offset such as 2026-11-30T12:00:00+01:00"
        raise UsageError(f"--as-of {text} is not an instant", hint=hint)
    return told


def analysed(
    opened: DuckDBStore,
    experiment: Experiment,
    *,
    now: int,
    as_of_us: int | None = None,
    take: bool = False,
    known_then: bool = False,
) -> ExperimentResult:
    """The result as it stands; of planned looks, at the last one the decision ledger knows.

    Args:
        opened: the store, with the ledger.
        experiment: as the file declares it.
        now: the clock.
        as_of_us: the instant to read at; None for the data's end.
        take: whether a planned look that is due is taken; the ledger must then keep it.
        known_then: whether rows that arrived after `as_of_us` are left out.
    """
    from abstory import analysis, ledger
    from abstory.analysis import recalled

    if experiment.by_slot:
        return _of_posts(opened, experiment, now=now, as_of_us=as_of_us, known_then=known_then)
    taken = ledger.taken(ledger.history(opened, experiment.key)) if needs_ledger(experiment) else ()
    looks = analysis.Looks(taken, take)
    if as_of_us is None:
        return analysis.run(experiment, opened, now_us=now, looks=looks)
    with opened.recalled(as_of_us) if known_then else nullcontext():
        found = analysis.run(experiment, opened, now_us=now, as_of_us=as_of_us, looks=looks)
    return recalled.told(found, opened.later(experiment.key, as_of_us), known_then=known_then)


def _of_posts(
    opened: DuckDBStore, experiment: Experiment, *, now: int, as_of_us: int | None, known_then: bool
) -> ExperimentResult:
    from abstory import analysis
    from abstory.results import AsOf

    if as_of_us is None or not known_then:
        return analysis.run(experiment, opened, now_us=now, as_of_us=as_of_us)
    with opened.recalled(as_of_us):
        found = analysis.run(experiment, opened, now_us=now, as_of_us=as_of_us)
    return replace(found, as_of_from=AsOf.KNOWN_THEN)


def described(
    opened: DuckDBStore, experiment: Experiment, found: ExperimentResult, *, known_us: int | None = None
) -> ExperimentResult:
    """`found` with what only a report shows: how long views last.

    Args:
        opened: the store that it was found in.
        experiment: as the file declares it.
        found: the analysis.
        known_us: leave out rows that arrived after it, as the analysis did; None for none.
    """
    from abstory.analysis import retaining

    if experiment.by_slot:
        return found
    with nullcontext() if known_us is None else opened.recalled(known_us):
        return retaining.beside(experiment, opened, found)


def segmented(
    opened: DuckDBStore,
    experiment: Experiment,
    found: ExperimentResult,
    by: Sequence[str],
    only: Sequence[str] = (),
) -> ExperimentResult:
    """The result with segments by each attribute named beside it; as it is where none is.

    Raises:
        UsageError: an attribute is not stored, or was only measured too late.
    """
    if not by:
        return found
    if experiment.by_slot:
        raise UsageError(f"{experiment.key} randomises posts: no viewer of theirs is known", hint="leave out --by")
    from abstory.analysis.segments import segmented
    from abstory.results import AsOf

    known_then = found.as_of_from is AsOf.KNOWN_THEN
    with opened.recalled(found.as_of_us) if known_then else nullcontext():
        return segmented(experiment, opened, found, by, only)


def needs_ledger(experiment: Experiment) -> bool:
    """Whether what was looked at before decides how the data are read."""
    from abstory.analysis.readings import planned_looks

    return planned_looks(experiment) is not None
