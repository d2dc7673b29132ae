"""The declared experiment as frozen values: what the file says is what every other module uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from abstory.experiment.calendar import Calendar, Slot
from abstory.experiment.cells import built_name, cells, resolve_cells
from abstory.experiment.definitions import defined, meant
from abstory.experiment.draft import Draft, Fault, Faults, Role, Use
from abstory.experiment.frames import FEWEST, MOST, Frames, FramesField
from abstory.experiment.quantities import (
    DAY_US,
    HOUR_US,
    LEVEL_PATTERN,
    VARIANT_PATTERN,
    Duration,
    DurationField,
    Level,
    Name,
    Scalar,
    Size,
    Words,
    wrong,
)
from abstory.experiment.rules import faults
from abstory.experiment.sections import (
    Analysis,
    Audience,
    Counted,
    Decision,
    Definition,
    Frozen,
    Metrics,
    MetricUse,
    Schedule,
    Traffic,
    Variant,
)
from abstory.experiment.slot_design import with_defaults
from abstory.experiment.stories import Stories, Story
from abstory.metrics import Metric, Unit

UNBOUNDED_US = 2**62


@dataclass(frozen=True, slots=True)
class Outcome:
    """A metric in its role: what analysis works through."""

    metric: Metric
    role: Role
    mde: Size | None
    margin: Size | None


def _version(value: object) -> object:
    if type(value) is not int or value != 1:
        raise wrong("E204", "the version of the file's format is 1", "write version: 1")
    return value


_VARIANTS = WithJsonSchema(
    {
        "type": "object",
        "minProperties": 2,
        "description": "Explicit cells by name: a level of every factor, and an integer weight.",
        "propertyNames": {"pattern": VARIANT_PATTERN},
        "additionalProperties": {
            "type": "object",
            "properties": {
                "weight": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
                "frames": {"type": "integer", "minimum": FEWEST, "maximum": MOST},
            },
            "additionalProperties": {"type": "string", "pattern": LEVEL_PATTERN},
        },
    }
)
Levels = Annotated[tuple[Level, ...], Field(min_length=1, max_length=20)]


class Experiment(Frozen):
    """A whole experiment: who, which creatives, what is measured, how it is decided."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="Format of this file.")
    key: Name = Field(description="Stamped on every exposure; never reused.")
    title: Words | None = None
    hypothesis: Words | None = None
    owner: Words | None = None
    schedule: Schedule | None = None
    unit: Literal["viewer", "slot"] = "viewer"
    story: Words | None = Field(None, description="Whose cuts are compared.")
    stories: Stories = Field((), description="Several stories, or one with the moment it went up; instead of `story`.")
    lifetime: DurationField = Field(Duration(DAY_US, "24h"), description="A story is visible this long.")
    frames: FramesField | None = Field(None, description="How many frames the story has, or their names in order.")
    audience: Audience = Audience()
    traffic: Traffic = Traffic()
    factors: Annotated[Mapping[Name, Levels], Field(max_length=8)] = Field(
        {}, description="Attributes of the creative and their levels; the first level is control's."
    )
    design: Literal["full_factorial"] | None = None
    variants: Annotated[tuple[Variant, ...], _VARIANTS] = ()
    asset: Words | None = None
    calendar: Calendar | None = Field(None, description="When and where stories are posted; unit: slot only.")
    metrics: Metrics
    analysis: Analysis = Analysis()
    decision: Decision = Decision()

    @model_validator(mode="before")
    @classmethod
    def _cells(cls, data: Any) -> Any:
        return with_defaults(resolve_cells(data)) if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _lawful(self) -> Self:
        if found := faults(self.draft):
            raise Faults(found)
        return self

    @property
    def draft(self) -> Draft:
        """The parts that the rules look at."""
        return Draft(
            unit=self.unit,
            design=self.design,
            story=self.story,
            stories=self.stories,
            lifetime=self.lifetime,
            asset=self.asset,
            scheduled=self.schedule is not None,
            schedule=self.schedule,
            traffic=self.traffic,
            factors=self.factors,
            variants=self.variants,
            explicit=any(variant.name != built_name(variant, self.factors) for variant in self.variants)
            or len(self.variants) != cells(self.factors),
            uses=tuple(self._uses()),
            define=self.metrics.define,
            analysis=self.analysis,
            decision=self.decision,
            calendar=self.calendar,
            given=self._given,
        )

    @property
    def _given(self) -> frozenset[str]:
        own = self.calendar is not None and self.schedule == self.calendar.schedule
        return frozenset(self.model_fields_set - ({"schedule"} if own else set()))

    def _uses(self) -> Iterator[Use]:
        for field, role in ROLES.items():
            for at, use in enumerate(getattr(self.metrics, field)):
                yield Use(role, ("metrics", field, at), use)

    @property
    def by_slot(self) -> bool:
        """Whether posts are randomised, not viewers."""
        return self.unit == "slot"

    @property
    def start_us(self) -> int:
        return self.schedule.start_us if self.schedule else 0

    @property
    def end_us(self) -> int:
        return self.schedule.end_us if self.schedule else UNBOUNDED_US

    @property
    def story_ids(self) -> tuple[str, ...]:
        """Every story that is named; none where all count."""
        return tuple(story.id for story in self.stories) or ((self.story,) if self.story else ())

    @property
    def only_story(self) -> str | None:
        """The story that an exposure is of, where there is but one."""
        return self.story_ids[0] if len(self.story_ids) == 1 else None

    @property
    def last_exposure_us(self) -> int:
        """Nobody can be exposed from then on: the schedule's end, or that of the last story where all have one.

        Of a calendar, when the last post is due.
        """
        if self.calendar:
            return self.calendar.last_us
        ends = [story.ends_us(self.lifetime) for story in self.stories]
        known = [end for end in ends if end is not None]
        return min(self.end_us, max(known)) if known and len(known) == len(ends) else self.end_us

    @property
    def closes_us(self) -> int:
        """When the last window closes: after the schedule's end, or that of the last story where that comes first."""
        ends = self.analysis.window_ends_with_story
        return self.last_exposure_us if ends else self.last_exposure_us + self.analysis.window.us

    @cached_property
    def control(self) -> Variant:
        """The cell of all first levels; of several such (an A/A test) the first declared."""
        first = {name: levels[0] for name, levels in self.factors.items()}
        found = [v for v in self.variants if all(v.creative.get(name) == level for name, level in first.items())]
        return found[0] if found else self.variants[0]

    @property
    def treatments(self) -> tuple[Variant, ...]:
        """Every variant but control, in declared order."""
        return tuple(v for v in self.variants if v.name != self.control.name)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every declared metric in its role, primaries first."""
        return tuple(
            Outcome(self.metric(use.metric), use.role, use.metric.mde, use.metric.margin) for use in self._uses()
        )

    def metric(self, use: MetricUse) -> Metric:
        """The resolved metric of a use: the team's own definition, or the built-in one."""
        found = meant(use, self.metrics.define.get(use.name), by_slot=self.by_slot)
        if found is None:
            raise ValueError(f"no metric is called {use.name}")
        return found

    def frames_of(self, variant: Variant) -> int | None:
        """How many frames a variant's story has; None where nothing is said of it."""
        return variant.frames or (self.frames.count if self.frames else None)

    def _canonical_frames(self) -> dict[str, object]:
        own = {variant.name: variant.frames for variant in self.variants if variant.frames}
        return {"story": self.frames.plain() if self.frames else None, "variants": own} if self.frames or own else {}

    def assignment_fields(self) -> Mapping[str, object]:
        """The fields that decide who gets what, as plain data: what must not change while live."""
        return {
            "key": self.key,
            "unit": self.unit,
            "audience": {side: _sorted(getattr(self.audience, side)) for side in ("include", "exclude")},
            "traffic": self.traffic.model_dump(mode="json"),
            "variants": {v.name: {"weight": v.weight, **v.creative} for v in self.variants},
            **({"calendar": self.calendar.model_dump(mode="json")} if self.calendar else {}),
        }

    def analysis_fields(self) -> Mapping[str, object]:
        """The fields that decide how the data are read, as plain data in one canonical form."""
        schedule = self.schedule
        return {
            "schedule": [schedule.start_us, schedule.end_us] if schedule else None,
            "story": self.story,
            "lifetime": self.lifetime.us,
            **(
                {"stories": [[s.id, s.published.us if s.published else None] for s in self.stories]}
                if self.stories
                else {}
            ),
            **({"frames": frames} if (frames := self._canonical_frames()) else {}),
            "control": self.control.name,
            "factors": dict(self.factors),
            "metrics": sorted(_canonical_use(use) for use in self._uses()),
            "define": {name: own.canonical() for name, own in self.metrics.define.items()},
            "analysis": self.analysis.canonical(),
            "decision": self.decision.canonical(),
        }

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the canonical JSON of every field that decides assignment or analysis, as 64 hex digits."""
        fields = {"assignment": self.assignment_fields(), "analysis": self.analysis_fields()}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


ROLES = {"primary": Role.PRIMARY, "secondary": Role.SECONDARY, "guardrails": Role.GUARDRAIL}


def _canonical_use(use: Use) -> list[object]:
    sizes = [[size.value, size.relative] if size else [] for size in (use.metric.mde, use.metric.margin)]
    cap = [use.metric.winsorize] if use.metric.winsorize else []
    return [use.role.value, use.metric.name, str(use.metric.direction or ""), *sizes, *cap]


def _sorted(values: Mapping[str, tuple[Scalar, ...]]) -> dict[str, list[Scalar]]:
    return {
        name: sorted(set(some), key=lambda value: (type(value).__name__, str(value))) for name, some in values.items()
    }


Change = tuple[str, object, object]


def drift(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Change, ...]:
    """Where two `assignment_fields()` differ, as (field, old, new); a growing `traffic.share` is no drift."""
    old, new = dict(_flat(before)), dict(_flat(after))
    changes = ((name, old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys()))
    return tuple(change for change in changes if change[1] != change[2] and not _grown(change))


def _flat(fields: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _grown(change: Change) -> bool:
    name, old, new = change
    return name == "traffic.share" and isinstance(old, int) and isinstance(new, int) and old <= new


__all__ = [
    "DAY_US",
    "HOUR_US",
    "Analysis",
    "Audience",
    "Calendar",
    "Counted",
    "Decision",
    "Definition",
    "Draft",
    "Duration",
    "Experiment",
    "Fault",
    "Faults",
    "Frames",
    "MetricUse",
    "Metrics",
    "Outcome",
    "Role",
    "Scalar",
    "Schedule",
    "Size",
    "Slot",
    "Story",
    "Traffic",
    "Unit",
    "Variant",
    "defined",
    "drift",
]
