"""Factors on the page and in the document: numbers are told by hand, never computed here."""

import dataclasses
import json

import pytest
from rich.cells import cell_len

from abstory.experiment import Outcome, Role
from abstory.metrics import built_in
from abstory.report import terminal
from abstory.report.factors import sentences
from abstory.report.json import render as as_json
from abstory.report.look import Look
from abstory.results import CellMean, FactorEffect, FactorResult, Interaction, Part, Reads, Trend
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined

WATCHED = Outcome(built_in("watched_12s"), Role.PRIMARY, None, None)
ENGAGED = Outcome(built_in("engagement_rate"), Role.SECONDARY, None, None)


def effect(lift, low, high, p):
    told = Estimate(lift, Interval(low, high))
    scaled = Estimate(0.4 * lift, Interval(0.4 * low, 0.4 * high))
    return Effect(0.4 * (1 + lift), 0.4, scaled, told, 3.0, p, 2.4, 0.01, "contrast")


BETTER, UNCLEAR = effect(0.094, 0.058, 0.130, 0.0004), effect(0.01, -0.02, 0.04, 0.6)


def row(factor, level, numbers=BETTER, reads=Reads.BETTER, **more):
    return FactorEffect(factor, level, "none" if factor != "length" else "15s", numbers, reads, **more)


def unseen(*factors, p=0.41):
    return Interaction(factors, 1, 0.7, p / 3, p, found=False)


PLAIN = FactorResult(
    WATCHED,
    "equal",
    "saturated",
    3,
    (row("filter", "warm"), row("length", "12s", UNCLEAR, Reads.UNCLEAR), row("cta", "shop_now")),
    (),
    (unseen("filter", "length"), unseen("filter", "cta", p=0.99), unseen("length", "cta", p=0.99)),
    3,
)
SIMPLE = (
    row("filter", "warm", BETTER, given=(("cta", "shop_now"),)),
    row("filter", "warm", UNCLEAR, Reads.UNCLEAR, given=(("cta", "none"),)),
    row("cta", "shop_now", BETTER, given=(("filter", "warm"),)),
    row("cta", "shop_now", UNCLEAR, Reads.UNCLEAR, given=(("filter", "none"),)),
)
FOUND = Interaction(
    ("filter", "cta"),
    1,
    14.1,
    0.0002,
    0.0006,
    found=True,
    parts=(Part((("filter", "warm"), ("cta", "shop_now")), Estimate(0.03, Interval(0.01, 0.05))),),
    means=(CellMean((("filter", "warm"), ("cta", "shop_now")), 0.5),),
    simple=SIMPLE,
    odds_p=0.2,
)
DIFFERS = dataclasses.replace(
    PLAIN,
    effects=(
        row("filter", "warm", differs_by=("cta",)),
        row("length", "12s", UNCLEAR, Reads.UNCLEAR),
        row("cta", "shop_now", differs_by=("filter",)),
    ),
    interactions=(unseen("filter", "length"), FOUND, unseen("length", "cta", p=0.99)),
)
SLOPE = FactorEffect("length", "per second", "15s", effect(-0.012, -0.02, -0.004, 0.003), Reads.WORSE)
FRACTION = FactorResult(
    WATCHED,
    "equal",
    "saturated",
    2,
    (
        row("filter", "warm", aliases=(("length", "cta"),)),
        row("length", "12s"),
        row("cta", "shop_now", Undetermined(Reason.ALIASED, "cta or filter"), Reads.UNKNOWN),
    ),
    (Trend(SLOPE, 0.004),),
    (),
    0,
    untold=(("filter", "cta"),),
)
CASES = {"plain": PLAIN, "differs": DIFFERS, "fraction": FRACTION}


@pytest.fixture(params=list(CASES))
def factored(request, pages):
    beside = dataclasses.replace(PLAIN, outcome=ENGAGED)
    shown = pages["ship"]
    return dataclasses.replace(shown, result=dataclasses.replace(shown.result, factors=(CASES[request.param], beside)))


def section(text):
    return text[text.index("FACTORS") :].split("\n\n")[0]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_section(factored, width, snapshot):
    text = terminal.render(factored, Look(width))
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert section(text) == snapshot


def test_section_in_ascii(factored, snapshot):
    text = terminal.render(factored, Look(80, ascii_only=True))
    assert text.isascii()
    assert section(text) == snapshot


def test_every_metric_when_asked(factored):
    assert terminal.render(dataclasses.replace(factored, everything=True), Look(80)).count("FACTORS") == 2


def test_sentences_say_whatever_the_others_only_where_that_was_tested():
    assert sentences(PLAIN) == ["warm adds 9.4%, shop_now adds 9.4%, each whatever the others"]
    alone = dataclasses.replace(
        PLAIN, effects=(PLAIN.effects[0], *(row(f, "x", UNCLEAR, Reads.UNCLEAR) for f in ("length", "cta")))
    )
    assert sentences(alone) == ["warm adds 9.4%, whatever the length and cta"]
    untested = dataclasses.replace(alone, interactions=(), tests=0)
    assert sentences(untested) == ["warm adds 9.4%"]


def test_sentences_say_where_an_effect_is():
    assert sentences(DIFFERS) == ["warm adds 9.4% only with shop_now"]


def test_nothing_is_shown_while_effects_are_withheld(pages):
    early = Undetermined(Reason.BEFORE_END)
    held = dataclasses.replace(PLAIN, effects=tuple(row(f, "x", early, Reads.UNKNOWN) for f in ("filter", "cta")))
    shown = dataclasses.replace(pages["ship"], result=dataclasses.replace(pages["ship"].result, factors=(held,)))
    assert "FACTORS" not in terminal.render(shown, Look(80))


def test_document_has_every_factor_unrounded(factored):
    told = json.loads(as_json(factored, Look(80)))["factors"]
    assert [one["metric"] for one in told] == ["watched_12s", "engagement_rate"]
    first = told[0]["effects"][0]
    assert first["lift"] == {"estimate": 0.094, "ci": [0.058, 0.130]}
    assert (first["p"], first["reads"], first["given"]) == (0.0004, "better", {})


def test_document_has_interactions_and_what_is_not_known(pages):
    shown = dataclasses.replace(
        pages["ship"], result=dataclasses.replace(pages["ship"].result, factors=(DIFFERS, FRACTION))
    )
    differs, fraction = json.loads(as_json(shown, Look(80)))["factors"]
    found = differs["interactions"][1]
    assert (found["found"], found["p_adjusted"], found["odds_p"]) == (True, 0.0006, 0.2)
    assert found["simple"][0]["given"] == {"cta": "shop_now"}
    assert found["means"] == [{"levels": {"filter": "warm", "cta": "shop_now"}, "value": 0.5}]
    assert differs["effects"][0]["differs_by"] == ["cta"]
    assert fraction["effects"][2]["effect_unknown"]["reason"] == "these variants cannot tell it apart"
    assert fraction["effects"][0]["aliases"] == [["length", "cta"]]
    assert fraction["untold"] == [["filter", "cta"]]
    assert fraction["trends"][0]["lack_of_fit_p"] == 0.004


def test_experiments_of_one_factor_have_no_factors_in_the_document(pages):
    assert "factors" not in json.loads(as_json(pages["ship"], Look(80)))
