"""How long views last, as plain values: every curve with its bands, and every comparison.

`retention`: {unit, horizon, hook, curves [{variant, length, viewers, views, untimed, seconds [{at, watching, ci, band,
leaving, at_risk}], mean, finishing}], comparisons [{variant, difference, lift, p, log_rank, log_rank_p}]}. Times are
seconds; `watching` and `leaving` are shares of views; `mean` and `difference` seconds watched up to `horizon`.
"""

from __future__ import annotations

from abstory.report.page import Page
from abstory.report.plain.values import Plain, estimate, finite, known, why
from abstory.results import Curve, Lasting, Second
from abstory.stats.estimate import Effect, Interval, Undetermined


def retention(page: Page) -> Plain | None:
    """`{unit, horizon, hook, curves, comparisons}`; None where nobody counted where views ended."""
    told = page.result.retention
    if told is None:
        return None
    return {
        "unit": "view",
        "horizon": told.horizon,
        "hook": told.hook,
        "curves": [_curve(curve) for curve in told.curves],
        "comparisons": [_lasting(one) for one in told.comparisons],
    }


def _curve(curve: Curve) -> Plain:
    return {
        "variant": curve.variant,
        "length": curve.length,
        "viewers": curve.viewers,
        "views": curve.views,
        "untimed": curve.untimed,
        "seconds": [_second(second) for second in curve.seconds],
        **estimate("mean", curve.mean),
        **estimate("finishing", curve.finishing),
    }


def _second(second: Second) -> Plain:
    return {
        "at": second.at,
        "watching": second.watching,
        **_interval("ci", second.interval),
        **_interval("band", second.band),
        "leaving": second.leaving,
        "at_risk": second.at_risk,
    }


def _interval(name: str, told: Interval | Undetermined) -> Plain:
    if isinstance(told, Undetermined):
        return {name: None, f"{name}_unknown": why(told)}
    return {name: [finite(told.low), finite(told.high)]}


def _lasting(one: Lasting) -> Plain:
    plain: Plain = {"variant": one.variant}
    if isinstance(one.mean, Effect):
        plain |= estimate("difference", one.mean.difference) | estimate("lift", one.mean.lift)
        plain |= known("p", one.mean.p_value)
    else:
        plain |= {"difference": None, "lift": None, "p": None, "effect_unknown": why(one.mean)}
    return plain | known("log_rank", one.log_rank) | {"log_rank_p": one.p_value}
