"""The slow path: the log of a run goes through files, ingest, store and roll-up, as a team's own data would."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from abstory.experiment import DAY_US, Experiment
from abstory.metrics import COMPLETE, VIEW
from abstory.results import ExperimentResult
from abstory.simulate.audience import StoryAudience
from abstory.simulate.design import Design
from abstory.simulate.earlier import UNKNOWN
from abstory.simulate.looking import looked
from abstory.simulate.play import Acts, act, play
from abstory.simulate.values import completed

if TYPE_CHECKING:
    import polars as pl


def assigned(design: Design, run: int) -> pl.DataFrame:
    """The run's viewers who take part, each with the variant that the frozen hash gives: viewer_id and variant."""
    import polars as pl

    from abstory.assignment.frame import variant_expr

    ids = pl.DataFrame({"viewer_id": [f"{design.seed}-{run}-{number}" for number in range(design.viewers)]})
    drawn = ids.with_columns(variant_expr(design.experiment, "viewer_id").alias("variant"))
    return drawn.filter(pl.col("variant").is_not_null())


def through_the_store(
    design: Design, taking_part: pl.DataFrame, *, seed: int, whole: bool = True
) -> tuple[ExperimentResult, ...]:
    """The analysis at every look, from rows in a database of the run's own."""
    from abstory.warehouse import open_store
    from abstory.warehouse.base import Wishes

    experiment, last = design.experiment, design.looks_us[-1]
    with TemporaryDirectory(prefix="abstory-") as folder:
        files = logged(experiment, design.audience, taking_part, seed=seed, folder=Path(folder))
        known = frozenset((VIEW, COMPLETE, *design.audience.chances))
        with open_store(Path(folder) / "run.duckdb", create=True, files=files) as store:
            for file in files:
                store.ingest(file, Wishes({}, None, None, known), now_us=last)
            return looked(experiment, store, design.looks_us, whole=whole)


def logged(
    experiment: Experiment, audience: StoryAudience, taking_part: pl.DataFrame, *, seed: int, folder: Path
) -> tuple[Path, ...]:
    """exposures.csv, events.csv and, with covariates, attributes.csv as an app would have logged them.

    `complete` events are among them.
    """
    import polars as pl

    played = play(audience, experiment, taking_part, seed=seed)
    acts = act(audience, experiment, indexes(experiment, taking_part), seed=seed)
    exposures, events = folder / "exposures.csv", folder / "events.csv"
    played.exposures.write_csv(exposures)
    pl.concat([played.events, _completions(experiment, taking_part, acts)]).write_csv(events)
    if not acts.before:
        return exposures, events
    known = folder / "attributes.csv"
    attributes(taking_part["viewer_id"], acts).write_csv(known)
    return exposures, events, known


def indexes(experiment: Experiment, taking_part: pl.DataFrame) -> list[int]:
    """Of each viewer's variant, among the declared ones."""
    order = {variant.name: index for index, variant in enumerate(experiment.variants)}
    return [order[name] for name in taking_part["variant"]]


def _completions(experiment: Experiment, taking_part: pl.DataFrame, acts: Acts) -> pl.DataFrame:
    import polars as pl

    whole = completed(experiment, acts)
    at = (acts.shown_us + acts.watch_ms * 1000)[whole]
    return pl.DataFrame(
        {
            "viewer_id": taking_part["viewer_id"].gather(acts.viewer[whole]),
            "story_id": [experiment.story or "story"] * len(at),
            "event": [COMPLETE] * len(at),
            "ts": pl.Series(at).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
            "watch_ms": pl.Series([None] * len(at), dtype=pl.Int64),
        }
    )


def attributes(ids: pl.Series, acts: Acts) -> pl.DataFrame:
    """The rows of an attributes file, measured a day before the first exposure.

    Args:
        ids: of the viewers.
        acts: what they do.
    """
    import polars as pl

    when = pl.Series("ts", acts.exposed_us - DAY_US).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    parts = [
        pl.DataFrame({"viewer_id": ids, "name": [name] * len(ids), "ms": values, "ts": when}).filter(
            pl.col("ms") != UNKNOWN
        )
        for name, values in acts.before.items()
    ]
    whole, rest = pl.col("ms") // 1000, (pl.col("ms") % 1000).cast(pl.String).str.zfill(3)
    return pl.concat(parts).select("viewer_id", "name", pl.format("{}.{}", whole, rest).alias("value"), "ts")
