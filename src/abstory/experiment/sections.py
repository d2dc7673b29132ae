"""The sections of the file as frozen types; what one section can check of itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema

from abstory.experiment.clauses import RULE_SCHEMA, Rule, read_rule
from abstory.experiment.frames import FrameCount
from abstory.experiment.looks import LOOKS_SCHEMA, GroupSequential, read_looks
from abstory.experiment.quantities import (
    DAY_US,
    Alpha,
    Attribute,
    BasisPoints,
    Count,
    Day,
    Duration,
    DurationField,
    Fraction,
    Level,
    Name,
    Power,
    ScalarField,
    SizeField,
    VariantName,
    Weight,
    Zone,
    listed,
)
from abstory.metrics import Direction

MOST_VARIANTS = 64


class Frozen(BaseModel):
    """A value of the file: frozen, unknown keys forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Schedule(Frozen):
    """When the experiment runs: from `start` up to and without `end`, at midnight in `timezone`."""

    start: Day
    end: Day
    timezone: Zone = "UTC"

    @property
    def start_us(self) -> int:
        return _midnight(self.start, self.timezone)

    @property
    def end_us(self) -> int:
        return _midnight(self.end, self.timezone)


@lru_cache(maxsize=64)
def _midnight(day: date, timezone: str) -> int:
    return round(datetime.combine(day, time(), ZoneInfo(timezone)).timestamp()) * 1_000_000


_ONE_OR_MORE = WithJsonSchema(
    {
        "anyOf": [
            {"type": ["string", "integer", "boolean"]},
            {"type": "array", "minItems": 1, "items": {"type": ["string", "integer", "boolean"]}},
        ]
    }
)
Values = Annotated[tuple[ScalarField, ...], BeforeValidator(listed), Field(min_length=1, max_length=1000), _ONE_OR_MORE]


class Audience(Frozen):
    """Who may take part, by attribute; a viewer lacking an attribute is not eligible."""

    include: Mapping[Attribute, Values] = Field({}, description="Attribute to the values that may take part.")
    exclude: Mapping[Attribute, Values] = Field({}, description="Attribute to the values that may not.")


class Traffic(Frozen):
    """How much of the eligible audience takes part; all in basis points."""

    share: BasisPoints = Field(10_000, description="Of eligible viewers; may only grow while live.")
    layer: Name | None = None
    range: tuple[BasisPoints, BasisPoints] | None = None
    holdout: BasisPoints = 0


class Variant(Frozen):
    """A creative under test: a cell of the factors, with its integer weight."""

    name: VariantName
    creative: Mapping[str, Level]
    weight: Weight = 1
    frames: FrameCount | None = None

    @property
    def length(self) -> Duration | None:
        """Length of the cut, where the creative names one."""
        text = self.creative.get("length")
        return _length(text) if text else None


@lru_cache(maxsize=256)
def _length(text: str) -> Duration:
    return Duration.parse(text)


class MetricUse(Frozen):
    """A metric as the file asks for it."""

    name: str = Field(description="A built-in metric, or one of `define`.", max_length=64)
    mde: SizeField | None = Field(None, description="The smallest change worth detecting.")
    margin: SizeField | None = Field(None, description="How much worse a guardrail may get.")
    direction: Direction | None = None
    winsorize: Fraction | None = None
    denominator: Literal["views", "reach", "followers"] | None = Field(
        None, description="What a rate of posts is per; views where nothing is said. Slot design only."
    )


class Counted(Frozen):
    """One side of a declared ratio or mean: `{count: like}` or `{sum: value, event: purchase}`."""

    count: Name | None = None
    sum: Literal["value", "watch"] | None = None
    event: Name | None = None


_EVENTS = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
Events = Annotated[tuple[Name, ...], BeforeValidator(listed), Field(min_length=1, max_length=50), _EVENTS]


class Definition(Frozen):
    """A metric of the team's own, made of events they log."""

    kind: Literal["proportion", "mean", "ratio", "quantile"]
    event: Events | None = None
    count: Name | None = None
    sum: Literal["value", "watch"] | None = None
    numerator: Counted | None = None
    denominator: Counted | None = None
    quantile: Fraction | None = None
    of: Literal["watch"] | None = None
    direction: Direction = Direction.INCREASE

    def canonical(self) -> Mapping[str, object]:
        """As plain data for the fingerprint; fields that came later count only where they are used."""
        plain = self.model_dump(mode="json")
        return {name: value for name, value in plain.items() if name not in {"quantile", "of"} or value is not None}


def uses(value: object) -> object:
    """The short forms `name` and `[name, ...]` as the long one."""
    items = value if isinstance(value, list | tuple) else [value]
    return [{"name": item} if isinstance(item, str) else item for item in items]


Uses = Annotated[tuple[MetricUse, ...], BeforeValidator(uses), Field(max_length=50)]
Primary = Annotated[Uses, Field(min_length=1)]


class Metrics(Frozen):
    """Which numbers decide, which inform, which protect."""

    primary: Primary = Field(description="What the verdict rests on.")
    secondary: Uses = Field((), description="What informs.")
    guardrails: Uses = Field((), description="What must not get worse than its margin.")
    define: Mapping[Name, Definition] = Field({}, description="Metrics of your own, by name.")


class Analysis(Frozen):
    """How the numbers are read."""

    alpha: Alpha = Field(0.05, description="The false-positive rate, two-sided.")
    power: Power = Field(0.8, description="The chance to see an effect as large as the MDE.")
    looks: Annotated[
        Literal["always_valid", "fixed"] | GroupSequential, BeforeValidator(read_looks), WithJsonSchema(LOOKS_SCHEMA)
    ] = Field(
        "always_valid",
        description="Any day, once at the end (a calendar), or at a few planned looks.",
    )
    multiplicity: Literal["dunnett", "holm", "hochberg", "bonferroni", "bh", "gatekeeping", "none"] = Field(
        "dunnett", description="The correction over variants and primary metrics; bonferroni for a calendar."
    )
    covariates: tuple[Name, ...] = ()
    window: DurationField = Field(Duration(DAY_US, "24h"), description="Events count this long after exposure.")
    window_ends_with_story: StrictBool = Field(False, description="A window closes no later than its story ends.")
    interactions: Literal["none", "pairs", "all"] = Field(
        "pairs", description="Whether effects of factors are tested for depending on one another."
    )
    factor_weights: Literal["equal", "observed"] = Field(
        "equal", description="How combinations of the other factors weigh in a factor's effect."
    )
    compare_across_lengths: bool = Field(
        default=False,
        description="Let completion decide between cuts of different length, which is unfair to longer ones.",
    )

    def canonical(self) -> Mapping[str, object]:
        """As plain data for the fingerprint; fields that came later count only where they are used."""
        plain = self.model_dump(mode="json") | {"window": self.window.us}
        return {name: value for name, value in plain.items() if (name, value) not in _CAME_LATER}


_CAME_LATER = (("factor_weights", "equal"), ("window_ends_with_story", False), ("compare_across_lengths", False))


class Decision(Frozen):
    """When the numbers become a verdict, and which."""

    rule: Annotated[
        Literal["clear_win", "do_no_harm"] | tuple[Rule, ...], BeforeValidator(read_rule), WithJsonSchema(RULE_SCHEMA)
    ] = Field("clear_win", description="What ships: a named rule, or ordered if/then.")
    min_runtime: DurationField = Field(Duration(7 * DAY_US, "7d"), description="No verdict before.")
    min_per_variant: Count = Field(1000, description="No verdict with fewer viewers (or posts) in any variant.")
    otherwise: Literal["keep_control", "review"] = "keep_control"
    novelty: Literal["warn", "hold"] = Field("warn", description="Whether an effect that fades may ship.")

    def canonical(self) -> Mapping[str, object]:
        """As plain data for the fingerprint; fields that came later count only where they are used."""
        plain = self.model_dump(mode="json") | {"min_runtime": self.min_runtime.us}
        return {name: value for name, value in plain.items() if (name, value) != ("novelty", "warn")}
