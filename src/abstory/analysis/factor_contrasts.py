"""One metric's cells, with the contrasts that a factorial reading asks of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from abstory.analysis import factor_cells, readings
from abstory.analysis.words import reads
from abstory.experiment import Experiment, Outcome
from abstory.results import Look, Reads
from abstory.results.factors import CellMean, FactorEffect, Interaction, Levels, Part, Trend
from abstory.stats import factorial
from abstory.stats.estimate import Effect, Reason, Undetermined
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

_MOST_FACTORS = {"none": 1, "pairs": 2, "all": 8}
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
        outcome: the metric in its role.
        model: of the declared cells.
        found: moments by cell, in the layout's order.
    """

    question: Question
    outcome: Outcome
    model: Model
    found: Mapping[str, Moments]

    @property
    def layout(self) -> Layout:
        return self.model.layout

    @cached_property
    def cells(self) -> factorial.Cells:
        """The evidence."""
        return factor_cells.evidence(self.question.experiment, self.outcome.metric, self.found)

    @cached_property
    def base(self) -> Reading:
        """The declared way of looking; always valid is tuned to the planned viewers of all cells."""
        experiment = self.question.experiment
        base = readings.base(experiment, self.question.look)
        if not isinstance(base, AlwaysValid):
            return base
        return replace(base, planned=experiment.decision.min_per_variant * len(experiment.variants))

    @property
    def observed(self) -> bool:
        """Whether combinations weigh as they were met."""
        return self.question.experiment.analysis.factor_weights == "observed" and self.layout.full

    def contrasts(self) -> list[tuple[str, str]]:
        """Factor and level of every main effect."""
        return [(name, level) for name, levels in self.layout.factors.items() for level in levels[1:]]

    def readable(self) -> int:
        """How many main effects can be read: decided by what is declared, never by outcomes."""
        return sum(self._comparable((name,)) and self.model.whole((name,)) for name, _ in self.contrasts())

    def terms(self, *, whole: bool) -> tuple[Term, ...]:
        """Interactions of the order asked for that have a meaning: those the cells tell, or those they do not."""
        most = _MOST_FACTORS[self.question.experiment.analysis.interactions]
        asked = (term for term in self.layout.terms() if 2 <= len(term) <= most and self._comparable(term))
        return tuple(term for term in asked if self.model.whole(term) is whole)

    def effect(self, factor: str, level: str, reading: Reading, given: Levels = ()) -> FactorEffect:
        """A main effect, or with `given` a simple one."""
        held, reference = dict(given), self.layout.factors[factor][0]
        effect = self._unread((factor,), (factor, *held)) or factorial.marginal(
            self.cells, self._mean({factor: level, **held}), self._mean({factor: reference, **held}), reading
        )
        aliases = _least(self.model.aliases((factor,)))
        return FactorEffect(factor, level, reference, effect, self._word(effect), given, (), aliases)

    def trend(self, factor: str, reading: Reading) -> Trend:
        """An ordered factor's slope, and what the line leaves."""
        levels = self.layout.factors[factor]
        if unread := self._unread((factor,), (factor,)):
            return Trend(FactorEffect(factor, PER_SECOND, levels[0], unread, self._word(unread)), unread)
        reference = self._mean({factor: levels[0]})
        slope, rest = _line(factor_cells.ordered(levels), [self._mean({factor: level}) for level in levels])
        effect = factorial.marginal(self.cells, reference + slope, reference, reading)
        bent = factorial.omnibus_p(self.cells, rest, self.base)
        told = FactorEffect(factor, PER_SECOND, levels[0], effect, self._word(effect))
        return Trend(told, bent if isinstance(bent, Undetermined) else bent[1])

    def interaction(self, term: Term) -> Interaction:
        """Tested, and not adjusted yet."""
        test = self._unread(term, term) or factorial.omnibus_p(self.cells, self.model.coefficients(term), self.base)
        aliases = _least(self.model.aliases(term))
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
            means=tuple(CellMean(levels, self._value(levels)) for levels in self._combined(term)),
            aliases=aliases,
        )

    def parts(self, term: Term, reading: Reading) -> tuple[Part, ...]:
        """Every contrast of an interaction's levels with their references."""
        told = (
            (levels, factorial.contrast(self.cells, self._apart(levels), reading)) for levels in self._combined(term, 1)
        )
        return tuple(Part(levels, one.estimate) for levels, one in told if not isinstance(one, Undetermined))

    def conditions(self, term: Term) -> list[tuple[str, str, Levels]]:
        """Every level of a factor but the first, at every combination of the term's other factors."""
        return [
            (name, level, given)
            for name in term
            for level in self.layout.factors[name][1:]
            for given in self._combined(tuple(other for other in term if other != name))
            if self._comparable((name,))
        ]

    def odds_p(self, term: Term) -> float | None:
        """P of a term on the odds scale; None for anything but rates that are known in every cell."""
        tallies = [one for one in self.cells.evidence if isinstance(one, Tally)]
        if len(tallies) < len(self.cells.evidence):
            return None
        ratio = likelihood_ratio(self.model, tallies, term)
        return None if isinstance(ratio, Undetermined) else chi_square_p(ratio, self.layout.df(term))

    def _mean(self, levels: Mapping[str, str]) -> Floats:
        if self.observed and len(levels) == 1:
            return self.layout.observed([one.n for one in self.found.values()], *next(iter(levels.items())))
        return self.model.at(levels)

    def _value(self, levels: Levels) -> float:
        return float(self.model.at(dict(levels)) @ self.cells.means)

    def _apart(self, levels: Levels) -> Floats:
        """Differences of differences from the references, to the order of the levels."""
        import numpy as np

        weights = np.zeros(len(self.layout.cells))
        for kept in itertools.product((True, False), repeat=len(levels)):
            named = zip(levels, kept, strict=True)
            at = {name: level if keep else self.layout.factors[name][0] for (name, level), keep in named}
            weights = weights + (-1) ** kept.count(False) * self.model.at(at)
        return weights

    def _combined(self, term: Term, first: int = 0) -> Iterator[Levels]:
        for levels in itertools.product(*(self.layout.factors[name][first:] for name in term)):
            yield tuple(zip(term, levels, strict=True))

    def _comparable(self, moved: Term) -> bool:
        """Whether the metric means the same at all levels: some do not at all lengths."""
        return self.outcome.metric.across_lengths or "length" not in moved

    def _unread(self, moved: Term, involved: Term) -> Undetermined | None:
        """Why nothing is said of a contrast now, whatever its data."""
        if self.question.withheld:
            return self.question.withheld
        if not self._comparable(moved):
            return Undetermined(Reason.NOT_COMPARABLE, " and ".join(self.layout.factors["length"]))
        orders = range(1, len(involved) + 1)
        terms = itertools.chain.from_iterable(itertools.combinations(involved, order) for order in orders)
        gone = next((term for term in terms if not self.model.whole(_in_order(term, self.layout))), None)
        if gone is None:
            return None
        others = _least(self.model.aliases(_in_order(gone, self.layout)))
        return Undetermined(Reason.ALIASED, " or ".join(map(crossed, (gone, *others))))

    def _word(self, effect: Effect | Undetermined) -> Reads:
        if isinstance(effect, Undetermined) and effect.reason is Reason.NOT_COMPARABLE:
            return Reads.DESCRIPTIVE
        return reads(effect, self.outcome.metric.direction)


def crossed(term: Term) -> str:
    """A term as a reader sees it: `filter x cta`."""
    return " x ".join(term) or "the overall level"


def _in_order(term: Term, layout: Layout) -> Term:
    return tuple(name for name in layout.factors if name in term)


def _least(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Those of the lowest order."""
    return tuple(term for term in terms if len(term) == len(terms[0]))


def _line(seconds: Sequence[float], means: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Weights over cells of the slope of a line through levels, and of what it leaves, one row a contrast."""
    import numpy as np

    rows, away = np.array(means), np.array(seconds) - np.mean(seconds)
    basis = np.linalg.qr(np.column_stack([np.ones(len(away)), away]), mode="complete")[0]
    return away @ rows / (away @ away), basis[:, 2:].T @ rows
