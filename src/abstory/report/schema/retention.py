"""The schema of `retention`: curves by second, and what is compared of them."""

from __future__ import annotations

from abstory.report.schema.words import (
    COUNT,
    INTERVAL,
    NUMBER,
    SHARE,
    TEXT,
    Schema,
    known,
    listed,
    maybe,
    named,
    shaped,
)

_ESTIMATE = shaped({"estimate": NUMBER, "ci": INTERVAL})

RETENTION: Schema = shaped(
    {
        "unit": {"const": "view"},
        "horizon": COUNT,
        "hook": COUNT,
        "curves": listed(named("curve")),
        "comparisons": listed(named("lasting")),
    }
)

DEFINITIONS: Schema = {
    "curve": shaped(
        {
            "variant": TEXT,
            "length": maybe(NUMBER),
            "viewers": COUNT,
            "views": COUNT,
            "untimed": COUNT,
            "seconds": listed(named("second")),
            **known("mean", _ESTIMATE),
            **known("finishing", _ESTIMATE),
        }
    ),
    "second": shaped(
        {
            "at": NUMBER,
            "watching": SHARE,
            **known("ci", INTERVAL),
            **known("band", INTERVAL),
            "leaving": SHARE,
            "at_risk": COUNT,
        }
    ),
    "lasting": shaped(
        {
            "variant": TEXT,
            **known("difference", _ESTIMATE),
            **known("lift", _ESTIMATE),
            **known("p"),
            **known("log_rank"),
            "log_rank_p": maybe(SHARE),
            "effect_unknown?": named("unknown"),
        }
    ),
}
