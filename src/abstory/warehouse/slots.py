"""Posts of a calendar and what the platform said of them: asked for whole, since there are as many as one can post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.warehouse.engine import statement

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Post:
    """One slot of a calendar that the store knows of.

    Attributes:
        slot_id: its id.
        variant: as the file says that was loaded.
        story_id, posted_us: what was posted and when; both None where nothing is posted yet.
    """

    slot_id: str
    variant: str
    story_id: str | None
    posted_us: int | None


@dataclass(frozen=True, slots=True)
class TotalReading:
    """What a platform said of one story at one instant.

    Attributes:
        story_id: whose total it is.
        captured_us: when it was read.
        metric: one of `metrics.totals.TOTALS`.
        value: in millionths, from 0.
        definition: the id of how the platform counts; None where the file names none.
    """

    story_id: str
    captured_us: int
    metric: str
    value: int
    definition: str | None


@dataclass(frozen=True, slots=True)
class SlotData:
    """The answer, by one instant: what was posted or captured later is not in it.

    Attributes:
        posts: by slot_id, each once.
        readings: of the stories in `posts`, by story, time, metric and definition (none first), each once.
    """

    posts: tuple[Post, ...]
    readings: tuple[TotalReading, ...]

    @property
    def last_captured_us(self) -> int | None:
        """Of these stories alone: what is loaded of others changes nothing here. None without a reading."""
        return max((reading.captured_us for reading in self.readings), default=None)


def slots(connection: DuckDBPyConnection, experiment: str, as_of_us: int) -> SlotData:
    """What is known of the slots of `experiment` at `as_of_us`, whatever the order in which it was loaded."""
    asked = {"experiment": experiment, "as_of": as_of_us}
    posts = connection.execute(statement("slots"), asked).fetchall()
    readings = connection.execute(statement("slot_readings"), asked).fetchall()
    return SlotData(tuple(Post(*row) for row in posts), tuple(TotalReading(*row) for row in readings))
