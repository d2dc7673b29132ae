"""Shrunken values: statsmodels' DerSimonian-Laird beside ours, and what shrinking does to a winner."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.estimate import Reason
from abstory.stats.shrinkage import between_variance, shrink

pairs = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 4)), min_size=2, max_size=8)


def test_the_variance_between_is_that_of_statsmodels():
    # Normand 1999 data layout: statsmodels.stats.meta_analysis.combine_effects(method_re="chi2") is DerSimonian-Laird
    from statsmodels.stats.meta_analysis import combine_effects

    values = np.array([0.10, 0.30, 0.35, 0.65, 0.45, 0.15])
    variances = np.array([0.03, 0.03, 0.05, 0.01, 0.05, 0.02])
    wanted = combine_effects(values, variances, method_re="chi2")
    found = shrink(values.tolist(), variances.tolist())
    assert found.spread == pytest.approx(wanted.tau2, rel=1e-10)
    assert found.centre == pytest.approx(wanted.mean_effect_re, rel=1e-10)


@given(pairs)
def test_values_lie_between_their_own_and_the_centre(pairs):
    values, variances = zip(*pairs, strict=True)
    found = shrink(values, variances)
    assert found.spread >= 0
    for own, drawn, variance, error in zip(values, found.values, variances, found.variances, strict=True):
        low, high = sorted((own, found.centre))
        assert low - 1e-9 <= drawn <= high + 1e-9
        assert 0 < error <= variance * (1 + 1e-9)


@given(pairs, st.floats(-10, 10), st.floats(0.1, 10))
def test_another_unit_or_origin_moves_everything_along(pairs, origin, scale):
    values, variances = zip(*pairs, strict=True)
    plain, moved = (
        shrink(values, variances),
        shrink([origin + scale * v for v in values], [scale**2 * v for v in variances]),
    )
    assert moved.values == pytest.approx([origin + scale * v for v in plain.values], rel=1e-6, abs=1e-6)
    assert moved.spread == pytest.approx(scale**2 * plain.spread, rel=1e-6, abs=1e-6)


def test_values_alike_collapse_to_one():
    assert between_variance([1.0, 1.01, 0.99], [1.0, 1.0, 1.0]) == 0.0
    found = shrink([1.0, 1.3, 0.7], [1.0, 1.0, 1.0])
    assert found.values == pytest.approx([1.0] * 3)
    assert found.variances == pytest.approx([1 / 3] * 3)


def test_a_winner_is_no_longer_inflated():
    rng, runs = np.random.default_rng(4), 2000
    plain, drawn = [], []
    for _ in range(runs):
        truth = rng.normal(0, 0.5, 8)
        seen = truth + rng.normal(0, 1, 8)
        best = int(np.argmax(seen))
        plain.append(seen[best] - truth[best])
        drawn.append(shrink(seen.tolist(), [1.0] * 8).values[best] - truth[best])
    assert np.mean(plain) > 0.9
    assert abs(np.mean(drawn)) < 0.15


def test_no_number_where_there_is_none():
    assert shrink([1.0], [1.0]).reason is Reason.TOO_FEW
    assert shrink([1.0, 2.0], [1.0, 0.0]).reason is Reason.NO_VARIATION
    for unknown in (math.nan, math.inf):  # as of an arm with one viewer
        assert shrink([1.0, 2.0, 3.0], [1.0, unknown, 1.0]).reason is Reason.NO_VARIATION
