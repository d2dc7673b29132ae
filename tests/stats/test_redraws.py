"""Draws under a rule along accounts: against calendars listed by brute force, and exact under their own law."""

from collections import Counter, defaultdict
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.estimate import Undetermined
from abstory.stats.randomization import rerandomise
from abstory.stats.redraws import DRAWS, by_blocks, by_calendar, by_timelines, together
from abstory.stats.slots import Slots
from abstory.stats.timeline import Timeline, compared, paired


def keeps(order, no_repeat):
    windows = [order[at : at + no_repeat] for at in range(len(order))]
    return all(len(set(window)) == len(window) for window in windows)


def law(variants, each, blocks, no_repeat):
    """Every order of one account: each variant `each` times a block, no variant within `no_repeat` neighbours."""
    block = sorted(set(permutations(variants * each)))
    return [whole for parts in product(block, repeat=blocks) if keeps(whole := sum(parts, ()), no_repeat)]


def line(order, values, size, pair=("t", "c"), name=""):
    return Timeline.of(order, [(name, at // size) for at in range(len(order))], pair, values)


@st.composite
def accounts(draw):
    """One or two accounts of a law with three variants, some slots missed; and its no_repeat."""
    no_repeat = draw(st.integers(1, 3))
    lines = []
    for name in range(draw(st.integers(1, 2))):
        order = draw(st.sampled_from(LAWS[no_repeat]))
        values = [
            draw(st.none() | st.integers(0, 5)) if draw(st.integers(0, 4)) == 0 else draw(st.integers(0, 5))
            for _ in order
        ]
        lines.append(line(order, values, 6, name=name))
    return lines, no_repeat


LAWS = {no_repeat: law("tcx", 2, 1, no_repeat) for no_repeat in (1, 2, 3)}


def ordered(sums):
    return sorted(map(tuple, np.round(sums, 9).tolist()))


@given(accounts())
def test_the_draws_are_those_of_a_list_of_calendars(told):
    """Every whole calendar that agrees with the posted one wherever it is not drawn again."""
    lines, no_repeat = told
    slots = compared(lines)
    if not slots.values:
        return
    each = []
    for one in lines:
        fixed = [at for at in range(6) if at not in one.free]
        own = [tuple({"t": True, "c": False}.get(name) for name in order) for order in LAWS[no_repeat]]
        agreeing = {arms for arms in own if all(arms[at] == one.treated[at] for at in fixed)}
        each.append([tuple(arms[at] for at in one.free) for arms in agreeing if Counter(arms) == Counter(one.treated)])
    calendars = [sum(parts, ()) for parts in product(*each)]
    listed, found = by_calendar(slots, calendars, complete=True), by_timelines(lines, no_repeat=no_repeat, seed=0)
    assert found.complete
    assert ordered(found.sums) == ordered(listed.sums)
    assert found.posted == pytest.approx(listed.posted)
    assert found.expected == pytest.approx(listed.sums.mean(axis=0), abs=1e-9)
    check_means(slots, calendars, found)


def check_means(slots, calendars, found):
    """Each slot weighs the share of calendars that give it the other arm."""
    share, treated, values = np.mean(calendars, axis=0), np.array(slots.treated), np.array(slots.values)
    if treated @ (1 - share) > 1e-9:
        t = np.average(values[treated], weights=1 - share[treated])
        c = np.average(values[~treated], weights=share[~treated])
        assert found.means == pytest.approx((t, c), abs=1e-9)
        if len(calendars) > 2:
            read = rerandomise(slots, found, 0.5)
            assert isinstance(read.difference, Undetermined) or read.difference.value == pytest.approx(t - c, abs=1e-9)
            assert isinstance(read.lift, Undetermined) or read.lift.value == pytest.approx(t / c - 1)


def test_an_account_where_nothing_can_be_drawn_adds_nothing():
    alone = [line("tcxtxctcxctx", range(12), 6)]
    others = [line("xyxyxy", range(6), 6, name="b"), line("tctctc", [1, None, 2, None, 3, None], 6, name="c")]
    plain, more = reading(alone, 2), reading([*alone, *others], 2)
    assert (more.draws, more.central) == (plain.draws, plain.central)
    assert more.difference == plain.difference


def test_means_of_blocks_are_those_of_the_regression_and_of_slots_where_it_is_balanced():
    values, treated = [3, 5, 4, 9, 1, 2, 6, 6], [1, 0, 1, 0, 0, 1, 0, 1]
    balanced = Slots.of(values, treated, [1] * 4 + [2] * 4)
    assert by_blocks(balanced, seed=1).means == pytest.approx((3.75, 5.25))
    # 1 + 3 and 2 + 2: weights 3/4 and 1.
    uneven = Slots.of(values, [1, 0, 0, 0, 0, 1, 0, 1], [1] * 4 + [2] * 4)
    assert by_blocks(uneven, seed=1).means == pytest.approx(((3 * 0.75 + 4) / 1.75, (6 * 0.75 + 3.5) / 1.75))


def test_without_a_rule_it_is_the_law_of_the_blocks():
    lines = [line("tcxtcxtcxtxc", range(12), 6), line("ctxxtcxtcctx", [5, 2, None, 4] * 3, 6, name="b")]
    assert by_timelines(lines, no_repeat=1, seed=3).sums.tolist() == by_blocks(compared(lines), seed=3).sums.tolist()


@pytest.mark.parametrize("no_repeat", [2, 3])
@pytest.mark.parametrize("pair", [("t", "c"), ("x", "c")])
def test_p_holds_over_all_calendars_of_a_law(no_repeat, pair):
    """Nothing is done by any variant: whichever calendar is drawn, p <= a in at most a share a of them, for every a."""
    calendars = law("tcx", 2, 2, no_repeat)
    values = np.random.default_rng(8).normal(size=12)
    values[[3, 7]] = values[5]
    read = [reading([line(order, values, 6, pair)], no_repeat) for order in calendars]
    for name in ("greater", "less", "two_sided", "central"):
        ps = sorted(getattr(found, name) for found in read)
        assert all(rank / len(ps) <= p + 1e-12 for rank, p in enumerate(ps, 1) if p not in ps[rank : rank + 1])


def reading(lines, no_repeat, alpha=0.3, **changes):
    return rerandomise(compared(lines), by_timelines(lines, no_repeat=no_repeat, seed=0, **changes), alpha)


@pytest.mark.parametrize("alpha", [0.2, 0.5])
def test_intervals_hold_the_truth_over_all_calendars_of_a_law(alpha):
    """A shift of 2, a factor of 3: missed by either interval in at most a share alpha of all calendars."""
    rng, calendars = np.random.default_rng(4), law("tcx", 2, 2, 2)
    control = rng.uniform(1, 2, size=12)
    missed = defaultdict(list)
    for order in calendars:
        treated = np.array([name == "t" for name in order])
        shifted = reading([line(order, control + 2 * treated, 6)], 2, alpha)
        multiplied = reading([line(order, control * (1 + 2 * treated), 6)], 2, alpha)
        missed["shift"].append(shifted.difference.interval.excludes(2.0))
        lift = multiplied.lift
        missed["factor"].append(
            hasattr(lift, "interval") and not lift.interval.low - 1e-9 <= 2 <= lift.interval.high + 1e-9
        )
    assert np.mean(missed["shift"]) <= alpha
    assert np.mean(missed["factor"]) <= alpha
    assert np.mean(missed["shift"]) > 0


SAMPLED = [line("tcxtxctcxctx", [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], 6), line("xtcxtcctxtcx", range(12), 6, name="b")]
MORE = [
    line(order, np.random.default_rng(at).integers(0, 10, 12), 6, name=at)
    for at, order in enumerate(2 * ["tcxtxctcxctx", "xtcxtcctxtcx"] + ["xctxtccxtcxt"])
]


def test_sampling_agrees_with_counting_out():
    exact, drawn = reading(MORE, 2), reading(MORE, 2, draws=9_999)
    assert (drawn.draws, drawn.complete, exact.complete) == (10_000, False, True)
    for name in ("greater", "less", "two_sided"):
        p = getattr(exact, name)
        assert getattr(drawn, name) == pytest.approx(p, abs=5 * drawn.error(p))
    assert drawn.difference.value == pytest.approx(exact.difference.value)
    assert drawn.lift.value == pytest.approx(exact.lift.value)
    assert drawn.difference.interval.low == pytest.approx(exact.difference.interval.low, abs=0.5)


def test_sampling_depends_on_no_order_of_accounts_and_no_name():
    plain, turned = reading(MORE, 2, draws=2_999), reading(MORE[::-1], 2, draws=2_999)
    assert (turned.greater, turned.less, turned.two_sided) == (plain.greater, plain.less, plain.two_sided)
    renamed = reading([one.turned for one in MORE], 2, draws=2_999)
    assert (renamed.greater, renamed.less) == (plain.less, plain.greater)
    other = rerandomise(compared(MORE), by_timelines(MORE, no_repeat=2, seed=1, draws=2_999), 0.3)
    assert other.greater != plain.greater


CELLS = {"wn": ("w", "n"), "nn": ("n", "n"), "wb": ("w", "b"), "nb": ("n", "b")}
FILTER = (("wn", "nn"), ("wb", "nb"))


def factorial_law(no_repeat):
    """Every order of one block of 2 x 2 variants, twice each."""
    block = list(CELLS) * 2
    return [order for order in sorted(set(permutations(block))) if keeps(order, no_repeat)]


def by_filter(order, values, no_repeat, alpha=0.3):
    return reading(paired(order, ["all"] * len(order), FILTER, values), no_repeat, alpha)


@pytest.mark.parametrize("no_repeat", [1, 2, 3])
def test_p_of_a_factor_holds_over_all_calendars_whatever_the_other_one_does(no_repeat):
    """The filter does nothing, the button a lot, and not alike in all slots: still p <= a in at most a share a."""
    rng = np.random.default_rng(9)
    plain, bought = rng.normal(size=8), rng.normal(3, 2, size=8)
    read = [
        by_filter(order, [plain[at] + bought[at] * (CELLS[name][1] == "b") for at, name in enumerate(order)], no_repeat)
        for order in factorial_law(no_repeat)
    ]
    for name in ("greater", "less", "central"):
        ps = sorted(getattr(found, name) for found in read if not isinstance(found, Undetermined))
        assert all(rank / len(read) <= p + 1e-12 for rank, p in enumerate(ps, 1) if p not in ps[rank : rank + 1])


@pytest.mark.parametrize("no_repeat", [1, 2])
def test_p_of_a_factor_is_counted_out(no_repeat):
    """Over the law's calendars that differ from the posted one by levels of the filter alone, by difference of means."""
    rng, calendars = np.random.default_rng(10), factorial_law(no_repeat)

    def difference(order, values):
        warm = np.array([CELLS[name][0] == "w" for name in order])
        return values[warm].mean() - values[~warm].mean()

    for order in calendars[::97]:
        values = rng.normal(size=8)
        others = [CELLS[name][1] for name in order]
        alike = [one for one in calendars if [CELLS[name][1] for name in one] == others]
        draws = np.array([difference(one, values) for one in alike])
        seen, found = difference(order, values), by_filter(order, values, no_repeat)
        assert found.draws == len(alike)
        assert found.greater == pytest.approx(np.mean(draws >= seen - 1e-9))
        assert found.less == pytest.approx(np.mean(draws <= seen + 1e-9))
        if no_repeat == 1:
            assert found.difference.value == pytest.approx(seen)


def test_without_a_rule_a_factor_is_read_in_blocks_of_the_other_ones_levels():
    order = list(CELLS) * 5
    values, blocks = np.random.default_rng(3).normal(size=20), [at // 4 for at in range(20)]
    lines = paired(order, blocks, FILTER, values)
    treated = [CELLS[name][0] == "w" for name in order]
    within = [(block, CELLS[name][1]) for name, block in zip(order, blocks, strict=True)]
    slots = Slots.of(values, treated, within)
    one, other = by_timelines(lines, no_repeat=1, seed=3), by_blocks(slots, seed=3)
    assert len(one.sums) == len(other.sums) == 2**10
    assert np.sort(one.sums, axis=0) == pytest.approx(np.sort(other.sums, axis=0))
    assert rerandomise(compared(lines), one, 0.1).difference.interval.low == pytest.approx(
        rerandomise(slots, other, 0.1).difference.interval.low
    )


@pytest.mark.parametrize("no_repeat", [1, 2])
def test_exchanging_levels_turns_a_factors_effect(no_repeat):
    """Level for reference, in the pairs and in their order: the mirror image, drawn or counted out."""
    order, values = list(factorial_law(2)[40]) * 2, np.random.default_rng(6).uniform(1, 2, size=16)
    blocks = [at // 8 for at in range(16)]
    turned = tuple((control, treatment) for treatment, control in reversed(FILTER))
    for draws in (DRAWS, 49):
        one, other = (
            reading(paired(order, blocks, pairs, values), no_repeat, draws=draws) for pairs in (FILTER, turned)
        )
        assert one.complete is (draws == DRAWS)
        assert other.difference.value == pytest.approx(-one.difference.value)
        assert (other.greater, other.less) == (one.less, one.greater)
        assert other.difference.interval.low == pytest.approx(-one.difference.interval.high)
        # (1 + lift) of the one is 1/(1 + lift) of the other.
        assert 1 / (1 + other.lift.value) == pytest.approx(1 + one.lift.value)


def metrics_of(*columns, lines=SAMPLED):
    """The same lines with other values, one list of each metric."""
    start, found = 0, [[] for _ in columns]
    for one in lines:
        size = len(one.values)
        for own, column in zip(found, columns, strict=True):
            own.append(Timeline(one.treated, tuple(column[start : start + size]), one.blocks))
        start += size
    return found


@pytest.mark.parametrize("no_repeat", [1, 2])
@pytest.mark.parametrize("draws", [DRAWS, 9])
def test_metrics_of_the_same_slots_share_draws_and_read_as_if_alone(no_repeat, draws):
    rng = np.random.default_rng(2)
    first, second, third = (rng.normal(size=24).tolist() for _ in range(3))
    third[3] = None
    metrics = metrics_of(first, second, third)
    found = together(metrics, no_repeat=no_repeat, seed=5, draws=draws)
    alone = [by_timelines(lines, no_repeat=no_repeat, seed=5, draws=draws) for lines in metrics]
    for own, other in zip(found, alone, strict=True):
        assert own.posted.tolist() == other.posted.tolist()
        assert own.expected == pytest.approx(other.expected)
        assert own.complete is (draws == DRAWS)
    # The first is what it is alone, so is one known of other slots; the second has the draws of the first.
    assert found[0].sums == pytest.approx(alone[0].sums)
    assert found[2].sums == pytest.approx(alone[2].sums)
    assert found[1].sums[:, 1] == pytest.approx(found[0].sums[:, 1])
    if draws == DRAWS:
        assert np.sort(found[1].sums, axis=0) == pytest.approx(np.sort(alone[1].sums, axis=0))


def test_shared_draws_depend_on_no_order_of_accounts_and_no_name():
    # The first metric is alike everywhere or nearly so: only the second tells slots, blocks and accounts apart.
    first, second = [1] * 23 + [2], np.random.default_rng(2).normal(size=24).tolist()
    for no_repeat in (1, 2):
        metrics = metrics_of(first, second)
        plain = together(metrics, no_repeat=no_repeat, seed=5, draws=29)[1]
        backwards = together([lines[::-1] for lines in metrics], no_repeat=no_repeat, seed=5, draws=29)[1]
        assert np.sort(backwards.sums[:, 0]) == pytest.approx(np.sort(plain.sums[:, 0]))
        turned = together([[one.turned for one in lines] for lines in metrics], no_repeat=no_repeat, seed=5, draws=29)[
            1
        ]
        assert np.sort(-turned.sums[:, 0]) == pytest.approx(np.sort(plain.sums[:, 0]))
