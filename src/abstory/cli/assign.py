"""`abstory assign`: which variant a viewer gets, or every viewer of a file."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from abstory.assignment.assign import WHOLE, Assigner, Assignment, Explanation, Reason
from abstory.assignment.eligibility import known, named
from abstory.cli.completion import keys
from abstory.cli.output import note, write
from abstory.cli.settings import Settings

if TYPE_CHECKING:
    from abstory.experiment import Experiment
    from abstory.warehouse.base import Exposure
    from abstory.warehouse.bulk import Bulk

_LONG = 16 * 2**20


@click.command(short_help="Say which variant a viewer gets, or a whole file of viewers.")
@click.argument("key", shell_complete=keys)
@click.argument("viewer", required=False)
@click.option(
    "--attribute", multiple=True, metavar="NAME=VALUE", help="What is known of the viewer, such as country=DE."
)
@click.option("--explain", is_flag=True, help="Show every step; looking is not showing, so nothing is recorded.")
@click.option("--input", "source", type=click.Path(path_type=Path), help="Viewers in .csv, .jsonl or .parquet.")
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), help="Where --input is answered.")
@click.option("--id-column", default="viewer_id", show_default=True, help="The column of ids in --input.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--dry-run", is_flag=True, help="Record no exposure.")
@click.pass_obj
def command(settings: Settings, /, key: str, viewer: str | None, **options: Any) -> None:
    """Say which variant of KEY the VIEWER gets, and record that it was shown now, unless --dry-run.

    With --input every viewer of a file is assigned; columns named like the audience's attributes decide eligibility.
    Viewers who will not see the story now must not be recorded: use --dry-run and ingest the exposures later.
    """
    from abstory.spec.project import find

    if (viewer is None) == (options["source"] is None):
        raise click.UsageError("name one VIEWER, or a file of viewers with --input")
    experiment = find(settings.project, key)
    if viewer is not None:
        _one(settings, experiment, viewer, options)
    else:
        _many(settings, experiment, options)


def _one(settings: Settings, experiment: Experiment, viewer: str, options: Mapping[str, Any]) -> None:
    if options["target"] is not None:
        raise click.UsageError("--output goes with --input")
    attributes = dict(map(_pair, options["attribute"]))
    assigner = Assigner(experiment)
    if options["explain"]:
        _show_steps(assigner.explain(viewer, attributes), experiment, as_json=options["as_json"])
        return
    assignment = assigner.assign(viewer, attributes)
    recorded = assignment.variant is not None and not options["dry_run"]
    if recorded:
        told = known(named(experiment.audience), attributes)
        _record(settings, experiment, iter([[(assignment.viewer_id, str(assignment.variant), told)]]))
        note(settings, f"recorded as shown now in {settings.database} (--dry-run records nothing)")
    if options["as_json"]:
        _write_json(_document(assignment, experiment) | {"recorded": recorded})
    else:
        write(_line(assignment) + "\n")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter("write NAME=VALUE, such as country=DE", param_hint="--attribute")
    return name, value


def _line(assignment: Assignment) -> str:
    if assignment.variant is None:
        return f"no variant: {_WORDS[assignment.reason]}"
    levels = " ".join(f"{factor}={level}" for factor, level in assignment.creative.items())
    return f"{assignment.variant}  {levels}".rstrip()


_WORDS = {Reason.NOT_ELIGIBLE: "not eligible", Reason.OUTSIDE_TRAFFIC: "outside the traffic share"}


def _document(assignment: Assignment, experiment: Experiment) -> dict[str, object]:
    return {
        "abstory": "assign/1",
        "experiment": experiment.key,
        "fingerprint": experiment.fingerprint,
        "variant": assignment.variant,
        "reason": assignment.reason.value,
        "creative": dict(assignment.creative),
    }


def _write_json(document: Mapping[str, object]) -> None:
    import json

    write(json.dumps(document, allow_nan=False) + "\n")


def _show_steps(steps: Explanation, experiment: Experiment, *, as_json: bool) -> None:
    if as_json:
        reached = {"failed": steps.failed, "traffic_bucket": steps.traffic_bucket, "share": steps.share}
        drawn = {"draw": steps.draw, "total_weight": steps.total_weight, "ranges": dict(steps.ranges)}
        _write_json(_document(steps.assignment, experiment) | {"recorded": False, "steps": reached | drawn})
    else:
        write("".join(f"{line}\n" for line in _steps(steps)))


def _steps(steps: Explanation) -> Iterator[str]:
    yield f"eligible  {'yes' if steps.failed is None else f'no: attribute {steps.failed} is missing or does not match'}"
    if steps.traffic_bucket is not None:
        inside = "takes part" if steps.traffic_bucket < steps.share else "stays out"
        yield f"traffic   bucket {steps.traffic_bucket} of {WHOLE}, share below {steps.share}: {inside}"
    if steps.draw is not None:
        yield f"draw      {steps.draw} of {steps.total_weight}"
        for name, (start, end) in steps.ranges.items():
            yield f"          {start}-{end - 1}  {name}"
    yield f"variant   {_line(steps.assignment)}"


def _many(settings: Settings, experiment: Experiment, options: Mapping[str, Any]) -> None:
    from abstory.assignment.bulk import plan
    from abstory.warehouse.bulk import bulk

    source, target = options["source"], options["target"]
    if target is None or options["attribute"] or options["explain"]:
        raise click.UsageError("--input needs --output, and takes neither --attribute nor --explain")
    decided = plan(experiment, options["id_column"], keep=not options["dry_run"])
    with _busy(settings, source), bulk(source, decided, beside=target) as done:
        names = decided.attributes
        recorded = 0 if options["dry_run"] else _record(settings, experiment, _told(done.batches(), names))
        done.write(target)
    if options["as_json"]:
        _write_json({"abstory": "assign-bulk/1", "experiment": experiment.key, "rows": done.counts})
    _tell(settings, done, options)
    if recorded:
        note(settings, f"recorded {recorded:,} as shown now in {settings.database} (--dry-run records nothing)")


def _tell(settings: Settings, done: Bulk, options: Mapping[str, Any]) -> None:
    from abstory.assignment.places import refused_ids

    counts = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in sorted(done.counts.items()))
    note(settings, f"{options['target']}: {counts or 'no viewers'}")
    if done.counts.get("invalid_ids"):
        for line, reason in refused_ids(options["source"], options["id_column"]):
            click.echo(f"{options['source']}:{line}: {reason}; left out", err=True)


_Shown = tuple[str, str, tuple[tuple[str, str], ...]]


def _told(batches: Iterator[list[tuple[str, ...]]], names: Sequence[str]) -> Iterator[list[_Shown]]:
    """Viewer, variant and attributes by name; an attribute that is asked about twice is told once."""
    for batch in batches:
        yield [(row[0], row[1], tuple(dict(zip(names, row[2:], strict=True)).items())) for row in batch]


def _record(settings: Settings, experiment: Experiment, batches: Iterator[list[_Shown]]) -> int:
    from abstory.warehouse import open_store

    now = time.time_ns() // 1000
    with open_store(settings.database, create=True, wait=settings.wait, memory=settings.memory) as store:
        return sum(store.record(_exposures(experiment, batch, now)) for batch in batches)


def _exposures(experiment: Experiment, batch: list[_Shown], now: int) -> list[Exposure]:
    from abstory.warehouse.base import Exposure

    key, story, fingerprint = experiment.key, experiment.only_story, experiment.fingerprint
    return [
        Exposure(key, viewer, variant, now, story, fingerprint, attributes=known) for viewer, variant, known in batch
    ]


@contextmanager
def _busy(settings: Settings, source: Path) -> Iterator[None]:
    """A moving bar while a long file is read, on a terminal only."""
    from abstory.cli.output import console

    screen = console(settings, stderr=True) if source.is_file() and source.stat().st_size >= _LONG else None
    if screen is None or settings.quiet or not screen.is_terminal:
        yield
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("assigning"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        progress.add_task("assigning", total=None)
        yield
