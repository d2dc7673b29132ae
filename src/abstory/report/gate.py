"""The answer of a gate: lines for people, the `gate/1` document for programs.

`gate/1`: `abstory`, `experiment`, `fingerprint`, `data_hash`, `as_of`, `asked` (the variant asked about), `variant`
(the one the checks speak of), `recommended`, `require`, `outcome` (open | closed | undecided | untrusted),
`exit_code`, `ruling`, `reasons`, `days_left`, `recorded` (whether the decision ledger holds this look), `look` (the
planned look that this call took: {number, share, as_of}; null where it took none) and `checks`
[{id, status (ok | fail | unknown), text, and for a metric: metric, ci, scale, estimate, p, threshold, ...; else
figures}]. Fractions, not per cents; null for unknown; UTC; changes only add.
"""

from __future__ import annotations

from rich.text import Text

from abstory.report.json import Plain, figures, instant
from abstory.report.look import Look
from abstory.report.prose import paragraph
from abstory.results import GateCheck, GateOutcome, GateReport, Ruling, Status

FORMAT = "gate/1"
_MARKS = {Status.OK: "ok", Status.FAIL: "no", Status.UNKNOWN: "??", Status.WARN: "!!"}
_STYLES = {Status.OK: "green", Status.FAIL: "red", Status.UNKNOWN: "yellow", Status.WARN: "yellow"}
_MEANINGS = {
    Ruling.SHIP: "ship it",
    Ruling.KEEP: "keep control",
    Ruling.WAIT: "needs more data",
    Ruling.REVIEW: "needs a person's review",
    Ruling.INVALID: "data not to be trusted",
    Ruling.NO_DATA: "no data yet",
}
_EXPLAINED = {Ruling.KEEP, Ruling.REVIEW, Ruling.INVALID, Ruling.NO_DATA}
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
    named = f" -> {look.say(gate.variant)}" if gate.variant else ""
    lead = gate.outcome.value.upper()
    return paragraph(f"{lead}  ", f"{look.say(gate.experiment)}{named}", look.width, style=_OUTCOMES[gate.outcome])


def _check(check: GateCheck, look: Look, width: int) -> list[Text]:
    lead = f"  {_MARKS[check.status]}  {look.say(check.id):<{width}} "
    return paragraph(lead, look.say(check.text), look.width, style=_STYLES[check.status])


def _foot(gate: GateReport, look: Look) -> list[Text]:
    end, details = f"exit {int(gate.exit_code)}: ", f"details: abstory report {look.say(gate.experiment)}"
    meaning = look.say(_meaning(gate))
    if gate.verdict.ruling in _EXPLAINED:
        why = paragraph("  why: ", look.say("; ".join(gate.verdict.reasons)), look.width)
        return [*paragraph(end, meaning, look.width), *why, *paragraph("", details, look.width)]
    one = Text(f"{end}{meaning}   {details}")
    return (
        [one]
        if one.cell_len <= look.width
        else [*paragraph(end, meaning, look.width), *paragraph("", details, look.width)]
    )


def _meaning(gate: GateReport) -> str:
    if gate.outcome is GateOutcome.UNTRUSTED:
        return _MEANINGS[Ruling.INVALID] if gate.verdict.ruling is Ruling.INVALID else "the data are too old"
    days = gate.verdict.days_left
    pace = " at this traffic" if gate.unit == "viewer" else ""
    left = f" (about {days} day{'' if days == 1 else 's'}{pace})" if days is not None else ""
    return f"{_MEANINGS[gate.verdict.ruling]}{left}"


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
        "look": {"number": gate.look.number, "share": gate.look.share, "as_of": instant(gate.look.as_of_us)}
        if gate.look
        else None,
        "checks": [_plain(check) for check in gate.checks],
    }


def _plain(check: GateCheck) -> Plain:
    told = figures(check.figures) or {}
    line = {"id": check.id, "status": check.status.value, "text": check.text}
    if "metric" not in told:
        return line | {"figures": told}
    return line | {"metric": told.pop("metric"), "ci": [told.pop("low", None), told.pop("high", None)]} | told
