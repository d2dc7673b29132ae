"""The frames of a story: how many there are, in order, and what they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, StrictInt, WithJsonSchema

from abstory.experiment.quantities import NAME_PATTERN, wrong

FEWEST, MOST = 2, 50


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames 1 to `len(names)`, each with a name; `1`, `2`, ... where the file gives their number only."""

    names: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.names)

    @property
    def named(self) -> bool:
        """Whether the file gives names."""
        return self.names != _numbered(self.count)

    @classmethod
    def parse(cls, value: object) -> Frames:
        """Read `5` or `[intro, product, cta]`."""
        if isinstance(value, cls):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return cls(_numbered(_within(value)))
        if not isinstance(value, list | tuple):
            raise wrong("E203", "frames are a number or a list of names", "such as 5 or [intro, product, cta]")
        _within(len(value))
        for name in value:
            if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
                raise wrong("E205", "a frame has a name", "lower case letters, digits, - and _, such as intro")
        if twice := next((name for at, name in enumerate(value) if name in value[:at]), None):
            raise wrong("E306", f"the frame {twice} is named twice", "frames are in order, each with a name of its own")
        return cls(tuple(value))

    def plain(self) -> int | list[str]:
        """As the file writes it."""
        return list(self.names) if self.named else self.count

    def name(self, frame: int) -> str:
        """Of one frame, 1-based; its number where it has no name."""
        return self.names[frame - 1] if frame <= self.count else str(frame)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, count + 1))


def _within(count: int) -> int:
    if not FEWEST <= count <= MOST:
        raise wrong("E208", f"a story has {FEWEST} to {MOST} frames here", "leave `frames` out for a story of one")
    return count


_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "integer", "minimum": FEWEST, "maximum": MOST},
            {
                "type": "array",
                "minItems": FEWEST,
                "maxItems": MOST,
                "uniqueItems": True,
                "items": {"type": "string", "pattern": NAME_PATTERN},
            },
        ]
    }
)
FramesField = Annotated[Frames, BeforeValidator(Frames.parse), PlainSerializer(Frames.plain), _SCHEMA]
FrameCount = Annotated[StrictInt, Field(ge=FEWEST, le=MOST)]
