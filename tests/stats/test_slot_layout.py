"""What a calendar leaves to chance: counting out, closed forms of blocks, and covariances of all draws at once."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.redraws import DRAWS
from abstory.stats.slot_layout import Growth, Layout, coupled
from abstory.stats.timeline import Forks, Timeline


def timeline(variants, blocks):
    return Timeline.of(variants, blocks, ("t", "c"))


def blocked(sizes):
    """One account whose blocks have so many slots of either arm."""
    arms = "".join("t" * size + "c" * size for size in sizes)
    return timeline(arms, [at for at, size in enumerate(sizes) for _ in range(2 * size)])


def layout(sizes, growth=Growth.BLOCKS):
    return Layout.of([blocked(sizes)], no_repeat=1, growth=growth)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_blocks_are_counted_out(sizes):
    found = layout(sizes)
    assert (found.slots, found.blocks) == (sum(sizes), len(sizes))
    assert found.log_draws == pytest.approx(math.log(math.prod(math.comb(2 * n, n) for n in sizes)))
    # tr(C) = n/4 and C = n/(n − 1)/4 of a centring matrix of rank n − 1 for a block of n slots: with one, 2k − 2 df.
    assert found.contrasts == 2 * sum(sizes) - len(sizes)
    assert found.df == found.contrasts - 1


def test_accounts_share_no_block():
    found = Layout.of([timeline("tctc", "aabb"), timeline("ctxx", "ccdd")], no_repeat=1, growth=Growth.BLOCKS)
    # The block of other variants has nothing to draw.
    assert (found.slots, found.blocks, found.draws) == (3, 3, 8)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_more_weeks_are_more_blocks_or_larger_ones(size, blocks, times):
    assert_alike(layout([size] * blocks).grown(size * blocks * times), layout([size] * blocks * times))
    larger = layout([size] * blocks, Growth.SIZES).grown(size * blocks * times)
    assert_alike(larger, layout([size * times] * blocks, Growth.SIZES))


def assert_alike(one, other):
    assert one.growth == other.growth
    for name in ("slots", "blocks", "log_draws", "contrasts"):
        assert getattr(one, name) == pytest.approx(getattr(other, name)), name


def test_draws_are_all_of_them_or_as_many_as_are_sampled():
    assert layout([2, 2, 2]).draws == 216
    assert (layout([2] * 6).draws, layout([2] * 6).sampled) == (46_656, False)
    assert (layout([2] * 7).draws, layout([2] * 7).sampled) == (DRAWS + 1, True)
    assert layout([500]).draws == DRAWS + 1


def every(line, no_repeat):
    """tr(C)²/tr(C²) of all draws, listed."""
    arms = Forks.of(line, no_repeat).every().astype(float)
    covariance = np.cov(arms.T, bias=True)
    return covariance.trace() ** 2 / (covariance @ covariance).trace()


@pytest.mark.parametrize(
    ("variants", "no_repeat"),
    [("tcxxctxxtcxx", 2), ("tcxctxtxc", 2), ("txcxtxcxtxcx", 2), ("tcxyctyxtcxy", 3), ("ttccttcc", 1)],
)
def test_a_rule_couples_slots(variants, no_repeat):
    line = timeline(variants, [1] * len(variants))
    assert coupled([line], no_repeat) == pytest.approx(every(line, no_repeat), rel=0.06)


def test_without_a_rule_it_is_the_closed_form():
    line = blocked([3, 2, 4])
    # Blocks of unlike sizes: Satterthwaite's figure lies below the 2k − B that counts each alike.
    assert coupled([line], 1) == pytest.approx(every(line, 1), rel=0.06)
    assert coupled([blocked([3, 3, 3])], 1) == pytest.approx(15, rel=0.06)
    assert coupled([blocked([2]), blocked([2])], 1) == pytest.approx(6, rel=0.06)


def test_two_variants_in_turn_are_one_contrast_an_account():
    line = timeline("tctctctc", [1] * 8)
    assert coupled([line, line], 2) == pytest.approx(2, rel=1e-9)
    found = Layout.of([line], no_repeat=2, growth=Growth.NOTHING)
    assert (found.draws, found.df) == (2, pytest.approx(0))
    assert (found.grown(400).draws, found.grown(400).slots) == (2, 400)


def test_nothing_left_to_chance_is_no_contrast():
    assert coupled([Timeline.of("tctc", [1] * 4, ("t", "c"), [1, None, 2, 3])], 2) == 0.0
    with pytest.raises(ValueError, match="no block has both arms"):
        Layout.of([timeline("ttcc", [1, 1, 2, 2])], no_repeat=1, growth=Growth.BLOCKS)
