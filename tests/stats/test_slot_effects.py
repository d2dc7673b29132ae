"""Effects over slots: agreement of everything an `Effect` says, and the draws behind it counted out."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from abstory.stats.estimate import Effect, Estimate, Reason, Undetermined
from abstory.stats.redraws import by_blocks, by_timelines
from abstory.stats.slot_effects import compare_slots, log1p_lift
from abstory.stats.slots import Slots
from abstory.stats.timeline import Timeline, compared

T, C = [0.52, 0.61, 0.58, 0.70, 0.66], [0.48, 0.50, 0.55, 0.47, 0.53]


def told(slots, alpha=0.05, family=1):
    return compare_slots(slots, by_blocks(slots, seed=1), alpha, family=family)


def one_block(treatment, control):
    return Slots.of([*treatment, *control], [1] * len(treatment) + [0] * len(control))


@st.composite
def posted(draw):
    """Two or three blocks of 2 + 2 or 3 + 3 slots, now and then one short; whole values, so that ties are many."""
    rows = []
    for block in range(draw(st.integers(2, 3))):
        each = draw(st.integers(2, 3))
        rows += [(draw(st.integers(0, 9)), arm, block) for arm in (True, False) for _ in range(each)]
    return Slots.of(*zip(*rows[draw(st.integers(0, 1)) :], strict=True))


LEVELS = st.sampled_from([0.02, 0.05, 0.1, 0.2, 0.5])


@given(posted(), LEVELS, st.integers(1, 7))
def test_interval_p_lift_and_statistic_say_the_same(slots, alpha, family):
    effect = told(slots, alpha, family)
    if isinstance(effect, Undetermined):
        return
    apart = effect.difference.interval.excludes(0.0)
    assert apart is (effect.p_value < alpha)
    assert apart is (abs(effect.statistic) > effect.critical)
    assert effect.difference.value == pytest.approx(effect.treatment - effect.control, abs=1e-9)
    assert math.isfinite(effect.difference.interval.low)
    assert math.isfinite(effect.difference.interval.high)
    assert effect.standard_error > 0
    if isinstance(effect.lift, Estimate):
        assert effect.lift.interval.excludes(0.0) is apart
        assert effect.lift.value == pytest.approx(effect.treatment / effect.control - 1, abs=1e-9)


def test_a_p_of_alpha_itself_is_not_below_it():
    """Two blocks of 3 + 3 have 400 draws, ten of them at least as large as this one: p is .05, counted out."""
    values = [12, 11, 1, 2, 3, 4, 12, 11, 5, 2, 3, 4]
    slots = Slots.of(values, [1, 1, 1, 0, 0, 0] * 2, [1] * 6 + [2] * 6)
    sums = [
        sum(values[at] for at in (*first, *second))
        for first in combinations(range(6), 3)
        for second in combinations(range(6, 12), 3)
    ]
    assert (len(sums), sum(total >= 52 for total in sums)) == (400, 10)
    effect = told(slots, 0.05)
    assert effect.p_value == 0.05
    assert not effect.difference.interval.excludes(0.0)
    assert effect.difference.interval.low == 0.0
    above = told(slots, math.nextafter(0.05, 1.0))
    assert above.p_value == 0.05
    assert above.difference.interval.excludes(0.0)


def test_the_figures_beside_scipy_and_numpy():
    slots = one_block(T, C)
    effect = told(slots)
    beside = permutation_test((T, C), lambda x, y: np.mean(x) - np.mean(y), n_resamples=np.inf, alternative="greater")
    assert effect.p_value == pytest.approx(2 * beside.pvalue)
    assert (effect.treatment, effect.control) == pytest.approx((np.mean(T), np.mean(C)))
    assert effect.statistic == pytest.approx(
        (beside.statistic - beside.null_distribution.mean()) / beside.null_distribution.std()
    )
    # Once the estimate is taken away the permutation variance of a difference of means is S² n/(n_t n_c).
    moved = np.array([*(np.array(T) - effect.difference.value), *C])
    assert effect.standard_error == pytest.approx(moved.std(ddof=1) * math.sqrt(10 / 25))
    # Of 252 draws 6 may be as large or larger (2 · 6/252 < .05): the seventh is the largest that is not rejected.
    scaled = np.sort((beside.null_distribution - beside.null_distribution.mean()) / beside.null_distribution.std())
    assert effect.critical == pytest.approx(scaled[-7])
    assert effect.method == "rerandomisation"


def test_swapped_arms_turn_the_signs_and_invert_the_lift():
    plain, swapped = told(one_block(T, C)), told(one_block(C, T))
    assert swapped.p_value == plain.p_value
    assert swapped.statistic == pytest.approx(-plain.statistic)
    assert swapped.critical == pytest.approx(plain.critical)
    assert swapped.standard_error == pytest.approx(plain.standard_error)
    assert 1 + swapped.lift.interval.high == pytest.approx(1 / (1 + plain.lift.interval.low))


def test_a_bound_of_one_side_is_an_end_at_twice_the_level():
    """4 + 4: the largest of 70 has a one-sided p of 1/70; at .05 of one side, 3/70 may be as large."""
    slots = one_block([5, 6, 7, 9], [1, 2, 3, 4])
    assert told(slots, 0.1).difference.interval.low > told(slots, 0.05).difference.interval.low > 0


@given(posted(), LEVELS, st.integers(2, 7))
def test_a_family_is_read_at_its_share_and_p_is_multiplied(slots, alpha, family):
    shared, alone = told(slots, alpha, family), told(slots, alpha / family)
    if isinstance(alone, Undetermined):
        assert shared.reason is alone.reason
        return
    assert shared.p_value == pytest.approx(min(1.0, family * alone.p_value))
    assert (shared.difference, shared.lift, shared.critical) == (alone.difference, alone.lift, alone.critical)


def test_a_p_of_alpha_itself_is_not_below_it_in_a_family_either():
    """C(8, 4) · C(4, 1) = 280 calendars, of which seven comparisons ask 7 · 2/280 = 5 % at least: never below 5 %."""
    slots = Slots.of([9, 8, 7, 6, 1, 2, 3, 4, 9, 1, 2, 3], [1] * 4 + [0] * 4 + [1] + [0] * 3, [0] * 8 + [1] * 4)
    assert len(by_blocks(slots, seed=0).sums) == 280
    assert told(slots, 0.05, 7).reason is Reason.TOO_FEW_SLOTS
    assert told(slots, 0.05, 6).p_value == pytest.approx(6 * 2 / 280)


def test_too_few_draws_are_said_before_an_interval_without_end():
    assert str(told(one_block([7, 8, 9], [1, 2, 3]))) == "too few slots (p is at least 0.1 with 20 draws)"
    assert told(one_block([7, 8, 9], [1, 2, 3]), 0.1).reason is Reason.TOO_FEW_SLOTS
    assert isinstance(told(one_block([7, 8, 9], [1, 2, 3]), 0.11), Effect)
    assert str(told(one_block([7, 8, 9], [1, 2, 3]), 0.11, 3)) == "too few slots (p is at least 0.3 with 20 draws)"
    assert str(told(one_block([7], []))) == "too few slots (1 and 0 slots)"
    alternating = [Timeline.of("tctctctc" * 4, [1] * 32, ("t", "c"), range(32))]
    found = compare_slots(compared(alternating), by_timelines(alternating, no_repeat=2, seed=1), 0.05)
    assert str(found) == "too few slots (p is at least 1 with 2 draws)"


def test_no_variation_is_no_effect():
    assert told(one_block([1] * 5, [1] * 5)) == Undetermined(Reason.NO_VARIATION)
    assert told(one_block([2] * 5, [1] * 5)) == Undetermined(Reason.NO_VARIATION)
    with pytest.raises(ValueError, match="alpha"):
        told(one_block(T, C), 0.0)


def test_totals_on_the_scale_of_logs():
    """(1 + total) doubled in every slot: the difference of logs is log 2, whatever one viral slot does to the mean."""
    control = [9, 12, 7, 10, 11, 9_999]
    treatment = [2 * (1 + total) - 1 for total in control]
    line = Timeline.of(
        "tc" * 6, ["a"] * 12, ("t", "c"), [v for pair in zip(treatment, control, strict=True) for v in pair]
    )
    found = log1p_lift([line], no_repeat=1, seed=1, alpha=0.05)
    assert found.value == pytest.approx(1.0)
    logged = one_block(np.log1p(treatment), np.log1p(control))
    raw = told(logged).difference.interval
    assert (found.interval.low, found.interval.high) == pytest.approx((math.expm1(raw.low), math.expm1(raw.high)))
    assert log1p_lift([line], no_repeat=2, seed=1, alpha=0.05).reason is Reason.TOO_FEW_SLOTS
