"""`abstory demo`: a simulated story audience through the commands anyone would type, in a fresh folder."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abstory.cli.settings import Settings
from abstory.errors import NotWritable

if TYPE_CHECKING:
    from abstory.experiment import Experiment

KEY = "launch-cta"
FILE = Path("experiments", f"{KEY}.yaml")
VIEWERS = 60_000
SEED = 20261102


@click.command(short_help="A simulated audience through the whole product.")
@click.argument("directory", type=click.Path(path_type=Path), default=Path("abstory-demo"))
@click.option(
    "--viewers", type=click.IntRange(1_000, 2_000_000), default=VIEWERS, show_default=True, help="How many come."
)
@click.option("--seed", type=click.IntRange(0), default=SEED, show_default=True, help="Another seed, another audience.")
@click.pass_obj
def command(settings: Settings, /, directory: Path, viewers: int, seed: int) -> int:
    """Show a simulated audience eight cuts of a story, then report and gate on what it did.

    Everything happens in DIRECTORY (a number is added when it exists) through the commands printed on the way,
    so every file can be opened and every step repeated. What is true of the audience is known and printed last.
    """
    folder = _fresh(settings.project / directory)
    guide = _Guide(_flags(settings))
    with contextlib.chdir(folder):
        if outcome := _prepare(guide, viewers, seed):
            return outcome
        outcome = _look(guide)
    guide.farewell(folder)
    return outcome


def _prepare(guide: _Guide, viewers: int, seed: int) -> int:
    """From a declared file to a filled store; stops at the first step that fails and gives its exit code."""
    from abstory.simulate import crowd

    FILE.parent.mkdir()
    FILE.write_text(_declared(datetime.now(UTC).date()), encoding="utf-8")
    guide.aside(f"{FILE} declares an experiment: 2 filters x 2 lengths x 2 calls to action.")
    if outcome := guide.run("validate"):
        return outcome
    crowd(viewers, seed=seed).write_csv("viewers.csv")
    guide.aside(
        f"viewers.csv holds {viewers:,} simulated viewers. Each gets a variant by a hash, for ever the same one."
    )
    if outcome := guide.run("assign", KEY, "--input", "viewers.csv", "-o", "assigned.csv", "--dry-run"):
        return outcome
    _play(seed)
    guide.aside("Two weeks pass: they watch, leave, like and click. The app logs exposures.csv and events.csv.")
    return guide.run("ingest", "exposures.csv", "events.csv")


def _look(guide: _Guide) -> int:
    """Report and gate; the gate's exit code."""
    guide.aside("What happened, and what to do:")
    if outcome := guide.run("report", KEY):
        return outcome
    guide.aside("The same verdict as an exit code, for a pipeline:")
    outcome = guide.run("gate", KEY)
    click.secho("$ echo $?", bold=True)
    click.echo(outcome)
    guide.truth(_experiment())
    return outcome


def _declared(today: date) -> str:
    """The experiment file, its two weeks ending yesterday, so that the newest event is from yesterday too."""
    end = today - timedelta(days=1)
    text = files("abstory.cli").joinpath("demo.yaml").read_text(encoding="utf-8")
    return text.replace("{start}", str(end - timedelta(days=14))).replace("{end}", str(end))


def _play(seed: int) -> None:
    import polars as pl

    from abstory.simulate import LAUNCH, play

    assigned = pl.read_csv("assigned.csv", infer_schema=False).filter(pl.col("variant").is_not_null())
    played = play(LAUNCH, _experiment(), assigned.select("viewer_id", "variant"), seed=seed)
    played.exposures.write_csv("exposures.csv")
    played.events.write_csv("events.csv")


def _experiment() -> Experiment:
    from abstory.spec import load_file

    return load_file(FILE)


def _fresh(directory: Path) -> Path:
    """`directory`, or the first of directory-2, directory-3 ... that does not exist; made."""
    named = directory if directory.name else directory.resolve()
    others = (named.with_name(f"{named.name}-{number}") for number in itertools.count(2))
    folder = next(path for path in itertools.chain([named], others) if not path.exists())
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise NotWritable(f"{folder}: cannot make this folder: {error.strerror}") from error
    return folder


def _flags(settings: Settings) -> tuple[str, ...]:
    """The global flags that the commands on the way must see; the folder's own database, whatever else is set."""
    flags = ["-C", ".", "--db", "abstory.duckdb", "--color", settings.color]
    flags += ["--width", str(settings.width)] if settings.width else []
    flags += ["--memory", settings.memory] if settings.memory else []
    return (*flags, *(("--ascii",) if settings.ascii_only else ()), *(("--quiet",) if settings.quiet else ()))


@dataclass(frozen=True, slots=True)
class _Guide:
    """Says what happens and runs it; `flags` go before every command."""

    flags: tuple[str, ...]

    def aside(self, text: str) -> None:
        click.secho(f"\n# {text}", dim=True)

    def run(self, *arguments: str) -> int:
        """Print a command line as a user would type it, and run it."""
        from abstory.cli.main import run

        click.secho(f"$ abstory {' '.join(arguments)}", bold=True)
        return run([*self.flags, *arguments])

    def truth(self, experiment: Experiment) -> None:
        """The planted lift of the primary metric, which the report above could not know."""
        from abstory.simulate import LAUNCH, truth

        name = experiment.outcomes[0].metric.name
        base = truth(LAUNCH, experiment.control, name)
        self.aside(f"What was planted, as the report could not know ({name}, control {base:.1%}):")
        for variant in sorted(experiment.treatments, key=lambda v: -truth(LAUNCH, v, name)):
            click.echo(f"{variant.name:<18} {truth(LAUNCH, variant, name) / base - 1:+.1%}")

    def farewell(self, folder: Path) -> None:
        self.aside(f"All of it lies in {folder}. To go on from there:")
        for line in (
            f"cd {folder}",
            f"abstory assign {KEY} viewer-000042 --explain",
            f"abstory report {KEY} --json",
            "abstory new my-first-test",
        ):
            click.echo(line)
