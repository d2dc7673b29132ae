"""Where an increasing function crosses zero: by bracketed secants, or by its slope where that is known."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

_CLOSE = 8 * sys.float_info.epsilon
_SMALL = 1e-12
_SHRINKS = 1e-3  # a step that leaves less than this of the miss before is one that the secant's law describes
_SURE = 0.1  # of the tolerance: what the next secant may be expected to miss by and still be taken unseen
_MOST_STEPS = 400
_FEW_STEPS = 6
_NEAR = 1e-7  # of the function's size: Newton's step from so small a miss leaves some 1e-14
_Point = tuple[float, float]


def crossing(function: Callable[[float], float], low: float, high: float) -> float:
    """The x in [low, high] with function(x) = 0, to 1e-12 of the function's own size or to rounding of x.

    `function` is increasing, with function(low) <= 0 <= function(high).
    """
    value_low, value_high = function(low), function(high)
    if value_low >= 0 or value_high <= 0:
        return low if value_low >= 0 else high
    return _narrow(function, (low, value_low), (high, value_high), _SMALL * min(-value_low, value_high))


def crossing_above(function: Callable[[float], float], at_zero: float, guess: float) -> float:
    """The x > 0 with function(x) = 0, for increasing `function` with function(0) = `at_zero` < 0.

    From `guess` > 0 steps of twice the secant's lead above the root; `function` must become positive.
    """
    high, value, below = guess, function(guess), (0.0, at_zero)
    while value < 0:
        rise, run = value - below[1], high - below[0]
        below, high = (high, value), high + (-2 * value * run / rise if rise > 0 else high)
        value = function(high)
    return _narrow(function, below, (high, value), -_SMALL * at_zero) if value > 0 else high


def solved(curve: Callable[[float], tuple[float, float]], at_zero: float, guess: float, otherwise: float) -> float:
    """The same of a function that also tells its slope: Newton's steps from a good guess while they close in.

    The last step is taken unseen: it misses by about the square of the one before. Where the guess is no number above
    0, or a few steps do not do, `crossing_above` starts from `otherwise`.
    """
    x = guess
    for _ in range(_FEW_STEPS):
        if not 0 < x < math.inf:
            break
        value, slope = curve(x)
        if not slope > 0:
            break
        x -= value / slope
        if abs(value) <= -_NEAR * at_zero:
            return x
    return crossing_above(lambda x: curve(x)[0], at_zero, otherwise)


def _narrow(function: Callable[[float], float], below: _Point, above: _Point, tiny: float) -> float:
    """The secant through the last two points while it stays inside the bracket; after six steps every other halves.

    Each miss of a secant goes with the product of the two before it, and the constant is known from the last three:
    the next miss is about value²/f_before. Where that is nothing, the step is taken and not evaluated.
    """
    (before, f_before), (last, f_last) = below, above
    low, high = before, last
    for step in range(_MOST_STEPS):
        slanted = f_last != f_before and not (step > 6 and step % 2)
        x = last - f_last * (last - before) / (f_last - f_before) if slanted else low
        if not low < x < high:
            x, slanted = low + (high - low) / 2, False
        value = function(x)
        if value < 0:
            low = x
        else:
            high = x
        if abs(value) <= tiny or high - low <= _CLOSE * abs(x):
            break
        if slanted and _ends(value, f_last, f_before, tiny):
            return min(max(low, x - value * (x - last) / (value - f_last)), high)
        before, f_before, last, f_last = last, f_last, x, value
    return x


def _ends(value: float, f_last: float, f_before: float, tiny: float) -> bool:
    return abs(value) <= _SHRINKS * abs(f_last) and value * value <= _SURE * tiny * abs(f_before)
