"""The golden vectors, and experiments without a file."""

import json
from pathlib import Path

import pytest

from abstory.experiment import Experiment

CASES = Path(__file__).parent.parent / "cases" / "assignment.json"


@pytest.fixture(scope="session")
def golden():
    return json.loads(CASES.read_text(encoding="ascii"))


def declared(key="launch", weights=None, share=10_000, **fields):
    weights = weights or {"control": 1, "shop": 1}
    variants = {name: {"cta": f"c{i}", "weight": weight} for i, (name, weight) in enumerate(weights.items())}
    traffic = {"share": f"{share // 100}.{share % 100:02d}%"} | fields.pop("traffic", {})
    metrics = {"primary": "completion_rate"}
    return Experiment.model_validate(
        {"version": 1, "key": key, "variants": variants, "traffic": traffic, "metrics": metrics} | fields
    )


@pytest.fixture(scope="session", name="declared")
def declared_fixture():
    """Makes a value of an experiment: `declared(key, weights, share)`."""
    return declared
