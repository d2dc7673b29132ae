"""Pooling over stories against metafor's published values and statsmodels, and against laws where viewers are shared."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.pooling import Effects, between_interval, between_variance, sized_weights

# The BCG trials (metafor's dat.bcg): log relative risks and their variances, computed from the published 2 x 2 tables.
BCG = [
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
    (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
    (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
]  # fmt: skip


def bcg():
    a, b, c, d = np.array(BCG, dtype=float).T
    return np.log((a / (a + b)) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def independent(values, variances):
    return Effects(np.array(values), np.diag(variances))


def test_the_bcg_trials_as_metafor_prints_them():
    effects = independent(*bcg())
    # metafor, rma(yi, vi, data=dat.bcg): Q(df = 12) = 152.2330 (Viechtbauer, J Stat Software 2010;36(3)).
    assert effects.scatter == pytest.approx(152.2330, abs=5e-5)
    # confint(rma(yi, vi, data=dat.bcg)): tau^2 from 0.1197 to 1.1115 (Q-profile, the same for every estimator).
    ends = between_interval(effects, 0.05)
    assert (ends.low, ends.high) == pytest.approx((0.1197, 1.1115), abs=5e-5)
    # rma(..., method="PM"): tau^2 = 0.3181, estimate -0.7150.
    tau2 = between_variance(effects)
    assert tau2 == pytest.approx(0.3181, abs=5e-5)
    assert effects.weights(tau2) @ effects.values == pytest.approx(-0.7150, abs=5e-5)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2)), min_size=3, max_size=12))
def test_independent_stories_are_what_statsmodels_makes_of_them(rows):
    values, variances = map(np.array, zip(*rows, strict=True))
    assume(np.ptp(values) > 1e-3)
    found = independent(values, variances)
    theirs = combine_effects(values, variances, method_re="iterated", row_names=[str(i) for i in range(len(rows))])
    assert found.scatter == pytest.approx(theirs.q, rel=1e-9, abs=1e-12)
    assert found.inconsistency == pytest.approx(max(0.0, theirs.i2), abs=1e-9)
    tau2 = between_variance(found)
    assert tau2 == pytest.approx(max(0.0, theirs.tau2), rel=1e-4, abs=1e-4)
    assert found.weights(tau2) @ values == pytest.approx(theirs.mean_effect_re, abs=1e-3)


@st.composite
def shared(draw):
    """Effects with a positive definite covariance matrix."""
    k = draw(st.integers(3, 6))
    root = np.array(draw(st.lists(st.floats(-1, 1), min_size=k * k, max_size=k * k))).reshape(k, k)
    values = np.array(draw(st.lists(st.floats(-3, 3), min_size=k, max_size=k)))
    return Effects(values, root @ root.T + 0.1 * np.eye(k))


@settings(deadline=None)
@given(shared())
def test_q_is_k_minus_1_at_the_estimate_unless_it_starts_below(effects):
    tau2 = between_variance(effects)
    if tau2 > 0:
        assert effects.scatter_at(tau2) == pytest.approx(effects.stories - 1, rel=1e-6)
    else:
        assert effects.scatter <= effects.stories - 1
    assert effects.weights(tau2).sum() == pytest.approx(1)


@settings(deadline=None)
@given(shared(), st.floats(-5, 5), st.floats(0.1, 10))
def test_shift_scale_and_order_move_only_what_they_should(effects, shift, scale):
    moved = Effects(effects.values * scale + shift, effects.covariance * scale**2)
    turned = Effects(effects.values[::-1], effects.covariance[::-1, ::-1])
    assert moved.scatter == pytest.approx(effects.scatter, rel=1e-6, abs=1e-6)
    assert turned.scatter == pytest.approx(effects.scatter, rel=1e-6, abs=1e-9)
    assert between_variance(moved) == pytest.approx(between_variance(effects) * scale**2, rel=1e-4, abs=1e-6)


@settings(deadline=None)
@given(shared())
def test_the_interval_of_the_spread_leaves_zero_out_exactly_when_q_is_beyond_chance(effects):
    ends = between_interval(effects, 0.1)
    assert ends.low <= ends.high
    assert (ends.low > 0) is bool(effects.scatter > stats.chi2.isf(0.05, effects.stories - 1))


def test_below_three_stories_their_spread_is_not_known():
    two = independent([0.1, 0.9], [0.01, 0.01])
    assert between_variance(two) == Undetermined(Reason.FEW_STORIES, "2 of 3")
    assert between_interval(two, 0.05) == Undetermined(Reason.FEW_STORIES, "2 of 3")
    assert two.scatter == pytest.approx(0.8**2 / 0.02)  # (d1 - d2)² / (v1 + v2)


def test_weights_by_viewers_are_those_of_mantel_and_haenszel():
    assert sized_weights([100, 300], [100, 100]) == pytest.approx(np.array([50, 75]) / 125)
