"""`abstory simulate KEY`: the declared design, many times, on viewers or posts whose truth is known."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from abstory.cli import output
from abstory.cli.completion import keys
from abstory.cli.settings import Settings
from abstory.errors import UsageError

if TYPE_CHECKING:
    from abstory.experiment import Experiment
    from abstory.simulate.design import Design, Wish
    from abstory.simulate.post_design import PostDesign
    from abstory.simulate.rates import Simulated

VIEWERS = ("viewers", "days")
FEED = ("reach", "spread", "icc", "luck", "missed")
POSTS = (*FEED, "draws")
RUNS = {"moments": 1000, "rows": 50}
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)(%?)")
_EFFECT = re.compile(r"(?P<metric>[A-Za-z0-9_.-]+)=(?P<sign>[+-])(?P<size>[0-9]+(?:\.[0-9]+)?)(?P<unit>%|pp)")


def _share(most: float) -> Callable[[click.Context, click.Parameter, str | None], float | None]:
    """Of an option whose value is a share of at most `most`, as 3% or as 0.03."""

    def read(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
        if text is None:
            return None
        found = _SHARE.fullmatch(text)
        share = float(found[1]) / (100 if found[2] else 1) if found else math.inf
        if share > most:
            raise click.BadParameter(f"{text}: write a share up to {most:g}, such as 0.03 or 3%")
        return share

    return read


@click.command("simulate", short_help="The declared design on an audience whose truth is known.")
@click.argument("key", shell_complete=keys)
@click.option("--runs", type=click.IntRange(1, 1_000_000), default=None, help="How many  [default: 1000; --rows: 50]")
@click.option("--truth", type=click.Choice(["null", "mde"]), default=None, help="Plant nothing, or the MDE.")
@click.option("--effect", default=None, metavar="METRIC=+5%", help="Plant this in every treatment.")
@click.option("--viewers", type=click.IntRange(1, 100_000_000), default=None, help="Who come in all, in each run.")
@click.option("--days", type=click.IntRange(1, 366), default=None, help="Length of the schedule, else as declared.")
@click.option("--reach", type=click.IntRange(1, 10**9), help="Posts: accounts that see one, the median  [2000]")
@click.option("--spread", type=click.FloatRange(0, 3), help="Posts: standard deviation of the log of reach  [1]")
@click.option("--icc", callback=_share(0.5), metavar="SHARE", help="Posts: how alike two views of one are  [0.03]")
@click.option("--luck", callback=_share(0.8), metavar="SHARE", help="Posts: how far days and accounts differ  [0%]")
@click.option("--missed", callback=_share(0.9), metavar="SHARE", help="Posts: slots in which nothing is posted  [0%]")
@click.option("--draws", type=click.IntRange(99, 10**6), help="Posts: calendars drawn again in a run  [4999]")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other runs.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes at once.")
@click.option("--fast/--rows", "fast", default=True, show_default=True, help="Summed directly, or as rows in a store.")
@click.option("--json", "as_json", is_flag=True, help="The simulation/1 document.")
@click.pass_obj
def command(settings: Settings, /, **options: object) -> None:
    """Run the design of the experiment KEY many times on simulated viewers or posts, and count how often it errs.

    Every run draws new viewers, reads the data daily and stops at the first verdict; of a calendar it draws another
    calendar and new posts, and reads them once at the end. Where nothing is planted each difference found is false;
    else the share that is found is the power. Nothing of the project is read but the file, and nothing is written.

    --rows sends each run through assignment, files, ingest, store and analysis. --fast hands the same numbers to the
    analysis directly, some twenty times as fast, and first makes sure on one run that both give the same results to
    the last bit.
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


def simulate(settings: Settings, design: Design | PostDesign, options: dict[str, object]) -> Simulated:
    """All runs, with a bar on stderr."""
    from abstory.face.simulating import played
    from abstory.simulate.runs import Road

    road = Road.FAST if options["fast"] else Road.ROWS
    runs = int(str(options["runs"] or RUNS[road]))
    with _progress(settings, runs) as told:
        return played(design, runs, road, jobs=int(str(options["jobs"])), told=told)


def _design(experiment: Experiment, wish: Wish | None, options: dict[str, object]) -> Design | PostDesign:
    """The design of what the file randomises; what is said of the other kind is refused."""
    others, unit = (VIEWERS, "viewers") if experiment.by_slot else (POSTS, "posts")
    if strange := [name for name in others if options[name] is not None]:
        mine = POSTS if experiment.by_slot else VIEWERS
        hint = f"here there are {', '.join(f'--{name}' for name in mine)}"
        raise UsageError(f"--{strange[0]} is of {unit}, which {experiment.key} does not randomise", hint=hint)
    return (_posts if experiment.by_slot else _viewers)(experiment, wish, options)


def _viewers(experiment: Experiment, wish: Wish | None, options: dict[str, object]) -> Design:
    from abstory.simulate.design import design

    return design(experiment, wish=wish, seed=int(str(options["seed"])), **_given(options, VIEWERS, int))


def _posts(experiment: Experiment, wish: Wish | None, options: dict[str, object]) -> PostDesign:
    from dataclasses import replace

    from abstory.simulate.feed import Feed
    from abstory.simulate.post_design import post_design

    feed, seed = replace(Feed(), **_given(options, FEED, float)), int(str(options["seed"]))
    return post_design(experiment, feed=feed, wish=wish, seed=seed, **_given(options, ("draws",), int))


def _given(options: dict[str, object], names: Iterable[str], number: Callable[[str], float]) -> dict[str, Any]:
    return {name: number(str(options[name])) for name in names if options[name] is not None}


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
