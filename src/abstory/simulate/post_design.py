"""A declared calendar made ready to simulate: how its posts do, and what is planted in every treatment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from abstory.errors import UsageError
from abstory.experiment import HOUR_US, Experiment, Variant
from abstory.metrics import Metric, Total
from abstory.simulate.design import Wish, wanted
from abstory.simulate.feed import Feed, planted, pushed

DRAWS = 4_999
"""Calendars that are drawn again in each run: p holds with any number, and so many keep a run at some hundredths."""


@dataclass(frozen=True, slots=True)
class PostDesign:
    """All that a run of posts needs; a run's number gives its calendar and its seed.

    Attributes:
        experiment: of the slot design.
        feed: how posts do, the planted effect included.
        draws: calendars that the analysis draws again, as `redraws.by_timelines`.
        seed: another seed, other runs.
        wish: what was planted; None for no effect at all.
    """

    experiment: Experiment
    feed: Feed
    draws: int = DRAWS
    seed: int = 0
    wish: Wish | None = None

    @property
    def looks_us(self) -> tuple[int, ...]:
        """The one look, once every post has been read."""
        return (self.experiment.closes_us + HOUR_US,)

    @property
    def cut(self) -> Mapping[str, Sequence[float]]:
        """None: no value of a post is cut."""
        return {}

    @property
    def unit(self) -> str:
        """What is randomised."""
        return "post"

    @property
    def posts(self) -> int:
        """Slots of the calendar."""
        return self.experiment.calendar.size if self.experiment.calendar else 0

    @property
    def trial(self) -> PostDesign:
        """What both roads are tried on before one is taken."""
        return self

    @property
    def totals(self) -> tuple[str, ...]:
        """Every total that a declared metric is made of, by name."""
        return tuple(sorted({name for total in _totals(self.experiment) for name in total.needs}))

    def truth(self, variant: Variant, metric: Metric) -> float:
        """The planted value of a metric for one variant."""
        return planted(self.feed, variant.name, _total(metric))


def post_design(
    experiment: Experiment, *, feed: Feed | None = None, wish: Wish | None = None, draws: int = DRAWS, seed: int = 0
) -> PostDesign:
    """The declared calendar with posts that have no effect in them but the one wished for.

    Args:
        experiment: of the slot design.
        feed: how posts without any effect do; None for the usual ones.
        wish: an effect for every treatment; None for an A/A.
        draws: as `PostDesign`, > 0.
        seed: of all calendars and posts, together with the experiment's key.

    Raises:
        UsageError: posts of ours cannot show such an effect.
    """
    plain = feed or Feed()
    ready = plain if wish is None else _with(plain, experiment, wish)
    made = PostDesign(experiment, ready, draws, seed, wish)
    if not ready.holds((variant.name for variant in experiment.variants), made.totals):
        raise UsageError("some posts would have rates beyond 100%", hint="less effect, icc or luck")
    return made


def _with(plain: Feed, experiment: Experiment, wish: Wish) -> Feed:
    metric = _total(wanted(experiment, wish.metric).metric)
    base = planted(plain, experiment.control.name, metric)
    factor = 1 + wish.size if wish.relative else 1 + wish.size / base
    try:
        nudge = pushed(plain, metric, factor) if factor > 0 else {}
    except ValueError:
        nudge = {}
    if not nudge:
        raise UsageError(f"no post of ours has a {metric.name} of {base * factor:.4g}", hint="plant a smaller effect")
    return replace(plain, nudges={variant.name: nudge for variant in experiment.treatments})


def _totals(experiment: Experiment) -> list[Total]:
    return [_total(outcome.metric) for outcome in experiment.outcomes]


def _total(metric: Metric) -> Total:
    if not isinstance(metric, Total):
        raise TypeError(f"{metric.name} is no metric of posts")
    return metric
