"""The schema of `report/1`."""

from __future__ import annotations

from abstory.experiment import Role
from abstory.metrics import Direction, Unit
from abstory.report.json import FORMAT
from abstory.report.schema.sections import DEFINITIONS, SECTIONS
from abstory.report.schema.words import (
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    INTERVAL,
    NUMBER,
    SCALAR,
    SHARE,
    TEXT,
    UNKNOWN,
    WHOLE,
    Schema,
    known,
    listed,
    mapped,
    maybe,
    named,
    one_of,
    shaped,
    titled,
)
from abstory.results import AsOf, Reads, Ruling, Status


def report() -> Schema:
    """What every `report/1` document holds; rates and lifts are fractions, times UTC."""
    return titled("abstory report", FORMAT, _fields() | SECTIONS, _definitions() | DEFINITIONS)


def _fields() -> Schema:
    about = {"key": TEXT, "title": maybe(TEXT), "hypothesis": maybe(TEXT), "fingerprint": TEXT, "control": TEXT}
    about |= {"unit": {"enum": ["viewer", "post"]}}
    day = shaped({"day": DAY, "variant": TEXT, "viewers": COUNT})
    return {
        "experiment": shaped(about),
        "as_of": maybe(INSTANT),
        "as_of_from": one_of(AsOf),
        "data_end": maybe(INSTANT),
        "first_exposure": maybe(INSTANT),
        "day": WHOLE,
        "days": maybe(COUNT),
        "window": maybe(TEXT),
        "data_hash": maybe(TEXT),
        "verdict": _verdict(),
        "data": shaped({"status": one_of(Status), "trusted": FLAG, "checks": listed(named("check"))}),
        "variants": listed(named("arm")),
        "metrics": listed(named("metric")),
        "exposures_by_day": listed(day),
        "method": _method(),
    }


def _verdict() -> Schema:
    told = {"ruling": one_of(Ruling), "variant": maybe(TEXT), "reasons": listed(TEXT), "days_left": maybe(COUNT)}
    return shaped(told)


def _method() -> Schema:
    look = shaped({"number": COUNT, "share": NUMBER, "as_of": maybe(INSTANT)})
    counts = dict.fromkeys(("planned", "viewers", "seen", "taken"), COUNT)
    return shaped(
        {
            "reading": TEXT,
            "multiplicity": maybe(TEXT),
            "family": COUNT,
            "alpha": SHARE,
            "planned": maybe(COUNT),
            "notes": listed(TEXT),
            "looking": maybe(shaped({**counts, "next_at": maybe(COUNT), "look": maybe(look)})),
        }
    )


def _definitions() -> Schema:
    check = {"id": TEXT, "status": one_of(Status), "said": TEXT, "advice": TEXT, "figures": maybe(mapped(SCALAR))}
    counted = dict.fromkeys(("viewers", "immature", "crossovers"), COUNT)
    return {
        "unknown": UNKNOWN,
        "interval": INTERVAL,
        "estimate": shaped({"estimate": maybe(NUMBER), "ci": named("interval")}),
        "check": shaped(check),
        "arm": shaped({"variant": TEXT, "control": FLAG, **counted, "expected_share": SHARE}),
        "size": shaped({"value": NUMBER, "relative": FLAG, "text": TEXT}),
        "metric": _metric(),
        "comparison": _comparison(),
    }


def _metric() -> Schema:
    return shaped(
        {
            "name": TEXT,
            "kind": TEXT,
            "role": one_of(Role),
            "definition": TEXT,
            "direction": one_of(Direction),
            "unit": one_of(Unit),
            "mde": maybe(named("size")),
            "margin": maybe(named("size")),
            **known("control"),
            "comparisons": listed(named("comparison")),
        }
    )


def _comparison() -> Schema:
    changes = known("difference", named("estimate")) | known("lift", named("estimate"))
    numbers = [known(name) for name in ("statistic", "p", "critical", "standard_error", "bound")]
    return shaped(
        {
            "variant": TEXT,
            **known("value"),
            "reads": one_of(Reads),
            **changes,
            **{name: told for number in numbers for name, told in number.items()},
            "method": maybe(TEXT),
            "effect_unknown?": named("unknown"),
            "p_adjusted": maybe(NUMBER),
            "shrunken": maybe(NUMBER),
            "at_stop": maybe(shaped({**changes, "p": NUMBER})),
        }
    )
