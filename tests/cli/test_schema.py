import json

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
