"""One run of a calendar: drawn anew, posted, and what the platform says of every post soon after its window."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.analysis import posts
from abstory.assignment.calendar import calendar
from abstory.experiment import Experiment
from abstory.results import ExperimentResult
from abstory.simulate.feed import AGAIN, FOLLOWERS, Feed, tries
from abstory.simulate.memory import Memory
from abstory.simulate.post_design import PostDesign
from abstory.warehouse.base import Span
from abstory.warehouse.slots import Post, SlotData, TotalReading

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
    Draws = np.random.Generator

_SECOND_US = 1_000_000
_LATEST_S, _READ_S = 600, 300
_MOST_SEED = 2**53


@dataclass(frozen=True, slots=True)
class PostRun:
    """One run.

    Attributes:
        experiment: as declared, with a calendar of its own.
        data: what a store would know of it at the end.
    """

    experiment: Experiment
    data: SlotData


def by_totals(design: PostDesign, run: int, *, whole: bool = True) -> tuple[ExperimentResult, ...]:
    """The result of a run, from what a store would answer."""
    made = post_run(design, run)
    store = Memory({}, Span(None, None, None), {}, made.data)
    (us,) = design.looks_us
    return (posts.run(made.experiment, store, now_us=us, as_of_us=us, redraws=design.draws, whole=whole),)


def post_run(design: PostDesign, run: int) -> PostRun:
    """The calendar and the posts of one run, decided by its number.

    Numbers come from numpy's own distributions: with another version of numpy a seed may give other posts.
    """
    import numpy as np

    digest = hashlib.sha256(f"{design.experiment.key}:{design.seed}:{run}".encode()).digest()
    experiment = _drawn(design.experiment, int.from_bytes(digest[:8], "big") % _MOST_SEED)
    draws = np.random.Generator(np.random.PCG64(int.from_bytes(digest[8:24], "big")))
    return PostRun(experiment, _data(design, experiment, draws))


def _drawn(experiment: Experiment, seed: int) -> Experiment:
    """With another calendar of the same law."""
    if experiment.calendar is None:
        raise ValueError("a slot design has a calendar")
    fields = {name: getattr(experiment, name) for name in type(experiment).model_fields}
    return Experiment.model_construct(**fields | {"calendar": experiment.calendar.model_copy(update={"seed": seed})})


def _data(design: PostDesign, experiment: Experiment, draws: Draws) -> SlotData:
    slots = calendar(experiment)
    shown = [draws.random() >= design.feed.missed for _ in slots]
    posted_us = [slot.scheduled_us + int(draws.integers(_LATEST_S)) * _SECOND_US for slot, _ in slots]
    totals = _totals(design.feed, [(s.account, s.local[:10], variant) for s, variant in slots], draws)
    known, readings = [], []
    for at, (slot, variant) in enumerate(slots):
        story = f"post-{at:04}"
        known.append(Post(slot.id, variant, story, posted_us[at]) if shown[at] else Post(slot.id, variant, None, None))
        captured = posted_us[at] + experiment.analysis.window.us + _READ_S * _SECOND_US
        told = [TotalReading(story, captured, name, int(totals[name][at]) * 1_000_000, None) for name in design.totals]
        readings += told if shown[at] else []
    return SlotData(tuple(sorted(known, key=lambda post: post.slot_id)), tuple(readings))


def _totals(feed: Feed, slots: Sequence[tuple[str, str, str]], draws: Draws) -> Mapping[str, Ints]:
    """Of each slot (account, day, variant), every total."""
    import numpy as np

    accounts, days, variants = (list(column) for column in zip(*slots, strict=True))
    in_reach, in_rates = (_luck(accounts, feed.luck, draws) * _luck(days, feed.luck, draws) for _ in range(2))
    median = np.array([feed.reaching(variant) for variant in variants]) * in_reach
    reach = 1 + draws.poisson(median * np.exp(feed.spread * draws.standard_normal(len(slots))))
    views = reach + draws.binomial(reach, AGAIN)
    found = {"views": views, "reach": reach, "followers": np.full(len(slots), FOLLOWERS)}
    for total in feed.chances:
        mean = np.array([feed.chance(variant, total) for variant in variants]) * in_rates
        found[total] = draws.binomial(views * tries(total), _scattered(mean, feed.scatter, draws))
    return found


def _luck(groups: Sequence[str], size: float, draws: Draws) -> Floats:
    """Of each slot its group's factor: evenly spaced between 1 − size and 1 + size, 1 on average, in random order."""
    import numpy as np

    names = sorted(set(groups))
    levels = 1 + size * ((2 * np.arange(len(names)) + 1) / len(names) - 1)
    mine = dict(zip(names, draws.permutation(levels).tolist(), strict=True))
    return np.array([mine[name] for name in groups])


def _scattered(mean: Floats, scatter: float, draws: Draws) -> Floats:
    """Rates of posts: Beta about their mean, with a standard deviation of `scatter` times the mean."""
    if not scatter:
        return mean
    size = (1 - mean) / (mean * scatter**2) - 1
    found: Floats = draws.beta(mean * size, (1 - mean) * size)
    return found
