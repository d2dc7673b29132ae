"""A gate's answer as JUnit XML and for GitHub: whatever is not open must never read as a pass."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from abstory.report import github, junit
from abstory.results import GateCheck, GateOutcome, GateReport, Require, Ruling, Status, Verdict

HOSTILE = "a|b`<b>\x1b[31m\n::error::x%,\u202e"
CHECKS = (
    GateCheck("data", Status.OK, "SRM p=1", {}),
    GateCheck("primary", Status.UNKNOWN, f"watched +1% {HOSTILE}", {"metric": "watched_12s"}),
    GateCheck("guardrail", Status.FAIL, "hides +40%", {"metric": "hide_rate"}),
)


def gate(outcome, ruling=Ruling.WAIT):
    verdict = Verdict(ruling, None, (f"because {HOSTILE}",))
    return GateReport("cta", "f" * 64, 0, "d" * 64, None, HOSTILE, None, Require.SHIP, outcome, verdict, CHECKS)


@pytest.mark.parametrize("outcome", GateOutcome)
def test_junit_fails_unless_the_gate_is_open(outcome):
    suite = ET.fromstring(junit.render(gate(outcome)))  # noqa: S314 our own text
    cases = {case.get("name"): case for case in suite}
    assert list(cases) == ["data", "primary watched_12s", "guardrail hide_rate", "verdict"]
    failed = cases["verdict"].find("failure")
    assert (failed is None) is (outcome is GateOutcome.OPEN)
    assert cases["primary watched_12s"].find("skipped") is not None
    assert cases["guardrail hide_rate"].find("failure") is not None
    assert int(suite.get("failures")) == sum(case.find("failure") is not None for case in suite)
    assert (suite.get("tests"), suite.get("skipped"), suite.get("errors")) == ("4", "1", "0")


@pytest.mark.parametrize("outcome", GateOutcome)
def test_an_annotation_is_one_command_whatever_the_text(outcome):
    told = github.annotation(gate(outcome))
    kind = {GateOutcome.OPEN: "notice", GateOutcome.UNDECIDED: "warning"}.get(outcome, "error")
    assert re.fullmatch(rf"::{kind} title=[^:,]*::[^\n]*", told)
    assert "\x1b" not in told


def test_the_summary_is_a_table_whatever_the_text():
    lines = github.summary(gate(GateOutcome.CLOSED)).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + len(CHECKS)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)
    assert not any("\x1b" in line or re.search(r"(?<!\\)<", line) for line in lines)


def test_outputs_are_a_line_each():
    told = github.outputs(replace(gate(GateOutcome.OPEN, Ruling.SHIP), recommended="warm"))
    assert dict(line.split("=", 1) for line in told.splitlines()) == {
        "outcome": "open",
        "exit_code": "0",
        "ruling": "SHIP",
        "variant": "warm",
    }
