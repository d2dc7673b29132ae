"""Resampling by cells: against rows resampled by scipy, against closed forms, and by laws."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from abstory.stats import bootstrap
from abstory.stats.bootstrap import (
    VIEWERS,
    Cells,
    bca_interval,
    difference,
    interval,
    lift,
    ratio,
    replicates,
)
from abstory.stats.estimate import Reason
from abstory.stats.means import compare
from abstory.stats.moments import Moments, pair
from abstory.stats.ratios import ratio_sample
from abstory.stats.reading import FixedHorizon

RUNS = 4000
SPREAD = 4.5 / math.sqrt(2 * RUNS)  # a standard deviation of normal runs, by 4.5 of its own standard errors


def drawn(seed, viewers, level=1.0):
    """Impressions and completions, several to a viewer, correlated."""
    rng = np.random.default_rng(seed)
    impressions = rng.geometric(0.3, viewers)
    return np.column_stack([rng.binomial(impressions, np.clip(level * rng.beta(2, 3, viewers), 0, 1)), impressions])


def cells(rows):
    return Cells.of(("done", "seen"), Counter(map(tuple, rows.tolist())).items())


def two(statistic, runs=RUNS, seed=1, rows=None):
    t, c = rows or (drawn(1, 700, 1.2), drawn(2, 900))
    return [replicates(cells(r), statistic, arm=a, seed=seed, runs=runs) for r, a in ((t, "t"), (c, "c"))]


def moments(rows):
    sums = {name: int(column.sum()) for name, column in zip(("done", "seen"), rows.T, strict=True)}
    columns = dict(zip(("done", "seen"), rows.T, strict=True))
    pairs = [pair(a, b) for a, b in (("done", "done"), ("done", "seen"), ("seen", "seen"))]
    return Moments.from_sums(len(rows), sums, {(a, b): int(columns[a] @ columns[b]) for a, b in pairs})


def samples(rows, kind):
    return moments(rows).sample("done") if kind == "mean" else ratio_sample(moments(rows), "done", "seen")


STATISTICS = {"mean": ratio("done"), "ratio": ratio("done", "seen")}


@pytest.mark.parametrize("kind", STATISTICS)
def test_the_spread_of_a_difference_is_welchs_error(kind):
    # means: the bootstrap's variance is (n − 1)/n of Welch's; ratios: the delta method, Deng, Knoblich & Lu 2018
    rows = drawn(1, 700, 1.2), drawn(2, 900)
    got = difference(*two(STATISTICS[kind]))
    effect = compare(*(samples(r, kind) for r in rows), FixedHorizon(0.05))
    assert got.seen == pytest.approx(effect.difference.value, rel=1e-12)
    assert got.values.std() == pytest.approx(effect.standard_error, rel=SPREAD)
    assert got.values.mean() == pytest.approx(effect.difference.value, abs=5 * effect.standard_error / math.sqrt(RUNS))
    ends = interval(got, 0.05).interval
    near = 5 * effect.standard_error * math.sqrt(0.025 * 0.975 / RUNS) / stats.norm.pdf(1.96)
    assert ends.low == pytest.approx(effect.difference.interval.low, abs=near)
    assert ends.high == pytest.approx(effect.difference.interval.high, abs=near)


def scipys(rows, of, method):
    """scipy.stats.bootstrap over viewers, row by row."""
    ids = tuple(np.arange(len(r)) for r in rows)

    def statistic(*at, axis):
        return of(
            *(r[i, 0].sum(axis) / r[i, 1].sum(axis) for r, i in zip(rows, (i.astype(int) for i in at), strict=True))
        )

    return stats.bootstrap(
        ids, statistic, n_resamples=RUNS, method=method, rng=np.random.default_rng(5), vectorized=True, axis=-1
    )


@pytest.mark.parametrize(("ours", "method"), [(interval, "percentile"), (bca_interval, "BCa")])
@pytest.mark.parametrize(("between", "of"), [(difference, lambda t, c: t - c), (lift, lambda t, c: t / c - 1)])
def test_intervals_are_those_of_resampled_viewers(between, of, ours, method):
    rows = drawn(1, 120, 1.2), drawn(2, 150)
    got = between(*two(STATISTICS["ratio"], rows=rows))
    peer = scipys(rows, of, method)
    # either end is a quantile of 4,000 runs: √(q(1 − q)/4000)/φ = .042 standard errors, for two of them .06; 5 such
    near = 5 * math.sqrt(2 * 0.025 * 0.975 / RUNS) / stats.norm.pdf(1.96) * peer.standard_error
    found = ours(got, 0.05).interval
    assert got.values.std() == pytest.approx(peer.standard_error, rel=math.sqrt(2) * SPREAD)
    assert found.low == pytest.approx(peer.confidence_interval.low, abs=near)
    assert found.high == pytest.approx(peer.confidence_interval.high, abs=near)
    assert stats.ks_2samp(got.values, peer.bootstrap_distribution).pvalue > 1e-4


def test_bca_by_scipy_on_the_same_runs():
    # scipy's tails of a very skewed statistic, its runs replaced by ours
    rng = np.random.default_rng(3)
    rows = np.column_stack([(rng.random(150) < 0.3) * rng.geometric(0.1, 150), np.ones(150, int)])
    got = replicates(cells(rows), ratio("done"), arm="a", seed=1, runs=9999)
    before = stats.bootstrap((rows[:, 0],), np.mean, n_resamples=2, method="percentile")
    before.bootstrap_distribution = got.values
    peer = stats.bootstrap((rows[:, 0],), np.mean, n_resamples=0, bootstrap_result=before, method="BCa")
    found = bca_interval(got, 0.05).interval
    assert found.low == pytest.approx(peer.confidence_interval.low, rel=2e-3)  # scipy interpolates between runs
    assert found.high == pytest.approx(peer.confidence_interval.high, rel=2e-3)
    plain = interval(got, 0.05).interval
    assert found.low > plain.low
    assert found.high > plain.high + 5e-3 * plain.high  # the tail is to the right, and so is the correction


def test_counts_of_a_run_are_multinomial():
    # of one draw of n = 200 from shares (.5, .3, .2): mean n p, covariance n(diag p − p p'), by the textbook
    shares, runs = np.array([0.5, 0.3, 0.2]), 20_000
    one_hot = Cells.of(("a", "b", "c"), [((1, 0, 0), 100), ((0, 1, 0), 60), ((0, 0, 1), 40)])
    counts = np.column_stack(
        [200 * replicates(one_hot, ratio(name), arm="x", seed=4, runs=runs).values for name in ("a", "b", "c")]
    )
    assert (np.rint(counts).sum(axis=1) == 200).all()
    expected = 200 * (np.diag(shares) - np.outer(shares, shares))
    assert np.cov(counts.T) == pytest.approx(expected, abs=5 * 50 * math.sqrt(2 / runs))
    binomial = stats.binom(200, 0.5)
    edges = np.array([0, 93, 97, 100, 103, 107, 200]) + 0.5
    seen = np.histogram(np.rint(counts[:, 0]), np.append(-0.5, edges))[0]
    assert stats.chisquare(seen, runs * np.diff(binomial.cdf(edges), prepend=0.0)).pvalue > 1e-4


def test_buckets_give_the_error_of_their_viewers():
    rows = drawn(8, 50_000)
    at = np.random.default_rng(9).integers(0, 500, len(rows))
    sums = [([int(x) for x in rows[at == k].sum(axis=0)], int((at == k).sum())) for k in range(500)]
    buckets = Cells.of_buckets(("done", "seen"), sums)
    # a variance of 500 sums is itself uncertain by √(2/499), of its root half that; 4.5 of them
    for kind, statistic in STATISTICS.items():
        sample = samples(rows, kind)
        found = replicates(buckets, statistic, arm="a", seed=1, runs=RUNS)
        assert found.seen == pytest.approx(sample.mean, rel=1e-12)
        assert found.values.std() == pytest.approx(math.sqrt(sample.variance / sample.n), rel=4.5 / math.sqrt(998))


small = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6)), min_size=100, max_size=130)


@settings(max_examples=40, deadline=None)
@given(small, st.randoms(use_true_random=False))
def test_neither_order_nor_splitting_of_cells_changes_a_number(rows, random):
    whole = Cells.of(("done", "seen"), Counter(rows).items())
    split = [(row, 1) for row in rows] + [((9, 9), 0)]
    random.shuffle(split)
    again = Cells.of(("done", "seen"), split)
    assert again == whole
    assert whole.units == len(rows)
    a, b = (replicates(c, ratio("done", "seen"), arm="a", seed="key", runs=50) for c in (whole, again))
    assert (a.values == b.values).all()


@settings(max_examples=40, deadline=None)
@given(small, small, st.integers(0, 99))
def test_swapping_the_arms_turns_the_sign(first, second, seed):
    rows = np.array(first), np.array(second)
    t, c = two(STATISTICS["ratio"], 200, seed, rows)
    there, back = interval(difference(t, c), 0.05), interval(difference(c, t), 0.05)
    if hasattr(there, "reason"):
        assert there.reason is back.reason
        return
    assert (there.interval.low, there.interval.high) == (-back.interval.high, -back.interval.low)
    corrected = [bca_interval(difference(*arms), 0.05).interval for arms in ((t, c), (c, t))]
    assert corrected[0].low == pytest.approx(-corrected[1].high, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(small, small, st.floats(0.01, 0.5))
def test_difference_and_lift_exclude_zero_together(first, second, alpha):
    t, c = two(STATISTICS["ratio"], 200, 1, (np.array(first), np.array(second)))
    both = difference(t, c), lift(t, c)
    if any(hasattr(x, "reason") for x in both):
        return
    found = [interval(x, alpha) for x in both]
    if not any(hasattr(x, "reason") for x in found):
        assert found[0].interval.excludes(0.0) == found[1].interval.excludes(0.0)


@settings(max_examples=40, deadline=None)
@given(small, st.integers(1, 10**9))
def test_a_measure_in_other_units_scales(rows, by):
    scaled = [((by * y, d), n) for (y, d), n in Counter(rows).items()]
    plain, other = (
        replicates(Cells.of(("y", "d"), c), ratio("y"), arm="a", seed=1, runs=50)
        for c in (Counter(rows).items(), scaled)
    )
    assert other.values == pytest.approx(by * plain.values, rel=1e-12)


def test_blocks_do_not_show(monkeypatch):
    whole = two(STATISTICS["ratio"], 101)[0].values
    monkeypatch.setattr(bootstrap, "_BLOCK", 300)
    assert (two(STATISTICS["ratio"], 101)[0].values == whole).all()
    monkeypatch.setattr(bootstrap, "_BLOCK", 1)
    assert (two(STATISTICS["ratio"], 101)[0].values == whole).all()


def test_arms_are_independent_and_seeds_differ():
    rows = drawn(1, 700)
    t, c = two(STATISTICS["mean"], rows=(rows, rows))
    other = two(STATISTICS["mean"], seed=2, rows=(rows, rows))[0]
    for pairs in ((t, c), (t, other)):
        assert abs(np.corrcoef(*(x.values for x in pairs))[0, 1]) < 4.5 / math.sqrt(RUNS)
    with pytest.raises(ValueError, match="share one"):
        difference(t, other)


@pytest.mark.parametrize(("alpha", "place"), [(0.05, 25), (0.01, 5), (0.1, 50)])
def test_ends_are_order_statistics(alpha, place):
    # Efron & Tibshirani 1993, page 160: k = ⌊(B + 1) α⌋ from either end
    found = two(STATISTICS["mean"], 1000)[0]
    ordered = sorted(found.values.tolist())
    ends = interval(found, alpha).interval
    assert (ends.low, ends.high) == (ordered[place - 1], ordered[-place])
    beyond = interval(found, 0.001).interval
    assert (beyond.low, beyond.high) == (-math.inf, math.inf)


def test_no_number_where_there_is_none():
    def of(counts, statistic, **more):
        return replicates(Cells.of(("y", "d"), counts), statistic, arm="a", seed=1, runs=100, **more)

    assert of([], ratio("y")).reason is Reason.NO_VIEWERS
    assert str(of([((1, 1), 50), ((0, 1), 49)], ratio("y"))) == "too few viewers (99 of 100)"
    assert of([((1, 0), 500)], ratio("y", "d")).reason is Reason.NO_DENOMINATOR
    assert of([((1, 0), 500), ((1, 1), 1)], ratio("y", "d")).reason is Reason.NO_DENOMINATOR  # in some runs
    assert interval(of([((3, 1), 500)], ratio("y")), 0.05).reason is Reason.NO_VARIATION
    proportional = of([((d, 3 * d), 100) for d in (1, 2, 7, 11, 13)], ratio("y", "d"))
    assert interval(proportional, 0.05).reason is Reason.NO_VARIATION
    rare = of([((1, 1), 2), ((0, 1), 998)], ratio("y"))
    assert str(interval(rare, 0.05)) == "too few viewers (2.0 of 5 decide the spread)"
    assert bca_interval(rare, 0.05).reason is Reason.TOO_FEW


def test_no_lift_on_nothing():
    t, c = two(STATISTICS["mean"], 100)
    none = Cells.of(("done", "seen"), [((0, 1), 500), ((1, 1), 1)])
    nothing = replicates(none, ratio("done"), arm="c", seed=1, runs=100)
    assert lift(t, nothing).reason is Reason.CONTROL_NEAR_ZERO
    negative = replicates(Cells.of(("y",), [((-1,), 90), ((-2,), 90)]), ratio("y"), arm="c", seed=1, runs=100)
    assert lift(t, negative).reason is Reason.NEGATIVE_CONTROL
    assert lift(t, c).seen == pytest.approx(t.seen / c.seen - 1, rel=1e-12)


def test_cells_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="expected 2 measures"):
        Cells.of(("a", "b"), [((1,), 4)])
    with pytest.raises(ValueError, match="0 viewers or more"):
        Cells.of(("a",), [((1,), -4)])
    with pytest.raises(ValueError, match="0 viewers or more"):
        Cells.of_buckets(("a",), [((1,), -4)])


def test_any_smooth_function_of_means():
    # a variance, by its own closed form: the bootstrap's mean of m₂ − m₁² is (n − 1)/n of it
    rows = drawn(3, 400)[:, 1].tolist()
    squares = Cells.of(("y", "yy"), [((y, y * y), 1) for y in rows])
    found = replicates(squares, lambda m: m["yy"] / m[VIEWERS] - m["y"] ** 2, arm="a", seed=1, runs=RUNS)
    assert found.seen == pytest.approx(np.var(rows), rel=1e-12)
    assert found.values.mean() == pytest.approx(
        399 / 400 * np.var(rows), abs=4.5 * found.values.std() / math.sqrt(RUNS)
    )
