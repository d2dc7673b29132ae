"""The JSON Schema of the experiment file, made of the same types that check it."""

from __future__ import annotations

from typing import Any

from abstory.experiment import ROLES, Experiment

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """For editors: what may stand where. Rules between fields are beyond it; `check_file` knows them."""
    made = Experiment.model_json_schema()
    fields = made["$defs"]["Metrics"]["properties"]
    for role in ROLES:
        fields[role] = _short(fields[role])
    return {"$schema": DIALECT, "title": "abstory experiment", **{k: v for k, v in made.items() if k != "title"}}


def _short(field: dict[str, Any]) -> dict[str, Any]:
    """A list of metrics, or one of them, each by its name alone or with its sizes."""
    about: dict[str, Any] = {key: field[key] for key in ("description", "default") if key in field}
    items = {"anyOf": [{"type": "string"}, field["items"]]}
    listed = {key: value for key, value in field.items() if key not in about} | {"items": items}
    return {**about, "anyOf": [*items["anyOf"], listed]}
