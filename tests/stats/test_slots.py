"""Slots: what a block holds, and how many draws there are, by counting them out."""

from itertools import product

import pytest

from abstory.stats.slots import Slots, assignments


def test_slots_know_their_blocks():
    slots = Slots.of([1, 2, 3, 4, 5], [1, 0, 1, 0, 0], ["mon", "tue", "tue", "mon", "wed"])
    assert slots.by_block == ((0, 3), (1, 2), (4,))
    assert slots.sizes == ((1, 1), (1, 1), (0, 1))
    assert slots.both
    assert slots.counts == "2 and 3 slots"
    assert not Slots.of([1, 2], [1, 0], ["mon", "tue"]).both


def test_centring_keeps_the_digits_of_a_large_level():
    plain = Slots.of([1, 2, 4, 3], [1, 0, 0, 1], [1, 1, 2, 2])
    raised = Slots.of([1e15 + 1, 1e15 + 2, 4e14 + 4, 4e14 + 3], plain.treated, plain.blocks)
    values_and_arms = plain.centred()[:, :2].tolist()
    assert raised.centred()[:, :2].tolist() == values_and_arms == [[-0.5, 0.5], [0.5, -0.5], [0.5, -0.5], [-0.5, 0.5]]


@pytest.mark.parametrize("sizes", [[(4, 4)], [(1, 1)] * 6, [(2, 2)] * 3, [(2, 3), (0, 4), (3, 1)]])
def test_draws_are_counted(sizes):
    blocks = [block for block, (t, c) in enumerate(sizes) for _ in range(t + c)]
    count = sum(
        all(
            sum(arm for arm, block in zip(arms, blocks, strict=True) if block == own) == sizes[own][0]
            for own in set(blocks)
        )
        for arms in product((0, 1), repeat=len(blocks))
    )
    assert assignments(sizes) == count


def test_what_is_no_slot_is_refused():
    with pytest.raises(ValueError, match="2 values, 1 arms and 2 blocks"):
        Slots.of([1, 2], [1], [1, 1])
    with pytest.raises(ValueError, match="finite"):
        Slots.of([1, float("nan")], [1, 0])
