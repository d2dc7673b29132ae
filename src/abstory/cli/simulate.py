"""`abstory simulate KEY`: the declared design, many times, on an audience whose truth is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from abstory.cli import output
from abstory.cli.completion import keys
from abstory.cli.settings import Settings
from abstory.errors import UsageError

if TYPE_CHECKING:
    from abstory.experiment import Experiment
    from abstory.simulate.design import Design, Wish
    from abstory.simulate.rates import Simulated

RUNS = {"moments": 1000, "rows": 50}
_EFFECT = re.compile(r"(?P<metric>[A-Za-z0-9_.-]+)=(?P<sign>[+-])(?P<size>[0-9]+(?:\.[0-9]+)?)(?P<unit>%|pp)")


@click.command("simulate", short_help="The declared design on an audience whose truth is known.")
@click.argument("key", shell_complete=keys)
@click.option("--runs", type=click.IntRange(1, 1_000_000), default=None, help="How many  [default: 1000; --rows: 50]")
@click.option("--truth", type=click.Choice(["null", "mde"]), default=None, help="Plant nothing, or the MDE.")
@click.option("--effect", default=None, metavar="METRIC=+5%", help="Plant this in every treatment.")
@click.option("--viewers", type=click.IntRange(1, 100_000_000), default=None, help="Who come in all, in each run.")
@click.option("--days", type=click.IntRange(1, 366), default=None, help="Length of the schedule, else as declared.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other runs.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes at once.")
@click.option("--fast/--rows", "fast", default=True, show_default=True, help="From moments, or as rows in a store.")
@click.option("--json", "as_json", is_flag=True, help="The simulation/1 document.")
@click.pass_obj
def command(settings: Settings, /, **options: object) -> None:
    """Run the design of the experiment KEY many times on simulated viewers, and count how often it errs.

    Every run draws new viewers, reads the data daily and stops at the first verdict. Where nothing is planted each
    difference found is false; else the share that is found is the power. Nothing of the project is read but the
    file, and nothing is written.

    --rows sends each run through assignment, log files, ingest, store, roll-up and analysis. --fast sums the same
    viewers' moments directly, some ten times as fast, and first makes sure on one run that both give the same
    results to the last bit.
    """
    from abstory import spec

    experiment = spec.find(settings.project, str(options["key"]))
    wish = wished(experiment, options["truth"], options["effect"])
    found = simulate(settings, _design(experiment, wish, options), options)
    if options["as_json"]:
        from abstory.report.json import written
        from abstory.report.simulation import document

        output.write(written(document(found), output.look(settings)))
    else:
        from abstory.report.simulation import lines

        output.show(settings, lines(found, output.look(settings)))


def wished(experiment: Experiment, truth: object, effect: object) -> Wish | None:
    """What to plant. Raises UsageError where --truth and --effect are both given, or the effect cannot be read."""
    from abstory.simulate.design import Wish, mde

    if effect is None:
        return mde(experiment) if truth == "mde" else None
    if truth is not None:
        raise UsageError("--truth and --effect disagree", hint="give one of them")
    found = _EFFECT.fullmatch(str(effect))
    if not found:
        raise UsageError(f"--effect {effect} cannot be read", hint="write METRIC=+5% or METRIC=-0.5pp")
    size = float(f"{found['sign']}{found['size']}") / 100
    return Wish(found["metric"], size, found["unit"] == "%")


def simulate(settings: Settings, design: Design, options: dict[str, object]) -> Simulated:
    """All runs, with a bar on stderr."""
    from abstory.face.simulating import played
    from abstory.simulate.runs import Road

    road = Road.FAST if options["fast"] else Road.ROWS
    runs = int(str(options["runs"] or RUNS[road]))
    with _progress(settings, runs) as told:
        return played(design, runs, road, jobs=int(str(options["jobs"])), told=told)


def _design(experiment: Experiment, wish: Wish | None, options: dict[str, object]) -> Design:
    from abstory.simulate.design import design

    given = {name: int(str(options[name])) for name in ("viewers", "days") if options[name] is not None}
    return design(experiment, wish=wish, seed=int(str(options["seed"])), **given)


@contextmanager
def _progress(settings: Settings, runs: int) -> Iterator[Callable[[int], None] | None]:
    import sys

    if settings.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.console(settings, stderr=True), transient=True) as bar:
        task = bar.add_task("", total=runs)
        yield lambda done: bar.advance(task, done)
