"""The few numbers that sentences of a check, a verdict or a gate carry; tables have their own digits."""

from __future__ import annotations

import math

from abstory.experiment import Size
from abstory.metrics import Unit

MINUS = "−"
_LEAST_P = 0.001
_ALMOST_ALL_US = ((86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"))


def lift(fraction: float) -> str:
    """A relative change as signed per cent: `+6.5%`, `−0.4%`."""
    return f"{_signed(100 * fraction)}%"


def difference(number: float, unit: Unit) -> str:
    """An absolute change in the metric's unit: `+2.71 pp`, `−0.31 s`, `+0.02`."""
    match unit:
        case Unit.RATE:
            return f"{_signed(100 * number, digits=2)} pp"
        case Unit.SECONDS:
            return f"{_signed(number, digits=2)} s"
        case Unit.COUNT:
            return _signed(number, digits=2)


def size(declared: Size, *, sign: str = "+") -> str:
    """An MDE or a margin as the file writes it, signed: `+2%`, `−0.5pp`."""
    return f"{sign}{declared.text}"


def p_value(p: float) -> str:
    """`p=0.99`, `p=0.023` or `p<.001`: two significant figures."""
    return "p<.001" if p < _LEAST_P else f"p={p:.2g}"


def share(fraction: float) -> str:
    """A share as per cent with two decimals, never a non-zero one written as zero: `0.01%`."""
    percent = 100 * fraction
    return "<0.01%" if 0 < percent < 0.01 else f"{percent:.2f}%"


def age(us: int) -> str:
    """A length of time in its largest whole unit: `3 d`, `2 h`, `5 min`; `now` below a minute."""
    return next((f"{us // unit} {name}" for unit, name in _ALMOST_ALL_US if us >= unit), "now")


def days(us: int) -> str:
    """A runtime in days: `14 d`, `6.5 d`; rounded down, so that a limit not reached never reads as reached."""
    return f"{math.floor(us / 8_640_000_000) / 10:g} d"


def _signed(number: float, *, digits: int = 1) -> str:
    if math.isinf(number):
        return "+∞" if number > 0 else f"{MINUS}∞"
    text = f"{abs(number):,.{digits}f}"
    if number and not float(text.replace(",", "")):
        text = f"{abs(number):.4f}" if abs(number) >= 0.00005 else "<0.0001"
    return f"{'+' if number > 0 else MINUS if number < 0 else ''}{text}"
