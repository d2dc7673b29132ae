"""The answer of a gate as JUnit XML: a case a check, and one for the verdict, which passes only for an open gate."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from abstory.report.harmless import one_line
from abstory.results import GateCheck, GateOutcome, GateReport, Status


def render(gate: GateReport) -> str:
    """The document as text. A check that is not decided is `skipped`; the verdict then fails as `undecided`."""
    suite = ET.Element("testsuite", name=f"abstory gate {one_line(gate.experiment)}")
    cases = [*(_check(gate, check) for check in gate.checks), _verdict(gate)]
    suite.extend(cases)
    for kind, tag in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(kind, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("tests", str(len(cases)))
    suite.set("errors", "0")
    ET.indent(suite)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{ET.tostring(suite, encoding='unicode')}\n"


def _check(gate: GateReport, check: GateCheck) -> ET.Element:
    metric = (check.figures or {}).get("metric")
    case = _case(gate, f"{check.id} {metric}" if metric else check.id)
    text = one_line(check.text)
    match check.status:
        case Status.FAIL:
            ET.SubElement(case, "failure", message=text, type=check.id)
        case Status.UNKNOWN:
            ET.SubElement(case, "skipped", message=f"not decided: {text}")
        case _:
            ET.SubElement(case, "system-out").text = text
    return case


def _verdict(gate: GateReport) -> ET.Element:
    case = _case(gate, "verdict")
    if gate.outcome is not GateOutcome.OPEN:
        said = one_line(f"{gate.verdict.ruling.value}: {'; '.join(gate.verdict.reasons)}")
        ET.SubElement(case, "failure", message=f"exit {int(gate.exit_code)}: {said}", type=gate.outcome.value)
    return case


def _case(gate: GateReport, name: str) -> ET.Element:
    return ET.Element("testcase", classname=f"abstory.{one_line(gate.experiment)}", name=one_line(name), time="0")
