"""Who may take part: attributes of a viewer against the audience of the file, as canonical text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from abstory.errors import UsageError
from abstory.experiment import Audience, Scalar

_TYPES = "text, a whole number or a boolean"
Attributes = Mapping[str, Scalar | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """One attribute that decides: its value must, or must not, be among `values`.

    Attributes:
        attribute: its name.
        values: canonical texts.
        wanted: True for include, False for exclude.
    """

    attribute: str
    values: frozenset[str]
    wanted: bool

    def holds(self, attributes: Attributes) -> bool:
        """Whether the viewer passes; lacking the attribute is not passing, for exclude as well."""
        value = attributes.get(self.attribute)
        if value is None or value == "":
            return False
        return (canonical(value, self.attribute) in self.values) is self.wanted


def conditions(audience: Audience) -> tuple[Condition, ...]:
    """Everything the audience asks, includes first, in the order of the file."""
    sides = ((audience.include, True), (audience.exclude, False))
    return tuple(
        Condition(name, frozenset(canonical(value, name) for value in values), wanted)
        for side, wanted in sides
        for name, values in side.items()
    )


def named(audience: Audience) -> tuple[str, ...]:
    """The attributes that the audience asks about, without repeats."""
    return tuple(dict.fromkeys((*audience.include, *audience.exclude)))


def known(names: Iterable[str], attributes: Attributes) -> tuple[tuple[str, str], ...]:
    """What of them is known of a viewer, as canonical text. Raises UsageError as `canonical`."""
    told = ((name, attributes.get(name)) for name in names)
    return tuple((name, canonical(value, name)) for name, value in told if value is not None)


def canonical(value: object, attribute: str) -> str:
    """The text by which values are compared, so that a file of text and a call with typed values agree.

    `True` is `true`, 3 is `3`; text is itself, neither trimmed nor folded.

    Raises:
        UsageError: any other type; a float has more than one spelling.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    raise UsageError(f"attribute '{attribute}' is {type(value).__name__}, not {_TYPES}")
