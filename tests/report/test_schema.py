"""The schemas of what programs read: held by jsonschema to documents of every kind, and complete for each of them."""

import copy
import json

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from abstory.report.json import SECTIONS, document
from abstory.report.schema import SCHEMAS


def closed(node):
    """The schema that knows every field: what it does not name is refused, so nothing is written untold."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    told = {key: closed(value) for key, value in node.items()}
    return told | {"additionalProperties": False} if "properties" in node and "required" in node else told


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name):
    Draft202012Validator.check_schema(SCHEMAS[name]())


def test_every_page_is_described_field_by_field(page):
    told = json.loads(json.dumps(document(page)))
    Draft202012Validator(closed(SCHEMAS["report"]()), format_checker=Draft202012Validator.FORMAT_CHECKER).validate(told)


def test_every_section_is_described():
    assert set(SECTIONS) <= set(SCHEMAS["report"]()["properties"])


def broken(told, path, value):
    changed = copy.deepcopy(told)
    at = changed
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("abstory",), "report/2"),
        (("verdict", "ruling"), "PERHAPS"),
        (("metrics", 0, "comparisons", 0, "p"), "0.05"),
        (("metrics", 0, "comparisons", 0, "lift", "ci"), [0.1]),
        (("metrics", 0, "comparisons", 0, "reads"), None),
        (("variants", 0, "viewers"), -1),
    ],
)
def test_what_is_not_a_report_is_refused(pages, path, value):
    validator = Draft202012Validator(SCHEMAS["report"]())
    told = document(pages["ship"])
    validator.validate(told)
    with pytest.raises(ValidationError):
        validator.validate(broken(told, path, value))


def test_a_field_more_is_no_fault(pages):
    Draft202012Validator(SCHEMAS["report"]()).validate(document(pages["ship"]) | {"new": 1})
