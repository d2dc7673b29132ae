"""What each factor does on each metric: interactions first, then main effects, and simple effects where they differ.

A family of its own, beside that of the variants: the verdict never looks at it. The main effects of all primaries share
alpha by Bonferroni, and their interactions by Holm; on any other metric its own do, as exploration. Simple effects are
read only where an interaction was found, and share alpha among those shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from abstory.analysis import factor_cells
from abstory.analysis.factor_contrasts import Asked, Question
from abstory.experiment import Experiment, Role
from abstory.results.factors import FactorResult, Interaction
from abstory.stats.estimate import Effect
from abstory.stats.factorial_layout import Layout, Model, additive, saturated
from abstory.stats.moments import Moments
from abstory.stats.multiplicity import Bonferroni, holm
from abstory.stats.reading import Reading


def factors(question: Question) -> tuple[FactorResult, ...]:
    """Every metric, in declared order; nothing where the variants differ in one unordered factor only."""
    laid = factor_cells.layout(question.experiment)
    if laid is None:
        return ()
    found = factor_cells.pooled(question.experiment, laid, question.moments)
    model = _model(question.experiment, laid, found)
    asked = [Asked(question, outcome, model, found) for outcome in question.experiment.outcomes]
    primary = [one for one in asked if one.outcome.role is Role.PRIMARY]
    alone = [[one] for one in asked if one.outcome.role is not Role.PRIMARY]
    told = {id(one.outcome): one for family in (primary, *alone) for one in _Family(tuple(family)).results()}
    return tuple(told[id(one.outcome)] for one in asked)


def notes(told: Sequence[FactorResult]) -> Iterator[str]:
    """How factors were read, for the foot of a report."""
    shown = [one for one in told if any(isinstance(effect.effect, Effect) for effect in one.effects)]
    if not shown:
        return
    first = shown[0]
    weights = "weighing alike" if first.weights == "equal" else "weighing as they were met"
    shared = f"Bonferroni over {first.family}" if first.family > 1 else "one effect"
    yield f"a factor's effect is averaged over the others, their combinations {weights}; {shared}"
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
        tests = [[one.interaction(term) for term in one.terms(whole=True)] for one in self.asked]
        every = [test for some in tests for test in some]
        adjusted = iter(self._adjusted(every))
        settled = [[next(adjusted) for _ in some] for some in tests]
        shown = sum(
            len(a.conditions(t.factors)) for a, some in zip(self.asked, settled, strict=True) for t in some if t.found
        )
        levels = self._level(sum(test.df for test in every)), self._level(shown)
        return [
            self._result(one, tuple(_explained(one, test, *levels) for test in some), len(every))
            for one, some in zip(self.asked, settled, strict=True)
        ]

    @property
    def _unadjusted(self) -> bool:
        return self.asked[0].question.experiment.analysis.multiplicity == "none"

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
        size = sum(each.readable() for each in self.asked)
        reading, found = self._level(size), [each.factors for each in interactions if each.found]
        effects = (one.effect(name, level, reading) for name, level in one.contrasts())
        return FactorResult(
            one.outcome,
            "observed" if one.observed else "equal",
            "saturated" if len(one.model.kept) == len(one.layout.cells) else "additive",
            1 if self._unadjusted else max(1, size),
            tuple(replace(effect, differs_by=_others(effect.factor, found)) for effect in effects),
            tuple(
                one.trend(name, reading) for name, levels in one.layout.factors.items() if factor_cells.ordered(levels)
            ),
            interactions,
            tests,
            one.cells.flagged,
            one.cells.shared is not None,
            one.terms(whole=False),
        )


def _explained(one: Asked, test: Interaction, parts: Reading, simple: Reading) -> Interaction:
    """With its contrasts, and where it was found the effects at each level of the others."""
    if test.p_value is None:
        return test
    told = replace(test, parts=one.parts(test.factors, parts))
    if not test.found:
        return told
    shown = tuple(one.effect(name, level, simple, given) for name, level, given in one.conditions(test.factors))
    return replace(told, simple=shown, odds_p=one.odds_p(test.factors))


def _others(factor: str, found: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    named = (name for factors in found if factor in factors for name in factors if name != factor)
    return tuple(dict.fromkeys(named))
