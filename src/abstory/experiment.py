"""The declared experiment as frozen values: what the file says is what every other module uses."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from abstory.metrics import Direction, Measure, MeasureKind, Mean, Metric, Proportion, Ratio, Unit, built_in

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
_UNITS_US = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": HOUR_US, "d": DAY_US, "w": 7 * DAY_US}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(%|pp)")


@dataclass(frozen=True, slots=True)
class Size:
    """A declared size: relative (`2%`) or in absolute points of a rate (`0.5pp`)."""

    value: float
    relative: bool
    text: str

    @classmethod
    def parse(cls, text: object) -> Size:
        """Read `2%` or `0.5pp`; a bare number is refused because nobody can know which was meant."""
        found = _SIZE.fullmatch(text) if isinstance(text, str) else None
        if not found:
            raise ValueError("write 2% (relative) or 0.5pp (absolute points)")
        return cls(float(found[1]) / 100, found[2] == "%", found[0])


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
        found = _DURATION.fullmatch(text) if isinstance(text, str) else None
        if not found:
            raise ValueError("write a number with a unit, such as 24h or 15s")
        return cls(round(float(found[1]) * _UNITS_US[found[2]]), found[0])


def _fraction(text: object) -> float:
    size = Size.parse(text)
    if not size.relative:
        raise ValueError("write a percentage such as 5%")
    return size.value


def _basis_points(text: object) -> int:
    points = _fraction(text) * 10_000
    if abs(points - round(points)) > 1e-6:
        raise ValueError("at most two decimals, such as 33.33%")
    return round(points)


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _as_text(value: Any) -> str:
    return str(value.text)


SizeField = Annotated[Size, BeforeValidator(Size.parse), PlainSerializer(_as_text)]
DurationField = Annotated[Duration, BeforeValidator(Duration.parse), PlainSerializer(_as_text)]
Fraction = Annotated[float, BeforeValidator(_fraction)]
BasisPoints = Annotated[int, BeforeValidator(_basis_points), Field(ge=0, le=10_000)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
VariantName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,127}$")]
Level = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Scalar = str | int | bool


class Frozen(BaseModel):
    """A value of the file: frozen, strict, unknown keys forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Schedule(Frozen):
    """When the experiment runs: [start, end) at midnight in `timezone`."""

    start: date
    end: date
    timezone: str = "UTC"

    @property
    def start_us(self) -> int:
        return self._midnight(self.start)

    @property
    def end_us(self) -> int:
        return self._midnight(self.end)

    def _midnight(self, day: date) -> int:
        return round(datetime.combine(day, time(), ZoneInfo(self.timezone)).timestamp()) * 1_000_000


class Audience(Frozen):
    """Who may take part, by attribute; a viewer lacking an attribute is not eligible."""

    include: Mapping[str, Annotated[tuple[Scalar, ...], BeforeValidator(_listed)]] = {}
    exclude: Mapping[str, Annotated[tuple[Scalar, ...], BeforeValidator(_listed)]] = {}


class Traffic(Frozen):
    """How much of the eligible audience takes part; all in basis points."""

    share: BasisPoints = 10_000
    layer: Name | None = None
    range: tuple[BasisPoints, BasisPoints] | None = None
    holdout: BasisPoints = 0


class Variant(Frozen):
    """A creative under test: a cell of the factors, with its integer weight."""

    name: VariantName
    creative: Mapping[str, Level]
    weight: int = Field(default=1, ge=1, le=1_000_000)

    @property
    def length(self) -> Duration | None:
        """Length of the cut, where the creative names one."""
        text = self.creative.get("length")
        return Duration.parse(text) if text else None


class Role(StrEnum):
    """What a metric is for."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    GUARDRAIL = "guardrail"


class MetricUse(Frozen):
    """A metric as the file asks for it."""

    name: str
    mde: SizeField | None = None
    margin: SizeField | None = None
    direction: Direction | None = None
    winsorize: Fraction | None = None


class Counted(Frozen):
    """One side of a declared ratio or mean: `{count: like}` or `{sum: value, event: purchase}`."""

    count: str | None = None
    sum: Literal["value", "watch"] | None = None
    event: str | None = None


class Definition(Frozen):
    """A metric of the team's own, made of events they log."""

    kind: Literal["proportion", "mean", "ratio"]
    event: Annotated[tuple[str, ...], BeforeValidator(_listed)] | None = None
    count: str | None = None
    sum: Literal["value", "watch"] | None = None
    numerator: Counted | None = None
    denominator: Counted | None = None
    direction: Direction = Direction.INCREASE


def _uses(value: object) -> object:
    return [{"name": item} if isinstance(item, str) else item for item in _as_list(value)]


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


Uses = Annotated[tuple[MetricUse, ...], BeforeValidator(_uses)]


class Metrics(Frozen):
    """Which numbers decide, which inform, which protect."""

    primary: Uses
    secondary: Uses = ()
    guardrails: Uses = ()
    define: Mapping[Name, Definition] = {}


class GroupSequential(Frozen):
    """Looks planned in number, with the error spent over them."""

    looks: int = Field(ge=2, le=50)
    spending: Literal["obrien_fleming", "pocock"] = "obrien_fleming"


class Analysis(Frozen):
    """How the numbers are read."""

    alpha: Fraction = 0.05
    power: Fraction = 0.8
    looks: Literal["always_valid", "fixed"] | GroupSequential = "always_valid"
    multiplicity: Literal["dunnett", "holm", "hochberg", "bonferroni", "bh", "none"] = "dunnett"
    covariates: tuple[Name, ...] = ()
    window: DurationField = Duration(DAY_US, "24h")
    interactions: Literal["none", "pairs", "all"] = "pairs"


class Decision(Frozen):
    """When the numbers become a verdict, and which."""

    rule: Literal["clear_win", "do_no_harm"] = "clear_win"
    min_runtime: DurationField = Duration(7 * DAY_US, "7d")
    min_per_variant: int = Field(default=1000, ge=2)
    otherwise: Literal["keep_control", "review"] = "keep_control"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A metric in its role: what analysis works through."""

    metric: Metric
    role: Role
    mde: Size | None
    margin: Size | None


class Experiment(Frozen):
    """A whole experiment: who, which creatives, what is measured, how it is decided."""

    version: Literal[1]
    key: Name
    title: str | None = None
    hypothesis: str | None = None
    owner: str | None = None
    schedule: Schedule | None = None
    unit: Literal["viewer", "slot"] = "viewer"
    story: str | None = None
    lifetime: DurationField = Duration(DAY_US, "24h")
    audience: Audience = Audience()
    traffic: Traffic = Traffic()
    factors: Mapping[Name, tuple[Level, ...]] = {}
    design: Literal["full_factorial"] | None = None
    variants: tuple[Variant, ...] = ()
    asset: str | None = None
    metrics: Metrics
    analysis: Analysis = Analysis()
    decision: Decision = Decision()

    @model_validator(mode="before")
    @classmethod
    def _cells(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if isinstance(data.get("variants"), dict):
            return data | {"variants": [_variant(name, cell) for name, cell in data["variants"].items()]}
        if not data.get("variants") and data.get("factors"):
            return data | {"variants": list(_full_factorial(data["factors"]))}
        return data

    @model_validator(mode="after")
    def _at_least_two(self) -> Self:
        if len(self.variants) < 2:
            raise ValueError("an experiment needs at least two variants")
        return self

    @property
    def start_us(self) -> int:
        return self.schedule.start_us if self.schedule else 0

    @property
    def end_us(self) -> int:
        return self.schedule.end_us if self.schedule else 2**62

    @cached_property
    def control(self) -> Variant:
        """The cell of all first levels."""
        first = {name: levels[0] for name, levels in self.factors.items()}
        cells = [v for v in self.variants if all(v.creative.get(name) == level for name, level in first.items())]
        return cells[0] if cells else self.variants[0]

    @property
    def treatments(self) -> tuple[Variant, ...]:
        """Every variant but control, in declared order."""
        return tuple(v for v in self.variants if v.name != self.control.name)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every declared metric in its role, primaries first."""
        roles = (
            (Role.PRIMARY, self.metrics.primary),
            (Role.SECONDARY, self.metrics.secondary),
            (Role.GUARDRAIL, self.metrics.guardrails),
        )
        return tuple(Outcome(self.metric(use), role, use.mde, use.margin) for role, uses in roles for use in uses)

    def metric(self, use: MetricUse) -> Metric:
        """The resolved metric of a use: the team's own definition, or the built-in one."""
        import dataclasses

        own = self.metrics.define.get(use.name)
        found = defined(use.name, own) if own else built_in(use.name)
        if found is None:
            raise ValueError(f"no metric is called {use.name}")
        return dataclasses.replace(found, direction=use.direction) if use.direction else found

    def assignment_fields(self) -> Mapping[str, object]:
        """The fields that decide who gets what, as plain data: what must not change while live."""
        return {
            "key": self.key,
            "unit": self.unit,
            "audience": self.audience.model_dump(mode="json"),
            "traffic": self.traffic.model_dump(mode="json"),
            "variants": {v.name: {"weight": v.weight, **v.creative} for v in self.variants},
        }

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the canonical JSON of every field that decides assignment or analysis."""
        fields = self.model_dump(mode="json", exclude={"title", "hypothesis", "owner", "asset"})
        return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _variant(name: str, cell: Any) -> object:
    if not isinstance(cell, dict):
        return cell
    weight = {"weight": cell["weight"]} if "weight" in cell else {}
    return {"name": name, "creative": {k: v for k, v in cell.items() if k != "weight"}, **weight}


def _full_factorial(factors: Mapping[str, list[str]]) -> Iterator[object]:
    for levels in itertools.product(*factors.values()):
        yield {"name": ".".join(levels), "creative": dict(zip(factors, levels, strict=True))}


def defined(name: str, own: Definition) -> Proportion | Mean | Ratio:
    """The metric that a team's own definition describes."""
    if own.kind == "proportion":
        events = own.event or ()
        return Proportion(name, Measure(MeasureKind.ANY, events), f"{' or '.join(events)} / exposed", own.direction)
    if own.kind == "mean":
        side = _side(Counted(count=own.count, sum=own.sum, event=own.event[0] if own.event else None))
        return Mean(name, side, f"{side.name} / exposed", own.direction)
    if own.numerator is None or own.denominator is None:
        raise ValueError("a ratio needs a numerator and a denominator")
    above, below = _side(own.numerator), _side(own.denominator)
    return Ratio(name, above, below, f"{above.name} / {below.name}", own.direction)


def _side(counted: Counted) -> Measure:
    if counted.count:
        return Measure(MeasureKind.COUNT, (counted.count,))
    kind = MeasureKind.SUM_VALUE if counted.sum == "value" else MeasureKind.SUM_WATCH
    return Measure(kind, (counted.event or "view",))


__all__ = ["DAY_US", "HOUR_US", "Duration", "Experiment", "Outcome", "Role", "Size", "Unit", "Variant"]
