"""May the data be trusted? Checks that come before any lift; one that fails withholds every effect."""

from __future__ import annotations

from collections.abc import Callable

from abstory.quality.airtime import AIRTIME
from abstory.quality.arrival import crossover, differs, drift, mismatch, smaller_shares, srm, unknown_variant
from abstory.quality.before import covariates
from abstory.quality.counts import COUNTS, age, immature, silent
from abstory.quality.days import daily_split, fading_by_day, late, novelty
from abstory.quality.evidence import Evidence
from abstory.quality.lateness import arrived_late
from abstory.quality.segments import segment_split, split_by, watched
from abstory.quality.surprise import surprise
from abstory.results import Check

Ask = Callable[[Evidence], Check]
WITHHOLDING: tuple[Ask, ...] = (srm, crossover, drift, unknown_variant, covariates)
"""The checks that can fail."""
INFORMING: tuple[Ask, ...] = (
    mismatch,
    silent,
    daily_split,
    segment_split,
    surprise,
    novelty,
    late,
    arrived_late,
    age,
    immature,
    *AIRTIME,
    *COUNTS,
)
"""The checks that only warn."""


def checks(evidence: Evidence, asked: tuple[Ask, ...] = WITHHOLDING + INFORMING) -> tuple[Check, ...]:
    """What was asked, else every check, most important first."""
    return tuple(check(evidence) for check in asked)


__all__ = [
    "INFORMING",
    "WITHHOLDING",
    "Evidence",
    "checks",
    "differs",
    "fading_by_day",
    "smaller_shares",
    "split_by",
    "watched",
]
