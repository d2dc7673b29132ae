"""`abstory ingest`: files into the store, and what became of every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abstory.cli.output import console, harmless, note, say_error
from abstory.cli.settings import Settings
from abstory.errors import ExitCode, InputRefused

if TYPE_CHECKING:
    from rich.table import Table

    from abstory.warehouse import DuckDBStore
    from abstory.warehouse.base import Ingested, Progress, Wishes

SLOW_BYTES = 30_000_000
"""A file this long takes about a second: from here on progress is shown."""
_KINDS = ("events", "exposures", "attributes", "posts", "totals")


@click.command(
    epilog="Refused files leave with exit code 2 and write nothing; rows set aside are counted and are no failure."
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--map", "pairs", multiple=True, metavar="THEIRS=OURS", help="A column of the file by another name.")
@click.option("--experiment", metavar="KEY", default=None, help="The experiment of rows that name none.")
@click.option("--kind", type=click.Choice(_KINDS), default=None, help="What the rows are  [default: by the columns]")
@click.option("--show", type=click.IntRange(0, 20), default=3, show_default=True, help="Rows set aside to show a file.")
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON.")
@click.pass_obj
def command(
    settings: Settings,
    /,
    files: tuple[Path, ...],
    pairs: tuple[str, ...],
    experiment: str | None,
    kind: str | None,
    show: int,
    *,
    as_json: bool,
) -> int:
    """Load events, exposures, attributes, posts or totals: CSV, JSON lines or Parquet; a file twice changes nothing."""
    from abstory.warehouse import open_store
    from abstory.warehouse.base import Wishes

    wishes = Wishes(_mapping(pairs), kind, experiment, _known_events(settings.project), _known_frames(settings.project))
    fresh = not settings.database.exists()
    with open_store(settings.database, create=True, wait=settings.wait, memory=settings.memory, files=files) as store:
        outcomes = [_one(settings, store, file, wishes) for file in files]
        if fresh and not any(outcomes):
            # Refused means nothing written; while the database is open, nobody else can have begun to use it.
            settings.database.unlink()
    loaded = [outcome for outcome in outcomes if outcome is not None]
    if as_json:
        _say_json(loaded, len(outcomes) - len(loaded))
    elif loaded:
        _say(settings, loaded, show)
    return ExitCode.DONE if len(loaded) == len(outcomes) else ExitCode.REFUSED


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not (theirs and equals and ours):
            raise click.BadParameter(f"{pair!r}: write THEIRS=OURS, such as user=viewer_id", param_hint="--map")
        mapping[theirs] = ours
    return mapping


def _known_events(project: Path) -> frozenset[str]:
    """The events of the built-in metrics, those that the project's files declare, and `exposure`."""
    from abstory.experiment.definitions import resolved
    from abstory.metrics import EVENTS
    from abstory.spec import find_all

    own = (
        resolved(name, definition)
        for experiment in find_all(project)
        for name, definition in experiment.metrics.define.items()
    )
    declared = (name for metric in own if metric for measure in metric.measures for name in measure.events)
    return frozenset((*EVENTS, *declared, "exposure"))


def _known_frames(project: Path) -> dict[str, int]:
    """The most frames that the project's files declare of a story, by its id."""
    from abstory.spec import find_all

    found: dict[str, int] = {}
    for experiment in find_all(project):
        counts = [count for variant in experiment.variants if (count := experiment.frames_of(variant))]
        for story in experiment.story_ids if counts else ():
            found[story] = max(*counts, found.get(story, 0))
    return found


def _one(settings: Settings, store: DuckDBStore, file: Path, wishes: Wishes) -> Ingested | None:
    """One file; None where it was refused, which is said at once."""
    import time

    try:
        with _progress(settings, file) as progress:
            return store.ingest(file, wishes, now_us=time.time_ns() // 1000, progress=progress)
    except InputRefused as error:
        say_error(error)
        return None


@contextmanager
def _progress(settings: Settings, file: Path) -> Iterator[Progress | None]:
    import sys

    if settings.quiet or not sys.stderr.isatty() or not file.is_file() or file.stat().st_size < SLOW_BYTES:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=console(settings, stderr=True), transient=True) as bar:
        task = bar.add_task(harmless(file.name), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _say(settings: Settings, outcomes: Sequence[Ingested], show: int) -> None:
    console(settings).print(_table(settings, outcomes))
    for outcome in outcomes:
        for line in _remarks(outcome, show):
            note(settings, line)


def _table(settings: Settings, outcomes: Sequence[Ingested]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.ASCII if settings.ascii_only else box.SIMPLE_HEAD, pad_edge=False)
    for name in ("file", "kind"):
        table.add_column(name, overflow="fold")
    for name in ("read", "stored", "duplicate", "quarantined"):
        table.add_column(name, justify="right")
    for one in outcomes:
        counts = (one.read, one.stored, one.duplicate, one.quarantined)
        table.add_row(harmless(one.file), one.kind, *(f"{count:,}" for count in counts))
    return table


def _remarks(outcome: Ingested, show: int) -> Iterator[str]:
    from abstory import digits

    name = Path(outcome.file).name
    if outcome.already:
        yield f"{name}: the same bytes were ingested before; nothing was read again"
    elif not outcome.read:
        yield f"{name}: a header and no rows"
    if outcome.conflicts:
        kept = "earlier post" if outcome.kind == "posts" else "smaller value"
        yield f"{name}: {digits.counted(outcome.conflicts, 'duplicate')} told something else; the {kept} is kept"
    yield from (f"{name}: warning: {warning}" for warning in outcome.warnings)
    for row in outcome.first[:show]:
        yield f"{name}:{row.line}: {row.reason}: {row.excerpt}"
    if show and outcome.quarantined > show:
        most = "; ".join(f"{count:,} x {reason}" for reason, count in list(outcome.reasons.items())[:3])
        yield f"{name}: {digits.counted(outcome.quarantined, 'row')} set aside: {most} (--show 20 for more)"


def _say_json(outcomes: Sequence[Ingested], refused: int) -> None:
    import json
    from dataclasses import asdict

    document = {"files": [asdict(outcome) for outcome in outcomes], "refused": refused}
    click.echo(json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False))
