"""`abstory status`: one line an experiment."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from abstory.cli import output, reading
from abstory.cli.patience import one_by_one
from abstory.cli.remembered import Kept, Remembered, state_of
from abstory.cli.settings import Settings
from abstory.errors import AbstoryError, StoreError

if TYPE_CHECKING:
    from abstory.experiment import Experiment
    from abstory.report.status import Entry, State
    from abstory.results import ExperimentResult
    from abstory.spec.project import Loaded
    from abstory.warehouse import DuckDBStore


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="The status/1 document.")
@click.pass_obj
def command(settings: Settings, /, *, as_json: bool) -> None:
    """Show every experiment of the project: state, day, viewers, health of the data, verdict.

    A broken file is a line with its first error. Without a database every experiment has no viewers yet.
    """
    run(settings, as_json=as_json)


def run(settings: Settings, *, as_json: bool) -> None:
    """The command on parsed options."""
    from abstory.report import status
    from abstory.report.json import written

    now = reading.now_us()
    memory = Remembered(f"status {settings.project.resolve()} {settings.database.resolve()}")
    with _Store(settings) as store:
        entries = _entries(settings, Survey(store, memory, now))
    memory.save()
    look = output.look(settings)
    if as_json:
        output.write(written(status.document(entries, now), look))
    else:
        output.show(settings, status.lines(entries, look))


class _Store:
    """The project's database, opened when first asked for; no database is no viewers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: DuckDBStore | None = None
        self.state = state_of(settings.database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened:
            self._opened.close()

    @cached_property
    def opened(self) -> DuckDBStore | None:
        if not self._settings.database.exists():
            return None
        self._opened = reading.opened(self._settings)
        return self._opened

    @cached_property
    def seen(self) -> frozenset[str]:
        """The experiments that have an exposure."""
        return self.opened.experiments() if self.opened else frozenset()


@dataclass(frozen=True, slots=True)
class Survey:
    """What is needed to look at each experiment, once."""

    store: _Store
    memory: Remembered
    now: int


def _entries(settings: Settings, survey: Survey) -> list[Entry]:
    """A line a file; where two declare one key, the second is broken, which only a look at all of them can tell."""
    from abstory.report.status import Entry, State
    from abstory.spec.project import files
    from abstory.spec.project import survey as checked

    paths = files(settings.project)
    entries = [_remembered(path, survey) for path in one_by_one(settings, paths, "experiments")]
    keys = [entry.key for entry in entries if entry.state is not State.BROKEN]
    if len(keys) == len(set(keys)):
        return entries
    broken = {one.path: _first_error(one) for one in checked(paths) if one.experiment is None}
    return [
        Entry(path.stem, str(path), State.BROKEN, problem=broken[path]) if path in broken else entry
        for path, entry in zip(paths, entries, strict=True)
    ]


def _remembered(path: Path, survey: Survey) -> Entry:
    """As it was found last time, with what the clock alone decides; else looked at now."""
    token = f"{_digest(path)} {survey.store.state}"
    kept = survey.memory.recall(str(path), token)
    if kept is None:
        kept = _looked_at(path, survey)
        # Before the data's end time itself decides which windows are closed, so nothing can be kept.
        if kept["pinned"]:
            survey.memory.keep(str(path), token, kept)
    return _told(kept, survey.now)


def _digest(path: Path) -> str:
    import hashlib

    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "unreadable"


def _told(kept: Kept, now: int) -> Entry:
    from abstory.report.status import Entry, State
    from abstory.results import Status

    entry = Entry(**{**kept["entry"], "state": State(kept["entry"]["state"]), "data": None})
    data = Status(kept["entry"]["data"]) if kept["entry"]["data"] else None
    stale = kept["stale_from"] is not None and now > kept["stale_from"]
    data = Status.WARN if data is Status.OK and stale else data
    return replace(entry, state=_state(kept, now), data=data)


def _state(kept: Kept, now: int) -> State:
    from abstory.report.status import State

    if kept["entry"]["state"] == State.BROKEN:
        return State.BROKEN
    if kept["start"] is None:
        return State.RUNNING if kept["seen"] else State.DRAFT
    if now < kept["start"]:
        return State.NOT_STARTED
    return State.RUNNING if now < kept["end"] else State.ENDED


def _looked_at(path: Path, survey: Survey) -> Kept:
    from abstory.report.status import Entry, State
    from abstory.spec.project import survey as checked

    (loaded,) = checked([path])
    if loaded.experiment is None:
        entry = Entry(path.stem, str(path), State.BROKEN, problem=_first_error(loaded))
        return _kept(entry, pinned=True)
    return _of(loaded.experiment, str(path), survey)


def _of(experiment: Experiment, file: str, survey: Survey) -> Kept:
    from abstory import decision
    from abstory.report.status import Entry, State

    times = (experiment.start_us, experiment.end_us) if experiment.schedule else (None, None)
    nothing = Entry(experiment.key, file, State.DRAFT)
    store = survey.store.opened
    if store is None or experiment.key not in survey.store.seen:
        return _kept(nothing, times, pinned=True)
    try:
        result = reading.analysed(store, experiment, now=survey.now)
        verdict = decision.decide(experiment, result)
    except StoreError:
        raise
    except AbstoryError as error:
        return _kept(replace(nothing, problem=error.message), times, seen=True)
    fresh = replace(result, checks=tuple(check for check in result.checks if check.id != "age"))
    entry = Entry.of(experiment.key, file, State.DRAFT, fresh, verdict)
    seen = result.first_exposure_us is not None
    return _kept(entry, times, seen=seen, pinned=_pinned(result), stale=_stale_from(experiment, result))


def _kept(
    entry: Entry,
    times: tuple[int | None, int | None] = (None, None),
    *,
    seen: bool = False,
    pinned: bool = False,
    stale: int | None = None,
) -> Kept:
    start, end = times
    return {"entry": asdict(entry), "start": start, "end": end, "seen": seen, "pinned": pinned, "stale_from": stale}


def _pinned(result: ExperimentResult) -> bool:
    from abstory.results import AsOf

    return result.as_of_from not in {AsOf.NOW, AsOf.GIVEN}


def _stale_from(experiment: Experiment, result: ExperimentResult) -> int | None:
    """From when on the data are old; None where all there is to come has come."""
    from abstory.analysis.readings import over
    from abstory.experiment import HOUR_US
    from abstory.quality.counts import STALE_HOURS

    if result.data_end_us is None or over(experiment, result.as_of_us):
        return None
    return result.data_end_us + STALE_HOURS * HOUR_US


def _first_error(loaded: Loaded) -> str:
    errors = [found for found in loaded.diagnostics if found.severity == "error"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    first = errors[0]
    return f"{loaded.path.name}:{first.line}:{first.column}: {first.message}{more}"
