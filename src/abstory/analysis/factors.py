"""What each factor does on each metric: interactions first, then main effects, and simple effects where they differ.

A family of its own, beside that of the variants: the verdict never looks at it. The main effects of all primaries share
alpha by Bonferroni, and their interactions by Holm; on any other metric its own do, as exploration. Simple effects are
read only where an interaction was found, and share alpha among those shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from abstory.analysis import factor_cells
from abstory.analysis import factor_contrasts as contrasts
from abstory.analysis.factor_contrasts import Question
from abstory.analysis.factor_terms import Terms
from abstory.experiment import Experiment, Role
from abstory.results.factors import FactorEffect, FactorResult, Interaction, Levels, Part, Trend
from abstory.stats.estimate import Effect
from abstory.stats.factorial_layout import Layout, Model, Term, additive, saturated
from abstory.stats.moments import Moments
from abstory.stats.multiplicity import Bonferroni, holm
from abstory.stats.reading import Reading


class Asked(Protocol):
    """One metric, asked what factors do to it, in whatever design."""

    @property
    def terms(self) -> Terms:
        """What is asked."""

    @property
    def base(self) -> Reading:
        """The declared way of looking."""

    @property
    def weights(self) -> str:
        """How combinations of the other factors weigh in a main effect."""

    @property
    def flagged(self) -> tuple[str, ...]:
        """Cells whose error is a cautious one."""

    @property
    def adjusted(self) -> bool:
        """Whether covariates entered."""

    def effect(self, factor: str, level: str, reading: Reading, given: Levels = ()) -> FactorEffect:
        """A main effect, or with `given` a simple one."""

    def trends(self, reading: Reading) -> tuple[Trend, ...]:
        """Slopes of ordered factors."""

    def interaction(self, term: Term) -> Interaction:
        """Tested, and not adjusted yet."""

    def parts(self, term: Term, reading: Reading) -> tuple[Part, ...]:
        """Every contrast of an interaction's levels with their references."""

    def odds_p(self, term: Term) -> float | None:
        """P of a term on the odds scale; None where that has no meaning."""


def factors(question: Question) -> tuple[FactorResult, ...]:
    """Every metric, in declared order; nothing where the variants differ in one unordered factor only."""
    laid = factor_cells.layout(question.experiment)
    if laid is None:
        return ()
    experiment, withheld = question.experiment, question.withheld
    found = factor_cells.pooled(experiment, laid, question.moments)
    model = _model(experiment, laid, found)
    each = (Terms(experiment, outcome, model, withheld) for outcome in experiment.outcomes)
    return settled([contrasts.Asked(question, terms, found) for terms in each])


def settled(asked: Sequence[Asked]) -> tuple[FactorResult, ...]:
    """Every metric at the level of its family, in the order given."""
    primary = [one for one in asked if one.terms.outcome.role is Role.PRIMARY]
    alone = [[one] for one in asked if one.terms.outcome.role is not Role.PRIMARY]
    families = [_Family(tuple(family)) for family in (primary, *alone) if family]
    told = {id(one.outcome): one for family in families for one in family.results()}
    return tuple(told[id(one.terms.outcome)] for one in asked)


_WEIGHTS = {
    "equal": "their combinations weighing alike",
    "observed": "their combinations weighing as they were met",
    "overlap": "each post weighing its chance of the other level",
}


def notes(told: Sequence[FactorResult]) -> Iterator[str]:
    """How factors were read, for the foot of a report."""
    shown = [one for one in told if any(isinstance(effect.effect, Effect) for effect in one.effects)]
    if not shown:
        return
    first = shown[0]
    shared = f"Bonferroni over {first.family}" if first.family > 1 else "one effect"
    yield f"a factor's effect is averaged over the others, {_WEIGHTS[first.weights]}; {shared}"
    if first.model == "additive":
        yield "a combination has no viewers: factors are read as if none changed another's effect, as declared"
    flagged = sorted({name for one in shown for name in one.flagged})
    if flagged:
        yield f"all viewers or none did, so the error is a cautious one: {', '.join(flagged)}"


def _model(experiment: Experiment, laid: Layout, found: Mapping[str, Moments]) -> Model:
    sizes = [moments.n for moments in found.values()]
    if experiment.analysis.interactions == "none" and any(sizes) and not all(sizes):
        return additive(laid, sizes)
    return saturated(laid)


@dataclass(frozen=True, eq=False)
class _Family:
    """Metrics whose factors share alpha; at least one."""

    asked: tuple[Asked, ...]

    def results(self) -> list[FactorResult]:
        tests = [[one.interaction(term) for term in one.terms.interactions(whole=True)] for one in self.asked]
        every = [test for some in tests for test in some]
        adjusted = iter(self._adjusted(every))
        settled = [[next(adjusted) for _ in some] for some in tests]
        shown = sum(
            len(a.terms.conditions(t.factors))
            for a, some in zip(self.asked, settled, strict=True)
            for t in some
            if t.found
        )
        levels = self._level(sum(test.df for test in every)), self._level(shown)
        return [
            self._result(one, tuple(_explained(one, test, *levels) for test in some), len(every))
            for one, some in zip(self.asked, settled, strict=True)
        ]

    @property
    def _unadjusted(self) -> bool:
        return self.asked[0].terms.experiment.analysis.multiplicity == "none"

    def _level(self, size: int) -> Reading:
        base = self.asked[0].base
        return base if self._unadjusted or size < 2 else Bonferroni(base, size)

    def _adjusted(self, tests: Sequence[Interaction]) -> list[Interaction]:
        """Holm's p; what is not known counts as 1, for it stays in the family."""
        p = [1.0 if test.p_value is None else test.p_value for test in tests]
        stepped, alpha = p if self._unadjusted else holm(p), self.asked[0].base.alpha
        return [
            test if test.p_value is None else replace(test, p_adjusted=own, found=own < alpha)
            for test, own in zip(tests, stepped, strict=True)
        ]

    def _result(self, one: Asked, interactions: tuple[Interaction, ...], tests: int) -> FactorResult:
        size = sum(each.terms.readable() for each in self.asked)
        reading, found = self._level(size), [each.factors for each in interactions if each.found]
        model, terms = one.terms.model, one.terms
        effects = (one.effect(name, level, reading) for name, level in terms.contrasts())
        return FactorResult(
            terms.outcome,
            one.weights,
            "saturated" if len(model.kept) == len(model.layout.cells) else "additive",
            1 if self._unadjusted else max(1, size),
            tuple(replace(effect, differs_by=_others(effect.factor, found)) for effect in effects),
            one.trends(reading),
            interactions,
            tests,
            one.flagged,
            one.adjusted,
            terms.interactions(whole=False),
        )


def _explained(one: Asked, test: Interaction, parts: Reading, simple: Reading) -> Interaction:
    """With its contrasts, and where it was found the effects at each level of the others."""
    if test.p_value is None:
        return test
    told = replace(test, parts=one.parts(test.factors, parts))
    if not test.found:
        return told
    shown = tuple(one.effect(name, level, simple, given) for name, level, given in one.terms.conditions(test.factors))
    return replace(told, simple=shown, odds_p=one.odds_p(test.factors))


def _others(factor: str, found: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    named = (name for factors in found if factor in factors for name in factors if name != factor)
    return tuple(dict.fromkeys(named))
