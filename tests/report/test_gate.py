"""The gate's lines and its document, from answers made by hand."""

import json

import pytest
from rich.cells import cell_len

from abstory.report.gate import document, lines
from abstory.report.look import Look
from abstory.results import GateCheck, GateOutcome, GateReport, Require, Ruling, Status, Verdict

FIGURES = {
    "metric": "watched_12s",
    "reads": "unclear",
    "scale": "lift",
    "estimate": 0.016,
    "low": -0.006,
    "high": float("inf"),
    "p": 0.375,
    "threshold": 0.02,
}
CHECKS = (
    GateCheck("data", Status.OK, "SRM p=0.99, 0.01% crossover, events 2 h old", {"srm": "ok"}),
    GateCheck("runtime", Status.OK, "14 d >= 7 d, 41,214 >= 5,000 viewers", {"viewers": 41214}),
    GateCheck("primary", Status.UNKNOWN, "watched_12s +1.6% (−0.6% to +3.9%), MDE +2%", FIGURES),
    GateCheck("guardrail", Status.FAIL, "hide_rate could be +34.2%, allowed +20%", FIGURES | {"metric": "hide_rate"}),
)


def answer(outcome, ruling, reasons=("because",), days=None):
    verdict = Verdict(ruling, None, reasons, days)
    return GateReport(
        experiment="launch-cta-w48",
        fingerprint="f" * 64,
        as_of_us=1_796_644_800_000_000,
        data_hash="d" * 64,
        asked=None,
        variant="warm.15s.none",
        recommended=None,
        require=Require.SHIP,
        outcome=outcome,
        verdict=verdict,
        checks=CHECKS,
    )


CASES = {
    "ship": answer(GateOutcome.OPEN, Ruling.SHIP),
    "keep": answer(GateOutcome.CLOSED, Ruling.KEEP, ("watched_12s −5.0% (−8.0% to −2.0%) is worse",)),
    "wait": answer(GateOutcome.UNDECIDED, Ruling.WAIT, days=12),
    "review": answer(GateOutcome.UNDECIDED, Ruling.REVIEW),
    "invalid": answer(GateOutcome.UNTRUSTED, Ruling.INVALID, ("SRM p<.001: find why one variant loses viewers",)),
    "stale": answer(GateOutcome.UNTRUSTED, Ruling.SHIP),
    "no data": answer(GateOutcome.UNDECIDED, Ruling.NO_DATA),
}


@pytest.mark.parametrize("name", CASES)
def test_lines(name, snapshot):
    assert "\n".join(line.plain for line in lines(CASES[name], Look())) == snapshot


@pytest.mark.parametrize("width", [40, 60])
def test_no_line_is_wider_than_asked(width):
    for case in CASES.values():
        assert all(cell_len(line.plain) <= width for line in lines(case, Look(width)))


def test_ascii():
    assert all(line.plain.isascii() for line in lines(CASES["keep"], Look(80, ascii_only=True)))


def test_document(snapshot):
    told = document(CASES["wait"], recorded=True)
    assert json.loads(json.dumps(told, allow_nan=False)) == told == snapshot


@pytest.mark.parametrize(
    ("name", "code"), [("ship", 0), ("keep", 3), ("wait", 4), ("review", 4), ("stale", 5), ("invalid", 5)]
)
def test_the_document_tells_its_exit_code(name, code):
    told = document(CASES[name], recorded=False)
    assert told["exit_code"] == code
    assert told["recorded"] is False
    assert f"exit {code}: " in "\n".join(line.plain for line in lines(CASES[name], Look()))
