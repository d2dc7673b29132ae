"""The report/1 document: whole, plain, free of NaN, and null with a reason for what is not known."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.report.json import document, instant, render
from abstory.report.look import Look


def refuse(text):
    raise AssertionError(text)


def strict(text):
    return json.loads(text, parse_constant=refuse)


def test_document(pages, snapshot):
    assert render(pages["unbounded"], Look()) == snapshot


def test_it_round_trips_unrounded(page):
    assert strict(render(page, Look())) == document(page)
    assert strict(render(page, Look(ascii_only=True))) == document(page)


def test_numbers_are_those_of_the_result(pages):
    told = document(pages["ship"])
    best = told["metrics"][0]["comparisons"][-1]
    assert best["lift"] == {"estimate": 0.065, "ci": [0.042, 0.088]}
    assert best["p"] == 1e-9
    assert told["metrics"][0]["mde"] == {"value": 0.02, "relative": True, "text": "2%"}
    assert told["as_of"] == "2026-12-07T12:00:00Z"


def test_what_is_not_known_is_null_with_its_reason(pages):
    first = document(pages["undetermined"])["metrics"][0]["comparisons"][0]
    assert first["lift"] is first["p"] is None
    assert first["effect_unknown"] == {"reason": "too early to read", "detail": "12 of 200 viewers"}
    b, c, _ = document(pages["unbounded"])["metrics"][0]["comparisons"]
    assert b["lift"] is None
    assert b["lift_unknown"]["reason"] == "control too near zero for a lift"
    assert c["lift"]["ci"] == [0.2, None]


def test_effects_are_withheld_when_the_data_cannot_be_trusted(pages):
    for metric in document(pages["invalid"])["metrics"]:
        for told in metric["comparisons"]:
            assert told["lift"] is told["difference"] is told["p"] is None
            assert told["effect_unknown"]["reason"] == "data not to be trusted"
            assert told["reads"] == "unknown"


def test_only_the_metrics_asked_for(pages):
    told = document(dataclasses.replace(pages["ship"], only=("hide_rate",)))
    assert [metric["name"] for metric in told["metrics"]] == ["hide_rate"]


ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(ANY, ANY, ANY, ANY, st.one_of(ANY, st.text(max_size=5)))
def test_no_number_makes_it_not_json(made, point, low, high, p, figure):
    effect = made.Effect(
        point,
        low,
        made.Estimate(point, made.Interval(low, high)),
        made.Estimate(p, made.Interval(low, p)),
        p,
        p,
        p,
        p,
        "x",
    )
    rows = [made.Comparison("b", point, effect, made.Reads.UNCLEAR, p)]
    check = dataclasses.replace(made.TRUSTED[0], figures={"p": figure})
    metrics = [made.metric("hide_rate", made.Role.GUARDRAIL, low, rows)]
    page = made.Page(made.result(made.arms(["a", "b"]), metrics, (check,)), made.WON)
    assert strict(render(page, Look()))["metrics"][0]["comparisons"][0]["variant"] == "b"


@pytest.mark.parametrize(
    ("us", "text"),
    [(None, None), (0, "1970-01-01T00:00:00Z"), (1_796_644_800_000_001, "2026-12-07T12:00:00.000001Z"), (2**62, None)],
)
def test_instants_are_utc(us, text):
    assert instant(us) == text


def test_infinite_figures_are_null(made):
    check = dataclasses.replace(made.TRUSTED[0], figures={"p": math.inf})
    page = made.Page(made.result(made.arms(["a", "b"]), [], (check,)), made.WON)
    assert document(page)["data"]["checks"][0]["figures"] == {"p": None}
