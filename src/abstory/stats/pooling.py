"""Effects of several stories, drawn on viewers who may have met more than one: pooled, and held against each other.

Fixed stories: the average over these stories, at the error that viewers make. Random stories: these as a sample of the
stories there might be, whose true effects differ with standard deviation tau; the error then holds viewers and stories
(two-way), and t has one degree of freedom less than there are stories.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from abstory.stats.estimate import Interval, Reason, Undetermined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_STORIES = 3
_LARGEST = 2.0**60
_STEPS = 200


@dataclass(frozen=True, eq=False)
class Effects:
    """One effect a story with the covariance that shared viewers give them.

    Attributes:
        values: treatment − control by story, shape (k,).
        covariance: shape (k, k), positive definite; off the diagonal what viewers of both stories share.
    """

    values: Floats
    covariance: Floats

    @property
    def stories(self) -> int:
        return len(self.values)

    @cached_property
    def scatter(self) -> float:
        """Cochran's Q, generalised: (d − μ)' V⁻¹ (d − μ); chi-square, k − 1 df, where stories do not differ."""
        return self.scatter_at(0.0)

    @property
    def scatter_p(self) -> float:
        """Of Q, for stories that differ by chance alone."""
        from scipy.special import chdtrc

        return float(chdtrc(self.stories - 1, self.scatter))

    @property
    def inconsistency(self) -> float:
        """I² in [0, 1): share of the scatter beyond chance (Higgins & Thompson, Stat Med 2002;21:1539)."""
        return max(0.0, 1 - (self.stories - 1) / self.scatter) if self.scatter > 0 else 0.0

    def scatter_at(self, between: float) -> float:
        """Q with the variance `between` stories on the diagonal; it falls as that grows."""
        inverse = self._inverse(between)
        gaps = self.values - self._weights(inverse) @ self.values
        return float(gaps @ inverse @ gaps)

    def weights(self, between: float) -> Floats:
        """Those of least variance, adding up to 1: W1 / 1'W1 with W = (V + between I)⁻¹."""
        return self._weights(self._inverse(between))

    def _inverse(self, between: float) -> Floats:
        import numpy as np

        return np.asarray(np.linalg.inv(self.covariance + between * np.eye(self.stories)), dtype=np.float64)

    def _weights(self, inverse: Floats) -> Floats:
        sums: Floats = inverse.sum(axis=1) / inverse.sum()
        return sums


def between_variance(effects: Effects) -> float | Undetermined:
    """The variance tau² at which Q is what it should be, k − 1; 0 where it is below that already.

    Paule & Mandel (J Res NBS 1982;87:377), with the whole covariance matrix in place of its diagonal (DerSimonian &
    Kacker, Contemporary Clinical Trials 2007;28:105).

    Returns:
        FEW_STORIES below three.
    """
    if lacking := _few(effects):
        return lacking
    return _where(effects, effects.stories - 1)


def between_interval(effects: Effects, alpha: float) -> Interval | Undetermined:
    """The variances tau² that Q does not reject: Q-profile (Viechtbauer, Statistics in Medicine 2007;26:37)."""
    from scipy.special import chdtri

    if lacking := _few(effects):
        return lacking
    df = effects.stories - 1
    return Interval(_where(effects, float(chdtri(df, alpha / 2))), _where(effects, float(chdtri(df, 1 - alpha / 2))))


def sized_weights(treatment: Sequence[int], control: Sequence[int]) -> Floats:
    """Weights by viewers alone, n_t n_c / (n_t + n_c), adding up to 1 (Mantel & Haenszel, JNCI 1959;22:719).

    They know nothing of the outcomes, so that a rare one does not draw its own weight.
    """
    import numpy as np

    sizes = [t * c / (t + c) for t, c in zip(treatment, control, strict=True)]
    return np.array(sizes, dtype=np.float64) / sum(sizes)


def _few(effects: Effects) -> Undetermined | None:
    if effects.stories < FEWEST_STORIES:
        return Undetermined(Reason.FEW_STORIES, f"{effects.stories} of {FEWEST_STORIES}")
    return None


def _where(effects: Effects, wanted: float) -> float:
    """The variance at which Q falls to `wanted`; 0 where it starts below."""
    if effects.scatter <= wanted:
        return 0.0
    low, high = 0.0, float(effects.covariance.trace()) / effects.stories
    while effects.scatter_at(high) > wanted and high < _LARGEST:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if effects.scatter_at(middle) > wanted else (low, middle)
        if math.isclose(low, high, rel_tol=1e-12):
            break
    return (low + high) / 2
