"""The JSON Schema of the experiment file, made of the same types that check it."""

from __future__ import annotations

from typing import Any

from abstory.experiment import ROLES, Experiment

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NULL = {"type": "null"}


def schema() -> dict[str, Any]:
    """For editors: what may stand where. Rules between fields are beyond it; `check_file` knows them."""
    made: dict[str, Any] = _without_null(Experiment.model_json_schema())
    fields = made["$defs"]["Metrics"]["properties"]
    for role in ROLES:
        fields[role] = _short(fields[role])
    rest = {key: value for key, value in made.items() if key != "title"}
    return {"$schema": DIALECT, "title": "abstory experiment", **rest, **_SLOTS_NEED_A_CALENDAR}


_SLOTS_NEED_A_CALENDAR = {
    "if": {"properties": {"unit": {"const": "slot"}}, "required": ["unit"]},
    "then": {"required": ["calendar"]},
    "else": {"not": {"required": ["calendar"]}},
}


def _without_null(node: Any) -> Any:
    """The schema less every null: a field that is left out has its default, one that is written has a value."""
    if isinstance(node, list):
        return [_without_null(item) for item in node if item != _NULL]
    if not isinstance(node, dict):
        return node
    return {key: _without_null(value) for key, value in node.items() if not (key == "default" and value is None)}


def _short(field: dict[str, Any]) -> dict[str, Any]:
    """A list of metrics, or one of them, each by its name alone or with its sizes."""
    about: dict[str, Any] = {key: field[key] for key in ("description", "default") if key in field}
    items = {"anyOf": [{"type": "string"}, field["items"]]}
    # Behind the short forms the types' bounds of the list come out as bounds of a text.
    listed = {_LIST.get(key, key): value for key, value in field.items() if key not in about} | {"items": items}
    return {**about, "anyOf": [*items["anyOf"], listed]}


_LIST = {"minLength": "minItems", "maxLength": "maxItems"}
