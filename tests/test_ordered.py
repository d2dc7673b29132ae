"""Ordered if/then rules: what a condition may say, and which rule decides; every result is made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.decision import decide
from abstory.experiment import DAY_US, Experiment
from abstory.experiment.clauses import Clause, clauses
from abstory.results import (
    ArmCount,
    Check,
    Comparison,
    ExperimentResult,
    Method,
    MetricResult,
    Reads,
    Ruling,
    Status,
)
from abstory.stats.estimate import Effect, Estimate, Interval

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
MIDWAY, OVER = START + 8 * DAY_US, START + 15 * DAY_US


def declared(rules, *, less=False, **decision):
    primary = {"name": "cta_rate", "mde": "2%", "direction": "decrease" if less else "increase"}
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "schedule": {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"},
            "factors": {"cta": ["none", "shop"]},
            "metrics": {
                "primary": [primary],
                "secondary": ["save_rate"],
                "guardrails": [{"name": "hide_rate", "margin": "20%"}],
            },
            "decision": {"rule": rules, **decision},
        }
    )


def effect(low, value, high):
    difference = Estimate(value / 10, Interval(low / 10, high / 10))
    return Effect(0.1 * (1 + value), 0.1, difference, Estimate(value, Interval(low, high)), 0, 0.5, 2, 0.01, "score")


def found(experiment, *, lift=(0.02, 0.06, 0.1), reads=Reads.BETTER, second=Reads.UNCLEAR, guard=Reads.HOLDS, **facts):
    told = {"cta_rate": reads, "save_rate": second, "hide_rate": guard}
    metrics = tuple(
        MetricResult(o, 0.1, (Comparison("shop", 0.1, effect(*lift), told[o.metric.name], 0.1),))
        for o in experiment.outcomes
    )
    viewers, at = facts.get("viewers", 5000), facts.get("at", MIDWAY)
    return ExperimentResult(
        key="cta",
        title=None,
        hypothesis=None,
        fingerprint="f" * 64,
        control="none",
        as_of_us=at,
        first_exposure_us=START,
        day=8,
        days=14,
        arms=tuple(ArmCount(name, viewers, facts.get("immature", 0), 0, 0.5) for name in ("none", "shop")),
        metrics=metrics,
        checks=facts.get("checks", (Check("srm", Status.OK, "SRM p=0.99"),)),
        method=Method("always valid", "", 1, 0.05, 2000),
    )


def ruled(condition, then="ship", *, less=False, **facts):
    experiment = declared([{"if": condition, "then": then}], less=less)
    return decide(experiment, found(experiment, **facts)).ruling


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        ("primary better", {}, True),
        ("primary is better", {}, True),
        ("primary better", {"reads": Reads.UNCLEAR}, False),
        ("primary not_worse", {"lift": (-0.01, 0.01, 0.05), "reads": Reads.UNCLEAR}, True),
        ("primary not_worse", {"lift": (-0.03, 0.01, 0.05), "reads": Reads.UNCLEAR}, False),
        ("primary equivalent", {"lift": (-0.01, 0.0, 0.01), "reads": Reads.UNCLEAR}, True),
        ("primary equivalent", {"lift": (-0.03, 0.0, 0.03), "reads": Reads.EQUIVALENT}, True),
        ("primary equivalent", {"lift": (-0.03, 0.0, 0.03), "reads": Reads.UNCLEAR}, False),
        ("primary too_small", {"lift": (-0.05, -0.02, 0.01), "reads": Reads.UNCLEAR}, True),
        ("primary unclear", {"reads": Reads.UNCLEAR}, True),
        ("secondary better", {"second": Reads.BETTER}, True),
        ("secondary worse", {}, False),
        ("guardrails hold", {}, True),
        ("guardrails hold", {"guard": Reads.NOT_SHOWN_SAFE}, False),
        ("guardrails harmed", {"guard": Reads.HARMED}, True),
        ("save_rate better", {"second": Reads.BETTER}, True),
        ("hide_rate holds", {}, True),
        ("lift >= 6%", {}, True),
        ("lift > 6%", {}, False),
        ("lift >= 0.6pp", {}, True),
        ("lift >= 0.7pp", {}, False),
        ("bound >= 2%", {}, True),
        ("bound >= 2.1%", {}, False),
        ("half_width <= 4.1%", {}, True),
        ("half_width <= 3.9%", {}, False),
        ("viewers >= 5000", {}, True),
        ("viewers > 5000", {}, False),
        ("days >= 8", {}, True),
        ("days >= 9", {}, False),
        ("immature <= 10%", {"immature": 500}, True),
        ("immature <= 9%", {"immature": 500}, False),
        ("always", {}, True),
        ("primary better and guardrails hold and lift >= 2%", {}, True),
        ("primary better and secondary worse", {}, False),
    ],
)
def test_a_condition(condition, facts, holds):
    assert (ruled(condition, **facts) is Ruling.SHIP) == holds


def test_less_is_more_where_less_is_good():
    down = {"lift": (-0.1, -0.06, -0.02)}
    assert ruled("lift >= 6% and bound >= 2%", less=True, **down) is Ruling.SHIP
    assert ruled("lift >= 6%", **down) is Ruling.WAIT


RULES = [
    {"if": "guardrails harmed", "then": "keep"},
    {"if": "primary better and guardrails hold", "then": "ship"},
    {"if": "primary better", "then": "review"},
]


@pytest.mark.parametrize(
    ("facts", "ruling"),
    [
        ({}, Ruling.SHIP),
        ({"guard": Reads.NOT_SHOWN_SAFE}, Ruling.REVIEW),
        ({"guard": Reads.HARMED}, Ruling.KEEP),
        ({"guard": Reads.HARMED, "viewers": 10}, Ruling.KEEP),  # harm waits for no minimum
        ({"viewers": 999}, Ruling.WAIT),
        ({"at": START + 6 * DAY_US}, Ruling.WAIT),
        ({"reads": Reads.UNCLEAR}, Ruling.WAIT),
        ({"reads": Reads.UNCLEAR, "at": OVER}, Ruling.KEEP),
        ({"checks": (Check("drift", Status.FAIL, "the file changed"),)}, Ruling.INVALID),
    ],
)
def test_the_first_that_holds_decides(facts, ruling):
    experiment = declared(RULES)
    assert decide(experiment, found(experiment, **facts)).ruling is ruling


def test_the_reason_is_the_rule():
    experiment = declared(RULES)
    verdict = decide(experiment, found(experiment))
    assert verdict.reasons[0] == "rule 2: primary better and guardrails hold"
    assert verdict.variant == "shop"


def test_where_no_rule_holds_by_the_end_otherwise_speaks():
    experiment = declared(RULES, otherwise="review")
    verdict = decide(experiment, found(experiment, reads=Reads.UNCLEAR, at=OVER))
    assert verdict.ruling is Ruling.REVIEW
    assert verdict.reasons[0].startswith("no rule holds at the end")


def test_clauses_read_word_by_word():
    assert clauses("primary  better and viewers>=20") == (
        Clause("primary", "better"),
        Clause("viewers", "", ">=", 20),
    )


@given(st.text(max_size=60))
def test_nothing_but_the_language_reads(text):
    try:
        found = clauses(text)
    except ValueError:
        return
    assert all(clause.word or clause.limit is not None or clause.subject == "always" for clause in found)


def test_a_rule_is_part_of_the_fingerprint():
    assert declared(RULES).fingerprint == declared(RULES).fingerprint
    assert declared(RULES).fingerprint != declared(RULES[:2]).fingerprint
    assert declared("clear_win").fingerprint != declared(RULES).fingerprint
