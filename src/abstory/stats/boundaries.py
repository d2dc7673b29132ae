"""Chances of crossing boundaries at several looks, by recursive integration.

Z_k, the statistic at information I_k, is normal with mean θ√I_k and corr(Z_j, Z_k) = √(I_j/I_k), so that given
Z_{k−1} it is normal with variance 1 − I_{k−1}/I_k and knows no older look: one integral a look (Armitage, McPherson &
Rowe, JRSS A 1969;132:235; Jennison & Turnbull, Group Sequential Methods, 1999, chapter 19). Gauss–Legendre on the
region where the trial goes on: deterministic, about 1e-9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from abstory.stats.roots import crossing
from abstory.stats.tails import two_sided_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_REACH = 8.5  # normal mass beyond it is below 1e-17
_FINITE = 40.0  # a boundary inside is integrated up to, so that far tails keep their digits
_NODES_A_WIDTH = 3.0
_MOST_NODES = 1600
_LEAST = 1e-290
SMALLEST_STEP = 1e-3


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Where a sequence of looks stops.

    Attributes:
        information: of each look, increasing, > 0, in any unit (fractions of the plan, or 1/variance).
        upper: stop at Z >= upper; may be inf.
        lower: stop at Z <= lower; may be −inf.
    """

    information: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chances:
    """Of stopping first at each look, above and below."""

    above: tuple[float, ...]
    below: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Surviving:
    """Where Z may lie at a look that has not stopped: nodes, and the probability at each."""

    information: float
    nodes: Floats
    mass: Floats

    def moved(self, information: float, drift: float) -> tuple[Floats, float]:
        """Means at the next look given each node, and their common standard deviation."""
        kept = self.information / information
        return self.nodes * math.sqrt(kept) + drift * (1 - kept) * math.sqrt(information), math.sqrt(1 - kept)

    def above(self, height: float, information: float, drift: float = 0.0) -> float:
        """P(still going, and Z >= height at `information`)."""
        from scipy.special import ndtr

        centres, spread = self.moved(information, drift)
        return float(self.mass @ ndtr((centres - height) / spread))

    def below(self, height: float, information: float, drift: float = 0.0) -> float:
        """P(still going, and Z <= height at `information`)."""
        from scipy.special import ndtr

        centres, spread = self.moved(information, drift)
        return float(self.mass @ ndtr((height - centres) / spread))

    def onwards(self, information: float, region: tuple[float, float], width: float, drift: float = 0.0) -> Surviving:
        """The next look, with Z inside `region`; `width` is the smallest standard deviation of any step."""
        import numpy as np

        centres, spread = self.moved(information, drift)
        middle = drift * math.sqrt(information)
        low = region[0] if abs(region[0]) < _FINITE else middle - _REACH
        high = region[1] if abs(region[1]) < _FINITE else middle + _REACH
        if not low < high:
            return Surviving(information, np.zeros(1), np.zeros(1))
        nodes, weights = _stretched(low, high, width)
        density = np.exp(-0.5 * ((nodes[:, None] - centres) / spread) ** 2) @ self.mass
        return Surviving(information, nodes, weights * density / (spread * math.sqrt(2 * math.pi)))


def start() -> Surviving:
    """Before the first look: certainty at no information."""
    import numpy as np

    return Surviving(0.0, np.zeros(1), np.ones(1))


def narrowest(information: Sequence[float]) -> float:
    """The smallest standard deviation of Z_k given Z_{k−1}; it sets how fine the nodes lie.

    Raises:
        ValueError: where information is not positive, or does not grow by at least a thousandth at each look.
    """
    if not information or not information[0] > 0:
        raise ValueError(f"looks need positive information, not {list(information)}")
    steps = [1 - before / after for before, after in pairwise(information)]
    if any(not step >= SMALLEST_STEP * (1 - 1e-9) for step in steps):
        raise ValueError(f"each look must add a thousandth of information or more, not {list(information)}")
    return math.sqrt(min([1.0, *steps]))


def chances(bounds: Boundaries, drift: float = 0.0) -> Chances:
    """Of stopping first at each look, when Z_k has mean drift · √I_k."""
    width, state = narrowest(bounds.information), start()
    above, below = [], []
    for information, upper, lower in zip(bounds.information, bounds.upper, bounds.lower, strict=True):
        above.append(state.above(upper, information, drift))
        below.append(state.below(lower, information, drift))
        state = state.onwards(information, (lower, upper), width, drift)
    return Chances(tuple(above), tuple(below))


def spending_upper(information: Sequence[float], increments: Sequence[float], *, sides: int) -> tuple[float, ...]:
    """The upper boundary that is first crossed at look k with probability increments[k], without drift.

    Args:
        information: of each look, growing by a thousandth or more.
        increments: to be spent on the upper side at each look, >= 0; 0 gives an infinite boundary.
        sides: 2 for a mirrored lower boundary, 1 for none.
    """
    width, state, upper = narrowest(information), start(), []
    for now, spend in zip(information, increments, strict=True):
        height = _height(state, now, spend)
        upper.append(height)
        state = state.onwards(now, (-height if sides == 2 else -math.inf, height), width)
    return tuple(upper)


def _height(state: Surviving, information: float, spend: float) -> float:
    """The height above which `spend` of the surviving probability lies; never below 0."""
    if not spend > _LEAST:
        return math.inf
    if state.above(0.0, information) <= spend:
        return 0.0
    goal = math.log(spend)

    def shortfall(height: float) -> float:
        return goal - math.log(max(state.above(height, information), 1e-320))

    return crossing(shortfall, 0.0, two_sided_quantile(2 * spend, math.inf) + 1e-9)


def _stretched(low: float, high: float, width: float) -> tuple[Floats, Floats]:
    wanted = 24 + _NODES_A_WIDTH * (high - low) / width
    nodes, weights = _legendre(min(_MOST_NODES, 16 * math.ceil(wanted / 16)))
    half = (high - low) / 2
    return low + half * (nodes + 1), half * weights


@lru_cache(maxsize=64)
def _legendre(count: int) -> tuple[Floats, Floats]:
    from scipy.special import roots_legendre

    nodes, weights = roots_legendre(count)
    return nodes, weights
