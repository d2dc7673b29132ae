"""The JSON Schema beside the checker: what the checker takes it takes, and it refuses what a schema can refuse."""

import csv
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from abstory.experiment import Experiment
from abstory.spec import check_bytes
from abstory.spec.reader import plain, read
from abstory.spec.schema import schema

ROOT = Path(__file__).parent.parent.parent
SPECS = ROOT / "tests" / "specs"
VALID = sorted([*(ROOT / "experiments").glob("*.yaml"), *(SPECS / "valid").glob("*.yaml")])
MISTAKES = list(csv.DictReader((SPECS / "invalid" / "index.csv").read_text(encoding="utf-8").splitlines()))
BY_SHAPE = {"E201", "E202", "E203", "E204", "E205", "E206", "E207", "E208", "E209"}
"""What can be seen without comparing fields and without reckoning."""
BEYOND = {
    "alpha_sixty",
    "alpha_zero",
    "key_date",
    "length_not_a_duration",
    "length_text_of_variants",
    "decimals_three",
    "mde_zero",
    "traffic_over",
}
"""Of these, what takes reckoning with the number before the sign, or knowing that a length is special; and a date,
which is a text to every reader of a schema."""
SEEN = sorted(
    {row["file"] for row in MISTAKES if row["code"] in BY_SHAPE and row["file"].removesuffix(".yaml") not in BEYOND}
)


@pytest.fixture(scope="module")
def validator():
    Draft202012Validator.check_schema(schema())
    return Draft202012Validator(schema())


def as_json(value):
    """As an editor reads YAML: a date is a text."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def told(validator, data):
    return [error.message for error in validator.iter_errors(as_json(plain(read(data).root)))]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_every_valid_file_is_accepted(path, validator):
    assert told(validator, path.read_bytes()) == []


@pytest.mark.parametrize("name", SEEN)
def test_mistakes_of_shape_are_refused(name, validator):
    assert told(validator, (SPECS / "invalid" / name).read_bytes())


def test_that_is_a_good_part_of_all_mistakes():
    assert len(SEEN) > len(MISTAKES) / 3


@pytest.mark.parametrize("name", sorted(BEYOND))
def test_what_is_beyond_it_is_the_checkers(name, validator):
    data = (SPECS / "invalid" / f"{name}.yaml").read_bytes()
    assert told(validator, data) == []
    assert check_bytes(data, name)[0] is None


@pytest.mark.parametrize("field", ["title", "schedule", "story", "variants", "traffic", "design"])
def test_an_empty_value_is_refused_by_both(field, validator, whole):
    data = whole(f"{field}: ~").encode()
    assert told(validator, data)
    assert [(one.code, one.line, one.column) for one in check_bytes(data, "a")[1]] == [("E203", 1, len(field) + 3)]


def test_every_field_of_the_types_is_offered():
    assert set(schema()["properties"]) == set(Experiment.model_fields)


def test_short_forms_of_metrics_are_allowed():
    fields = schema()["$defs"]["Metrics"]["properties"]
    for role in ("primary", "secondary", "guardrails"):
        single, _, several = fields[role]["anyOf"]
        assert single == {"type": "string"}
        assert {"type": "string"} in several["items"]["anyOf"]
