"""What can still be said of a file of which a part is invalid: a draft of its valid parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from abstory.experiment import ROLES, Levels
from abstory.experiment.cells import resolve_cells
from abstory.experiment.draft import Draft, Fault, Use
from abstory.experiment.quantities import Duration, Name
from abstory.experiment.rules import faults
from abstory.experiment.sections import (
    Analysis,
    Decision,
    Definition,
    Frozen,
    MetricUse,
    Schedule,
    Traffic,
    Variant,
    uses,
)
from abstory.experiment.slot_design import readable, with_defaults
from abstory.experiment.stories import Story, listed
from abstory.spec.reader import Path

Model = TypeVar("Model", bound=Frozen)


def remaining(data: object, bad: frozenset[Path]) -> tuple[Fault, ...]:
    """The rules broken by the valid parts of `data`, less those that only follow from a fault at one of `bad`."""
    if not isinstance(data, dict):
        return ()
    return tuple(fault for fault in faults(_draft(data)) if not any(_touch(fault.path, path) for path in bad))


def _touch(one: Path, other: Path) -> bool:
    short = min(len(one), len(other))
    return one[:short] == other[:short]


def _draft(data: dict[str, Any]) -> Draft:
    resolved = with_defaults(resolve_cells(data))
    metrics = data.get("metrics")
    metrics = metrics if isinstance(metrics, dict) else {}
    return Draft(
        unit=str(data.get("unit", "viewer")),
        design=data.get("design"),
        story=_text(data.get("story")),
        stories=_stories(data.get("stories", [])),
        lifetime=_lifetime(data.get("lifetime", "24h")),
        asset=_text(data.get("asset")),
        scheduled="schedule" in data,
        schedule=_valid(Schedule, resolved.get("schedule")),
        traffic=_valid(Traffic, data.get("traffic")),
        factors=_factors(resolved.get("factors", {})),
        variants=_variants(resolved.get("variants", [])),
        explicit=isinstance(data.get("variants"), dict),
        uses=tuple(_uses(metrics)),
        define=_define(metrics.get("define", {})),
        analysis=_valid(Analysis, resolved.get("analysis", {})),
        decision=_valid(Decision, resolved.get("decision", {})),
        calendar=readable(data.get("calendar")),
        given=frozenset(map(str, data)),
    )


def _valid(model: type[Model], value: object) -> Model | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


def _stories(value: object) -> tuple[Story, ...]:
    """All of them or none: the place of a story is its place in the file."""
    items = listed(value)
    found = [_valid(Story, item) for item in items] if isinstance(items, list) else []
    return tuple(one for one in found if one) if all(found) else ()


def _lifetime(value: object) -> Duration | None:
    try:
        return Duration.parse(value)
    except ValueError:
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _factors(value: object) -> Mapping[str, tuple[str, ...]] | None:
    try:
        return TypeAdapter(Mapping[Name, Levels]).validate_python(value)
    except ValidationError:
        return None


def _variants(value: object) -> tuple[Variant, ...] | None:
    if not isinstance(value, list):
        return None
    found = tuple(_valid(Variant, item) for item in value)
    whole = tuple(one for one in found if one)
    return whole if len(whole) == len(found) else None


def _uses(metrics: Mapping[str, Any]) -> Iterator[Use]:
    for field, role in ROLES.items():
        items = uses(metrics.get(field, ()))
        for at, item in enumerate(items if isinstance(items, list) else ()):
            name = item.get("name") if isinstance(item, dict) else None
            use = _valid(MetricUse, item) or _valid(MetricUse, {"name": name})
            if use:
                yield Use(role, ("metrics", field, at), use)


def _define(value: object) -> Mapping[str, Definition | None] | None:
    if not isinstance(value, dict):
        return None
    return {name: _valid(Definition, own) for name, own in value.items()}
