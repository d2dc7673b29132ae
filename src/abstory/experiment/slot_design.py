"""What a calendar changes in the rest of a file: its own defaults, what does not go with it, what slots must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from abstory.experiment.calendar import MOST_SLOTS, MOST_STATES, Calendar, states
from abstory.experiment.draft import Draft, Fault
from abstory.experiment.quantities import HOUR_US

DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "analysis": {"looks": "fixed", "multiplicity": "bonferroni"},
    "decision": {"min_per_variant": 4, "min_runtime": "1d"},
}
"""Of a calendar: it is read once, at its end, which is its runtime; and posts are few."""
VIEWERS_ONLY = ("schedule", "story", "stories", "lifetime", "frames", "audience", "traffic")
"""Fields that have a meaning where viewers are randomised, and none for posts."""
_NO_SUCH = {
    "covariates": "no viewer is seen, so nothing was measured of one before",
    "window_ends_with_story": "every post has its own window",
    "factor_weights": "every combination is posted equally often",
}
MULTIPLICITY = ("bonferroni", "holm", "hochberg", "bh", "gatekeeping", "none")
_EXAMPLE = 'such as calendar: {start: 2026-11-23, weeks: 4, slots: {mon-fri: ["12:30"]}}'


def with_defaults(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The file's mapping with a calendar's own defaults and its schedule; other files as they are."""
    if data.get("unit") != "slot":
        return data
    sections = {
        name: {**own, **data.get(name, {})} for name, own in DEFAULTS.items() if isinstance(data.get(name, {}), dict)
    }
    calendar = readable(data.get("calendar"))
    schedule = {"schedule": calendar.schedule} if calendar and "schedule" not in data else {}
    return {**data, **sections, **schedule}


def readable(value: object) -> Calendar | None:
    """The calendar that a file's mapping declares, None where it is invalid."""
    try:
        return Calendar.model_validate(value)
    except ValidationError:
        return None


def _one_design(draft: Draft) -> Iterator[Fault]:
    """Each design has fields of its own."""
    if not draft.by_slot:
        if "calendar" in draft.given:
            yield Fault("E324", ("calendar",), "a calendar belongs to unit: slot", "write unit: slot")
        return
    if "calendar" not in draft.given:
        yield Fault("E202", ("calendar",), "calendar is missing", _EXAMPLE)
    for name in VIEWERS_ONLY:
        if name in draft.given:
            hint = "the calendar says when" if name == "schedule" else "delete it"
            yield Fault("E324", (name,), f"{name} belongs to unit: viewer", hint)


def _reading(draft: Draft) -> Iterator[Fault]:
    """What can be asked of an analysis that draws the calendar again."""
    if not draft.by_slot or draft.analysis is None:
        return
    analysis = draft.analysis
    if analysis.looks != "fixed":
        yield Fault("E324", ("analysis", "looks"), "a calendar is read once, at its end", "write fixed, or delete it")
    if analysis.multiplicity not in MULTIPLICITY:
        message = f"{analysis.multiplicity} needs normal errors, which posts do not have"
        yield Fault("E324", ("analysis", "multiplicity"), message, f"one of {', '.join(MULTIPLICITY)}")
    for name, why in _NO_SUCH.items():
        if name in analysis.model_fields_set:
            yield Fault("E324", ("analysis", name), f"{name} belongs to unit: viewer: {why}", "delete it")


def _totals(draft: Draft) -> Iterator[Fault]:
    """What can be asked of metrics, where only totals of a story are known."""
    if draft.by_slot and draft.define:
        yield Fault(
            "E324", ("metrics", "define"), "define belongs to unit: viewer", "a story's totals have fixed names"
        )
    for use in draft.uses:
        if draft.by_slot and use.metric.winsorize is not None:
            yield Fault("E324", (*use.path, "winsorize"), "winsorize belongs to unit: viewer", "delete it")
        found = draft.meant(use.metric)
        below = getattr(found, "below", "")
        if use.metric.denominator and found and not below:
            message = f"{use.metric.name} has no denominator to choose" if draft.by_slot else _FIXED
            yield Fault("E324", (*use.path, "denominator"), message, "delete it")


_FIXED = "a denominator belongs to unit: slot; here it is the exposed viewers"


def _weights(draft: Draft) -> Iterator[Fault]:
    for variant in draft.variants or () if draft.by_slot else ():
        for name, odd in (("weight", variant.weight != 1), ("frames", variant.frames is not None)):
            if odd:
                message = "a calendar posts each variant equally often" if name == "weight" else "posts have no frames"
                yield Fault("E324", ("variants", variant.name, name), message, f"delete {name}")


def _slots(draft: Draft) -> Iterator[Fault]:
    """The slots by themselves: not too many, at times that exist, far enough apart."""
    calendar = draft.calendar
    if calendar is None or not draft.by_slot:
        return
    for name, values in (("accounts", calendar.accounts), ("block_by", calendar.block_by)):
        for at, value in enumerate(values):
            if value in values[:at]:
                yield Fault("E306", ("calendar", name, at), f"{value} is named twice", "keep one")
    if calendar.size > MOST_SLOTS:
        message = f"{calendar.size:,} slots, more than {MOST_SLOTS:,}"
        yield Fault("E326", ("calendar",), message, "fewer weeks, accounts or times")
        return
    for local in dict.fromkeys(calendar.skipped()):
        message = f"{local} does not exist in {calendar.timezone}: clocks skip it"
        yield Fault("E326", ("calendar", "slots"), message, "choose another time")
    yield from _gaps(calendar)


def _gaps(calendar: Calendar) -> Iterator[Fault]:
    """The closest two posts, where they are closer than allowed."""
    closest, between = calendar.closest, calendar.closest_us
    if calendar.min_gap and closest and between is not None and between < calendar.min_gap.us:
        hours = f"{between / HOUR_US:.3g} h"
        message = f"{closest[0].local} and {closest[1].local} are {hours} apart, less than {calendar.min_gap.text}"
        yield Fault("E327", ("calendar", "min_gap"), message, "move a slot, or lower it")


def _shares(draft: Draft) -> Iterator[Fault]:
    """Each variant equally often within each block, and no repeats."""
    calendar, variants = draft.calendar, len(draft.variants or ())
    if not calendar or not draft.by_slot or variants < 2 or calendar.size > MOST_SLOTS:
        return
    odd = next(((name, len(slots)) for name, slots in calendar.blocks.items() if len(slots) % variants), None)
    if odd:
        name, size = odd
        message = f"block {name} has {size} slots, which {variants} variants cannot share equally"
        near = " or ".join(str(n) for n in (size - size % variants, size - size % variants + variants) if n)
        yield Fault("E328", ("calendar", "block_by"), message, f"{near} slots a block, or larger blocks")
    yield from _repeats(calendar, variants)


def _repeats(calendar: Calendar, variants: int) -> Iterator[Fault]:
    """What `no_repeat` needs to be kept, and to be drawn."""
    if calendar.no_repeat > variants:
        message = f"{calendar.no_repeat} different variants in a row, and there are {variants}"
        yield Fault("E329", ("calendar", "no_repeat"), message, f"at most {variants}")
        return
    if calendar.no_repeat > 1 and not calendar.one_by_one:
        message = "no_repeat needs blocks of one account, each after the other"
        yield Fault("E329", ("calendar", "block_by"), message, "write account, or [account, week]")
    largest = max(map(len, calendar.blocks.values()))
    if states(variants, largest // variants, calendar.no_repeat) > MOST_STATES:
        message = f"too many ways to arrange {variants} variants in a block of {largest} slots to count them"
        yield Fault(
            "E330", ("calendar", "block_by"), message, "smaller blocks, such as [account, week], or no_repeat: 1"
        )


SLOT_RULES: tuple[Callable[[Draft], Iterator[Fault]], ...] = (
    _one_design,
    _reading,
    _totals,
    _weights,
    _slots,
    _shares,
)
"""Every rule of the slot design, and of what does not belong to the other one."""
