"""Comparisons, estimates and numbers as plain values: what is not known is null, with its reason beside it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from abstory.results import Comparison, ExperimentResult
from abstory.stats.estimate import AtStop, Effect, Estimate, Reason, Undetermined

Plain = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_FINITE = Undetermined(Reason.NO_VARIATION, "not a finite number")


def comparison(result: ExperimentResult, told: Comparison) -> Plain:
    """One treatment against control, nothing of its effect where the data are not to be trusted."""
    withheld = Undetermined(Reason.UNTRUSTED)
    read = told.effect if result.trusted else withheld
    bound = told.bound if result.trusted or told.bound is None else withheld
    reads = told.reads.value if result.trusted else "unknown"
    plain = {"variant": told.variant, **known("value", told.value), "reads": reads}
    plain |= effect(read) | known("bound", bound)
    shown = told if result.trusted else None
    return plain | {
        "p_adjusted": shown.p_adjusted if shown else None,
        "shrunken": shown.shrunken if shown else None,
        "at_stop": _at_stop(shown.at_stop) if shown and shown.at_stop else None,
    }


def _at_stop(told: AtStop) -> Plain:
    lift = estimate("lift", told.lift) if told.lift else {"lift": None}
    return estimate("difference", told.difference) | lift | {"p": told.p_value}


def effect(told: Effect | Undetermined) -> Plain:
    """Difference and lift with their test; all null, and why, where there is none."""
    if isinstance(told, Undetermined):
        names = ("difference", "lift", "statistic", "p", "critical", "standard_error", "method")
        return dict.fromkeys(names) | {"effect_unknown": why(told)}
    return {
        **estimate("difference", told.difference),
        **estimate("lift", told.lift),
        **known("statistic", told.statistic),
        **known("p", told.p_value),
        **known("critical", told.critical),
        **known("standard_error", told.standard_error),
        "method": told.method,
    }


def estimate(name: str, told: Estimate | Undetermined) -> Plain:
    """`{estimate, ci}` under `name`; an end that is null is unbounded."""
    if isinstance(told, Undetermined):
        return {name: None, f"{name}_unknown": why(told)}
    ends = [finite(told.interval.low), finite(told.interval.high)]
    return {name: {"estimate": finite(told.value), "ci": ends}}


def known(name: str, value: float | Undetermined | None) -> Plain:
    """The value under `name`; null, and why, where it is not known or no number."""
    if isinstance(value, float) and not math.isfinite(value):
        value = _NOT_FINITE
    return {name: None, f"{name}_unknown": why(value)} if isinstance(value, Undetermined) else {name: value}


def why(told: Undetermined) -> Plain:
    """`{reason, detail}`."""
    return {"reason": told.reason.value, "detail": told.detail}


def finite(value: float | str | None) -> float | str | None:
    """The value, null for NaN and the infinities."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def instant(us: int | None) -> str | None:
    """Microseconds UTC as `2026-12-07T12:00:00Z`; null for None and for times no calendar holds."""
    try:
        told = None if us is None else _EPOCH + timedelta(microseconds=us)
    except OverflowError:
        return None
    return told.isoformat().replace("+00:00", "Z") if told else None
