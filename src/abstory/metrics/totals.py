"""What a platform says of a story as a whole, and the metrics that are made of it: one value a post."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.metrics.kinds import Direction, Unit
from abstory.metrics.measures import Measure
from abstory.stats import means
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Moments, Pair, Sample
from abstory.stats.reading import Reading

TOTALS = (
    "views",  # plays, repeated ones included
    "reach",  # accounts that saw it
    "completions",  # plays to the end
    "likes",
    "comments",
    "shares",
    "saves",
    "cta_clicks",  # taps on the call to action, link or sticker
    "follows",  # new followers the platform credits to the post
    "exits",  # left early
    "hides",
    "reports",
    "watch_seconds",  # seconds watched, all plays together
    "followers",  # of the account, when it was posted
)
"""What may be said of a story as a whole, by name."""

DENOMINATORS = ("views", "reach", "followers")
"""What a rate of a story may be per."""


@dataclass(frozen=True, slots=True)
class Total:
    """One value a post: the sum of some totals, over another one where it is a rate.

    Attributes:
        above: the totals that are summed; of several, those that the platform gives at all.
        below: the total it is divided by; empty where nothing is divided.
    """

    name: str
    above: tuple[str, ...]
    below: str = ""
    direction: Direction = Direction.INCREASE
    across_lengths: bool = True
    unit: Unit = Unit.RATE
    kind: str = "total"

    @property
    def definition(self) -> str:
        said = " + ".join(self.above)
        return f"{said} / {self.below}, by post" if self.below else f"{said}, by post"

    @property
    def needs(self) -> tuple[str, ...]:
        """Every total it is made of."""
        return (*self.above, *((self.below,) if self.below else ()))

    @property
    def measures(self) -> tuple[Measure, ...]:
        """None: no viewer is seen."""
        return ()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return ()

    def sample(self, moments: Moments) -> Sample | Undetermined:
        """Of posts; their mean lies under the metric's own name, with its squared error times the posts."""
        if self.name in moments.means:
            return moments.sample(self.name)
        return Undetermined(Reason.TOO_FEW_SLOTS, "no post with a value")

    def effect(self, treatment: Moments, control: Moments, reading: Reading) -> Effect | Undetermined:
        """Two means of posts by Welch, beside drawing the calendar again, which decides."""
        t, c = self.sample(treatment), self.sample(control)
        if isinstance(t, Undetermined):
            return t
        return c if isinstance(c, Undetermined) else means.compare(t, c, reading)


_ENGAGEMENTS = ("likes", "comments", "shares", "saves", "cta_clicks")


def _rate(name: str, above: tuple[str, ...], direction: Direction = Direction.INCREASE, *, fair: bool = True) -> Total:
    return Total(name, above, "views", direction, across_lengths=fair)


SLOT_METRICS: dict[str, Total] = {
    metric.name: metric
    for metric in (
        Total("impressions", ("views",), unit=Unit.COUNT),
        Total("reach", ("reach",), unit=Unit.COUNT),
        _rate("completion_rate", ("completions",), fair=False),
        _rate("engagement_rate", _ENGAGEMENTS),
        Total("followers_gained", ("follows",), unit=Unit.COUNT),
        Total("watch_seconds", ("watch_seconds",), "views", unit=Unit.SECONDS),
        _rate("follow_rate", ("follows",)),
        _rate("cta_rate", ("cta_clicks",)),
        _rate("like_rate", ("likes",)),
        _rate("comment_rate", ("comments",)),
        _rate("share_rate", ("shares",)),
        _rate("save_rate", ("saves",)),
        _rate("exit_rate", ("exits",), Direction.DECREASE),
        _rate("hide_rate", ("hides",), Direction.DECREASE),
        _rate("report_rate", ("reports",), Direction.DECREASE),
    )
}
"""The metrics of the slot design, by name; rates are per view unless a file names another denominator."""
