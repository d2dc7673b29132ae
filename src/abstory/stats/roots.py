"""Where an increasing function crosses zero: bracketed false position, never Newton, no scipy to load."""

from __future__ import annotations

import sys
from collections.abc import Callable

_CLOSE = 8 * sys.float_info.epsilon
_MOST_STEPS = 400
_Point = tuple[float, float]


def crossing(function: Callable[[float], float], low: float, high: float) -> float:
    """The x in [low, high] with function(x) = 0, to rounding.

    `function` is increasing, with function(low) <= 0 <= function(high).
    """
    value_low, value_high = function(low), function(high)
    if value_low >= 0 or value_high <= 0:
        return low if value_low >= 0 else high
    return _narrow(function, (low, value_low), (high, value_high), _CLOSE * min(-value_low, value_high))


def crossing_above(function: Callable[[float], float], at_zero: float, guess: float) -> float:
    """The x > 0 with function(x) = 0, for increasing `function` with function(0) = `at_zero` < 0.

    `guess` > 0 is doubled until it lies above; `function` must become positive.
    """
    below, high = (0.0, at_zero), guess
    while (value := function(high)) < 0:
        below, high = (high, value), 2 * high
    return _narrow(function, below, (high, value), -_CLOSE * at_zero) if value > 0 else high


def _narrow(function: Callable[[float], float], below: _Point, above: _Point, tiny: float) -> float:
    """False position with Anderson & Bjorck's weights (BIT 1973;13:253); bisects where three steps did not halve."""
    (low, f_low), (high, f_high) = below, above
    x, side, width = high, 0, high - low
    for step in range(1, _MOST_STEPS):
        x = high - f_high * (high - low) / (f_high - f_low)
        if (step % 3 == 0 and high - low > width / 2) or not low < x < high:
            x = low + (high - low) / 2
        width = high - low if step % 3 == 0 else width
        value = function(x)
        if abs(value) <= tiny or high - low <= _CLOSE * abs(x):
            break
        if value < 0:
            f_high = f_high * (max(0.0, 1 - value / f_low) or 0.5) if side < 0 else f_high
            low, f_low, side = x, value, -1
        else:
            f_low = f_low * (max(0.0, 1 - value / f_high) or 0.5) if side > 0 else f_low
            high, f_high, side = x, value, 1
    return x
