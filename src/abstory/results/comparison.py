"""One treatment against control on one metric, and one metric over all variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from abstory.experiment import Outcome
from abstory.stats.estimate import AtStop, Effect, Undetermined
from abstory.stats.moments import Sample, Tally


class Reads(StrEnum):
    """The word for a comparison, from its interval; where p is adjusted step by step, from that p.

    BETTER / WORSE: the interval excludes 0, on the good / bad side of the metric's direction.
    UNCLEAR: it holds 0. EQUIVALENT: it holds 0 and, at 1 − 2 alpha, lies inside the declared margins.
    HOLDS: a guardrail's bound lies inside its margin. NOT_SHOWN_SAFE: it does not.
    HARMED: a guardrail is shown to be beyond its margin. UNKNOWN: Undetermined.
    """

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"
    EQUIVALENT = "equivalent"
    HOLDS = "holds"
    NOT_SHOWN_SAFE = "not shown safe"
    HARMED = "harmed"
    UNKNOWN = "unknown"
    DESCRIPTIVE = "not compared"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One treatment against control on one metric.

    Attributes:
        variant: the treatment.
        value: the treatment's rate, mean or ratio; Undetermined with no viewer.
        effect: difference, lift, interval and p of one reading, or why not.
        reads: the word.
        bound: guardrails only: the one-sided bound on the bad side, on the scale of the margin
            (a lift for a relative margin, a difference for an absolute one).
        p_adjusted: where a procedure goes step by step (Holm, Hochberg, gatekeeping): the p that `reads` follows;
            interval and p of `effect` are then Bonferroni's. None where the p of `effect` is the adjusted one.
        at_stop: of a group sequential look that stops on this comparison; None elsewhere.
        shrunken: of a primary metric with several treatments: the treatment's value drawn towards the others'.
    """

    variant: str
    value: float | Undetermined
    effect: Effect | Undetermined
    reads: Reads
    bound: float | Undetermined | None = None
    p_adjusted: float | None = None
    at_stop: AtStop | None = None
    shrunken: float | None = None

    @property
    def p_value(self) -> float | None:
        """The p that the word follows; None where there is no effect."""
        own = self.effect.p_value if isinstance(self.effect, Effect) else None
        return own if self.p_adjusted is None else self.p_adjusted


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric over all variants.

    Attributes:
        outcome: the metric in its role, with its MDE or margin.
        control: the control's value.
        comparisons: every treatment, in declared order.
        samples: the evidence of each variant whose value is known, control included, untouched by covariates.
    """

    outcome: Outcome
    control: float | Undetermined
    comparisons: tuple[Comparison, ...]
    samples: Mapping[str, Tally | Sample] = field(default_factory=dict)

    def against(self, variant: str) -> Comparison:
        """The comparison of one treatment. Raises KeyError for control or an unknown name."""
        for comparison in self.comparisons:
            if comparison.variant == variant:
                return comparison
        raise KeyError(variant)
