"""Drawing again: R's coin lies in tests/oracles; here brute force over all draws, scipy beside it, and laws."""

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test, ttest_ind

from abstory.stats import redraws
from abstory.stats.estimate import Estimate, Reason, Undetermined
from abstory.stats.randomization import rerandomise
from abstory.stats.redraws import by_blocks, by_calendar
from abstory.stats.slots import Slots, assignments


def read(slots, alpha=0.05, **changes):
    return rerandomise(slots, by_blocks(slots, **({"seed": 1} | changes)), alpha)


def calendars(slots):
    """Every draw of the blocks' law, counted out."""
    ways = [
        [set(chosen) for chosen in combinations(block, treated)]
        for block, (treated, _) in zip(slots.by_block, slots.sizes, strict=True)
    ]
    return [
        tuple(any(place in part for part in parts) for place in range(len(slots.values))) for parts in product(*ways)
    ]


def as_posted(slots, treated):
    return Slots(slots.values, treated, slots.blocks)


@st.composite
def posted(draw, *, values=None):
    """Up to three blocks of one to four slots; whole values, so that ties are many."""
    values = st.integers(-4, 4) if values is None else values
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    rows = [(draw(values), draw(st.booleans()), block) for block, size in enumerate(sizes) for _ in range(size)]
    return Slots.of(*zip(*draw(st.permutations(rows)), strict=True))


comparable = posted().filter(lambda slots: slots.both)


@given(comparable)
def test_p_is_counted_out(slots):
    y, block = np.array(slots.values), np.array(slots.blocks)
    centred = np.array([value - y[block == own].mean() for value, own in zip(y, block, strict=True)])
    sums = np.array([centred[np.array(arms)].sum() for arms in calendars(slots)])
    seen, found = centred[np.array(slots.treated)].sum(), read(slots)
    assert found.statistic == pytest.approx(seen, abs=1e-9)
    assert found.draws == len(sums) == assignments(slots.sizes)
    assert found.greater == np.mean(sums >= seen - 1e-9)
    assert found.less == np.mean(sums <= seen + 1e-9)
    assert found.two_sided == np.mean(abs(sums) >= abs(seen) - 1e-9)


@given(comparable, st.sampled_from([0.02, 0.1, 0.3]))
def test_the_interval_keeps_what_its_own_test_keeps(slots, alpha):
    """Just within an end both one-sided p values exceed alpha/2, just beyond one does not; and 0 as p says."""
    found = read(slots, alpha)
    if isinstance(found.difference, Undetermined):
        return
    interval = found.difference.interval
    assert interval.excludes(0.0) is (found.central <= alpha)
    for end, inward in ((interval.low, 1), (interval.high, -1)):
        if math.isfinite(end):
            kept, lost = (
                read(Slots.of(np.array(slots.values) - (end + step) * np.array(slots.treated), *columns(slots)), alpha)
                for step in (inward * 1e-4, -inward * 1e-4)
            )
            assert kept.central > alpha >= lost.central


def columns(slots):
    return slots.treated, slots.blocks


@given(comparable, st.sampled_from([0.05, 0.2]))
def test_other_names_of_the_arms_turn_the_sign(slots, alpha):
    plain, turned = read(slots, alpha), read(as_posted(slots, tuple(not arm for arm in slots.treated)), alpha)
    assert (turned.greater, turned.less, turned.two_sided) == (plain.less, plain.greater, plain.two_sided)
    assert turned.statistic == pytest.approx(-plain.statistic, abs=1e-9)
    if isinstance(plain.difference, Undetermined):
        assert turned.difference == plain.difference
    else:
        there, here = turned.difference.interval, plain.difference.interval
        assert (there.low, there.high) == pytest.approx((-here.high, -here.low), abs=1e-9)


@given(comparable, st.integers(-9, 9), st.integers(1, 7))
def test_a_level_of_a_block_changes_nothing_and_a_scale_only_the_scale(slots, level, scale):
    moved = Slots.of(
        [scale * v + (level if b == 0 else 0) for v, b in zip(slots.values, slots.blocks, strict=True)], *columns(slots)
    )
    plain, other = read(slots), read(moved)
    assert (other.greater, other.less, other.two_sided) == (plain.greater, plain.less, plain.two_sided)
    assert other.statistic == pytest.approx(scale * plain.statistic, abs=1e-9)


@given(comparable)
def test_p_holds_under_the_draw_itself(slots):
    """Were each draw the posted one, a p of at most a would come up no oftener than a: for every a, exactly."""
    every = [read(as_posted(slots, arms)) for arms in calendars(slots)[:: max(1, assignments(slots.sizes) // 4000)]]
    if len(every) == assignments(slots.sizes):
        for p in zip(*((f.greater, f.less, f.two_sided, f.central) for f in every), strict=True):
            ordered = sorted(p)
            assert all(
                rank / len(p) <= value + 1e-12 for rank, value in enumerate(ordered, 1) if value not in ordered[rank:]
            )


@given(posted(values=st.floats(-3, 3).map(lambda v: round(v, 3))).filter(lambda slots: slots.both))
def test_the_estimate_is_the_regression_with_block_effects(slots):
    blocks = np.array([[b == own for own in sorted(set(slots.blocks))] for b in slots.blocks], dtype=float)
    fitted = np.linalg.lstsq(np.column_stack([slots.treated, blocks]), np.array(slots.values), rcond=None)[0][0]
    found = read(slots)
    if not isinstance(found.difference, Undetermined):
        assert found.difference.value == pytest.approx(fitted, abs=1e-8)


def test_scipy_counts_the_same():
    t, c = [0.52, 0.61, 0.58, 0.7, 0.66], [0.48, 0.5, 0.55, 0.47, 0.53]
    beside = permutation_test(
        (t, c), lambda x, y, axis: x.mean(axis) - y.mean(axis), n_resamples=np.inf, alternative="greater"
    )
    found = read(Slots.of(t + c, [1] * 5 + [0] * 5))
    assert found.greater == pytest.approx(beside.pvalue, abs=1e-12)
    assert found.complete
    assert found.error(found.greater) == 0.0


def many(effect=0.0, size=12):
    rng = np.random.default_rng(3)
    treated = [1, 0] * size
    return Slots.of(rng.normal(size=2 * size) + effect * np.array(treated), treated)


def test_many_draws_are_sampled_and_near_what_a_t_test_says():
    slots = many(0.6)
    found = read(slots)
    assert not found.complete
    assert found.draws == redraws.DRAWS + 1
    values, treated = np.array(slots.values), np.array(slots.treated)
    t = ttest_ind(values[treated], values[~treated])
    assert found.two_sided == pytest.approx(t.pvalue, abs=0.01)
    assert found.error(0.5) == pytest.approx(0.5 / math.sqrt(100_000))
    low, high = t.confidence_interval(0.95)
    assert found.difference.interval.low == pytest.approx(low, abs=0.05)
    assert found.difference.interval.high == pytest.approx(high, abs=0.05)
    assert found.difference.interval.excludes(0.0) is (found.central <= 0.05)


def test_sampling_agrees_with_enumeration():
    """C(10, 5)² = 63,504 draws: listed, or 9,999 of them."""
    values = np.random.default_rng(8).integers(0, 12, 20)
    slots = Slots.of(values, [1, 0] * 10, [at // 10 for at in range(20)])
    exact, drawn = read(slots), read(slots, draws=9_999)
    assert (exact.draws, exact.complete, drawn.draws, drawn.complete) == (63_504, True, 10_000, False)
    for p, near in ((exact.greater, drawn.greater), (exact.less, drawn.less), (exact.two_sided, drawn.two_sided)):
        assert near == pytest.approx(p, abs=5 * drawn.error(p))


def test_sampling_depends_on_no_order_and_no_name():
    slots = many(0.3)
    turned = Slots(slots.values[::-1], slots.treated[::-1], slots.blocks)
    plain = read(slots, draws=999)
    assert read(turned, draws=999).greater == plain.greater
    renamed = read(as_posted(slots, tuple(not arm for arm in slots.treated)), draws=999)
    assert (renamed.greater, renamed.less) == (plain.less, plain.greater)
    assert read(slots, draws=999, seed=2).greater != plain.greater


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2])
def test_p_holds_with_few_draws_too(alpha):
    """Over all C(8, 4) = 70 calendars of fixed values, each with 19 draws of 30 seeds: at most alpha, chance aside."""
    values = [3.1, 0.2, 7.7, 1.5, 4.4, 9.0, 2.6, 5.3]
    plain = Slots.of(values, [1, 0] * 4)
    found = [
        read(as_posted(plain, arms), alpha, seed=100 * at + seed, draws=19)
        for at, arms in enumerate(calendars(plain))
        for seed in range(30)
    ]
    assert {(one.draws, one.complete) for one in found} == {(20, False)}
    wrong = sum(one.central <= alpha for one in found)
    assert wrong <= alpha * len(found) + 4 * math.sqrt(alpha * (1 - alpha) * len(found))
    assert wrong or alpha < 0.1  # 2/20 is the least p


def test_a_listed_calendar_is_the_law():
    """No arm thrice in a row: of the 20 draws of 3 + 3 those, counted by hand."""
    slots = Slots.of([5, 1, 4, 2, 6, 3], [1, 0, 1, 0, 1, 0])
    allowed = [
        arms for arms in calendars(slots) if not any(arms[at] == arms[at + 1] == arms[at + 2] for at in range(4))
    ]
    assert len(allowed) == 14
    found = rerandomise(slots, by_calendar(slots, iter(allowed), complete=True), 0.3)
    sums = [sum(v for v, arm in zip(slots.values, arms, strict=True) if arm) for arms in allowed]
    assert found.greater == sum(s >= 15 for s in sums) / 14
    assert found.draws == 14
    every = rerandomise(slots, by_calendar(slots, calendars(slots), complete=True), 0.3)
    assert every == read(slots, 0.3)


def test_a_stream_of_calendars_has_the_posted_one_added_and_other_counts_left_out():
    slots = Slots.of([5, 1, 4, 2], [1, 0, 1, 0])
    stream = [(True, True, True, False), (False, True, False, True), (True, True, False, False)]
    found = rerandomise(slots, by_calendar(slots, stream, complete=False), 0.9)
    assert (found.draws, found.greater, found.complete) == (3, 1 / 3, False)


def test_calendars_that_cannot_be_are_refused():
    slots = Slots.of([5, 1, 4, 2], [1, 0, 1, 0])
    with pytest.raises(ValueError, match="the one that was posted"):
        by_calendar(slots, [(True, True, False, False)], complete=True)
    with pytest.raises(ValueError, match="each of 4 slots"):
        by_calendar(slots, [(True, True)], complete=False)
    with pytest.raises(ValueError, match="alpha"):
        read(slots, 1.0)


def test_too_few_draws_leave_every_shift():
    found = read(Slots.of([1, 2, 3, 9, 8, 7], [0, 0, 0, 1, 1, 1]))
    assert found.central == 0.1
    assert found.difference.interval.low == -math.inf
    assert found.difference.interval.high == math.inf


def test_no_number_where_there_is_none():
    assert read(Slots.of([1, 2, 3], [1, 1, 1])).reason is Reason.TOO_FEW_SLOTS
    assert str(read(Slots.of([1, 2], [1, 0], ["a", "b"]))) == "too few slots (1 and 1 slots)"
    still = read(Slots.of([1] * 8, [1, 0] * 4))
    assert (still.greater, still.two_sided) == (1.0, 1.0)
    assert still.difference == Undetermined(Reason.NO_VARIATION)


nonnegative = posted(values=st.integers(0, 6)).filter(lambda slots: slots.both)


def divided(slots, factor):
    """Every treated slot by a factor."""
    return Slots.of(
        [value / factor if arm else value for value, arm in zip(slots.values, slots.treated, strict=True)],
        *columns(slots),
    )


@given(nonnegative, st.sampled_from([0.02, 0.1, 0.3, 0.6]))
def test_the_lift_keeps_the_factors_that_its_own_test_keeps(slots, alpha):
    """Dividing treated slots by a factor just within an end leaves p above alpha, just beyond it does not."""
    found = read(slots, alpha)
    if isinstance(found.lift, Undetermined):
        return
    for end, inward in ((found.lift.interval.low, 1), (found.lift.interval.high, -1)):
        if end > -1 + 1e-3:
            kept, lost = (
                read(divided(slots, (1 + end) * (1 + step)), alpha) for step in (inward * 1e-5, -inward * 1e-5)
            )
            assert kept.central > alpha >= lost.central
        else:
            assert read(divided(slots, 1e-6), alpha).central > alpha


@given(nonnegative, st.sampled_from([0.02, 0.1, 0.3, 0.6]))
def test_lift_and_difference_exclude_0_together(slots, alpha):
    found = read(slots, alpha)
    if not isinstance(found.lift, Undetermined):
        assert found.lift.interval.excludes(0.0) is (found.central <= alpha)
        t, c = by_blocks(slots, seed=1).means
        assert found.lift.value == pytest.approx(t / c - 1)
        if isinstance(found.difference, Estimate):
            assert found.difference.interval.excludes(0.0) is found.lift.interval.excludes(0.0)
            assert found.difference.value == pytest.approx(t - c, abs=1e-9)


@given(nonnegative, st.sampled_from([0.1, 0.3]), st.sampled_from([0.001, 7, 1e6]))
def test_a_scale_leaves_the_lift_and_other_names_invert_it(slots, alpha, scale):
    plain = read(slots, alpha).lift
    scaled = read(Slots.of([scale * value for value in slots.values], *columns(slots)), alpha).lift
    turned = read(as_posted(slots, tuple(not arm for arm in slots.treated)), alpha).lift
    if isinstance(plain, Undetermined):
        assert scaled == plain
        return
    assert ends(scaled) == pytest.approx(ends(plain), rel=1e-9, abs=1e-9)
    if isinstance(turned, Estimate) and plain.interval.low > -1:
        low, high = ends(turned)
        assert ends(plain) == pytest.approx((1 / (1 + high) - 1, 1 / (1 + low) - 1), rel=1e-6, abs=1e-9)


def ends(estimate):
    return estimate.interval.low, estimate.interval.high


def test_the_lift_by_hand():
    """4 + 4 slots in one block, treated by 2 but for the noise; every factor on a grid is tried by brute force."""
    t, c = [20, 24, 26, 30], [10, 11, 13, 16]
    slots = Slots.of(t + c, [1] * 4 + [0] * 4)
    lift = read(slots).lift
    assert lift.value == 1.0

    def kept(factor):
        adjusted = np.array([value / factor for value in t] + c)
        sums = np.array([adjusted[list(chosen)].sum() for chosen in combinations(range(8), 4)])
        seen = adjusted[:4].sum()
        return 2 * min(np.mean(sums >= seen - 1e-9), np.mean(sums <= seen + 1e-9)) > 0.05

    grid = [1 + step / 2000 for step in range(6000)]
    inside = [factor for factor in grid if kept(factor)]
    assert min(inside) - 1 == pytest.approx(lift.interval.low, abs=1 / 2000)
    assert max(inside) - 1 == pytest.approx(lift.interval.high, abs=1 / 2000)


def test_no_lift_where_there_is_none():
    arms = [1, 1, 1, 1, 0, 0, 0, 0]
    assert str(read(Slots.of([1, 2, 3, 4, 5, 6, 7, -1], arms)).lift) == (
        "control is negative: no lift (1 of 8 slots below 0)"
    )
    assert read(Slots.of([1, 2, 3, 4, 0, 0, 0, 0], arms)).lift == Undetermined(Reason.CONTROL_NEAR_ZERO)
    # Dividing by any factor however large still leaves what draws could give: control is as good as 0.
    assert read(Slots.of([8, 9, 7, 9, 0, 0, 0, 9], arms)).lift == Undetermined(Reason.CONTROL_NEAR_ZERO)
    assert read(Slots.of([0, 0, 0, 0, 5, 6, 7, 8], arms)).lift == Undetermined(Reason.NO_VARIATION)
    twice = Slots.of(
        [2, 2, 1, 1, 4, 4, 2, 2, 6, 6, 3, 3], [1, 1, 0, 0] * 3, [block for block in "abc" for _ in range(4)]
    )
    assert read(twice).lift == Undetermined(Reason.NO_VARIATION)
    assert isinstance(read(twice).difference, Estimate)
    # Few treated slots with anything: multiplying them never makes up for it, so the lift has no lower end but −1.
    assert read(Slots.of([0, 0, 0, 1, 5, 7, 6, 8], arms)).lift.interval.low == -1
