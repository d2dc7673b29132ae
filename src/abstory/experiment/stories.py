"""The stories of an experiment: which ones, when each went up, and how long it is visible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from abstory.experiment.quantities import Duration, InstantField
from abstory.experiment.sections import Frozen, Schedule

MOST_STORIES = 64


class Story(Frozen):
    """One story, by the id that exposures and events carry."""

    id: Annotated[str, Field(min_length=1, max_length=256, description="As exposures and events name it.")]
    published: InstantField | None = Field(None, description="When it went up; it is visible for `lifetime`.")

    def ends_us(self, lifetime: Duration) -> int | None:
        """When it is gone; None where nobody said when it went up."""
        return self.published.us + lifetime.us if self.published else None


def listed(value: object) -> object:
    """The short forms `id` and `{id: ...}` as a list of stories."""
    items = value if isinstance(value, list | tuple) else [value]
    return [{"id": item} if isinstance(item, str) else item for item in items]


Stories = Annotated[tuple[Story, ...], BeforeValidator(listed), Field(max_length=MOST_STORIES)]


def never_seen(stories: Sequence[Story], lifetime: Duration, schedule: Schedule) -> Iterator[int]:
    """The places of stories that are visible at no moment of the schedule."""
    for at, story in enumerate(stories):
        ends = story.ends_us(lifetime)
        if story.published and ends and (ends <= schedule.start_us or story.published.us >= schedule.end_us):
            yield at
