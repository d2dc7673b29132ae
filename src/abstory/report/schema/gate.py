"""The schema of `gate/1`."""

from __future__ import annotations

from abstory.report.gate import FORMAT
from abstory.report.schema.words import (
    COUNT,
    FLAG,
    INSTANT,
    INTERVAL,
    NUMBER,
    SCALAR,
    TEXT,
    Schema,
    listed,
    mapped,
    maybe,
    named,
    one_of,
    shaped,
    titled,
)
from abstory.results import GateOutcome, Reads, Require, Ruling, Status


def gate() -> Schema:
    """What every `gate/1` document holds; `exit_code` is the process's own."""
    codes = sorted({int(outcome.exit_code) for outcome in GateOutcome})
    fields = {
        "experiment": TEXT,
        "fingerprint": TEXT,
        "data_hash": maybe(TEXT),
        "as_of": maybe(INSTANT),
        "asked": maybe(TEXT),
        "variant": maybe(TEXT),
        "recommended": maybe(TEXT),
        "require": one_of(Require),
        "outcome": one_of(GateOutcome),
        "exit_code": {"enum": codes},
        "ruling": one_of(Ruling),
        "reasons": listed(TEXT),
        "days_left": maybe(COUNT),
        "recorded": FLAG,
        "look": maybe(shaped({"number": COUNT, "share": NUMBER, "as_of": maybe(INSTANT)})),
        "checks": listed(named("check")),
    }
    return titled("abstory gate", FORMAT, fields, {"check": _check()})


def _check() -> Schema:
    line = {"id": TEXT, "status": one_of(Status), "text": TEXT}
    told = {"metric?": TEXT, "reads?": one_of(Reads), "scale?": one_of(("lift", "difference")), "ci?": INTERVAL}
    numbers = dict.fromkeys(("estimate?", "p?", "threshold?", "bound?"), maybe(NUMBER))
    return shaped({**line, **told, **numbers, "figures?": mapped(SCALAR)})
