"""Arrangements along an account, against every labelling written out and tried; draws against the uniform law."""

import math
from collections import Counter
from itertools import chain, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from abstory.stats.slots import Slots, assignments
from abstory.stats.timeline import Forks, Timeline, arrangements, compared, paired


def keeps(variants, no_repeat):
    """Any `no_repeat` neighbouring slots hold as many different variants, as the law says it."""
    windows = [variants[at : at + no_repeat] for at in range(len(variants))]
    return all(len(set(window)) == len(window) for window in windows)


def written_out(variants, blocks, free, no_repeat, pairs=(("t", "c"),)):
    """Every labelling of the free slots within their pairs with the blocks' counts that keeps the rule, by truth."""

    def counts(labels):
        return Counter((block, label) for block, label in zip(blocks, labels, strict=True))

    own = {name: pair for pair in pairs for name in pair}
    for arms in product([False, True], repeat=len(free)):
        labels = list(variants)
        for at, arm in zip(free, arms, strict=True):
            treatment, control = own[variants[at]]
            labels[at] = treatment if arm else control
        if counts(labels) == counts(variants) and keeps(labels, no_repeat):
            yield arms


@st.composite
def posted(draw, *, most=9, names="tcxyz"):
    """(variants, blocks, values, no_repeat) of one account: an order that keeps its own rule, some slots missed."""
    no_repeat = draw(st.integers(1, 4))
    variants = []
    for _ in range(draw(st.integers(0, most))):
        recent = variants[max(0, len(variants) - no_repeat + 1) :] if no_repeat > 1 else []
        variants.append(draw(st.sampled_from([name for name in names if name not in recent])))
    starts = [draw(st.booleans()) for _ in variants]
    blocks = [sum(starts[: at + 1]) for at in range(len(variants))]
    values = [draw(st.none() | st.integers(-3, 3)) if draw(st.booleans()) else at for at in range(len(variants))]
    return variants, blocks, values, no_repeat


def timeline(variants, blocks, values=None):
    return Timeline.of(variants, blocks, ("t", "c"), values)


@given(posted())
def test_every_arrangement_is_there_once_and_no_other(told):
    variants, blocks, values, no_repeat = told
    line = timeline(variants, blocks, values)
    expected = sorted(written_out(variants, blocks, line.free, no_repeat))
    found = Forks.of(line, no_repeat)
    assert sorted(map(tuple, found.every().tolist())) == expected
    assert found.count == len(expected) == arrangements([line], no_repeat)
    assert found.shares == pytest.approx(np.mean(expected, axis=0) if line.free else [])


@given(posted(most=7), posted(most=7))
def test_accounts_multiply(one, other):
    lines = [
        timeline(told[0], [(name, block) for block in told[1]], told[2])
        for name, told in zip("ab", (one, other), strict=True)
    ]
    rule = min(one[3], other[3])
    assert arrangements(lines, rule) == arrangements(lines[:1], rule) * arrangements(lines[1:], rule)


PAIRS = (("t", "c"), ("T", "C"), ("U", "D"))


@given(posted(names="tcTCUDx"))
def test_pairs_drawn_apart_are_every_labelling_within_pairs(told):
    """A factor's levels t, T, U and their references, each beside another level of another factor; x is none of them."""
    variants, blocks, values, no_repeat = told
    lines = paired(variants, blocks, PAIRS, values)
    free = [at for line in lines for at in line.free]
    expected = set(written_out(variants, blocks, free, no_repeat, PAIRS))
    every = [Forks.of(line, no_repeat).every().tolist() for line in lines]
    assert {tuple(chain.from_iterable(parts)) for parts in product(*every)} == expected
    assert arrangements(lines, no_repeat) == math.prod(map(len, every)) == len(expected)


def test_one_pair_is_the_comparison_of_two_variants():
    (line,) = paired("txcytc", "aaabbb", [("t", "c")], [1, 2, 3, None, 5, 6])
    assert (line.treated, line.values) == (timeline("txcytc", "aaabbb").treated, (1, 2, 3, None, 5, 6))
    with pytest.raises(ValueError, match="in two pairs"):
        paired("tcx", "aaa", [("t", "c"), ("x", "c")])


@given(posted())
def test_without_a_rule_blocks_alone_count(told):
    line = timeline(*told[:3])
    assert arrangements([line], 1) == Forks.of(line, 1).count == assignments(compared([line]).sizes)


def test_counts_that_can_be_told():
    """Of two variants without repeats along one account only the alternation and its mirror image are left."""
    assert arrangements([timeline("tctctctc", [1] * 8)], 2) == 2
    assert arrangements([timeline("tctctctc", [1] * 4 + [2] * 4)], 2) == 2
    assert arrangements([timeline("tctc", [(name, 1)] * 4) for name in "abc"], 2) == 8
    # Where a third variant stands between them any order goes: C(6, 3).
    assert arrangements([timeline("txtxtxcxcxcx", [1] * 12)], 2) == math.comb(6, 3)
    # With three apart, each pair between two x is turned by itself unless its neighbours would come too near: only both.
    assert arrangements([timeline("xtcxtcxtc", [1] * 3 + [2] * 3 + [3] * 3)], 3) == 2
    # A slot that was missed keeps its variant, and its neighbours must still differ from it.
    assert arrangements([timeline("tctc", [1] * 4, [1, None, 2, 3])], 2) == 1


def test_long_accounts_are_counted_exactly():
    """Between x everything goes: C(200, 100), some 196 bits."""
    line = timeline("tx" * 100 + "cx" * 100, [1] * 400)
    assert arrangements([line], 2) == math.comb(200, 100)


LAW = timeline("txctcxtycxtc", [1] * 6 + [2] * 6, [1, 1, 1, None, 1, 1, 1, 1, 1, 1, 1, 1])


def test_draws_are_uniform_over_the_arrangements():
    """Chi-square of 200,000 draws, seeded, over all arrangements; a fair law falls below .0001 once in 10,000."""
    forks = Forks.of(LAW, 2)
    assert forks.count > 3
    counted = Counter(map(tuple, forks.drawn(200_000, np.random.default_rng(5)).tolist()))
    expected = set(map(tuple, forks.every().tolist()))
    assert set(counted) == expected
    assert chisquare(list(counted.values())).pvalue > 1e-4


def test_draws_of_an_uneven_tree_are_uniform():
    """Paths of very different first steps, where going left or right evenly would be far off."""
    forks = Forks.of(timeline("ctcxcxtxcxtxc", [1] * 13), 2)
    every = forks.every()
    share = every[:, 0].mean()
    assert share not in {0.0, 0.5, 1.0}
    drawn = forks.drawn(200_000, np.random.default_rng(6))
    counted = Counter(map(tuple, drawn.tolist()))
    assert len(counted) == forks.count
    assert chisquare(list(counted.values())).pvalue > 1e-4


def test_what_is_compared_is_what_has_a_value():
    lines = [timeline("txc", [1, 1, 1], [5, 6, None]), timeline("ct", [2, 3], [7, 8])]
    assert compared(lines) == Slots.of([5, 7, 8], [1, 0, 1], [1, 2, 3])
    assert lines[0].free == (0,)
    assert compared([]) == Slots((), (), ())
    assert lines[1].turned.treated == (True, False)
    assert timeline("tc", [1, 1], [0, None]).log1p().values == (0.0, None)
    assert timeline("tc", [1, 1], [math.e - 1, 3]).log1p().values == pytest.approx((1.0, math.log(4)))


@pytest.mark.parametrize(
    ("lines", "no_repeat", "told"),
    [
        ([("tt", "aa")], 2, "repeats a variant within 2 neighbouring slots"),
        ([("txt", "aaa")], 3, "within 3 neighbouring"),
        ([("tctxyc", "aaaaaa")], 4, "within 4 neighbouring"),
        ([("tctc", "abab")], 2, "goes on after another one began"),
        ([("tc", "aa"), ("ct", "aa")], 2, "block a has slots of two accounts"),
        ([("tc", "aa")], 0, "at least 1"),
    ],
)
def test_what_is_no_order_is_refused(lines, no_repeat, told):
    with pytest.raises(ValueError, match=told):
        arrangements([timeline(*line) for line in lines], no_repeat)


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 variants, 1 values and 2 blocks"):
        timeline("tc", [1, 1], [1])
    with pytest.raises(ValueError, match="without a finite value"):
        timeline("tc", [1, 1], [1, math.nan])


def test_a_block_may_come_back_where_order_is_no_rule():
    assert arrangements([timeline("tctc", "abab")], 1) == assignments([(2, 0), (0, 2)]) == 1
