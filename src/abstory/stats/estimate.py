"""What a statistical method answers: an `Effect`, or `Undetermined` with a reason, never a fake number."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar, dataclass_transform

_C = TypeVar("_C")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[_C]) -> type[_C]:
    """A frozen dataclass to the type checker, an unguarded one at run time, for what every comparison builds anew.

    The guard of `frozen=True` makes an object four times as dear to build.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


class Reason(StrEnum):
    """Why a number cannot be given. The value is the phrase a reader sees."""

    NO_VIEWERS = "no viewers"
    TOO_FEW = "too few viewers"
    TOO_FEW_SLOTS = "too few slots"
    FEW_STORIES = "too few stories"
    TOO_EARLY = "too early to read"
    BEFORE_END = "withheld until the declared end"
    BETWEEN_LOOKS = "withheld until a planned look"
    NO_VARIATION = "no variation"
    TOO_SKEWED = "too skewed for variants of so unequal size"
    NO_DENOMINATOR = "nothing to divide by"
    CONTROL_NEAR_ZERO = "control too near zero for a lift"
    NEGATIVE_CONTROL = "control is negative: no lift"
    NOT_COMPARABLE = "not comparable between lengths"
    EMPTY_CELL = "a combination has no viewers"
    ALIASED = "these variants cannot tell it apart"
    BEYOND = "beyond what was watched"
    DEFINITIONS = "counted in more than one way"
    UNTRUSTED = "data not to be trusted"


@dataclass(frozen=True, slots=True)
class Undetermined:
    """No number, and why.

    Attributes:
        reason: the kind of not knowing.
        detail: figures behind it, such as `12 of 200 viewers`; may be empty.
    """

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else str(self.reason)


@record
class Interval:
    """A closed interval; an end may be infinite, never NaN."""

    low: float
    high: float

    def excludes(self, value: float) -> bool:
        """Whether `value` lies outside."""
        return not self.low <= value <= self.high


@record
class Estimate:
    """A point estimate with the interval of the same method."""

    value: float
    interval: Interval


@record
class Effect:
    """Treatment against control on one metric, read at one critical value.

    `difference.interval` excludes 0 exactly when `p_value < alpha`, and exactly when
    `lift.interval` excludes 0 (where a lift exists): all three come from one statistic
    and one critical value.

    Attributes:
        treatment: the treatment's value (rate, mean or ratio).
        control: the control's value.
        difference: treatment − control, absolute.
        lift: treatment / control − 1, or why there is none.
        statistic: T at a difference of 0.
        p_value: two-sided, of the reading that gave the intervals, multiplicity included.
        critical: the critical value of |T| behind both intervals.
        standard_error: of the difference at the estimate (not the score's restricted one).
        method: the method's name in the table of methods, such as `score` or `welch`.
        removed: share of the difference's variance that covariates took away; None where it is not adjusted.
        skewness: of the difference, >= 0, were there no effect; 0 where it is not known, and for rates.
    """

    treatment: float
    control: float
    difference: Estimate
    lift: Estimate | Undetermined
    statistic: float
    p_value: float
    critical: float
    standard_error: float
    method: str
    removed: float | None = None
    skewness: float = 0.0


@dataclass(frozen=True, slots=True)
class AtStop:
    """An effect corrected for the looks that could have stopped the experiment before, and the one that did.

    Attributes:
        difference: median-unbiased, with an interval that excludes 0 exactly when `p_value` < alpha.
        lift: the same on the relative scale; None where there is no lift.
        p_value: two-sided, of the stage-wise ordering, corrected for the family as the interval is.
    """

    difference: Estimate
    lift: Estimate | None
    p_value: float
