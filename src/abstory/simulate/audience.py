"""A story audience as plain parameters: personas who leave a cut second by second, return, and engage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from abstory.experiment import Variant

HOOKED_SECONDS = 3
"""Who stays this long in the first view may engage or follow; who does not may hide the story."""

_DEFAULT_LENGTH_S = 15


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of viewer.

    Attributes:
        share: of the audience, in (0, 1); the shares of an audience sum to 1.
        impatience: multiplies the hazard of leaving, > 0.
        keenness: multiplies the chances to engage, follow and hide, >= 0.
        views: chances of 1, 2, 3 ... views; they sum to 1.
    """

    share: float
    impatience: float
    keenness: float
    views: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Nudge:
    """What one level of a creative does: factors on the hazard of leaving and on the chance of each event."""

    leaving: float = 1.0
    events: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoryAudience:
    """All that decides how viewers behave.

    Attributes:
        personas: kinds of viewers.
        leaving: chance to leave within second 0, 1, 2 ... of a view of the plain cut; the last one goes on for ever.
        chances: of each event, for a viewer of keenness 1 who may do it.
        nudges: by `factor=level`, or by a variant's name; what is not named changes nothing.
        hours: weight of each hour of the day, from the schedule's midnight on, for first exposures.
    """

    personas: tuple[Persona, ...]
    leaving: tuple[float, ...]
    chances: Mapping[str, float]
    nudges: Mapping[str, Nudge]
    hours: tuple[float, ...]


LAUNCH = StoryAudience(
    personas=(
        Persona(share=0.15, impatience=0.55, keenness=2.2, views=(0.45, 0.25, 0.14, 0.08, 0.05, 0.03)),
        Persona(share=0.55, impatience=1.0, keenness=0.9, views=(0.86, 0.11, 0.03)),
        Persona(share=0.30, impatience=1.9, keenness=0.4, views=(0.97, 0.03)),
    ),
    leaving=(0.16, 0.11, 0.09, 0.07, 0.06, 0.055, 0.055, 0.05, 0.05, 0.05, 0.045, 0.045, 0.04, 0.04, 0.035),
    chances={
        "like": 0.042,
        "comment": 0.006,
        "share": 0.008,
        "save": 0.007,
        "cta_click": 0.012,
        "follow": 0.009,
        "hide": 0.045,
    },
    nudges={
        "filter=warm": Nudge(leaving=0.88, events={"like": 1.10, "save": 1.15}),
        "length=12s": Nudge(leaving=0.85, events={"share": 1.10}),
        "cta=shop_now": Nudge(leaving=0.91, events={"cta_click": 1.80, "follow": 1.05, "hide": 1.02}),
    },
    hours=(2, 1, 1, 1, 1, 2, 4, 6, 6, 5, 5, 6, 8, 7, 6, 6, 7, 9, 11, 13, 14, 12, 8, 4),
)
"""The demo's audience: a warm grade, a shorter cut and a clear call each keep viewers longer."""


def length(variant: Variant) -> int:
    """Whole seconds of a variant's cut; 15 where the creative names no length."""
    return round(variant.length.seconds) if variant.length else _DEFAULT_LENGTH_S


def survival(audience: StoryAudience, variant: Variant, persona: Persona) -> tuple[float, ...]:
    """Chance to be still watching at second 0, 1, ... length: proportional hazards on the plain cut's curve."""
    factor = persona.impatience
    for nudge in _nudges(audience, variant):
        factor *= nudge.leaving
    curve = [1.0]
    for second in range(length(variant)):
        leave = audience.leaving[min(second, len(audience.leaving) - 1)]
        curve.append(curve[-1] * (1 - leave) ** factor)
    return tuple(curve)


def chance(audience: StoryAudience, variant: Variant, persona: Persona, event: str) -> float:
    """Chance that a viewer who may do `event` does it."""
    likely = audience.chances[event] * persona.keenness
    for nudge in _nudges(audience, variant):
        likely *= nudge.events.get(event, 1.0)
    return min(likely, 1.0)


def _nudges(audience: StoryAudience, variant: Variant) -> tuple[Nudge, ...]:
    keys = (variant.name, *(f"{factor}={level}" for factor, level in variant.creative.items()))
    return tuple(audience.nudges[key] for key in keys if key in audience.nudges)
