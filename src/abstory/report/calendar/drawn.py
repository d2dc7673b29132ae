"""A calendar as it is shown: the experiment, its posts, and what can be said of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from abstory.assignment.balance import Balance, balance
from abstory.assignment.calendar import Post, calendar, declared
from abstory.experiment import Calendar, Experiment, Slot


@dataclass(frozen=True, slots=True)
class Drawn:
    """A calendar that was drawn.

    Attributes:
        experiment: of the slot design.
        declared: what its file says of the calendar.
        posts: account by account, each in order of time.
        balance: what can be said of them.
    """

    experiment: Experiment
    declared: Calendar
    posts: tuple[Post, ...]
    balance: Balance

    @classmethod
    def of(cls, experiment: Experiment) -> Drawn:
        """The calendar of an experiment. Raises UsageError where viewers are randomised."""
        posts = calendar(experiment)
        return cls(experiment, declared(experiment), posts, balance(experiment, posts))

    @property
    def by_time(self) -> tuple[Post, ...]:
        """The posts as they are due; of one moment, by account as declared."""
        return tuple(sorted(self.posts, key=lambda post: post.slot.scheduled_us))

    def due(self, slot: Slot) -> str:
        """When a slot is due, on the calendar's clock with its offset: `2026-11-23T12:30:00+01:00`."""
        return datetime.fromtimestamp(slot.scheduled_us // 1_000_000, ZoneInfo(self.declared.timezone)).isoformat()
