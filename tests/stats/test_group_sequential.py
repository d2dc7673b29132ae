"""Declared looks: what is spent, that one voice speaks, and what the quadrature says against drawn paths."""

import math
import sys
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from abstory.stats import means
from abstory.stats.boundaries import Boundaries, chances
from abstory.stats.group_designs import drift_for, expected_share, futility_design, inflation, spending_design
from abstory.stats.group_sequential import GroupSequential, repeated_p, sequential_p, spent, upper_boundary
from abstory.stats.moments import Sample
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import FixedHorizon, one_sided

KINDS = ("obrien_fleming", "pocock")
kinds = st.sampled_from(KINDS)
shares = st.lists(st.integers(10, 125), min_size=1, max_size=5, unique=True).map(
    lambda x: tuple(v / 100 for v in sorted(x))
)
alphas = st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.3])


@st.composite
def looking(draw):
    looks = draw(shares.filter(lambda x: len(x) < 2 or x[-2] < 1))
    return GroupSequential(draw(alphas), looks[-1], looks[:-1], draw(kinds))


@settings(max_examples=60, deadline=None)
@given(shares, alphas, kinds, st.sampled_from([1, 2]))
def test_each_look_crosses_with_the_chance_it_was_given(looks, alpha, kind, sides):
    crossed = chances(spending_design(looks, alpha, kind, sides=sides))
    cumulated = [0.0, *(spent(alpha, share, kind) for share in looks)]
    for above, (before, after) in zip(crossed.above, pairwise(cumulated), strict=True):
        assert above == pytest.approx(after - before, rel=1e-6, abs=1e-14)
    if sides == 2:
        assert crossed.below == pytest.approx(crossed.above, rel=1e-9, abs=1e-16)


def test_the_quadrature_against_drawn_paths():
    import numpy as np

    rng = np.random.default_rng(5)
    information, drift, runs = np.array([0.2, 0.45, 0.7, 1.0]), 1.3, 200_000
    steps = np.diff(information, prepend=0.0)
    paths = np.cumsum(rng.normal(drift * steps, np.sqrt(steps), (runs, 4)), axis=1) / np.sqrt(information)
    design = Boundaries(tuple(information), (2.5, 2.4, 2.2, 2.0), (-1.0, -0.2, 0.5, 2.0))
    crossed = chances(design, drift)
    going = np.ones(runs, dtype=bool)
    for k in range(4):
        above, below = going & (paths[:, k] >= design.upper[k]), going & (paths[:, k] <= design.lower[k])
        for seen, wanted in ((above.mean(), crossed.above[k]), (below.mean(), crossed.below[k])):
            assert abs(seen - wanted) < 5 * math.sqrt(wanted * (1 - wanted) / runs)
        going &= ~above & ~below
    assert math.fsum((*crossed.above, *crossed.below)) == pytest.approx(1.0, abs=1e-12)


@settings(deadline=None)
@given(alphas, kinds, st.floats(-5, 5))
def test_one_look_at_full_information_is_the_fixed_horizon(alpha, kind, statistic):
    one, fixed = GroupSequential(alpha, 1.0, spending=kind), FixedHorizon(alpha)
    assert one.critical(100, 30.0) == pytest.approx(fixed.critical(100, 30.0), rel=1e-9)
    assert one.p_value(statistic, 100, math.inf) == pytest.approx(fixed.p_value(statistic, 100, math.inf), rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(looking(), st.sampled_from([math.inf, 7.0, 300.0]), st.integers(1, 6), st.booleans())
def test_p_crosses_alpha_at_the_critical_value(reading, df, family, side):
    reading = Bonferroni(one_sided(reading) if side else reading, family)
    critical = reading.critical(100, df)
    if math.isinf(critical):
        assert reading.lacks(Sample(5000, 0.0, 1.0))
        return
    assert reading.p_value(critical, 100, df) >= reading.alpha
    assert reading.p_value(critical * (1 + 1e-6), 100, df) < reading.alpha
    assert reading.p_value(-critical * (1 + 1e-6), 100, df) < reading.alpha
    assert reading.p_value(critical * (1 - 1e-6), 100, df) > reading.alpha


@settings(max_examples=40, deadline=None)
@given(looking(), st.floats(0, 45), st.floats(0, 45))
@example(GroupSequential(0.001, 0.1, (), "pocock"), 39.0, 38.5)
def test_p_falls_as_the_statistic_grows_and_never_undercuts_a_single_look(reading, one, other):
    small, large = sorted((one, other))
    p, q = reading.p_value(small, 9, math.inf), reading.p_value(large, 9, math.inf)
    least = sys.float_info.min  # below it numbers have no digits to agree in: at T = 38.5 the smallest one and 0
    assert q <= p * (1 + 1e-9) + least
    assert p >= FixedHorizon(0.05).p_value(small, 9, math.inf) * (1 - 1e-9) - least


@settings(max_examples=40, deadline=None)
@given(shares, kinds)
def test_a_stricter_alpha_asks_for_more(looks, kind):
    heights = [upper_boundary(looks, alpha / 2, kind)[-1] for alpha in (1.0, 0.8, 0.5, 0.2, 0.05, 0.01, 1e-4)]
    assert all(a <= b * (1 + 1e-9) for a, b in pairwise(heights))


def test_means_speak_with_one_voice_at_a_look():
    reading = GroupSequential(0.05, 0.6, (0.3,))
    for mean in (5.0, 5.1, 5.2, 5.21, 5.25, 5.4):
        effect = means.compare(Sample(400, mean, 1.2), Sample(380, 5.0, 1.0), reading)
        assert effect.difference.interval.excludes(0.0) == (effect.p_value < 0.05)
        assert effect.lift.interval.excludes(0.0) == (effect.p_value < 0.05)


def test_looking_at_once_again_is_not_a_look():
    near = GroupSequential(0.05, 0.5002, (0.2, 0.5))
    assert near.lacks(Sample(9, 0.0, 1.0)) == "50.02% of the plan, last look at 50.00%"
    assert near.critical(9, math.inf) == math.inf
    assert near.p_value(30.0, 9, math.inf) == 1.0


def test_over_running_spends_what_is_left_and_then_nothing():
    over = GroupSequential(0.05, 1.2, (0.5,))
    crossed = chances(spending_design(over.shares, 0.025, "obrien_fleming"))
    assert math.fsum((*crossed.above, *crossed.below)) == pytest.approx(0.05, rel=1e-8)
    late = GroupSequential(0.05, 1.5, (0.5, 1.2))
    assert late.lacks(Sample(9, 0.0, 1.0)) == "the plan's last look is taken"
    assert late.critical(9, math.inf) == math.inf
    assert late.p_value(100.0, 9, math.inf) >= 0.05


def test_too_early_for_anything_to_be_spent():
    early = GroupSequential(0.05, 0.002)
    assert early.lacks(Sample(9, 0.0, 1.0)) == "0.20% of the plan"
    assert early.p_value(60.0, 9, math.inf) >= 0.05


@pytest.mark.parametrize("bad", [{"share": 0.0}, {"share": 0.5, "taken": (0.5,)}, {"share": 0.5, "taken": (0.4, 0.3)}])
def test_looks_out_of_order_are_refused(bad):
    with pytest.raises(ValueError, match="increase"):
        GroupSequential(0.05, **bad)


def test_an_unknown_way_of_spending_is_refused():
    with pytest.raises(ValueError, match="pocock"):
        GroupSequential(0.05, 0.5, spending="all")


@pytest.mark.parametrize("information", [(), (0.0, 0.5), (0.5, 0.5), (0.5, 0.5001)])
def test_information_must_grow(information):
    with pytest.raises(ValueError, match="information"):
        upper_boundary(information, 0.025, "pocock")


@settings(max_examples=20, deadline=None)
@given(looking(), st.floats(-3, 5))
def test_the_sequential_p_only_falls_and_is_half_the_repeated_one_at_first(reading, z):
    looks = reading.shares
    ps = [sequential_p(looks[:k], [z] * k, reading.spending) for k in range(1, len(looks) + 1)]
    assert all(b <= a for a, b in pairwise(ps))
    if 0 < ps[0] < 0.5:
        assert ps[0] == pytest.approx(repeated_p(looks[:1], z, reading.spending) / 2, rel=1e-6)


def test_power_and_inflation_are_one_statement():
    design = spending_design((0.25, 0.5, 0.75, 1.0), 0.025, "pocock")
    drift = drift_for(design, 0.8)
    assert math.fsum(chances(design, drift).above) == pytest.approx(0.8, abs=1e-10)
    assert inflation(design, 0.025, 0.8) > 1
    assert expected_share(design, drift) < 1
    assert expected_share(design, 0.0) > expected_share(design, drift)
    halves = spending_design((0.125, 0.25, 0.375, 0.5), 0.025, "pocock")
    assert inflation(halves, 0.025, 0.8) > inflation(spending_design((0.5,), 0.025, "pocock"), 0.025, 0.8)


def test_futility_spends_its_beta_and_costs_no_error():
    design, drift = futility_design((0.3, 0.7, 1.0), 0.025, 0.2, "pocock")
    assert math.fsum(chances(design, drift).below) == pytest.approx(0.2, abs=1e-8)
    assert design.lower[-1] == pytest.approx(design.upper[-1], abs=1e-12)
    ignored = spending_design((0.3, 0.7, 1.0), 0.025, "pocock", sides=1)
    assert ignored.upper == design.upper
    assert math.fsum(chances(ignored).above) == pytest.approx(0.025, rel=1e-8)
