"""Where an increasing function crosses zero, on functions that are hard on a secant."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.roots import crossing, crossing_above, solved


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

    def curve(x):
        seen.append(x)
        error = 1 / math.sqrt(1 + x / scale)
        return x * error - root, error - x * error**3 / (2 * scale)

    def function(x):
        return curve(x)[0]

    seen, guess = [], bad * root
    low, high = 0.0, guess
    while function(high) < 0:
        low, high = high, 2 * high
    while low < (middle := low + (high - low) / 2) < high:
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    assert crossing_above(function, -root, guess) == pytest.approx(low, rel=1e-11)
    for start in (guess, 1.001 * low, -1.0, math.nan):
        assert solved(curve, -root, start, guess) == pytest.approx(low, rel=1e-11)
    seen.clear()
    solved(curve, -root, 1.001 * low, guess)
    assert len(seen) <= 3


@pytest.mark.parametrize("slope", [0.0, 1e-9, 1e9, math.nan])
def test_a_slope_that_is_wrong_costs_time_and_nothing_else(slope):
    assert solved(lambda x: (x**3 - 8, slope), -8.0, 1.0, 1.0) == pytest.approx(2.0, rel=1e-11)
