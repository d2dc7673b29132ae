"""Who may take part, by the rule of the file: lacking an attribute is not being eligible, for exclude as well."""

import pytest

from abstory.assignment.assign import Assigner, Reason
from abstory.assignment.eligibility import canonical
from abstory.errors import UsageError

AUDIENCE = {"include": {"country": ["DE", "FR"], "surface": "stories"}, "exclude": {"is_staff": True}}


@pytest.mark.parametrize(
    ("attributes", "failed"),
    [
        ({"country": "DE", "surface": "stories", "is_staff": False}, None),
        ({"country": "FR", "surface": "stories", "is_staff": "false"}, None),
        ({"country": "FR", "surface": "stories", "is_staff": "no"}, None),
        ({"country": "US", "surface": "stories", "is_staff": False}, "country"),
        ({"country": "de", "surface": "stories", "is_staff": False}, "country"),
        ({"country": " DE", "surface": "stories", "is_staff": False}, "country"),
        ({"country": "DE", "surface": "stories", "is_staff": True}, "is_staff"),
        ({"country": "DE", "surface": "stories", "is_staff": "true"}, "is_staff"),
        ({"country": "DE", "surface": "stories"}, "is_staff"),
        ({"country": "DE", "surface": "stories", "is_staff": None}, "is_staff"),
        ({"country": "DE", "surface": "stories", "is_staff": ""}, "is_staff"),
        ({"surface": "stories", "is_staff": False}, "country"),
        ({}, "country"),
        (None, "country"),
    ],
)
def test_audience(declared, attributes, failed):
    assigner = Assigner(declared(audience=AUDIENCE))
    assert assigner.explain("a", attributes).failed == failed
    assignment = assigner.assign("a", attributes)
    assert (assignment.reason is Reason.NOT_ELIGIBLE) == (failed is not None)
    assert (assignment.variant is None) == (failed is not None)


def test_a_boolean_is_no_number(declared):
    assigner = Assigner(declared(audience={"include": {"adult": True, "tier": 1}}))
    assert assigner.explain("a", {"adult": 1, "tier": 1}).failed == "adult"
    assert assigner.explain("a", {"adult": True, "tier": True}).failed == "tier"
    assert assigner.explain("a", {"adult": True, "tier": 1}).failed is None
    assert assigner.explain("a", {"adult": "true", "tier": "1"}).failed is None


def test_values_are_told_apart_by_their_text():
    assert [canonical(value, "x") for value in ("a", 3, -3, True, False)] == ["a", "3", "-3", "true", "false"]


def test_a_value_with_more_than_one_spelling_is_refused_without_being_shown(declared):
    assigner = Assigner(declared(audience={"include": {"tier": 1}}))
    with pytest.raises(UsageError, match="attribute 'tier' is float") as caught:
        assigner.assign("a", {"tier": 1.25})
    assert "1.25" not in str(caught.value)


def test_attributes_that_nobody_asked_for_are_not_looked_at(declared):
    assert Assigner(declared()).assign("a", {"tier": 1.0}).variant
