"""Which effects of factors are asked of one metric, and what they mean in cells: decided by what is declared alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.analysis.words import reads
from abstory.experiment import Experiment, Outcome
from abstory.results import Reads
from abstory.results.factors import Levels
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.factorial_layout import Layout, Model, Term

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MOST_FACTORS = {"none": 1, "pairs": 2, "all": 8}


@dataclass(frozen=True, eq=False)
class Terms:
    """The effects of factors on one metric, whoever reads them.

    Attributes:
        experiment: as the file declares it.
        outcome: the metric in its role.
        model: of the declared cells.
        withheld: why no effect of it may be shown now; None where they may.
    """

    experiment: Experiment
    outcome: Outcome
    model: Model
    withheld: Undetermined | None

    @property
    def layout(self) -> Layout:
        return self.model.layout

    def contrasts(self) -> list[tuple[str, str]]:
        """Factor and level of every main effect."""
        return [(name, level) for name, levels in self.layout.factors.items() for level in levels[1:]]

    def readable(self) -> int:
        """How many main effects can be read: decided by what is declared, never by outcomes."""
        return sum(self.comparable((name,)) and self.model.whole((name,)) for name, _ in self.contrasts())

    def interactions(self, *, whole: bool) -> tuple[Term, ...]:
        """Those of the order asked for that have a meaning: those the cells tell, or those they do not."""
        most = _MOST_FACTORS[self.experiment.analysis.interactions]
        asked = (term for term in self.layout.terms() if 2 <= len(term) <= most and self.comparable(term))
        return tuple(term for term in asked if self.model.whole(term) is whole)

    def conditions(self, term: Term) -> list[tuple[str, str, Levels]]:
        """Every level of a factor but the first, at every combination of the term's other factors."""
        return [
            (name, level, given)
            for name in term
            for level in self.layout.factors[name][1:]
            for given in self.combined(tuple(other for other in term if other != name))
            if self.comparable((name,))
        ]

    def combined(self, term: Term, first: int = 0) -> Iterator[Levels]:
        """Every combination of the term's levels, from the one numbered `first` on."""
        for levels in itertools.product(*(self.layout.factors[name][first:] for name in term)):
            yield tuple(zip(term, levels, strict=True))

    def apart(self, levels: Levels) -> Floats:
        """Weights over cells of differences of differences from the references, to the order of the levels."""
        import numpy as np

        weights = np.zeros(len(self.layout.cells))
        for kept in itertools.product((True, False), repeat=len(levels)):
            named = zip(levels, kept, strict=True)
            at = {name: level if keep else self.layout.factors[name][0] for (name, level), keep in named}
            weights = weights + (-1) ** kept.count(False) * self.model.at(at)
        return weights

    def comparable(self, moved: Term) -> bool:
        """Whether the metric means the same at all levels: some do not at all lengths."""
        return self.outcome.metric.across_lengths or "length" not in moved

    def unread(self, moved: Term, involved: Term) -> Undetermined | None:
        """Why nothing is said of a contrast now, whatever its data.

        Args:
            moved: factors whose levels it compares.
            involved: these and whatever is held.
        """
        if self.withheld:
            return self.withheld
        if not self.comparable(moved):
            return Undetermined(Reason.NOT_COMPARABLE, " and ".join(self.layout.factors["length"]))
        orders = range(1, len(involved) + 1)
        terms = itertools.chain.from_iterable(itertools.combinations(involved, order) for order in orders)
        gone = next((term for term in terms if not self.model.whole(self._in_order(term))), None)
        if gone is None:
            return None
        return Undetermined(Reason.ALIASED, " or ".join(map(crossed, (gone, *self.aliases(gone)))))

    def aliases(self, term: Term) -> tuple[Term, ...]:
        """What the cells cannot tell from a term: those of the lowest order."""
        return _least(self.model.aliases(self._in_order(term)))

    def word(self, effect: Effect | Undetermined) -> Reads:
        """What an effect reads as."""
        if isinstance(effect, Undetermined) and effect.reason is Reason.NOT_COMPARABLE:
            return Reads.DESCRIPTIVE
        return reads(effect, self.outcome.metric.direction)

    def _in_order(self, term: Term) -> Term:
        return tuple(name for name in self.layout.factors if name in term)


def crossed(term: Term) -> str:
    """A term as a reader sees it: `filter x cta`."""
    return " x ".join(term) or "the overall level"


def _least(terms: Sequence[Term]) -> tuple[Term, ...]:
    return tuple(term for term in terms if len(term) == len(terms[0]))
