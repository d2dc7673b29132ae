"""How even a drawn calendar is, and how much can be shown with it, known before anything is posted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from abstory.assignment.calendar import Post, calendar, declared, possible
from abstory.experiment import Experiment, Role, Slot, Variant
from abstory.metrics import Metric
from abstory.stats.multiplicity import benjamini_hochberg, bonferroni, hochberg, holm
from abstory.stats.redraws import DRAWS, MOST_ENUMERATED
from abstory.stats.timeline import Timeline, arrangements

_ROUNDING = 1e-12
_ADJUST: Mapping[str, Callable[[Sequence[float]], tuple[float, ...]]] = {
    "bonferroni": bonferroni,
    "holm": holm,
    "hochberg": hochberg,
    "bh": benjamini_hochberg,
    "gatekeeping": holm,
    "none": tuple,
}
"""How primaries share alpha; gatekeeping lets secondaries have what Holm's procedure leaves."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One treatment against control, as its analysis will draw the calendar again.

    Attributes:
        variant: the treatment.
        draws: how many calendars could have been drawn that differ in the slots of these two alone; >= 1.
        smallest_p: the smallest two-sided p that any outcome can have, 2 over the calendars that are compared; adjusted
            as in a report in which every other comparison is as extreme.
        alpha: below which it must lie.
    """

    variant: str
    draws: int
    smallest_p: float
    alpha: float

    @property
    def decidable(self) -> bool:
        """Whether some outcome would show a difference."""
        # p and alpha are ratios that are often the same: not below it but for rounding.
        return self.smallest_p < self.alpha * (1 - _ROUNDING)


@dataclass(frozen=True, slots=True)
class Balance:
    """A calendar looked at.

    Attributes:
        counts: by block, how often each variant is posted in it.
        closest: the two posts of one account that follow each other soonest; None where no account posts twice.
        repeats: how often an account posts the same variant twice in a row.
        again: after how many posts, at the earliest, an account posts a variant again, 1 being next; None for never.
        possible: how many calendars could have been drawn, with this seed or another.
        contrasts: every treatment, in declared order.
    """

    counts: Mapping[str, Mapping[str, int]]
    closest: tuple[Slot, Slot] | None
    repeats: int
    again: int | None
    possible: int
    contrasts: tuple[Contrast, ...]

    @property
    def even(self) -> bool:
        """Whether within every block each variant is posted equally often."""
        return all(len(set(counts.values())) == 1 for counts in self.counts.values())

    @property
    def closest_us(self) -> int | None:
        """The time between these two posts."""
        return self.closest[1].scheduled_us - self.closest[0].scheduled_us if self.closest else None


def balance(experiment: Experiment, posts: Sequence[Post]) -> Balance:
    """What can be said of the calendar of an experiment.

    Args:
        experiment: of the slot design.
        posts: its `calendar`.
    """
    waits = [wait for line in _by_account(posts).values() for wait in _waits(line)]
    return Balance(
        counts=_counts(experiment, posts),
        closest=declared(experiment).closest,
        repeats=waits.count(1),
        again=min(waits, default=None),
        possible=possible(experiment),
        contrasts=_contrasts(experiment, posts),
    )


def undecidable(experiment: Experiment) -> tuple[Contrast, ...]:
    """The treatments that nothing can be shown of, whatever comes out."""
    return tuple(one for one in _contrasts(experiment, calendar(experiment)) if not one.decidable)


def contrasted(posts: Iterable[Post], treatment: str, control: str) -> tuple[Timeline, ...]:
    """A calendar seen from one comparison, a line an account: every slot is taken to get a value."""
    lines = _by_account(posts).values()
    seen = (([post.variant for post in line], [post.slot.block for post in line]) for line in lines)
    return tuple(Timeline.of(variants, blocks, (treatment, control)) for variants, blocks in seen)


def _compared(experiment: Experiment, metric: Metric, variant: Variant) -> bool:
    """Whether the metric is fair to both cuts: what is tied to length is not compared between lengths unasked."""
    mine, controls = variant.length, experiment.control.length
    alike = (mine and mine.us) == (controls and controls.us)
    return alike or metric.across_lengths or experiment.analysis.compare_across_lengths


def _by_account(posts: Iterable[Post]) -> Mapping[str, list[Post]]:
    lines: dict[str, list[Post]] = {}
    for post in posts:
        lines.setdefault(post.slot.account, []).append(post)
    return lines


def _waits(line: Sequence[Post]) -> list[int]:
    """After how many posts each variant comes again."""
    places: dict[str, list[int]] = {}
    for place, post in enumerate(line):
        places.setdefault(post.variant, []).append(place)
    return [after - before for own in places.values() for before, after in pairwise(own)]


def _counts(experiment: Experiment, posts: Sequence[Post]) -> Mapping[str, Mapping[str, int]]:
    seen = Counter((post.slot.block, post.variant) for post in posts)
    names = [variant.name for variant in experiment.variants]
    return {block: {name: seen[block, name] for name in names} for block in dict.fromkeys(block for block, _ in seen)}


def _contrasts(experiment: Experiment, posts: Sequence[Post]) -> tuple[Contrast, ...]:
    no_repeat, control = declared(experiment).no_repeat, experiment.control.name
    seen = {variant.name: contrasted(posts, variant.name, control) for variant in experiment.treatments}
    draws = {name: arrangements(timelines, no_repeat) for name, timelines in seen.items()}
    least = _adjusted(experiment, {name: _least(count) for name, count in draws.items()})
    alpha = experiment.analysis.alpha
    return tuple(Contrast(name, count, least[name], alpha) for name, count in draws.items())


def _least(draws: int) -> float:
    return min(1.0, 2 / (draws if draws <= MOST_ENUMERATED else DRAWS + 1))


def _adjusted(experiment: Experiment, least: Mapping[str, float]) -> Mapping[str, float]:
    """Of each treatment; whichever primary it is, the calendar is the same. Alone where no primary compares it."""
    primaries = [outcome.metric for outcome in experiment.outcomes if outcome.role is Role.PRIMARY]
    treatments = experiment.treatments
    shared = [v.name for metric in primaries for v in treatments if _compared(experiment, metric, v)]
    adjusted = _ADJUST[experiment.analysis.multiplicity]([least[name] for name in shared])
    return {**least, **dict(zip(shared, adjusted, strict=True))}
