"""What each factor does: effects of its levels, and whether they depend on the other factors."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.experiment import Outcome
from abstory.results.comparison import Reads
from abstory.stats.estimate import Effect, Estimate, Undetermined

Levels = tuple[tuple[str, str], ...]
"""Levels by factor, such as `(("filter", "warm"), ("cta", "none"))`."""


@dataclass(frozen=True, slots=True)
class FactorEffect:
    """One level of a factor against the factor's reference, averaged over the other factors.

    Attributes:
        factor: its name.
        level: what is looked at; of a trend `per second`.
        reference: the factor's first level; the lift is relative to its own mean.
        effect: difference, lift, interval and p of one reading, or why not.
        reads: the word.
        given: levels of other factors that are held fixed (a simple effect); empty for a main effect.
        differs_by: other factors that were found to change this effect: the average then hides that.
        aliases: combinations of factors that these variants cannot tell from this effect.
    """

    factor: str
    level: str
    reference: str
    effect: Effect | Undetermined
    reads: Reads
    given: Levels = ()
    differs_by: tuple[str, ...] = ()
    aliases: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Trend:
    """An ordered factor as a line.

    Attributes:
        slope: change per second of the levels' length, relative to the reference level's mean.
        lack_of_fit: p of the line leaving nothing; below alpha the levels do not lie on it.
    """

    slope: FactorEffect
    lack_of_fit: float | Undetermined


@dataclass(frozen=True, slots=True)
class Part:
    """How much two differences differ: of the levels named against their references, on the metric's own scale."""

    levels: Levels
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class CellMean:
    """The mean of all cells with the levels named, the others weighing alike."""

    levels: Levels
    value: float


@dataclass(frozen=True, slots=True)
class Interaction:
    """Whether the effect of one factor depends on another (or on several).

    Attributes:
        factors: two or more.
        df: contrasts tested at once.
        statistic: Wald's chi-square, of posts the largest t² of its contrasts; or why there is none.
        p_value: unadjusted; None where it is not known.
        p_adjusted: Holm's over the interactions of the metric's family; None where it is not known.
        found: whether p_adjusted lies below alpha.
        parts: every contrast of the interaction, at the level of the whole family (Bonferroni).
        means: of all combinations of the factors' levels, for a grid; empty where a cell is empty.
        simple: where it was found: the first factor's effects at each combination of the others, then the second's.
        odds_p: where it was found: of the same on the odds scale, unadjusted; None for anything but rates.
        aliases: what these variants cannot tell from it.
    """

    factors: tuple[str, ...]
    df: int
    statistic: float | Undetermined
    p_value: float | None
    p_adjusted: float | None
    found: bool
    parts: tuple[Part, ...] = ()
    means: tuple[CellMean, ...] = ()
    simple: tuple[FactorEffect, ...] = ()
    odds_p: float | None = None
    aliases: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class FactorResult:
    """What every factor does on one metric.

    Attributes:
        outcome: the metric in its role.
        weights: `equal`, or `observed`: how combinations of the other factors weigh in a main effect; of posts
            `overlap`: each post weighs its chance of the other level.
        model: `saturated`, or `additive` where interactions are declared away and a cell is empty.
        family: effects that share alpha.
        effects: main effects, factor by factor.
        trends: of ordered factors with three levels or more.
        interactions: those that were tested, lowest order first.
        tests: interactions that share alpha by Holm's steps.
        flagged: variants' cells where all viewers did or none: their variance is a cautious one.
        adjusted: whether covariates entered.
        untold: interactions of the order asked for that these variants cannot tell at all.
    """

    outcome: Outcome
    weights: str
    model: str
    family: int
    effects: tuple[FactorEffect, ...]
    trends: tuple[Trend, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    tests: int = 0
    flagged: tuple[str, ...] = ()
    adjusted: bool = False
    untold: tuple[tuple[str, ...], ...] = ()

    @property
    def found(self) -> tuple[Interaction, ...]:
        """Interactions shown to be there."""
        return tuple(one for one in self.interactions if one.found)
