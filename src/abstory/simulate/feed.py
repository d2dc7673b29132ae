"""Simulated posts as plain parameters: how many see one, what they do, how posts differ; and what is planted in them.

Planted values are closed forms: they share nothing with the draws of `posting` but these parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from abstory.metrics import Total

AGAIN = 0.25
"""Plays by accounts that have seen the post before, per account that it reaches."""
FOLLOWERS = 20_000
"""Of every account."""
SECONDS = 15
"""Length of a post; each second is watched or not."""
COMPLETIONS, WATCHED = "completions", "watch_seconds"
_PLAYS = frozenset({"views", "reach"})


@dataclass(frozen=True, slots=True)
class Feed:
    """All that decides how posts do.

    Attributes:
        reach: accounts that see a plain post, the median, > 0.
        spread: standard deviation of the log of reach between posts, >= 0.
        icc: correlation of two views of one plain post in completing, in [0, 1); every other rate scatters between
            posts by the same share of itself.
        luck: days, and accounts, are better or worse than usual by up to this share, in reach and in rates, in [0, 1).
        missed: share of slots in which nothing is posted, whatever the variant, in [0, 1).
        chances: of each total, for one view; of watch_seconds for each of its seconds.
        nudges: by variant's name, factors on `reach` and on chances; what is not named changes nothing.
    """

    reach: float = 2000
    spread: float = 1.0
    icc: float = 0.03
    luck: float = 0.0
    missed: float = 0.0
    chances: Mapping[str, float] = field(
        default_factory=lambda: {
            COMPLETIONS: 0.40,
            "likes": 0.045,
            "comments": 0.004,
            "shares": 0.008,
            "saves": 0.007,
            "cta_clicks": 0.012,
            "follows": 0.004,
            "exits": 0.15,
            "hides": 0.004,
            "reports": 0.0005,
            WATCHED: 0.45,
        }
    )
    nudges: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def scatter(self) -> float:
        """Standard deviation of a rate between posts, as a share of its mean."""
        plain = self.chances[COMPLETIONS]
        return math.sqrt(self.icc * (1 - plain) / plain)

    def chance(self, variant: str, total: str) -> float:
        """Of one view of a variant, over all posts."""
        return self.chances[total] * self.nudge(variant, total)

    def reaching(self, variant: str) -> float:
        """Accounts that a post of a variant reaches beyond the first, the median."""
        return self.reach * self.nudge(variant, "reach")

    def nudge(self, variant: str, name: str) -> float:
        """A variant's factor on reach or on a chance."""
        return self.nudges.get(variant, {}).get(name, 1.0)

    def holds(self, variants: Iterable[str], totals: Iterable[str]) -> bool:
        """Whether every chance stays a chance on the best day of the luckiest account, its scatter with it."""
        best = (1 + self.luck) ** 2
        known = [total for total in totals if total in self.chances]
        most = max((self.chance(variant, total) * best for variant in variants for total in known), default=0.0)
        return most < 1 and self.scatter**2 < (1 - most) / max(most, 1e-300)


def planted(feed: Feed, variant: str, metric: Total) -> float:
    """The mean over posts of a metric, for one variant, exactly; with luck, over days and accounts too."""
    views = (1 + AGAIN) * (1 + feed.reaching(variant) * math.exp(feed.spread**2 / 2))
    per = {"views": 1.0, "reach": 1 + AGAIN, "followers": views / FOLLOWERS, "": views}
    return math.fsum(_per_view(feed, variant, name) for name in metric.above) * per[metric.below]


def _per_view(feed: Feed, variant: str, total: str) -> float:
    if total in _PLAYS:
        return 1.0 if total == "views" else 1 / (1 + AGAIN)
    return feed.chance(variant, total) * tries(total)


def pushed(feed: Feed, metric: Total, factor: float) -> dict[str, float]:
    """The nudges that multiply a metric by `factor` > 0: on reach where plays are counted, else on its chances.

    Raises:
        ValueError: so few plays that no post could have fewer.
    """
    if not _PLAYS & set(metric.above):
        return dict.fromkeys(metric.above, factor)
    mean = feed.reach * math.exp(feed.spread**2 / 2)
    if not (rest := (1 + mean) * factor - 1) > 0:
        raise ValueError(f"{factor} of {1 + mean} accounts are fewer than one")
    return {"reach": rest / mean}


def tries(total: str) -> int:
    """How often a view may add to a total."""
    return SECONDS if total == WATCHED else 1
