"""The JSON Schema of the experiment file, made of the same types that check it."""

from __future__ import annotations

from typing import Any

from abstory.experiment import Experiment

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """For editors: what may stand where. Rules between fields are beyond it; `check_file` knows them."""
    made = Experiment.model_json_schema()
    return {"$schema": DIALECT, "title": "abstory experiment", **{k: v for k, v in made.items() if k != "title"}}
