"""One critical value for many correlated statistics: the quantile of the largest |Z| under their correlation.

Sup-t (Montiel Olea & Plagborg-Møller, Journal of Applied Econometrics 2019;34:1), for a curve the equal-precision band
of Nair, Technometrics 1984;26:265, with the correlation taken from the data instead of assumed. The normal vectors come
from a lattice (Richtmyer's, square roots of primes; Genz & Bretz 2009, section 4.2.1) and not from random numbers, so
that the same data always give the same band.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from abstory.stats.tails import two_sided_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 1 << 13
_ROUNDING = 1e-12


def sup_t_critical(covariance: Floats, alpha: float) -> float:
    """The c with P(max |Z_k|/σ_k > c) = alpha, for Z normal with this covariance; accurate to about 0.01.

    Between the quantile of one statistic and Bonferroni's of all.

    Args:
        covariance: k × k, symmetric, positive semi-definite; statistics without variance are left out.
        alpha: in (0, 1).
    """
    import numpy as np

    sigma = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    kept = sigma > _ROUNDING * max(1.0, float(sigma.max(initial=0.0)))
    one = two_sided_quantile(alpha, math.inf)
    if int(kept.sum()) < 2:
        return one
    correlation = covariance[np.ix_(kept, kept)] / np.outer(sigma[kept], sigma[kept])
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    largest = np.abs(_normal(int(kept.sum())) @ root[:, ::-1].T).max(axis=1)
    return float(np.clip(np.quantile(largest, 1 - alpha), one, two_sided_quantile(alpha / len(values), math.inf)))


@lru_cache(maxsize=8)
def _normal(dimensions: int) -> Floats:
    """`DRAWS` standard normal vectors: Box and Muller's transform of the lattice, two coordinates at a time."""
    import numpy as np

    even = dimensions + dimensions % 2
    steps = np.sqrt(np.array(_primes(even), dtype=float))
    uniform = (np.arange(1, DRAWS + 1)[:, None] * steps[None, :] + 0.5 / DRAWS) % 1.0
    radius = np.sqrt(-2 * np.log1p(-uniform[:, 0::2]))
    angle = 2 * math.pi * uniform[:, 1::2]
    found: Floats = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=2).reshape(DRAWS, even)
    return found[:, :dimensions]


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found
