"""How long views last: R survival's numbers for mixed lengths, statsmodels beside, closed forms, laws and a bootstrap.

The cases of R's survival and survRM2 with one length lie in tests/oracles.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.logrank import logrank
from abstory.stats.moments import Moments
from abstory.stats.ratios import ratio_sample
from abstory.stats.reading import FixedHorizon
from abstory.stats.retention import Watching, km_curve, rmst, rmst_ratio
from abstory.stats.retention_clustered import (
    Viewed,
    band,
    compare_rmst,
    km_clustered,
    logrank_clustered,
    reached,
    rmst_clustered,
    survival_covariance,
)
from abstory.stats.simultaneous import sup_t_critical
from abstory.stats.tails import two_sided_quantile

Z = two_sided_quantile(0.05, math.inf)

# Lengths 7 and 12, some exits, several views a viewer; the expected numbers are those of the R program below.
VIEWER = (1, 1, 1, 2, 3, 3, 4, 5, 5, 5, 5, 6, 7, 7, 8, 9, 10, 10, 10, 11, 12, 12)
TIME = (3, 7, 7, 2, 12, 5, 7, 1, 1, 4, 12, 12, 6, 7, 12, 3, 12, 9, 2, 7, 5, 7)
LEFT = (1, 0, 0, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1)
ROWS = [(v, float(t), bool(e)) for v, t, e in zip(VIEWER, TIME, LEFT, strict=True)]
R_PROGRAM = """
f <- survfit(Surv(time, left) ~ 1, cluster = viewer, robust = TRUE); summary(f, times = c(2, 5, 7, 9, 12))
g <- survfit(Surv(time, left) ~ 1, conf.type = "log-log"); summary(g, times = c(2, 5, 7, 9, 12))
summary(g, rmean = 10)$table; sqrt(sum(tapply(residuals(f, times = 10, type = "rmst"), viewer, sum)^2))
arm <- viewer %% 2; s <- Surv(pmin(time, 10), ifelse(time < 10, left, 0)); survdiff(s ~ arm)
m <- coxph(s ~ arm + cluster(viewer), ties = "breslow", iter.max = 0, init = 0)
u <- residuals(m, type = "score", collapse = viewer); sum(u)^2 / sum(u^2)
"""
TIMES = (2, 5, 7, 9, 12)


def close(value):
    return pytest.approx(value, rel=1e-9)


def test_mixed_lengths_as_r_survfit_has_them():
    views = Viewed.of(ROWS)
    plain, clustered = (find(v, TIMES, Z) for find, v in ((km_curve, views.watching), (km_clustered, views)))
    survival = [9 / 11, 13 / 22, 0.5, 5 / 12, 5 / 12]
    assert [p.survival for p in plain] == close(survival) == [p.survival for p in clustered]
    assert [p.error for p in plain] == close(
        [0.0822303667030264, 0.1048235611071556, 0.1066003581778052, 0.1169549108778729, 0.1169549108778729]
    )
    assert [p.error for p in clustered] == close(
        [0.0832621557008673, 0.0916573264992514, 0.0909090909090909, 0.0865612954596091, 0.0865612954596091]
    )
    assert [p.interval.low for p in plain[:3]] == close([0.585347864496885, 0.361035585344476, 0.281786737950724])
    assert [p.interval.high for p in plain[3:]] == close([0.626871667211625] * 2)


def test_mixed_lengths_to_a_horizon_as_r_has_them():
    views = Viewed.of(ROWS)
    assert rmst(views.watching, 10).value == close(6.689393939393939)
    assert rmst(views.watching, 10).error == close(0.734318156121109)
    assert rmst_clustered(views, 10).error == close(0.658452349997913)
    first, second = (Viewed.of(row for row in ROWS if row[0] % 2 == arm) for arm in (0, 1))
    assert logrank(second.watching, first.watching, 10).chi_square == close(0.0873272178859459)
    assert logrank_clustered(second, first, 10).chi_square == close(0.161756278462612)


views = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=60)
sorted_times = st.lists(st.integers(1, 40).map(lambda t: t / 4), min_size=1, max_size=8, unique=True).map(sorted)


@given(views)
def test_the_curve_is_statsmodels(rows):
    watching = Watching.of((float(time), left) for time, left in rows)
    times, left = [time for time, _ in rows], [int(left) for _, left in rows]
    beside = SurvfuncRight(np.array(times, dtype=float), np.array(left))
    ours = km_curve(watching, tuple(beside.surv_times), Z)
    assert [p.survival for p in ours] == pytest.approx(list(beside.surv_prob), abs=1e-12)
    assert [p.at_risk for p in ours] == list(beside.n_risk)
    for own, other in zip(ours, beside.surv_prob_se, strict=True):
        assert isinstance(own.error, Undetermined) if own.survival == 0 else own.error == pytest.approx(other, abs=1e-9)


@given(views, views, st.integers(1, 9))
def test_the_log_rank_test_is_statsmodels(first, second, horizon):
    ours = logrank(*(Watching.of((float(t), left) for t, left in rows) for rows in (second, first)), horizon)
    rows = [
        (min(t, horizon), int(left and t < horizon), arm) for arm, rs in ((0, first), (1, second)) for t, left in rs
    ]
    time, left, arm = (np.array(column) for column in zip(*rows, strict=True))
    if isinstance(ours, Undetermined):
        assert ours.reason is Reason.NO_VARIATION
        return
    chi_square, p = survdiff(time, left, arm)
    assert (ours.chi_square, ours.p_value) == pytest.approx((chi_square, p), rel=1e-7, abs=1e-9)
    assert sum(ours.observed) == pytest.approx(sum(ours.expected))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(1, 10))
def test_with_one_length_the_curve_is_a_share_and_its_area_a_mean(watched, length):
    watching = Watching.of((float(min(w, length)), w < length) for w in watched)
    n = len(watched)
    for t, point in enumerate(km_curve(watching, range(length), Z)):
        share = sum(w > t for w in watched) / n
        assert point.survival == pytest.approx(share, abs=1e-12)
        if share:
            assert point.error == pytest.approx(math.sqrt(share * (1 - share) / n), abs=1e-12)
    capped = np.minimum(watched, length)
    found = rmst(watching, length)
    assert found.value == pytest.approx(capped.mean())
    assert found.error == pytest.approx(capped.std() / math.sqrt(n), abs=1e-9)


clustered = st.lists(
    st.lists(st.integers(0, 6), min_size=1, max_size=5), min_size=2, max_size=12
)  # whole seconds of a cut of 6 s, by viewer


def of(viewers, length=6.0):
    return Viewed.of((v, min(float(w), length), w < length) for v, own in enumerate(viewers) for w in own)


@given(clustered)
def test_with_one_length_the_viewers_variance_is_that_of_a_ratio(viewers):
    """Views beyond t over views, by the delta method: an independent road to the same variance, but for n/(n − 1)."""
    n, rows = len(viewers), [len(own) for own in viewers]
    for t, point in zip((1, 3, 5), km_clustered(of(viewers), (1, 3, 5), Z), strict=True):
        beyond = [sum(w > t for w in own) for own in viewers]
        sums, pairs = {"y": sum(beyond), "d": sum(rows)}, {("y", "y"): beyond, ("d", "y"): beyond, ("d", "d"): rows}
        products = {
            pair: sum(a * (b if pair[0] == pair[1] else d) for a, b, d in zip(y, y, rows, strict=True))
            for pair, y in pairs.items()
        }
        sample = ratio_sample(Moments.from_sums(n, sums, products), "y", "d")
        assert point.survival == pytest.approx(sample.mean)
        if sample.mean:
            assert point.error**2 == pytest.approx(sample.variance / n * (n - 1) / n, abs=1e-12)


@given(clustered)
def test_one_view_a_viewer_is_the_same_as_no_viewers_at_all(viewers):
    alone = of([[own[0]] for own in viewers])
    unsaid = Viewed(alone.watching, alone.viewers)
    assert np.allclose(survival_covariance(alone), survival_covariance(unsaid))
    plain = rmst(alone.watching, 6)
    assert rmst_clustered(unsaid, 6).error == pytest.approx(plain.error, abs=1e-9)


@given(clustered, clustered)
def test_swapping_the_arms_turns_every_sign(first, second):
    one, other = (compare_rmst(of(a), of(b), 6, FixedHorizon(0.05)) for a, b in ((first, second), (second, first)))
    if isinstance(one, Effect):
        assert one.difference.value == pytest.approx(-other.difference.value)
        assert one.p_value == pytest.approx(other.p_value)
        assert one.difference.interval.excludes(0.0) is (one.p_value < 0.05)
    ranks = [logrank_clustered(of(a), of(b), 6) for a, b in ((first, second), (second, first))]
    if not isinstance(ranks[0], Undetermined):
        assert ranks[0].statistic == pytest.approx(-ranks[1].statistic)


@given(clustered)
def test_everybody_twice_halves_the_variance(viewers):
    once, twice = of(viewers), of(viewers * 2)
    assert np.allclose(survival_covariance(once), 2 * survival_covariance(twice))


def drawn(rng, viewers):
    """One to five views of a 6 s cut, each viewer with an impatience of their own: strongly clustered."""
    own = rng.beta(1, 3, viewers)
    return [np.minimum(rng.geometric(h, rng.integers(1, 6)) - 1, 6).tolist() for h in own]


def test_the_viewers_variance_is_that_of_a_bootstrap_of_viewers():
    rng = np.random.default_rng(20261123)
    viewers = drawn(rng, 400)
    found = of(viewers)
    views = np.array([len(own) for own in viewers])
    beyond3 = np.array([sum(w > 3 for w in own) for own in viewers])
    seconds = np.array([sum(own) for own in viewers])
    picks = rng.integers(0, 400, (4000, 400))
    n = views[picks].sum(axis=1)
    shares, means = beyond3[picks].sum(axis=1) / n, seconds[picks].sum(axis=1) / n
    plain = km_curve(found.watching, (3,), Z)[0]
    by_viewer = km_clustered(found, (3,), Z)[0]
    assert by_viewer.error == pytest.approx(shares.std(), rel=0.05)
    assert rmst_clustered(found, 6).error == pytest.approx(means.std(), rel=0.05)
    assert by_viewer.error > 1.3 * plain.error


def test_the_band_holds_whole_curves_as_often_as_it_says():
    rng = np.random.default_rng(3)
    truth = [np.mean([(1 - h) ** t for h in rng.beta(1, 3, 200_000)]) for t in range(1, 7)]
    held = pointwise = 0
    for _ in range(150):
        viewed = of(drawn(rng, 300))
        whole = band(viewed, 0.05)
        shares = dict(zip(viewed.watching.times, whole, strict=True))
        each = [p.interval for p in km_clustered(viewed, range(6), Z)]
        held += all(shares[float(t)].low <= truth[t] <= shares[float(t)].high for t in range(6))
        pointwise += all(i.low <= truth[t] <= i.high for t, i in enumerate(each))
    assert 0.88 <= held / 150 < 1  # 99.9 % of Binomial(150, .95)
    assert pointwise < held


@pytest.mark.parametrize(("size", "table"), [(2, 2.21), (3, 2.35), (5, 2.51), (9, 2.69)])
def test_equal_correlation_gives_dunnetts_table(size, table):
    """Dunnett, Biometrics 1964;20:482, table II, two-sided .05, rho .5, df infinite."""
    covariance = np.full((size, size), 0.5) + 0.5 * np.eye(size)
    assert sup_t_critical(covariance, 0.05) == pytest.approx(table, abs=0.015)


@pytest.mark.parametrize("size", [2, 7, 30, 60])
def test_independent_statistics_give_sidaks_quantile(size):
    sidak = two_sided_quantile(1 - 0.95 ** (1 / size), math.inf)
    assert sup_t_critical(np.eye(size), 0.05) == pytest.approx(sidak, abs=0.03)


def test_one_statistic_or_the_same_one_twice_is_one():
    assert sup_t_critical(np.ones((1, 1)), 0.05) == pytest.approx(Z)
    assert sup_t_critical(np.ones((4, 4)), 0.05) == pytest.approx(Z, abs=0.02)
    assert sup_t_critical(np.zeros((3, 3)), 0.05) == pytest.approx(Z)


def test_what_is_left_of_those_who_came_so_far():
    found = reached(of([[6, 6], [2], [4, 6], [1, 6]]), 2, 5, Z)
    assert found.value == pytest.approx(4 / 5)
    assert 0 <= found.interval.low < 0.8 < found.interval.high <= 1
    assert reached(of([[1], [2]]), 3, 5, Z).reason is Reason.NO_DENOMINATOR


def test_no_number_where_there_is_none():
    nobody, all_stay = Watching((), (), ()), Watching((10.0,), (0,), (40,))
    assert km_curve(nobody, (1,), Z)[0].reason is Reason.NO_VIEWERS
    assert rmst(nobody, 5).reason is Reason.NO_VIEWERS
    assert rmst(all_stay, 11).reason is Reason.BEYOND
    assert km_curve(all_stay, (11,), Z)[0].reason is Reason.BEYOND
    assert km_curve(all_stay, (3,), Z)[0].interval.reason is Reason.NO_VARIATION
    assert logrank(all_stay, all_stay, 10).reason is Reason.NO_VARIATION
    assert logrank(all_stay, nobody, 10).reason is Reason.NO_VIEWERS
    one = Viewed.of([("a", 3.0, True)])
    assert rmst_clustered(one, 3).reason is Reason.TOO_FEW
    assert rmst_ratio(rmst(Watching((0.0,), (4,), (0,)), 3), rmst(all_stay, 3), Z).reason is Reason.CONTROL_NEAR_ZERO


@pytest.mark.parametrize(
    "bad", [((2.0, 1.0), (1, 1), (0, 0)), ((1.0,), (-1,), (0,)), ((1.0,), (1, 2), (0,)), ((-1.0,), (1,), (0,))]
)
def test_a_histogram_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match=r"times|views"):
        Watching(*bad)


def test_a_horizon_is_above_zero():
    with pytest.raises(ValueError, match="horizon"):
        rmst(Watching((1.0,), (1,), (0,)), 0)


def test_rows_become_cells_that_share_a_viewer():
    found = Viewed.of([("a", 1.0, True), ("a", 1.0, True), ("a", 2.0, False), ("b", 2.0, False)])
    assert found.viewers == 2
    assert found.together == {(0, 0): 4, (0, 3): 2, (3, 3): 2}
