"""One metric's cells, with the contrasts that a factorial reading asks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from abstory.analysis import factor_cells, readings
from abstory.analysis.factor_terms import Terms
from abstory.experiment import Experiment
from abstory.results import Look
from abstory.results.factors import CellMean, FactorEffect, Interaction, Levels, Part, Trend
from abstory.stats import factorial
from abstory.stats.estimate import Undetermined
from abstory.stats.factorial_layout import Layout, Model, Term
from abstory.stats.factorial_logit import likelihood_ratio
from abstory.stats.moments import Moments, Tally
from abstory.stats.reading import Reading
from abstory.stats.sequential import AlwaysValid
from abstory.stats.tails import chi_square_p

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PER_SECOND = "per second"


@dataclass(frozen=True, slots=True)
class Question:
    """Whose factors are asked for, and how they may be read.

    Attributes:
        experiment: as the file declares it.
        moments: of every variant.
        withheld: why no effect may be shown now; None where they may.
        look: of a group sequential design.
    """

    experiment: Experiment
    moments: Mapping[str, Moments]
    withheld: Undetermined | None = None
    look: Look | None = None


@dataclass(frozen=True, eq=False)
class Asked:
    """One metric over all cells.

    Attributes:
        question: whose factors.
        terms: what is asked of the metric.
        found: moments by cell, in the layout's order.
    """

    question: Question
    terms: Terms
    found: Mapping[str, Moments]

    @property
    def layout(self) -> Layout:
        return self.terms.layout

    @property
    def model(self) -> Model:
        return self.terms.model

    @cached_property
    def cells(self) -> factorial.Cells:
        """The evidence."""
        return factor_cells.evidence(self.question.experiment, self.terms.outcome.metric, self.found)

    @cached_property
    def base(self) -> Reading:
        """The declared way of looking; always valid is tuned to the planned viewers of all cells."""
        experiment = self.question.experiment
        base = readings.base(experiment, self.question.look)
        if not isinstance(base, AlwaysValid):
            return base
        return replace(base, planned=experiment.decision.min_per_variant * len(experiment.variants))

    @property
    def weights(self) -> str:
        """Whether combinations weigh alike, or as they were met."""
        observed = self.question.experiment.analysis.factor_weights == "observed" and self.layout.full
        return "observed" if observed else "equal"

    @property
    def flagged(self) -> tuple[str, ...]:
        """Cells where all viewers or none did."""
        return self.cells.flagged

    @property
    def adjusted(self) -> bool:
        """Whether covariates entered."""
        return self.cells.shared is not None

    def effect(self, factor: str, level: str, reading: Reading, given: Levels = ()) -> FactorEffect:
        """A main effect, or with `given` a simple one."""
        held, reference = dict(given), self.layout.factors[factor][0]
        effect = self.terms.unread((factor,), (factor, *held)) or factorial.marginal(
            self.cells, self._mean({factor: level, **held}), self._mean({factor: reference, **held}), reading
        )
        aliases = self.terms.aliases((factor,))
        return FactorEffect(factor, level, reference, effect, self.terms.word(effect), given, (), aliases)

    def trends(self, reading: Reading) -> tuple[Trend, ...]:
        """Slopes of ordered factors."""
        ordered = (name for name, levels in self.layout.factors.items() if factor_cells.ordered(levels))
        return tuple(self._trend(name, reading) for name in ordered)

    def _trend(self, factor: str, reading: Reading) -> Trend:
        """An ordered factor's slope, and what the line leaves."""
        levels = self.layout.factors[factor]
        if unread := self.terms.unread((factor,), (factor,)):
            return Trend(FactorEffect(factor, PER_SECOND, levels[0], unread, self.terms.word(unread)), unread)
        reference = self._mean({factor: levels[0]})
        slope, rest = _line(factor_cells.ordered(levels), [self._mean({factor: level}) for level in levels])
        effect = factorial.marginal(self.cells, reference + slope, reference, reading)
        bent = factorial.omnibus_p(self.cells, rest, self.base)
        told = FactorEffect(factor, PER_SECOND, levels[0], effect, self.terms.word(effect))
        return Trend(told, bent if isinstance(bent, Undetermined) else bent[1])

    def interaction(self, term: Term) -> Interaction:
        """Tested, and not adjusted yet."""
        test = self.terms.unread(term, term) or factorial.omnibus_p(
            self.cells, self.model.coefficients(term), self.base
        )
        aliases = self.terms.aliases(term)
        if isinstance(test, Undetermined):
            return Interaction(term, self.layout.df(term), test, None, None, found=False, aliases=aliases)
        wald, p = test
        return Interaction(
            term,
            wald.df,
            wald.statistic,
            p,
            None,
            found=False,
            means=tuple(CellMean(levels, self._value(levels)) for levels in self.terms.combined(term)),
            aliases=aliases,
        )

    def parts(self, term: Term, reading: Reading) -> tuple[Part, ...]:
        """Every contrast of an interaction's levels with their references."""
        told = (
            (levels, factorial.contrast(self.cells, self.terms.apart(levels), reading))
            for levels in self.terms.combined(term, 1)
        )
        return tuple(Part(levels, one.estimate) for levels, one in told if not isinstance(one, Undetermined))

    def odds_p(self, term: Term) -> float | None:
        """P of a term on the odds scale; None for anything but rates that are known in every cell."""
        tallies = [one for one in self.cells.evidence if isinstance(one, Tally)]
        if len(tallies) < len(self.cells.evidence):
            return None
        ratio = likelihood_ratio(self.model, tallies, term)
        return None if isinstance(ratio, Undetermined) else chi_square_p(ratio, self.layout.df(term))

    def _mean(self, levels: Mapping[str, str]) -> Floats:
        if self.weights == "observed" and len(levels) == 1:
            return self.layout.observed([one.n for one in self.found.values()], *next(iter(levels.items())))
        return self.model.at(levels)

    def _value(self, levels: Levels) -> float:
        return float(self.model.at(dict(levels)) @ self.cells.means)


def _line(seconds: Sequence[float], means: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Weights over cells of the slope of a line through levels, and of what it leaves, one row a contrast."""
    import numpy as np

    rows, away = np.array(means), np.array(seconds) - np.mean(seconds)
    basis = np.linalg.qr(np.column_stack([np.ones(len(away)), away]), mode="complete")[0]
    return away @ rows / (away @ away), basis[:, 2:].T @ rows
