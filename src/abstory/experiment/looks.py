"""Group sequential looks, as the file declares them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from abstory.experiment.quantities import wrong

_EXAMPLE = "such as {group_sequential: {looks: 5, spending: obrien_fleming}}"
_SPENDINGS = ("obrien_fleming", "pocock")
CHOICES = ("always_valid", "fixed", "group_sequential")
MOST_LOOKS = 20


class GroupSequential(BaseModel):
    """A few planned looks, any of which may end the experiment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    looks: Annotated[StrictInt, Field(ge=2, le=MOST_LOOKS)] = Field(5, description="How many, evenly spaced.")
    spending: Literal["obrien_fleming", "pocock"] = Field(
        "obrien_fleming", description="How alpha is spent: nearly nothing early, or evenly."
    )


def read_looks(value: Any) -> Any:
    """The forms of `looks` in a file as what the type holds: a word, or the planned looks.

    Raises:
        PydanticCustomError: of a shape or a word that is none of them.
    """
    if isinstance(value, GroupSequential) or value in CHOICES[:2]:
        return value
    if value == "group_sequential":
        return GroupSequential.model_validate({})
    if not isinstance(value, dict):
        near = get_close_matches(value, CHOICES, n=1) if isinstance(value, str) else []
        raise wrong("E204", f"looks are {', '.join(CHOICES)}", f"did you mean {near[0]}?" if near else _EXAMPLE)
    if "group_sequential" not in value and "spending" in value:  # as this type is written down
        return GroupSequential.model_validate(_checked(value))
    if list(value) != ["group_sequential"]:
        raise wrong("E204", "looks of several kinds, or of none that is known", _EXAMPLE)
    return GroupSequential.model_validate(_checked(value["group_sequential"] or {}))


def _checked(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict) or not set(told) <= {"looks", "spending"}:
        raise wrong("E204", "group_sequential has looks and spending, and nothing else", _EXAMPLE)
    number, spending = told.get("looks", 5), told.get("spending", "obrien_fleming")
    if type(number) is not int or not 2 <= number <= MOST_LOOKS:
        raise wrong("E204", f"planned looks are a whole number from 2 to {MOST_LOOKS}", _EXAMPLE)
    if spending not in _SPENDINGS:
        raise wrong("E204", "spending is obrien_fleming or pocock", _EXAMPLE)
    return told


LOOKS_SCHEMA = {
    "anyOf": [
        {"enum": list(CHOICES)},
        {
            "type": "object",
            "required": ["group_sequential"],
            "additionalProperties": False,
            "properties": {
                "group_sequential": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "looks": {"type": "integer", "minimum": 2, "maximum": MOST_LOOKS, "default": 5},
                        "spending": {"enum": list(_SPENDINGS), "default": "obrien_fleming"},
                    },
                }
            },
        },
    ]
}
"""What an editor is told of `looks`."""
