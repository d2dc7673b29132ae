"""From the calendar, what was posted and what was read: one row a slot, as it is known at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from abstory.assignment.calendar import calendar
from abstory.experiment import Experiment, Slot
from abstory.metrics import Total
from abstory.results.posted import Fate, PostedSlot
from abstory.warehouse.slots import Post, SlotData, TotalReading

_MILLIONTHS = 1_000_000


def posted(experiment: Experiment, data: SlotData, *, as_of_us: int) -> tuple[PostedSlot, ...]:
    """Every slot of the calendar, account by account in order of time.

    Args:
        experiment: of the slot design.
        data: what the store knows at `as_of_us`.
        as_of_us: the instant.
    """
    posts = {post.slot_id: post for post in data.posts}
    read: dict[str, list[TotalReading]] = {}
    for reading in data.readings:
        read.setdefault(reading.story_id, []).append(reading)
    window = experiment.analysis.window.us
    return tuple(
        _one(slot, variant, posts.get(slot.id), read, window_us=window, as_of_us=as_of_us)
        for slot, variant in calendar(experiment)
    )


def _one(
    slot: Slot,
    variant: str,
    post: Post | None,
    read: Mapping[str, Sequence[TotalReading]],
    *,
    window_us: int,
    as_of_us: int,
) -> PostedSlot:
    if post is None or post.story_id is None or post.posted_us is None:
        over = slot.scheduled_us + window_us <= as_of_us
        fate = Fate.SKIPPED if post and over else Fate.UNKNOWN if over else Fate.AHEAD
        return PostedSlot(slot, variant, fate)
    found = PostedSlot(slot, variant, Fate.OPEN, post.variant, post.story_id, post.posted_us)
    closes = post.posted_us + window_us
    if closes > as_of_us:
        return found
    return _read(found, (one for one in read.get(post.story_id, ()) if one.captured_us >= closes), closes)


def _read(slot: PostedSlot, readings: Iterable[TotalReading], closes_us: int) -> PostedSlot:
    """With the first reading of each total since the window was over."""
    first: dict[str, TotalReading] = {}
    ways: dict[str, set[str]] = {}
    for one in sorted(readings, key=lambda one: (one.captured_us, one.definition or "")):
        first.setdefault(one.metric, one)
        ways.setdefault(one.metric, set()).add(one.definition or "")
    if not first:
        return replace(slot, fate=Fate.UNREAD)
    return replace(
        slot,
        fate=Fate.READ,
        totals={name: one.value / _MILLIONTHS for name, one in sorted(first.items())},
        definitions={name: frozenset(found) for name, found in sorted(ways.items())},
        late_us=max(one.captured_us for one in first.values()) - closes_us,
    )


def told(metric: Total, slots: Iterable[PostedSlot]) -> Total:
    """The metric as the platform allows it: of several summed totals, those that it gives of any post."""
    given = {name for slot in slots for name in slot.totals}
    return replace(metric, above=tuple(name for name in metric.above if name in given) or metric.above)
