"""Where an increasing function crosses zero, on functions that are hard on a secant."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.roots import crossing, crossing_above


@pytest.mark.parametrize("power", [1, 3, 9, 21, 1 / 3, 1 / 9])
@given(st.floats(1e-3, 1e3))
def test_powers(power, root):
    def function(x):
        return x**power - root**power

    assert crossing(function, 0.0, 1e4) == pytest.approx(root, rel=1e-8)
    if power < 10:  # a steeper one overflows beyond its root
        assert crossing_above(function, -(root**power), 1.0) == pytest.approx(root, rel=1e-8)


def test_a_root_at_either_end():
    assert crossing(lambda x: x, 0.0, 1.0) == 0.0
    assert crossing(lambda x: x - 1, 0.0, 1.0) == 1.0


def test_a_step():
    assert crossing(lambda x: math.copysign(1.0, x - math.pi), 0.0, 10.0) == pytest.approx(math.pi, rel=1e-12)


def test_a_few_evaluations_do_where_the_function_is_nearly_straight():
    seen = []

    def function(x):
        seen.append(x)
        return x / (1 + x * 1e-3) - 2.0

    crossing_above(function, -2.0, 2.0)
    assert len(seen) <= 5


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6), st.floats(0.3, 3.0))
def test_a_step_taken_unseen_lands_as_well_as_one_that_was_seen(scale, root, bad):
    """The shape of the score: x √(falling variance); a bisection to the last digit finds the same root."""

    def function(x):
        return x / math.sqrt(1 + x / scale) - root

    guess = bad * root
    low, high = 0.0, guess
    while function(high) < 0:
        low, high = high, 2 * high
    while low < (middle := low + (high - low) / 2) < high:
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    assert crossing_above(function, -root, guess) == pytest.approx(low, rel=1e-11)
