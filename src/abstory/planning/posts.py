"""From a declared calendar to the posts and weeks it needs, and what the calendar as declared can see."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from abstory.analysis import readings
from abstory.analysis.posts import READING
from abstory.assignment.balance import contrasted
from abstory.assignment.calendar import calendar, declared
from abstory.errors import UsageError
from abstory.experiment import UNBOUNDED_US, Calendar, Experiment, Outcome, Role
from abstory.planning.post_target import PostBaseline, PostTarget
from abstory.planning.question import Question, complete, each, harmless, ratios, weeks_around
from abstory.planning.target import Aim, possible
from abstory.results import Method
from abstory.stats.moments import Moments
from abstory.stats.slot_layout import Growth, Layout

MOST_WEEKS = 53


@dataclass(frozen=True, slots=True)
class PostPoint:
    """What a calendar of one length can see.

    Attributes:
        weeks: its length.
        posts: of each variant.
        changes: by primary metric, the smallest difference found with the planned power; infinite where none is.
    """

    weeks: int
    posts: int
    changes: Mapping[str, float]


@dataclass(frozen=True)
class PostPlan:
    """How many posts, how many weeks, and whether the declared calendar has them.

    Attributes:
        question: what was asked.
        method: how the metrics will be read.
        targets: everything that must be shown, primaries first.
    """

    question: Question
    method: Method
    targets: tuple[PostTarget, ...]

    @property
    def calendar(self) -> Calendar:
        return declared(self.question.experiment)

    @cached_property
    def deciding(self) -> PostTarget:
        """The target that needs the most posts."""
        return max(self.targets, key=lambda target: target.control)

    @property
    def posts(self) -> int:
        """Needed of each variant, never fewer than `min_per_variant`."""
        return max(self.deciding.posts, self.question.experiment.decision.min_per_variant)

    @property
    def total(self) -> int:
        return self.posts * len(self.question.experiment.variants)

    @property
    def weekly(self) -> float:
        """Posts of each variant in a week."""
        return self.calendar.size / self.calendar.weeks / len(self.question.experiment.variants)

    @property
    def weeks(self) -> int:
        """Whole weeks needed, at the declared slots a week."""
        return math.ceil(self.posts / self.weekly - 1e-9)

    @property
    def short(self) -> bool:
        """Whether the calendar ends before the posts are there."""
        return self.calendar.weeks < self.weeks

    @property
    def at_end(self) -> PostPoint:
        """What the calendar as declared can see."""
        return self.point(self.calendar.weeks)

    @cached_property
    def chances(self) -> Mapping[str, float]:
        """By metric, the chance to show what is to be shown with the calendar as declared."""
        posts = self.weekly * self.calendar.weeks
        return {target.name: target.chance(posts) for target in self.targets}

    @property
    def never(self) -> tuple[PostTarget, ...]:
        """What the declared calendar cannot show, whatever happens; stepping up asks alpha of the last comparison."""
        steps_up = readings.way(self.question.experiment) in {"hochberg", "bh"}
        return tuple(t for t in self.targets if not t.reachable(t.reading.alpha if steps_up else t.level))

    @cached_property
    def curve(self) -> tuple[PostPoint, ...]:
        """Calendars of growing length, the declared and the needed one among them."""
        return tuple(map(self.point, weeks_around(self.weeks, self.calendar.weeks)))

    def target(self, name: str) -> PostTarget:
        """What must be shown of a metric."""
        return next(target for target in self.targets if target.name == name)

    def point(self, weeks: int) -> PostPoint:
        """What a calendar of so many weeks can see, at the declared slots a week."""
        posts = self.weekly * weeks
        changes = {t.name: t.detectable(posts) for t in self.targets if t.outcome.role is Role.PRIMARY}
        return PostPoint(weeks, math.floor(posts + 1e-9), changes)


def plan_posts(question: Question) -> PostPlan:
    """How many posts of each variant an experiment needs so that what has every MDE and harms nothing ships.

    Power is shared out over the tests as `plan` does for viewers.

    Args:
        question: of an experiment that randomises posts, every baseline a `PostBaseline`.

    Raises:
        UsageError: as `complete`, or a change is impossible, or viewers are randomised.
    """
    outcomes, experiment = complete(question), question.experiment
    found = layouts(experiment)
    method = readings.method(experiment, _everybody(experiment), as_of_us=UNBOUNDED_US)
    targets = (_target(question, outcome, found) for outcome in outcomes)
    return PostPlan(question, replace(method, reading=READING), tuple(targets))


def layouts(experiment: Experiment) -> dict[str, Layout]:
    """What the drawn calendar leaves to chance between each treatment and control. Raises as `calendar`."""
    own, posts = declared(experiment), calendar(experiment)
    growth = _growth(own, len(experiment.variants))
    seen = {v.name: contrasted(posts, v.name, experiment.control.name) for v in experiment.treatments}
    return {name: Layout.of(lines, no_repeat=own.no_repeat, growth=growth) for name, lines in seen.items()}


def _growth(own: Calendar, variants: int) -> Growth:
    """What more weeks bring; where all variants must follow each other in turn, the first of them settle the rest."""
    if own.no_repeat > 1:
        return Growth.NOTHING if own.no_repeat == variants else Growth.BLOCKS
    return Growth.BLOCKS if "week" in own.block_by else Growth.SIZES


def _target(question: Question, outcome: Outcome, found: Mapping[str, Layout]) -> PostTarget:
    size, baseline = question.size(outcome), question.baselines[outcome.metric.name]
    if size is None or not isinstance(baseline, PostBaseline):
        raise ValueError(f"{outcome.metric.name} has no size, or no posts, to plan for")
    compared = ratios(question.experiment, outcome)
    finds = outcome.role is Role.PRIMARY and not harmless(question)
    target = PostTarget(
        outcome,
        Aim.FIND if finds else Aim.HOLD,
        size,
        baseline,
        readings.reading(question.experiment, outcome, _everybody(question.experiment)),
        each(question),
        compared,
        layout=min((found[name] for name in compared), key=lambda layout: layout.log_draws),
    )
    possible(_in_reach(target))
    return target


def _in_reach(target: PostTarget) -> PostTarget:
    """`target` itself; UsageError where a rule leaves so few calendars, however long, that p is never below alpha."""
    if target.layout.growth is Growth.NOTHING and not target.reachable(target.level):
        draws = target.layout.draws
        few = f"only {draws} calendars can be drawn, however long, and p is at least {2 / draws:.2g}"
        raise UsageError(f"{target.name} can never be shown: variants take turns, so {few}", hint="a lower no_repeat")
    return target


def _everybody(experiment: Experiment) -> dict[str, Moments]:
    """Posts of every variant: all that is compared is in its family."""
    return {variant.name: Moments(1, {}, {}) for variant in experiment.variants}
