"""The decision ledger: a table for people, the `ledger/1` document for programs.

`ledger/1`: `abstory`, `looks` (by experiment, how often different data were looked at) and `calls` [{experiment,
asked_at, asked_by, as_of, asked (the variant asked about), outcome, ruling, variant, fingerprint, data_hash}], oldest
first; UTC.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.text import Text

from abstory import digits
from abstory.ledger import looks
from abstory.report.json import Plain, instant
from abstory.report.look import Look
from abstory.report.prose import paragraph
from abstory.report.tables import Column, lay
from abstory.warehouse.decisions import Decided

FORMAT = "ledger/1"


def lines(decided: Sequence[Decided], look: Look) -> list[Text]:
    """A row a call, oldest first, and how many looks they make."""
    if not decided:
        return paragraph("", "no gate was asked yet: abstory gate KEY asks one, and is written down", look.width)
    columns = [
        Column("asked (UTC)", tuple(digits.minute(one.asked_at_us).removesuffix(" UTC") for one in decided)),
        Column("experiment", tuple(look.say(one.experiment) for one in decided), own=True),
        Column("answer", tuple(look.say(_answer(one)) for one in decided), own=True),
        Column("by", tuple(look.say(one.asked_by) for one in decided), drop=1, name="by"),
        Column("data", tuple(one.data_hash[:8] for one in decided), drop=2, name="data"),
    ]
    table = lay(columns, look.width, look.plain("─"))
    hidden = paragraph("hidden: ", ", ".join(table.dropped), look.width, style="dim") if table.dropped else []
    return [*table.lines, *hidden, *(line for line in _counted(decided, look))]


def _answer(one: Decided) -> str:
    told = json.loads(one.document)["verdict"]
    about = f" (asked of {one.variant})" if one.variant else ""
    variant = f" {told['variant']}" if told["variant"] else ""
    return f"{one.outcome}: {told['ruling']}{variant}{about}"


def _counted(decided: Sequence[Decided], look: Look) -> list[Text]:
    told = [
        f"{look.say(key)}: {calls} call{'' if calls == 1 else 's'}, {seen} look{'' if seen == 1 else 's'}"
        for key, (calls, seen) in _by_experiment(decided).items()
    ]
    return paragraph("", "; ".join(told), look.width)


def _by_experiment(decided: Sequence[Decided]) -> dict[str, tuple[int, int]]:
    found: dict[str, list[Decided]] = {}
    for one in decided:
        found.setdefault(one.experiment, []).append(one)
    return {key: (len(calls), looks(calls)) for key, calls in found.items()}


def document(decided: Sequence[Decided]) -> Plain:
    """The `ledger/1` document as plain values."""
    return {
        "abstory": FORMAT,
        "looks": {key: seen for key, (_, seen) in _by_experiment(decided).items()},
        "calls": [_plain(one) for one in decided],
    }


def _plain(one: Decided) -> Plain:
    told = json.loads(one.document)["verdict"]
    return {
        "experiment": one.experiment,
        "asked_at": instant(one.asked_at_us),
        "asked_by": one.asked_by,
        "as_of": instant(one.as_of_us),
        "asked": one.variant,
        "outcome": one.outcome,
        "ruling": told["ruling"],
        "variant": told["variant"],
        "fingerprint": one.fingerprint,
        "data_hash": one.data_hash,
    }
