"""The answer of a gate for GitHub Actions: an annotation, a summary of the step, and outputs for later steps."""

from __future__ import annotations

from abstory.report.harmless import in_markdown, one_line
from abstory.results import GateOutcome, GateReport, Status
from abstory.spec.render import workflow_command

_KINDS = {
    GateOutcome.OPEN: "notice",
    GateOutcome.CLOSED: "error",
    GateOutcome.UNDECIDED: "warning",
    GateOutcome.UNTRUSTED: "error",
}
_MARKS = {Status.OK: "ok", Status.FAIL: "**no**", Status.UNKNOWN: "not decided", Status.WARN: "warning"}


def annotation(gate: GateReport) -> str:
    """One workflow command: a notice where the gate is open, a warning where it waits, else an error."""
    about = f" -> {one_line(gate.variant)}" if gate.variant else ""
    title = f"abstory gate: {gate.outcome.value.upper()} {one_line(gate.experiment)}{about}"
    said = "; ".join((gate.verdict.ruling.value, *gate.verdict.reasons, *_open_points(gate)))
    return workflow_command(_KINDS[gate.outcome], one_line(said), title=title)


def _open_points(gate: GateReport) -> list[str]:
    return [f"{check.id}: {check.text}" for check in gate.checks if check.status is not Status.OK]


def summary(gate: GateReport) -> str:
    """Markdown for the page of the run: the outcome and a row a check."""
    about = f" → {in_markdown(gate.variant)}" if gate.variant else ""
    rows = [
        f"| {_MARKS[check.status]} | {in_markdown(check.id)} | {in_markdown(check.text)} |" for check in gate.checks
    ]
    reasons = "".join(f"\n- {in_markdown(reason)}" for reason in gate.verdict.reasons)
    head = f"### {gate.outcome.value.upper()}: {in_markdown(gate.experiment)}{about} (exit {int(gate.exit_code)})"
    return "\n".join(
        [head, "", f"{gate.verdict.ruling.value}\n{reasons}", "", "| | check | |", "|---|---|---|", *rows, ""]
    )


def outputs(gate: GateReport) -> str:
    """`name=value` lines for later steps: outcome, exit_code, ruling, variant (empty where there is none)."""
    told = {
        "outcome": gate.outcome.value,
        "exit_code": str(int(gate.exit_code)),
        "ruling": gate.verdict.ruling.value,
        "variant": gate.recommended or "",
    }
    return "".join(f"{name}={one_line(value)}\n" for name, value in told.items())
