"""False alarms and coverage where viewers have several views: the truth is known, so every rate has its binomial bound."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from abstory.stats.reading import FixedHorizon
from abstory.stats.retention import Watching
from abstory.stats.retention_clustered import Viewed, compare_rmst, km_clustered, logrank_clustered, rmst_clustered
from abstory.stats.tails import two_sided_quantile

ALPHA = 0.05
Z = two_sided_quantile(ALPHA, math.inf)
SHORT, LONG = 8, 15
TRUTH = np.random.default_rng(1).beta(1.2, 6, 1_000_000)
"""Each viewer's own chance to leave in a second: views of one viewer resemble each other strongly."""


def drawn(rng, viewers, length):
    """One to twelve views of a viewer, most of them few, in a cut of `length` seconds; keen viewers come back more."""
    hazard = rng.choice(TRUTH, viewers)
    views = 1 + rng.binomial(11, np.where(hazard < 0.1, 0.3, 0.05))
    owner = np.repeat(np.arange(viewers), views)
    watched = np.minimum(rng.geometric(hazard[owner]) - 1, length)  # whole seconds before the one in which it is left
    counts = np.zeros((viewers, 2 * length), dtype=np.int64)
    cell = np.where(watched < length, watched, 2 * length - 1)
    np.add.at(counts, (owner, cell), 1)
    total, products = counts.sum(axis=0), counts.T @ counts
    times = tuple(float(t) for t in range(1, length + 1))
    watching = Watching(times, tuple(map(int, total[:length])), tuple(map(int, total[length:])))
    together = {(a, b): int(products[a, b]) for a in range(2 * length) for b in range(a, 2 * length) if products[a, b]}
    return Viewed(watching, viewers, together)


def within(hits, runs, rate):
    """Whether a count lies in the 99.9 % interval of its binomial law."""
    low, high = binom.ppf([0.0005, 0.9995], runs, rate)
    return low <= hits <= high


def rates(runs, viewers):
    rng = np.random.default_rng(20261123)
    weights = 1 + 11 * np.where(TRUTH < 0.1, 0.3, 0.05)
    at_3 = np.average((1 - TRUTH) ** 3, weights=weights)
    to_8 = sum(np.average((1 - TRUTH) ** t, weights=weights) for t in range(SHORT))
    hits = dict.fromkeys(("rmst", "rank", "share", "mean", "rank by view", "completion"), 0)
    for _ in range(runs):
        one, other = drawn(rng, viewers, LONG), drawn(rng, viewers, SHORT)
        hits["rmst"] += compare_rmst(other, one, SHORT, FixedHorizon(ALPHA)).p_value < ALPHA
        hits["rank"] += logrank_clustered(other, one, SHORT).p_value < ALPHA
        point = km_clustered(one, (3,), Z)[0]
        hits["share"] += point.interval.low <= at_3 <= point.interval.high
        mean = rmst_clustered(one, SHORT)
        hits["mean"] += abs(mean.value - to_8) <= Z * mean.error
        alone = [Viewed(arm.watching, arm.watching.views) for arm in (other, one)]
        hits["rank by view"] += logrank_clustered(*alone, SHORT).p_value < ALPHA
        ends = [arm.watching.still[-1] / arm.watching.views for arm in (other, one)]
        hits["completion"] += abs(ends[0] - ends[1]) > 0.05
    return hits


def held(runs, viewers):
    hits = rates(runs, viewers)
    assert within(hits["rmst"], runs, ALPHA)
    assert within(hits["rank"], runs, ALPHA)
    assert within(hits["share"], runs, 1 - ALPHA)
    assert within(hits["mean"], runs, 1 - ALPHA)
    assert hits["rank by view"] > 2 * ALPHA * runs  # what counting views as independent would have said
    assert hits["completion"] > 0.9 * runs  # and completion, that the shorter cut is better


def test_error_and_coverage_with_repeated_views():
    held(300, 400)


@pytest.mark.long
@pytest.mark.parametrize("viewers", [200, 2000])
def test_error_and_coverage_with_repeated_views_many_times(viewers):
    held(4000, viewers)
