"""The answer of a gate: lines for people, the `gate/1` document for programs.

`gate/1`: `abstory`, `experiment`, `fingerprint`, `data_hash`, `as_of`, `asked` (the variant asked about), `variant`
(the one the checks speak of), `recommended`, `require`, `outcome` (open | closed | undecided | untrusted),
`exit_code`, `ruling`, `reasons`, `days_left`, `recorded` (whether the decision ledger holds this look) and `checks`
[{id, status (ok | fail | unknown), text, and for a metric: metric, scale, estimate, ci, p, threshold, ...}].
Fractions, not per cents; null for unknown; UTC; changes only add.
"""

from __future__ import annotations

from rich.text import Text

from abstory.report.json import Plain, figures, instant
from abstory.report.look import Look
from abstory.report.prose import listed, paragraph
from abstory.results import GateCheck, GateOutcome, GateReport, Status

FORMAT = "gate/1"
_MARKS = {Status.OK: "ok", Status.FAIL: "no", Status.UNKNOWN: "??", Status.WARN: "!!"}
_STYLES = {Status.OK: "green", Status.FAIL: "red", Status.UNKNOWN: "yellow", Status.WARN: "yellow"}
_OUTCOMES = {
    GateOutcome.OPEN: "bold green",
    GateOutcome.CLOSED: "bold red",
    GateOutcome.UNDECIDED: "bold yellow",
    GateOutcome.UNTRUSTED: "bold red",
}


def lines(gate: GateReport, look: Look) -> list[Text]:
    """The outcome, a line a check, and the exit code with its reason."""
    width = max([len(look.say(check.id)) for check in gate.checks], default=0)
    checks = [line for check in gate.checks for line in _check(check, look, width)]
    return [*_head(gate, look), *checks, *_foot(gate, look)]


def _head(gate: GateReport, look: Look) -> list[Text]:
    named = look.plain(f" → {look.say(gate.variant)}") if gate.variant else ""
    lead = gate.outcome.value.upper()
    return paragraph(f"{lead}  ", f"{look.say(gate.experiment)}{named}", look.width, style=_OUTCOMES[gate.outcome])


def _check(check: GateCheck, look: Look, width: int) -> list[Text]:
    lead = f"  {_MARKS[check.status]}  {look.say(check.id):<{width}} "
    return paragraph(lead, look.say(check.text), look.width, style=_STYLES[check.status])


def _foot(gate: GateReport, look: Look) -> list[Text]:
    reasons = "; ".join(reason.rstrip(".") for reason in gate.verdict.reasons)
    told = paragraph(f"exit {int(gate.exit_code)}: ", look.say(reasons), look.width)
    return told + listed("details: ", [f"abstory report {look.say(gate.experiment)}"], look.width, style="dim")


def document(gate: GateReport, *, recorded: bool) -> Plain:
    """The `gate/1` document as plain values."""
    return {
        "abstory": FORMAT,
        "experiment": gate.experiment,
        "fingerprint": gate.fingerprint,
        "data_hash": gate.data_hash or None,
        "as_of": instant(gate.as_of_us),
        "asked": gate.asked,
        "variant": gate.variant,
        "recommended": gate.recommended,
        "require": gate.require.value,
        "outcome": gate.outcome.value,
        "exit_code": int(gate.exit_code),
        "ruling": gate.verdict.ruling.value,
        "reasons": list(gate.verdict.reasons),
        "days_left": gate.verdict.days_left,
        "recorded": recorded,
        "checks": [_plain(check) for check in gate.checks],
    }


def _plain(check: GateCheck) -> Plain:
    told = figures(check.figures) or {}
    ends = {"ci": [told.pop("low"), told.pop("high")]} if {"low", "high"} <= told.keys() else {}
    return {"id": check.id, "status": check.status.value, "text": check.text, **told, **ends}
