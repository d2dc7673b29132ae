import json

import pytest
from jsonschema import Draft202012Validator

from abstory.spec.schema import schema


def test_it_prints_the_schema_as_one_document(call):
    code, out, err = call("schema")
    assert (code, err) == (0, "")
    assert json.loads(out) == schema()


def test_it_says_what_must_be_there(call):
    document = json.loads(call("schema")[1])
    assert document["required"] == ["version", "key", "metrics"]
    assert document["additionalProperties"] is False


def test_it_needs_no_project(tmp_path, call):
    assert call("-C", tmp_path / "nowhere", "schema")[0] == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["report", "gate"])
def test_what_a_command_prints_is_as_its_schema_says(project, call, command):
    """Closed: nothing is printed that the schema does not name."""
    told = json.loads(call("schema", "--of", command)[1])
    printed = json.loads(call("-C", project, command, "cta", "--json")[1])
    Draft202012Validator(closed(told)).validate(printed)


def test_reports_of_every_kind_are_as_the_schema_says(project, call):
    told = Draft202012Validator(closed(json.loads(call("schema", "--of", "report")[1])))
    for flags in (("--bayes",), ("--all",), ("--as-of", "2025-11-02"), ("--as-of", "2025-10-01")):
        told.validate(json.loads(call("-C", project, "report", "cta", "--json", *flags)[1]))


def closed(node):
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    told = {key: closed(value) for key, value in node.items()}
    return told | {"additionalProperties": False} if "properties" in node and "required" in node else told
