"""The quantities of the file: sizes with `%` or `pp`, durations with a unit, shares, names, dates, zones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, StrictBool, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
LONGEST_DAYS = 3650
_UNITS_US = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": HOUR_US, "d": DAY_US, "w": 7 * DAY_US}
DURATION_PATTERN = r"[0-9]{1,9}(?:\.[0-9]{1,6})?(?:ms|s|m|h|d|w)"
SIZE_PATTERN = r"[0-9]{1,6}(?:\.[0-9]{1,6})?(?:%|pp)"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
ATTRIBUTE_PATTERN = r"^[A-Za-z0-9_.-]{1,64}$"
VARIANT_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,127}$"
LEVEL_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d|w)")
_UNITS_MEANT = {
    word: unit
    for unit, words in {
        "ms": ("msec", "millisecond", "milliseconds"),
        "s": ("sec", "secs", "second", "seconds"),
        "m": ("min", "mins", "minute", "minutes"),
        "h": ("hr", "hrs", "hour", "hours"),
        "d": ("day", "days"),
        "w": ("week", "weeks"),
        "%": ("percent", "pct"),
    }.items()
    for word in words
}
_SIZE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(%|pp)")
_SHARE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?%")
_FIRST_YEAR, _LAST_YEAR = 2000, 2200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANT_PATTERN = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})"
)


def wrong(code: str, message: str, hint: str) -> PydanticCustomError:
    """A refusal of one value, with the code and the hint that diagnostics show."""
    return PydanticCustomError(code, "{message}", {"message": message, "hint": hint})


@dataclass(frozen=True, slots=True)
class Size:
    """A declared size: relative (`2%`) or in absolute points of a rate (`0.5pp`)."""

    value: float
    relative: bool
    text: str

    @classmethod
    def parse(cls, text: object) -> Size:
        """Read `2%` or `0.5pp`; a bare number is refused because nobody can know which was meant."""
        if isinstance(text, cls):
            return text
        found = _SIZE.fullmatch(text) if isinstance(text, str) else None
        if not found and isinstance(text, str) and _SIZE.fullmatch(text.removeprefix("-")):
            raise wrong(
                "E206", "a size must be above 0", "write it without the sign; `direction` says which way is good"
            )
        if not found:
            raise wrong("E206", "a size needs % (relative) or pp (absolute points)", _which(text))
        if not float(found[1]):
            raise wrong("E206", "a size must be above 0", "write how large a change matters, such as 2%")
        return cls(float(found[1]) / 100, found[2] == "%", found[0])


def _which(text: object) -> str:
    if isinstance(text, int | float) and not isinstance(text, bool):
        # Below 1 it looks like a fraction, from 1 on like a percentage that lost its sign.
        size = text * 100 if abs(text) < 1 else text
        return f"which is meant: {size:g}% of the baseline, or {size:g}pp?"
    return _tidied(text, _SIZE) or "write 2% or 0.5pp"


def _tidied(text: object, form: re.Pattern[str]) -> str:
    """`did you mean 2.5%?` of `2,5 %`, or `24h` of `24 hours`; nothing where nothing near has the form."""
    bare = re.sub(r"(?<=[0-9]),(?=[0-9])", ".", str(text).replace(" ", "").lower())
    number = bare.rstrip("abcdefghijklmnopqrstuvwxyz")
    tidy = number + _UNITS_MEANT.get(bare[len(number) :], bare[len(number) :])
    return f"did you mean {tidy}?" if isinstance(text, str) and form.fullmatch(tidy) else ""


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time with its unit, as written."""

    us: int
    text: str

    @property
    def ms(self) -> int:
        return self.us // 1000

    @property
    def seconds(self) -> float:
        return self.us / 1_000_000

    @classmethod
    def parse(cls, text: object) -> Duration:
        """Read `24h`, `15s`, `7d`; a number without a unit is refused."""
        if isinstance(text, cls):
            return text
        found = _DURATION.fullmatch(text) if isinstance(text, str) else None
        if not found:
            number = isinstance(text, int | float) and not isinstance(text, bool)
            meant = _tidied(text, _DURATION) or "write a number with a unit, such as 24h or 15s"
            hint = f"write {text}s, {text}h or {text}d" if number else meant
            raise wrong("E207", "a duration needs a unit: ms, s, m, h, d or w", hint)
        us = round(float(found[1]) * _UNITS_US[found[2]])
        if not 0 < us <= LONGEST_DAYS * DAY_US:
            raise wrong("E207", "a duration must be above 0 and at most ten years", "such as 24h or 15s")
        return cls(us, found[0])


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment with its offset, as written."""

    us: int
    text: str

    @classmethod
    def parse(cls, text: object) -> Instant:
        """Read `2026-11-23T18:00+01:00`; without an offset nobody can know which moment is meant."""
        if isinstance(text, cls):
            return text
        try:
            told = datetime.fromisoformat(text) if isinstance(text, str) and len(text) > len("2026-11-23") else None
        except ValueError:
            told = None
        if told is None or told.tzinfo is None or not _FIRST_YEAR <= told.year < _LAST_YEAR:
            hint = 'such as "2026-11-23T18:00+01:00", with the offset and in quotes'
            raise wrong("E211", "write a moment in ISO 8601", hint)
        return cls((told - _EPOCH) // timedelta(microseconds=1), str(text))


def _fraction(value: object) -> float:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found or found[2] != "%":
        raise wrong("E206", "write a percentage, with its sign", _percentage(value))
    return float(found[1]) / 100


def _percentage(value: object) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 100:
        return _tidied(value, _SHARE) or "such as 5%"
    return f"did you mean {value * 100 if value <= 1 else value:g}%?"


def _alpha(value: object) -> float:
    alpha = _fraction(value)
    if not 0 < alpha <= 0.5:
        raise wrong("E208", "alpha must be above 0% and at most 50%", "such as 5%")
    return alpha


def _power(value: object) -> float:
    power = _fraction(value)
    if not 0 < power < 1:
        raise wrong("E208", "power must lie between 0% and 100%", "such as 80%")
    return power


def _basis_points(value: object) -> int:
    points = _fraction(value) * 10_000
    if abs(points - round(points)) > 1e-6:
        raise wrong("E208", "at most two decimals", "such as 33.33%")
    if points > 10_000:
        raise wrong("E208", "a share lies between 0% and 100%", "such as 40%")
    return round(points)


def _date(value: object) -> date:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise wrong("E209", "write a date as YYYY-MM-DD", "such as 2026-11-23") from None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong("E209", "write a date as YYYY-MM-DD", "such as 2026-11-23")
    if not _FIRST_YEAR <= value.year < _LAST_YEAR:
        raise wrong("E209", f"a date lies in the years {_FIRST_YEAR} to {_LAST_YEAR - 1}", "check the year")
    return value


def _zone(value: object) -> str:
    from zoneinfo import ZoneInfo

    try:
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", value):
            return ZoneInfo(value).key
    except (ValueError, KeyError, OSError):
        pass
    raise wrong("E210", "no such time zone", _near_zone(value))


def _near_zone(value: object) -> str:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    near = get_close_matches(str(value)[:64], sorted(available_timezones()), n=1)
    return f"did you mean {near[0]}?" if near else "such as Europe/Berlin or UTC"


def _scalar(value: object) -> object:
    if not isinstance(value, str | int | bool):
        raise wrong("E203", "text, a whole number, true or false is due here", "quote it" if value is not None else "")
    return value


def listed(value: object) -> object:
    """A single value as a list of one."""
    return value if isinstance(value, list | tuple) else [value]


def _as_text(value: Any) -> str:
    return str(value.text)


def _pattern(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "examples": list(examples)})


_PERCENT = _pattern(r"[0-9]{1,6}(?:\.[0-9]{1,6})?%", "5%")
SizeField = Annotated[
    Size, BeforeValidator(Size.parse), PlainSerializer(_as_text), _pattern(SIZE_PATTERN, "2%", "0.5pp")
]
DurationField = Annotated[
    Duration, BeforeValidator(Duration.parse), PlainSerializer(_as_text), _pattern(DURATION_PATTERN, "24h", "15s")
]
InstantField = Annotated[
    Instant,
    BeforeValidator(Instant.parse),
    PlainSerializer(_as_text),
    _pattern(INSTANT_PATTERN, "2026-11-23T18:00+01:00"),
]
Fraction = Annotated[float, BeforeValidator(_fraction), _PERCENT]
Alpha = Annotated[float, BeforeValidator(_alpha), _PERCENT]
Power = Annotated[float, BeforeValidator(_power), _PERCENT]
BasisPoints = Annotated[int, BeforeValidator(_basis_points), _PERCENT]
Day = Annotated[
    date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date", "pattern": DATE_PATTERN})
]
Zone = Annotated[str, BeforeValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Europe/Berlin", "UTC"]})]
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
VariantName = Annotated[str, Field(pattern=VARIANT_PATTERN)]
Level = Annotated[str, Field(pattern=LEVEL_PATTERN)]
Attribute = Annotated[str, Field(pattern=ATTRIBUTE_PATTERN)]
Words = Annotated[str, Field(max_length=2000)]
Count = Annotated[StrictInt, Field(ge=2, le=1_000_000_000)]
Weight = Annotated[StrictInt, Field(ge=1, le=1_000_000)]
Scalar = str | int | bool
ScalarField = Annotated[str | StrictInt | StrictBool, BeforeValidator(_scalar)]
