"""Which effects a set of cells can tell apart: effect-coded terms, what is aliased with what, and coefficients.

Columns are effect-coded (each factor's sum to zero), so a term's coefficients are deviations averaged with equal
weight over the levels of every other factor. Over K cells at most K columns are independent; they are taken in order,
main effects first, as R's `lm` does, and whatever is left out is aliased with what is kept (Wu & Hamada, Experiments,
3rd ed. 2021, sections 5.2 and 6.4).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Term = tuple[str, ...]
OVERALL: Term = ()
_MOST_COLUMNS = 4096
_DEPENDENT = 1e-9
_NO_LOAD = 1e-8


@dataclass(frozen=True)
class Layout:
    """Declared cells of a factorial experiment.

    Attributes:
        factors: levels by name of the factor, at least two each.
        cells: one level a factor, in the factors' order; no two alike.
    """

    factors: Mapping[str, tuple[str, ...]]
    cells: tuple[tuple[str, ...], ...]

    @property
    def full(self) -> bool:
        """Whether every combination of levels is there."""
        return len(self.cells) == math.prod(len(levels) for levels in self.factors.values())

    def terms(self) -> Iterator[Term]:
        """The overall mean, main effects, pairs and so on, as long as all together have no more than 4,096 columns."""
        spent = 0
        for order in range(len(self.factors) + 1):
            for term in itertools.combinations(self.factors, order):
                spent += self.df(term)
                if spent > _MOST_COLUMNS:
                    return
                yield term

    def df(self, term: Term) -> int:
        """Columns of a term: the product of its factors' levels less one."""
        return math.prod(len(self.factors[name]) - 1 for name in term)

    def columns(self, term: Term) -> Floats:
        """One row a cell, one column a degree of freedom."""
        import numpy as np

        found = np.ones((len(self.cells), 1))
        for name in term:
            found = np.einsum("ci,cj->cij", found, self._codes(name)).reshape(len(self.cells), -1)
        return found

    def code(self, term: Term, levels: Mapping[str, str]) -> Floats:
        """The row of a combination of levels in a term's columns."""
        import numpy as np

        found: Floats = np.ones(1)
        for name in term:
            found = np.outer(found, self._code(name, levels[name])).ravel()
        return found

    def observed(self, sizes: Sequence[float], factor: str, level: str) -> Floats:
        """Weights over cells of a level's mean at the other factors' combinations as often as they were met.

        Args:
            sizes: units of each cell, not all 0.
            factor: of the level; the layout must be full.
            level: whose mean.
        """
        import numpy as np

        at = list(self.factors).index(factor)
        met: dict[tuple[str, ...], float] = {}
        for cell, size in zip(self.cells, sizes, strict=True):
            others = cell[:at] + cell[at + 1 :]
            met[others] = met.get(others, 0.0) + size / sum(sizes)
        return np.array([met[cell[:at] + cell[at + 1 :]] if cell[at] == level else 0.0 for cell in self.cells])

    def _code(self, factor: str, level: str) -> Floats:
        """1 in the level's own column, −1 in all for the last level."""
        import numpy as np

        levels = self.factors[factor]
        at = levels.index(level)
        return -np.ones(at) if at == len(levels) - 1 else np.eye(len(levels) - 1)[at]

    def _codes(self, factor: str) -> Floats:
        import numpy as np

        at = list(self.factors).index(factor)
        return np.array([self._code(factor, cell[at]) for cell in self.cells])


@dataclass(frozen=True)
class Model:
    """Coefficients of independent columns as weighted sums of cell means.

    Attributes:
        layout: the cells.
        kept: the term of each independent column and its number within the term.
        weights: one row a kept column, one column a cell: coefficients = weights @ means.
        loads: by term that was left out in part or whole: how much each kept column carries of it.
    """

    layout: Layout
    kept: tuple[tuple[Term, int], ...]
    weights: Floats
    loads: Mapping[Term, Floats]

    def whole(self, term: Term) -> bool:
        """Whether all of a term's columns are there."""
        return len(self._rows(term)) == self.layout.df(term)

    def coefficients(self, term: Term) -> Floats:
        """Weights of a term's coefficients, one row a kept column."""
        return self.weights[self._rows(term)]

    @cached_property
    def _confounded(self) -> Mapping[Term, tuple[Term, ...]]:
        kept = dict.fromkeys(term for term, _ in self.kept)
        found: dict[Term, tuple[Term, ...]] = dict.fromkeys((*kept, *self.loads), ())
        for left, load in self.loads.items():
            touched = [term for term in kept if abs(load[self._rows(term)]).max() > _NO_LOAD and term != left]
            found[left] += tuple(touched)
            for term in touched:
                found[term] += (left,)
        return found

    def aliases(self, term: Term) -> tuple[Term, ...]:
        """What the cells cannot tell from a term, lowest order first: terms left out for it, or it for them."""
        return tuple(sorted(self._confounded.get(term, ()), key=len))

    def aliased(self) -> tuple[Term, ...]:
        """Terms left out, in part or whole."""
        return tuple(self.loads)

    def at(self, levels: Mapping[str, str]) -> Floats:
        """Weights over cells of the mean at given levels: equal over the levels of every other factor, aliases at 0.

        Every term among the factors named must be whole.
        """
        named = tuple((name, levels[name]) for name in self.layout.factors if name in levels)
        if named not in self._means:
            self._means[named] = self._at(dict(named))
        return self._means[named]

    @cached_property
    def _means(self) -> dict[tuple[tuple[str, str], ...], Floats]:
        """What `at` found so far: each metric at each look asks the same."""
        return {}

    def _at(self, named: Mapping[str, str]) -> Floats:
        import numpy as np

        subsets = itertools.chain.from_iterable(itertools.combinations(named, order) for order in range(len(named) + 1))
        found = np.zeros(len(self.layout.cells))
        for term in subsets:
            found = found + self.layout.code(term, named) @ self.coefficients(term)
        found.flags.writeable = False
        return found

    def _rows(self, term: Term) -> list[int]:
        return [row for row, (kept, _) in enumerate(self.kept) if kept == term]


def saturated(layout: Layout) -> Model:
    """As many coefficients as there are cells: each is what the cells say, nothing is smoothed."""
    return _saturated(tuple(layout.factors.items()), layout.cells)


@lru_cache(maxsize=16)
def _saturated(factors: tuple[tuple[str, tuple[str, ...]], ...], cells: tuple[tuple[str, ...], ...]) -> Model:
    """It depends on nothing but what is declared, and is asked for at every look."""
    import numpy as np

    layout = Layout(dict(factors), cells)
    kept, matrix, left = _independent(layout, tuple(layout.terms()))
    weights: Floats = np.linalg.pinv(matrix).astype(np.float64)
    return Model(layout, kept, weights, {term: weights @ columns for term, columns in left.items()})


def additive(layout: Layout, sizes: Sequence[float]) -> Model:
    """Main effects alone, by least squares over rows: (X'NX)⁻¹X'N, cells without rows left out.

    Args:
        layout: the cells.
        sizes: rows of each cell, >= 0, not all 0.
    """
    import numpy as np

    terms = (OVERALL, *((name,) for name in layout.factors))
    root = np.sqrt(np.array(sizes, dtype=float))
    kept, matrix, left = _independent(layout, terms, present=root > 0)
    weights = np.linalg.pinv(matrix * root[:, None]) * root
    return Model(layout, kept, weights, {term: weights @ columns for term, columns in left.items()})


def _independent(
    layout: Layout, terms: Sequence[Term], present: NDArray[np.bool_] | None = None
) -> tuple[tuple[tuple[Term, int], ...], Floats, dict[Term, Floats]]:
    """Columns that those before them do not tell, and the columns of terms that lack one."""
    import numpy as np

    kept: list[tuple[Term, int]] = []
    columns: list[Floats] = []
    basis = np.zeros((0, len(layout.cells)))
    left: dict[Term, Floats] = {}
    for term in terms:
        own = layout.columns(term)
        for number, column in enumerate(own.T):
            rest = _beyond(basis, column if present is None else column * present)
            if (size := float(np.linalg.norm(rest))) > _DEPENDENT * math.sqrt(len(column)):
                kept.append((term, number))
                columns.append(column)
                basis = np.vstack([basis, rest / size])
            else:
                left[term] = own
    return tuple(kept), np.array(columns).T, left


def _beyond(basis: Floats, column: Floats) -> Floats:
    """What an orthonormal basis does not tell of a column; projected twice, so that rounding does not count."""
    once = column - basis.T @ (basis @ column)
    rest: Floats = once - basis.T @ (basis @ once)
    return rest
