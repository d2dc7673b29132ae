"""Inference after a stop: published cases lie in tests/oracles; here are its laws, and drawn experiments."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.stats.after_stopping import Looks, after_stopping, extreme
from abstory.stats.group_designs import spending_design
from abstory.stats.tails import two_sided_p, two_sided_quantile

reals = st.floats(-6, 6).filter(lambda x: abs(x) > 1e-3)


@settings(max_examples=30, deadline=None)
@given(reals, st.floats(0.01, 10))
def test_one_look_is_the_plain_normal_interval(z, error):
    found = after_stopping(Looks((1.0,), 0.025), z * error, error)
    half = two_sided_quantile(0.05, math.inf) * error
    assert found.estimate.value == pytest.approx(z * error, abs=1e-7 * error)
    assert found.estimate.interval.low == pytest.approx(z * error - half, abs=1e-7 * error)
    assert found.p_value == pytest.approx(two_sided_p(z, math.inf), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(reals, st.sampled_from(["pocock", "obrien_fleming"]), st.sampled_from([(0.5, 1.0), (0.2, 0.6), (0.3, 0.5, 0.8)]))
def test_swapped_arms_mirror_everything(z, kind, shares):
    there = after_stopping(Looks(shares, 0.025, kind), z * 0.3, 0.3)
    back = after_stopping(Looks(shares, 0.025, kind), -z * 0.3, 0.3)
    assert there.estimate.value == pytest.approx(-back.estimate.value, abs=1e-7)
    assert there.estimate.interval.low == pytest.approx(-back.estimate.interval.high, abs=1e-7)
    assert there.p_value == pytest.approx(back.p_value, abs=1e-9)
    assert there.estimate.interval.low < there.estimate.value < there.estimate.interval.high


@settings(max_examples=30, deadline=None)
@given(reals, st.sampled_from([(0.5, 1.0), (0.3, 0.5, 0.8)]))
def test_the_interval_excludes_zero_exactly_when_p_is_below_its_level(z, shares):
    found = after_stopping(Looks(shares, 0.025), z, 1.0)
    if abs(found.p_value - 0.05) > 1e-6:
        assert found.estimate.interval.excludes(0.0) == (found.p_value < 0.05)


@settings(max_examples=20, deadline=None)
@given(st.floats(-4, 4), st.floats(-3, 3), st.floats(0.01, 1))
def test_a_larger_effect_makes_any_outcome_likelier(z, drift, more):
    design = spending_design((0.3, 0.6, 1.0), 0.025, "pocock")
    assert extreme(design, z, drift) <= extreme(design, z, drift + more) + 1e-12


def test_intervals_cover_and_estimates_are_median_unbiased_where_plain_ones_are_biased():
    import numpy as np

    rng, truth, runs = np.random.default_rng(11), 2.0, 600
    shares, looks = (1 / 3, 2 / 3, 1.0), 3
    upper = spending_design(shares, 0.025, "pocock").upper
    covered, above, plain = 0, 0, []
    for _ in range(runs):
        walk = np.cumsum(rng.normal(truth / looks, math.sqrt(1 / looks), looks))
        z = walk / np.sqrt(shares)
        k = next((k for k in range(looks) if abs(z[k]) >= upper[k]), looks - 1)
        error = 1 / math.sqrt(shares[k])
        found = after_stopping(Looks(shares[: k + 1], 0.025, "pocock"), float(z[k]) * error, error)
        covered += found.estimate.interval.low <= truth <= found.estimate.interval.high
        above += found.estimate.value > truth
        plain.append(float(z[k]) * error)
    sd = math.sqrt(runs)
    assert abs(covered - 0.95 * runs) < 4 * sd * math.sqrt(0.95 * 0.05)
    assert abs(above - 0.5 * runs) < 4 * sd / 2
    assert np.mean(plain) - truth > 4 * np.std(plain) / sd  # what stopping does to the plain estimate


def test_either_side_keeps_its_digits():
    up, down = (after_stopping(Looks((0.5,), 0.025), sign * 12.0, 1.0) for sign in (1, -1))
    assert 0 < up.p_value < 1e-12
    assert up.p_value == pytest.approx(down.p_value, rel=1e-9)
