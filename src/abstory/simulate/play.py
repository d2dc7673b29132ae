"""An audience let loose on an experiment: the exposures and events that an app would have logged.

Only uniform draws are used, turned into outcomes by our own inversion, so a seed gives the same rows everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from abstory.experiment import DAY_US, HOUR_US, Experiment, Variant
from abstory.metrics import VIEW
from abstory.simulate.audience import HOOKED_SECONDS, Persona, StoryAudience, chance, survival
from abstory.simulate.earlier import NEW, STORIES, UNKNOWN

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
    Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]
    Draws = np.random.Generator


@dataclass(frozen=True, slots=True)
class Played:
    """What an app would have logged, in the columns that `abstory ingest` reads."""

    exposures: pl.DataFrame
    events: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Acts:
    """What every viewer does, as arrays.

    Attributes:
        variant, exposed_us: of each viewer: index of the declared variant, instant of the first exposure.
        viewer, shown_us, watch_ms: of each view, those of one viewer in a row: who, when, how long.
        first: of each viewer, where among the views the first one is.
        does: by event, whether each viewer does it.
        before: by covariate, what is known of each viewer in milliseconds, -1 where nothing is.
    """

    variant: Ints
    exposed_us: Ints
    viewer: Ints
    first: Ints
    shown_us: Ints
    watch_ms: Ints
    does: Mapping[str, Bools]
    before: Mapping[str, Ints] = field(default_factory=dict)


def crowd(count: int, *, seed: int) -> pl.DataFrame:
    """`count` viewers with the attributes a targeting rule may ask for: viewer_id, country, surface."""
    import polars as pl

    draws = _generator("crowd", seed)
    country = _pick(draws.random(count), (0.55, 0.30, 0.15))
    surface = _pick(draws.random(count), (0.92, 0.08))
    return pl.DataFrame(
        {
            "viewer_id": [f"viewer-{number:06d}" for number in range(count)],
            "country": [("DE", "FR", "ES")[at] for at in country],
            "surface": [("stories", "feed")[at] for at in surface],
        }
    )


def play(audience: StoryAudience, experiment: Experiment, assigned: pl.DataFrame, *, seed: int) -> Played:
    """Show every assigned viewer their variant and let them behave.

    Args:
        audience: how viewers behave.
        experiment: with a schedule; first exposures spread over it, everything else follows within a day.
        assigned: columns viewer_id and variant.
        seed: the same seed, experiment key and rows give the same log.

    Raises:
        ValueError: the experiment has no schedule.
    """
    order = {variant.name: index for index, variant in enumerate(experiment.variants)}
    acts = act(audience, experiment, [order[name] for name in assigned["variant"]], seed=seed)
    return Played(_exposures(experiment, assigned, acts), _events(experiment, assigned, acts))


def act(audience: StoryAudience, experiment: Experiment, variants: Sequence[int] | Ints, *, seed: int) -> Acts:
    """What viewers do, before any log is written.

    Args:
        audience: how viewers behave.
        experiment: with a schedule; first exposures spread over it, everything else follows within a day.
        variants: of each viewer, by index among the declared ones.
        seed: the same seed, experiment key and variants give the same acts.

    Raises:
        ValueError: the experiment has no schedule.
    """
    import numpy as np

    if experiment.schedule is None:
        raise ValueError("a simulated audience needs a schedule to come in")
    draws = _generator(experiment.key, seed)
    variant = np.asarray(variants, dtype=np.int64)
    scene = _scene(audience, experiment, variant, draws)
    viewer = np.repeat(np.arange(len(variant)), scene.views)
    first = np.cumsum(scene.views) - scene.views
    watch_ms = _watch(audience, experiment, scene.cast[viewer], draws)
    # Everything after the first view falls into the next 22 hours, inside the usual window of a day.
    pause = (draws.random(len(viewer)) * 22 * HOUR_US // 1000).astype(np.int64) * 1000
    pause[first] = 0
    hooked = watch_ms[first] >= 1000 * HOOKED_SECONDS
    does = {
        event: _does(audience, experiment, scene.cast, event, draws) & (~hooked if event == "hide" else hooked)
        for event in audience.chances
    }
    persona = scene.cast % len(audience.personas)
    before = {
        name: _earlier(audience, experiment, persona, _generator(f"{experiment.key}/{name}", seed))
        for name in experiment.analysis.covariates
    }
    return Acts(variant, scene.exposed_us, viewer, first, scene.exposed_us[viewer] + pause, watch_ms, does, before)


@dataclass(frozen=True, slots=True)
class _Scene:
    """Per viewer: which (variant, persona) they are, when they are first shown the story, how often they watch."""

    cast: Ints
    exposed_us: Ints
    views: Ints


def _generator(name: str, seed: int) -> np.random.Generator:
    import hashlib

    import numpy as np

    digest = hashlib.sha256(f"{name}:{seed}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def _pick(uniform: Floats, chances: tuple[float, ...]) -> Ints:
    """Index of the outcome each uniform draw falls in; `chances` need not sum to 1."""
    import numpy as np

    edges = np.cumsum(np.asarray(chances, dtype=np.float64))
    found: Ints = np.searchsorted(edges / edges[-1], uniform, side="right")
    return found


def _scene(audience: StoryAudience, experiment: Experiment, variant: Ints, draws: Draws) -> _Scene:
    import numpy as np

    persona = _pick(draws.random(len(variant)), tuple(p.share for p in audience.personas))
    uniform = draws.random(len(variant))
    views = np.ones(len(variant), dtype=np.int64)
    for index, kind in enumerate(audience.personas):
        views[persona == index] += _pick(uniform[persona == index], kind.views)
    exposed = _arrivals(audience, experiment, draws.random((3, len(variant))))
    return _Scene(variant * len(audience.personas) + persona, exposed, views)


def _arrivals(
    audience: StoryAudience, experiment: Experiment, uniform: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> Ints:
    days = (experiment.end_us - experiment.start_us) // DAY_US
    hour = _pick(uniform[1], audience.hours)
    within = (uniform[2] * (HOUR_US // 1000)).astype("int64") * 1000
    arrived: Ints = experiment.start_us + (uniform[0] * days).astype("int64") * DAY_US + hour * HOUR_US + within
    return arrived


def _exposures(experiment: Experiment, assigned: pl.DataFrame, acts: Acts) -> pl.DataFrame:
    import polars as pl

    return assigned.select(
        pl.lit(experiment.key).alias("experiment"),
        "viewer_id",
        "variant",
        _instants(acts.exposed_us),
    ).sort("ts", "viewer_id")


def _events(experiment: Experiment, assigned: pl.DataFrame, acts: Acts) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    left_us = acts.exposed_us + acts.watch_ms[acts.first] * 1000
    parts = [_rows(acts.viewer, VIEW, acts.shown_us, acts.watch_ms)]
    for event, does in acts.does.items():
        who = np.flatnonzero(does)
        parts.append(_rows(who, event, left_us[who], None))
    rows = pl.concat(parts)
    ids = assigned["viewer_id"].gather(rows["viewer"])
    return rows.select(
        ids.alias("viewer_id"),
        pl.lit(experiment.story or "story").alias("story_id"),
        "event",
        _instants(rows["at"].to_numpy()),
        "watch_ms",
    ).sort("ts", "viewer_id", "event")


def _watch(audience: StoryAudience, experiment: Experiment, cast: Ints, draws: Draws) -> Ints:
    """Milliseconds watched by each view: the second by inversion of its survival curve, then a place within it."""
    import numpy as np

    second, within = draws.random(len(cast)), draws.random(len(cast))
    watched = np.zeros(len(cast), dtype=np.int64)
    for index, (variant, persona) in enumerate(_casts(audience, experiment)):
        at = cast == index
        curve = np.asarray(survival(audience, variant, persona))
        left = np.searchsorted(1 - curve[1:], second[at], side="right")
        whole = left == len(curve) - 1
        watched[at] = left * 1000 + np.where(whole, 0, (within[at] * 1000).astype(np.int64))
    return watched


def _earlier(audience: StoryAudience, experiment: Experiment, persona: Ints, draws: Draws) -> Ints:
    """Milliseconds of ten views of control's cut, whatever the viewer's own variant is going to be."""
    import numpy as np

    control = experiment.variants.index(experiment.control)
    cast = np.repeat(control * len(audience.personas) + persona, STORIES)
    watched = _watch(audience, experiment, cast, draws).reshape(-1, STORIES).sum(axis=1)
    return np.where(draws.random(len(persona)) < NEW, UNKNOWN, watched)


def _does(audience: StoryAudience, experiment: Experiment, cast: Ints, event: str, draws: Draws) -> Bools:
    import numpy as np

    chances = np.array([chance(audience, variant, p, event) for variant, p in _casts(audience, experiment)])
    does: Bools = draws.random(len(cast)) < chances[cast]
    return does


def _casts(audience: StoryAudience, experiment: Experiment) -> list[tuple[Variant, Persona]]:
    return [(variant, persona) for variant in experiment.variants for persona in audience.personas]


def _rows(viewer: Ints, event: str, at: Ints, watch_ms: Ints | None) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        {
            "viewer": viewer,
            "event": [event] * len(viewer),
            "at": at,
            "watch_ms": pl.Series(watch_ms if watch_ms is not None else [None] * len(viewer), dtype=pl.Int64),
        }
    )


def _instants(microseconds: Ints) -> pl.Series:
    """ISO 8601 in UTC with milliseconds, as an app's log has it."""
    import polars as pl

    return pl.Series("ts", microseconds).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
