"""The ledger: what makes two looks one, and rows that come back as they were appended."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.ledger import data_hash, entry, history, keep, looks
from abstory.results import GateCheck, GateOutcome, GateReport, Require, Ruling, Status, Verdict
from abstory.stats.moments import Moments
from abstory.warehouse import open_store
from abstory.warehouse.base import Answer, ArmData


def answer(**arms):
    return Answer(
        arms={name: ArmData(moments, 0, 0, moments) for name, moments in arms.items()},
        unknown_variants={},
        outside_schedule=0,
        forced=0,
        not_attributed=0,
        before_exposure=0,
        views_without_time=0,
        watch_beyond_length=0,
        exposures_by_day={(19_676, name): moments.n for name, moments in arms.items()},
    )


ONE = Moments(10, {"count(view)": 0.1, "any(like)": 0.3}, {("any(like)", "count(view)"): 0.25})
TWO = Moments(12, {"count(view)": 0.2, "any(like)": 0.3}, {("any(like)", "count(view)"): 0.5})


def hashed(data, *, as_of_us=5, fingerprint="a" * 64, stored=None):
    return data_hash(data, as_of_us=as_of_us, fingerprint=fingerprint, stored=stored or {})


def report(**changes):
    base = GateReport(
        experiment="cta",
        fingerprint="a" * 64,
        as_of_us=5,
        data_hash="d" * 64,
        asked=None,
        variant="shop",
        recommended="shop",
        require=Require.SHIP,
        outcome=GateOutcome.OPEN,
        verdict=Verdict(Ruling.SHIP, "shop", ("cta_rate +6.0% ✓",)),
        checks=(GateCheck("primary", Status.OK, "fine", {"estimate": 0.1, "high": float("inf"), "p": None}),),
    )
    return replace(base, **changes)


def test_the_hash_is_of_the_evidence_and_not_of_its_order():
    turned = Moments(10, dict(reversed(ONE.means.items())), ONE.covariances)
    assert hashed(answer(none=ONE, shop=TWO)) == hashed(answer(shop=TWO, none=turned))
    assert len(hashed(answer(none=ONE))) == 64


@pytest.mark.parametrize(
    "other",
    [
        hashed(answer(none=TWO, shop=ONE)),
        hashed(answer(none=ONE, shop=replace(TWO, n=13))),
        hashed(answer(none=ONE, shop=replace(TWO, means={**TWO.means, "any(like)": 0.3 + 2**-53}))),
        hashed(replace(answer(none=ONE, shop=TWO), forced=1)),
        hashed(replace(answer(none=ONE, shop=TWO), exposures_by_day={(19_677, "none"): 10, (19_676, "shop"): 12})),
        hashed(answer(none=ONE, shop=TWO), as_of_us=6),
        hashed(answer(none=ONE, shop=TWO), fingerprint="b" * 64),
        hashed(answer(none=ONE, shop=TWO), stored={"": 22}),
    ],
)
def test_any_other_evidence_has_another_hash(other):
    assert other != hashed(answer(none=ONE, shop=TWO))


@given(st.lists(st.sampled_from("abc")))
def test_looks_are_counted_by_what_was_seen(hashes):
    rows = [entry(report(data_hash=each), asked_at_us=at, asked_by="ci") for at, each in enumerate(hashes)]
    assert looks(rows) == len(set(hashes))


def test_an_entry_is_plain_json_without_infinities():
    row = entry(report(), asked_at_us=7, asked_by="ci")
    document = json.loads(row.document, parse_constant=pytest.fail)
    assert (document["outcome"], document["verdict"]["ruling"]) == ("open", "SHIP")
    assert document["checks"][0]["figures"] == {"estimate": 0.1, "high": None, "p": None}
    assert (row.outcome, row.asked_at_us, row.asked_by, row.variant) == ("open", 7, "ci", None)


def test_the_same_data_and_file_give_the_same_document():
    first, second = (entry(report(), asked_at_us=at, asked_by=who) for at, who in ((7, "ann"), (8, "ben")))
    assert (first.document, first.data_hash) == (second.document, second.data_hash)


def test_rows_come_back_as_appended_oldest_first_and_survive_the_process(tmp_path):
    path = tmp_path / "abstory.duckdb"
    with open_store(path, create=True) as store:
        assert history(store, "cta") == ()
        late = keep(store, report(asked="shop"), asked_at_us=9, asked_by="it's ☂")
        soon = keep(store, report(data_hash="e" * 64, outcome=GateOutcome.CLOSED), asked_at_us=8, asked_by="ci")
        again = keep(store, report(), asked_at_us=9, asked_by="ci")
        keep(store, report(experiment="other"), asked_at_us=1, asked_by="ci")
    with open_store(path, read_only=True) as store:
        assert history(store, "cta") == (soon, late, again)
        assert looks(history(store, "cta")) == 2
