"""`abstory status`: one line an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from abstory.cli import output, reading
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
    with _store(settings) as store:
        entries = list(_entries(settings, store, now))
    look = output.look(settings)
    if as_json:
        output.write(written(status.document(entries, now), look))
    else:
        output.show(settings, status.lines(entries, look))


@contextmanager
def _store(settings: Settings) -> Iterator[DuckDBStore | None]:
    if not settings.database.exists():
        yield None
        return
    with reading.store(settings) as store:
        yield store


def _entries(settings: Settings, store: DuckDBStore | None, now: int) -> Iterator[Entry]:
    from abstory.report.status import Entry, State
    from abstory.spec.project import files, survey

    for loaded in survey(files(settings.project)):
        if loaded.experiment is None:
            yield Entry(loaded.path.stem, str(loaded.path), State.BROKEN, problem=_first_error(loaded))
        else:
            yield _entry(loaded.experiment, str(loaded.path), store, now)


def _first_error(loaded: Loaded) -> str:
    errors = [found for found in loaded.diagnostics if found.severity == "error"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    first = errors[0]
    return f"{loaded.path.name}:{first.line}:{first.column}: {first.message}{more}"


def _entry(experiment: Experiment, file: str, store: DuckDBStore | None, now: int) -> Entry:
    from abstory import decision
    from abstory.report.status import Entry

    if store is None:
        return Entry(experiment.key, file, _state(experiment, None, now))
    try:
        result = reading.analysed(store, experiment, now=now)
        verdict = decision.decide(experiment, result)
    except StoreError:
        raise
    except AbstoryError as error:
        return Entry(experiment.key, file, _state(experiment, None, now), problem=error.message)
    return Entry(experiment.key, file, _state(experiment, result, now), result, verdict)


def _state(experiment: Experiment, result: ExperimentResult | None, now: int) -> State:
    from abstory.report.status import State

    seen = result is not None and result.first_exposure_us is not None
    if experiment.schedule is None:
        return State.RUNNING if seen else State.DRAFT
    if now < experiment.start_us:
        return State.NOT_STARTED
    return State.RUNNING if now < experiment.end_us else State.ENDED
