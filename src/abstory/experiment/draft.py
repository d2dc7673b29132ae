"""What the rules of a file look at: its valid parts, and the faults that are found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from abstory.experiment.calendar import Calendar
from abstory.experiment.definitions import meant
from abstory.experiment.quantities import Duration
from abstory.experiment.sections import Analysis, Decision, Definition, MetricUse, Schedule, Traffic, Variant
from abstory.experiment.stories import Story
from abstory.metrics import Metric

Path = tuple[str | int, ...]


class Role(StrEnum):
    """What a metric is for."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    GUARDRAIL = "guardrail"


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule: `path` is the field as the file spells it."""

    code: str
    path: Path
    message: str
    hint: str = ""


class Faults(ValueError):
    """All the broken rules of one experiment."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        lines = (f"{'.'.join(map(str, one.path))}: {one.message}" for one in faults)
        super().__init__("; ".join(lines))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Use:
    """A metric in its role, and where the file says so."""

    role: Role
    path: Path
    metric: MetricUse


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of an experiment that are valid by themselves; None or left out where they are not.

    Attributes:
        given: the names of the sections that the file has, valid or not.
    """

    unit: str = "viewer"
    design: str | None = None
    story: str | None = None
    stories: tuple[Story, ...] = ()
    lifetime: Duration | None = None
    asset: str | None = None
    scheduled: bool = False
    schedule: Schedule | None = None
    traffic: Traffic | None = None
    factors: Mapping[str, tuple[str, ...]] | None = None
    variants: tuple[Variant, ...] | None = None
    explicit: bool = False
    uses: tuple[Use, ...] = ()
    define: Mapping[str, Definition | None] | None = None
    analysis: Analysis | None = None
    decision: Decision | None = None
    calendar: Calendar | None = None
    given: frozenset[str] = frozenset()

    @property
    def by_slot(self) -> bool:
        """Whether posts are randomised, not viewers."""
        return self.unit == "slot"

    def meant(self, use: MetricUse) -> Metric | None:
        """The metric that a use asks for; None where no metric has its name, or its definition is incomplete."""
        return meant(use, (self.define or {}).get(use.name), by_slot=self.by_slot)


def near(word: str, words: Mapping[str, object] | list[str] | tuple[str, ...]) -> str:
    """`did you mean X?`, or nothing where no word is close."""
    found = get_close_matches(word[:64], list(words), n=1, cutoff=0.6)
    return f"did you mean {found[0]}?" if found else ""
