"""The same contrast in several stories: each for itself, how much they differ, and pooled."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.metrics import Unit
from abstory.stats.estimate import Effect, Interval, Undetermined


@dataclass(frozen=True, slots=True)
class StoryEffect:
    """One story: viewers of treatment and control together, windows closed, and the effect among them."""

    story: str
    viewers: int
    effect: Effect | Undetermined


@dataclass(frozen=True, slots=True)
class AcrossStories:
    """One primary comparison over the stories of the file.

    Attributes:
        metric, variant, unit: what is compared.
        stories: each that both variants have viewers of, in declared order.
        met: stories that a viewer met, on average over the viewers of any.
        fixed: the average over these stories, weighted by viewers; its error is that of viewers.
        random: these as a sample of stories: weighted by precision; its error holds viewers and stories.
        spread: standard deviation of the true effects between stories (tau), in the metric's unit.
        spread_interval: of it, at the level of the comparison.
        scatter_p: of no difference between stories (Q).
        inconsistency: I², in [0, 1): the share of their scatter that is beyond chance.
    """

    metric: str
    variant: str
    unit: Unit
    stories: tuple[StoryEffect, ...]
    met: float
    fixed: Effect | Undetermined
    random: Effect | Undetermined
    spread: float | Undetermined
    spread_interval: Interval | Undetermined
    scatter_p: float | Undetermined
    inconsistency: float | Undetermined
