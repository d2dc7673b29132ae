"""Arrangements of a block, against every order written out and tried."""

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.assignment.arrangements import Block, _counted
from abstory.experiment.calendar import states


def keeps(order, no_repeat):
    windows = [order[at : at + no_repeat] for at in range(len(order))]
    return all(len(set(window)) == len(window) for window in windows)


@st.composite
def small_blocks(draw):
    names = tuple("abcd"[: draw(st.integers(1, 4))])
    no_repeat = draw(st.integers(1, len(names)))
    before = tuple(draw(st.permutations(names))[: no_repeat - 1]) if draw(st.booleans()) else ()
    each = draw(st.integers(1, {1: 5, 2: 4, 3: 2, 4: 2}[len(names)]))
    return Block(names, each, no_repeat, before)


@given(small_blocks())
def test_every_arrangement_has_its_number_in_order(block):
    every = sorted(
        order
        for order in set(permutations(block.names * block.each))
        if keeps((*block.before, *order), block.no_repeat)
    )
    assert block.count == len(every)
    assert [block.at(number) for number in range(block.count)] == every
    with pytest.raises(IndexError):
        block.at(len(every))


def test_counts_that_are_known():
    """Words without equal neighbours: aabbcc 30, aabbccdd 864 (OEIS A114938); others can be told."""
    assert Block(tuple("abc"), 2, 2).count == 30
    assert Block(tuple("abcd"), 2, 2).count == 864
    assert Block(tuple("ab"), 40, 2).count == 2
    assert Block(tuple("ab"), 40, 2, ("a",)).count == 1
    assert Block(tuple("abc"), 5, 1).count == math.factorial(15) // math.factorial(5) ** 3
    # Where any V neighbours are all V variants, the first V say everything.
    assert Block(tuple("abcde"), 7, 5).count == math.factorial(5)
    assert Block(tuple("abcde"), 7, 5, tuple("abcd")).count == 1


def by_inclusion(variants, each):
    """Orders without equal neighbours, by inclusion and exclusion of runs: Σ (−1)^(all − runs) runs!/∏ k! ∏ C(m − 1, k − 1)."""
    runs = {0: 1}
    for _ in range(variants):
        grown = {}
        for total, ways in runs.items():
            for own in range(1, each + 1):
                share = ways * math.comb(total + own, own) * math.comb(each - 1, own - 1)
                grown[total + own] = grown.get(total + own, 0) + share
        runs = grown
    return sum((-1) ** (variants * each - total) * ways for total, ways in runs.items())


@pytest.mark.parametrize(("variants", "each"), [(2, 9), (3, 4), (4, 12), (5, 5), (8, 6), (64, 2), (3, 40)])
def test_long_blocks_are_counted_exactly(variants, each):
    names = tuple(f"v{number:02}" for number in range(variants))
    assert Block(names, each, 2).count == by_inclusion(variants, each)


@given(st.integers(2, 6), st.integers(1, 5), st.data())
def test_states_are_a_bound(variants, each, data):
    no_repeat = data.draw(st.integers(2, variants))
    names = tuple("abcdef"[:variants])
    assert Block(names, each, no_repeat).count > 0
    # Blocks with and without slots before them are counted together; those at the start add fewer than no_repeat.
    assert len(_counted(variants, each, no_repeat - 1)) <= states(variants, each, no_repeat) + no_repeat


def test_without_a_rule_there_is_no_bound():
    assert states(64, 100, 1) == 1
    names = tuple(f"v{number:02}" for number in range(64))
    order = Block(names, 10, 1).at(10**400)
    assert sorted(order) == sorted(names * 10)
