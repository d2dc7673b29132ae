from abstory.experiment import Experiment
from abstory.spec.schema import schema


def test_every_field_of_the_types_is_offered():
    assert set(schema()["properties"]) == set(Experiment.model_fields)


def test_short_forms_of_metrics_are_allowed():
    fields = schema()["$defs"]["Metrics"]["properties"]
    for role in ("primary", "secondary", "guardrails"):
        single, _, several = fields[role]["anyOf"]
        assert single == {"type": "string"}
        assert {"type": "string"} in several["items"]["anyOf"]
