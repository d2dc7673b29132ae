"""The one place of digits: how every number of a sentence or a table is written, whatever the locale.

Never scientific notation, never a non-zero number written as zero, never a p value rounded over its alpha.
Signs are a real minus (`−`); `Look` turns them to ASCII where it must.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from abstory.experiment import Size
from abstory.metrics import Unit
from abstory.stats.estimate import Interval, Reason, Undetermined

MINUS = "−"
NOTHING = "–"
_MOST_DECIMALS = 4
_AGES_US = ((86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

WORDS = {
    Reason.NO_VIEWERS: "no viewers",
    Reason.TOO_FEW: "too few",
    Reason.TOO_FEW_SLOTS: "too few",
    Reason.FEW_STORIES: "too few",
    Reason.TOO_EARLY: "too early",
    Reason.BEFORE_END: "not yet",
    Reason.BETWEEN_LOOKS: "not yet",
    Reason.NO_VARIATION: "no variation",
    Reason.TOO_SKEWED: "too skewed",
    Reason.NO_DENOMINATOR: "no data",
    Reason.CONTROL_NEAR_ZERO: "no lift",
    Reason.NEGATIVE_CONTROL: "no lift",
    Reason.NOT_COMPARABLE: "not comparable",
    Reason.EMPTY_CELL: "empty cell",
    Reason.ALIASED: "aliased",
    Reason.BEYOND: "beyond",
    Reason.DEFINITIONS: "two definitions",
    Reason.UNTRUSTED: "withheld",
}
"""What a cell says in place of a number that is not known; the whole reason stands in a footnote."""


def count(value: int) -> str:
    """A whole number with thousands separators: `41,200`."""
    return f"{value:,}".replace("-", MINUS)


def counted(number: int, noun: str, several: str = "") -> str:
    """`1 day`, `2 days`; `several` where that is not the noun with an s."""
    return f"{count(number)} {noun if number == 1 else several or f'{noun}s'}"


def figures(value: float) -> str:
    """Three significant figures from 0 up to 1,000, whole numbers above: `0.640`, `41.3`, `1,235`."""
    size = abs(value)
    if math.isinf(size):
        return _sign(value) + "∞"
    if size >= 999.5:
        return _sign(value) + f"{size:,.0f}"
    if size == 0:
        return "0"
    if size < 10**-_MOST_DECIMALS:
        return _tiny(value)
    return _sign(value) + format(Decimal(f"{size:.2e}"), "f")


def rate(value: float) -> str:
    """A share as per cent, three significant figures: `41.3%`; 100% is only ever said of all."""
    percent = 100 * value
    if not 99.95 <= percent < 100:
        return f"{figures(percent)}%"
    return next((f"{text}%" for text in _finer(percent) if float(text) < 100), ">99.9999%")


def value(number: float, unit: Unit) -> str:
    """A metric's value in its unit: `41.3%`, `8.43 s`, `1.52`."""
    match unit:
        case Unit.RATE:
            return rate(number)
        case Unit.SECONDS:
            return f"{figures(number)} s"
        case Unit.COUNT:
            return figures(number)


def lift(fraction: float) -> str:
    """A relative change as signed per cent, one decimal: `+6.5%`, `−0.4%`, more where 0.0 would lie."""
    return _signed(100 * fraction) + "%" * math.isfinite(fraction)


def level(fraction: float) -> str:
    """A round relative size with its sign, as on an axis: `+8%`, `−0.5%`."""
    return lift(fraction).replace(".0%", "%")


def difference(number: float, unit: Unit) -> str:
    """An absolute change with its sign and unit, two decimals or two figures: `+2.71 pp`, `−0.0052 pp`, `+0.31 s`."""
    suffix = {Unit.RATE: " pp", Unit.SECONDS: " s", Unit.COUNT: ""}[unit]
    shown = 100 * number if unit is Unit.RATE else number
    if 0 < abs(shown) < 10**-_MOST_DECIMALS:
        return f"{_tiny(shown, _plus(shown))}{suffix}"
    return f"{_plus(number)}{_sign(number)}{_hundredths(abs(shown))}{suffix}"


def declared(size: Size, *, upward: bool) -> str:
    """A size as the file writes it, with its sign: `+2%`, `−0.5 pp`."""
    return f"{'+' if upward else MINUS}{size.text.replace('pp', ' pp')}"


def between(interval: Interval, unit: Unit | None = None) -> str:
    """An interval of lifts (`unit` None) or of differences: `+4.2% to +8.8%`."""
    ends = (interval.low, interval.high)
    low, high = [lift(end) if unit is None else difference(end, unit) for end in ends]
    return f"{low} to {high}"


def p_value(p: float, alpha: float | None = None) -> str:
    """`.023`, `<.001`, `>.999`; more digits where three would land on the other side of `alpha`."""
    if p < 0.001 and (alpha is None or p < alpha):
        return "<.001"
    if p > 0.999:
        return ">.999"
    return _on_its_side((f"{p:.{digits}f}" for digits in range(3, 18)), p, alpha).removeprefix("0")


def p_said(p: float, alpha: float | None = None) -> str:
    """A p value in a sentence, two figures: `p=0.99`, `p=0.023`, `p<.001`; more where two would cross `alpha`."""
    if p < 0.001 and (alpha is None or p < alpha):
        return "p<.001"
    return f"p={_on_its_side((f'{p:.{digits}g}' for digits in range(2, 18)), p, alpha)}"


def _on_its_side(texts: Iterable[str], p: float, alpha: float | None) -> str:
    """The first text that lies where p does, seen from alpha; the last where none does."""
    text = ""
    for text in texts:
        if alpha is None or (float(text) < alpha) == (p < alpha):
            break
    return text


def share(fraction: float) -> str:
    """A small share as per cent with two decimals, never a non-zero one written as zero: `0.01%`."""
    percent = 100 * fraction
    return "<0.01%" if 0 < percent < 0.01 else f"{percent:.2f}%"


def chance(probability: float) -> str:
    """A probability as per cent, one decimal, never a possible thing as 0 or 100: `98.7%`, `>99.9%`, `<0.1%`."""
    percent = 100 * probability
    if percent < 0.1:
        return "<0.1%"
    return ">99.9%" if percent > 99.9 else f"{percent:.1f}%"


def age(us: int) -> str:
    """A length of time in its largest whole unit: `3 d`, `2 h`, `5 min`; `now` below a minute."""
    return next((f"{us // unit} {name}" for unit, name in _AGES_US if us >= unit), "now")


def days(us: int) -> str:
    """A runtime in days: `14 d`, `6.5 d`; rounded down, so that a limit not reached never reads as reached."""
    return f"{math.floor(us / 8_640_000_000) / 10:g} d"


def fraction(number: float) -> str:
    """A level such as alpha without its leading zero: `.05`."""
    return format(Decimal(repr(number)), "f").removeprefix("0")


def minute(us: int) -> str:
    """Microseconds UTC as `2026-12-07 12:00 UTC`."""
    return f"{(_EPOCH + timedelta(microseconds=us)):%Y-%m-%d %H:%M} UTC"


def unknown(reason: Undetermined) -> str:
    """The short words of a cell that holds no number."""
    return WORDS[reason.reason]


def _signed(percent: float) -> str:
    size = abs(percent)
    if math.isinf(size) or size == 0:
        return f"{_plus(percent)}{figures(percent)}"
    text = f"{size:,.0f}" if size >= 999.5 else next(filter(float, _finer(size)), "")
    return (MINUS if percent < 0 else "+") + text if text else _tiny(percent, _plus(percent))


def _tiny(value: float, plus: str = "") -> str:
    """Between 0 and the smallest that is written: `<0.0001`, `<+0.0001`, `>−0.0001`."""
    return f"{'>' if value < 0 else '<'}{_sign(value) or plus}0.0001"


def _hundredths(size: float) -> str:
    if math.isinf(size) or size == 0:
        return figures(size)
    return f"{size:,.2f}" if size >= 0.095 else format(Decimal(f"{size:.1e}"), "f")


def _finer(number: float) -> list[str]:
    return [f"{number:.{digits}f}" for digits in range(1, _MOST_DECIMALS + 1)]


def _sign(number: float) -> str:
    return MINUS if number < 0 else ""


def _plus(number: float) -> str:
    return "+" if number > 0 else ""
