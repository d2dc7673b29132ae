"""The posting calendar of a slot design: which slots there are, and in which blocks variants are shared out.

Which variant a slot gets is drawn elsewhere (`assignment/calendar.py`); nothing here is random.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, StrictInt, WithJsonSchema

from abstory.experiment.quantities import Day, DurationField, Level, Zone, listed, wrong
from abstory.experiment.sections import Frozen, Schedule

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_SLOTS = 2000
MOST_STATES = 200_000
"""Of a block's arrangements under `no_repeat`, so that counting them takes about a second; see `states`."""
_DAYS_PATTERN = r"(?:daily|(?:mon|tue|wed|thu|fri|sat|sun)(?:-(?:mon|tue|wed|thu|fri|sat|sun))?)"
_TIME_PATTERN = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"

By = Literal["account", "week", "weekday", "time"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One moment at which one account posts.

    Attributes:
        id: `account.2026-11-23T12:30`, by the calendar's own clock: the same for ever.
        account: who posts.
        block: within which each variant is posted equally often, such as `brand_de, week 1`.
        local: day and time on the calendar's clock, such as `2026-11-23T12:30`.
        scheduled_us: the instant.
    """

    id: str
    account: str
    block: str
    local: str
    scheduled_us: int


def _days(text: str) -> tuple[int, ...]:
    """The weekdays that `mon`, `mon-fri`, `sat-mon` or `daily` stands for, Monday being 0."""
    if text == "daily":
        return tuple(range(7))
    first, _, last = text.partition("-")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return tuple((start + step) % 7 for step in range((end - start) % 7 + 1))


def _times(value: Any) -> Any:
    """Slots as the file writes them: days to times; all faults of it are told by the first."""
    if not isinstance(value, dict):
        return value
    seen: set[tuple[int, str]] = set()
    for days, times in value.items():
        if not isinstance(days, str) or not re.fullmatch(_DAYS_PATTERN, days):
            raise wrong("E325", "slots are named by days", "such as mon, mon-fri, sat-sun or daily")
        if not times:
            raise wrong("E325", f"no time of day under {days}", 'such as ["12:30"]')
        for at in listed(times):  # type: ignore[attr-defined]
            if not isinstance(at, str) or not re.fullmatch(_TIME_PATTERN, at):
                raise wrong("E325", f"not a time of day under {days}", 'such as "12:30", in quotes')
            for day in _days(days):
                if (day, at) in seen:
                    raise wrong("E325", f"{DAYS[day]} {at} is named twice", "keep one of them")
                seen.add((day, at))
    return {days: tuple(listed(times)) for days, times in value.items()}  # type: ignore[arg-type]


_SLOTS_SCHEMA = WithJsonSchema(
    {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{_DAYS_PATTERN}$"},
        "additionalProperties": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": f"^{_TIME_PATTERN}$", "examples": ["12:30"]},
        },
    }
)
Slots = Annotated[Mapping[str, tuple[str, ...]], BeforeValidator(_times), Field(min_length=1), _SLOTS_SCHEMA]
Accounts = Annotated[tuple[Level, ...], BeforeValidator(listed), Field(min_length=1, max_length=50)]
Blocks = Annotated[tuple[By, ...], BeforeValidator(listed), Field(max_length=4)]


class Calendar(Frozen):
    """When and where stories are posted, and how variants are shared out over the slots."""

    start: Day = Field(description="First day; a week is seven days from here.")
    weeks: Annotated[StrictInt, Field(ge=1, le=53)] = Field(description="How many.")
    timezone: Zone = "UTC"
    slots: Slots = Field(description="Days to times of posting, on every account.")
    accounts: Accounts = Field(("main",), description="Who posts.")
    block_by: Blocks = Field(("account", "week"), description="Within what each variant is posted equally often.")
    min_gap: DurationField | None = Field(None, description="Between two posts of one account at least.")
    no_repeat: Annotated[StrictInt, Field(ge=1, le=64)] = Field(
        1, description="So many neighbouring posts of one account are all different variants."
    )
    seed: Annotated[StrictInt, Field(ge=0, lt=2**53)] = Field(0, description="Another seed, another calendar.")

    @property
    def schedule(self) -> Schedule:
        """The whole weeks, as a schedule."""
        return Schedule(start=self.start, end=self.start + timedelta(weeks=self.weeks), timezone=self.timezone)

    @cached_property
    def all_slots(self) -> tuple[Slot, ...]:
        """Every slot, account by account in declared order, each in order of time."""
        return tuple(self._slot(account, day, at) for account in self.accounts for day, at in self._moments())

    @cached_property
    def by_account(self) -> Mapping[str, tuple[Slot, ...]]:
        """The same, by account."""
        return {name: tuple(slot for slot in self.all_slots if slot.account == name) for name in self.accounts}

    @cached_property
    def blocks(self) -> Mapping[str, tuple[Slot, ...]]:
        """The same, by block, in order of first appearance."""
        found: dict[str, list[Slot]] = {}
        for slot in self.all_slots:
            found.setdefault(slot.block, []).append(slot)
        return {name: tuple(slots) for name, slots in found.items()}

    @property
    def one_by_one(self) -> bool:
        """Whether each block is of one account and over before its next one begins."""
        apart = "account" in self.block_by or len(self.accounts) == 1
        return apart and not {"weekday", "time"} & set(self.block_by)

    @property
    def last_us(self) -> int:
        """When the last post is due."""
        return max(slot.scheduled_us for slot in self.all_slots)

    @property
    def size(self) -> int:
        """How many slots there are, without making them."""
        return self.weeks * len(self.accounts) * sum(len(_days(days)) * len(at) for days, at in self.slots.items())

    @cached_property
    def closest(self) -> tuple[Slot, Slot] | None:
        """The two posts of one account that follow each other soonest; None where there is but one post."""
        first = next(iter(self.by_account.values()))
        return min(pairwise(first), key=lambda two: two[1].scheduled_us - two[0].scheduled_us, default=None)

    @property
    def closest_us(self) -> int | None:
        """How long after the other the second of them comes."""
        return self.closest[1].scheduled_us - self.closest[0].scheduled_us if self.closest else None

    def _moments(self) -> Iterator[tuple[date, str]]:
        by_day = {
            day: sorted(at for days, times in self.slots.items() if day in _days(days) for at in times)
            for day in range(7)
        }
        for step in range(7 * self.weeks):
            day = self.start + timedelta(days=step)
            for at in by_day[day.weekday()]:
                yield day, at

    def _slot(self, account: str, day: date, at: str) -> Slot:
        local = f"{day.isoformat()}T{at}"
        week = (day - self.start).days // 7 + 1
        words = {"account": account, "week": f"week {week}", "weekday": DAYS[day.weekday()], "time": at}
        # In an order of their own: what a block is called is part of what its variants are drawn by.
        block = ", ".join(word for by, word in words.items() if by in self.block_by) or "all"
        return Slot(f"{account}.{local}", account, block, local, self._instant(day, at))

    def _instant(self, day: date, at: str) -> int:
        return round(self._moment(day, at).timestamp()) * 1_000_000

    def _moment(self, day: date, at: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(at), ZoneInfo(self.timezone))

    def skipped(self) -> Iterator[str]:
        """Local times that no clock shows, because it is put forward over them."""
        for day, at in self._moments():
            moment = self._moment(day, at)
            if moment.astimezone(UTC).astimezone(moment.tzinfo).time() != moment.time():
                yield f"{day.isoformat()}T{at}"


def states(variants: int, each: int, no_repeat: int) -> int:
    """The most states that counting goes through, a bound on time and memory; 1 where `no_repeat` asks for nothing.

    A state is how often each of the last n − 1 variants is still due, in order, and how many others are due how often.
    With m slots each, those of this block are due at most m − 1 times and those before it m times, and there are
    C(V − n + 1 + m, m) ways for the others.

    Args:
        variants: V.
        each: m.
        no_repeat: n, at most V.
    """
    recent = sum(each**own for own in range(no_repeat))
    return 1 if no_repeat == 1 else recent * math.comb(variants - no_repeat + 1 + each, each)
