"""Several treatments against one control at a fixed horizon: single-step Dunnett, from squared standard errors.

Dunnett, JASA 1955;50:1096, with unequal sizes and variances: treatment i loads on the shared control with
λ_i = √(w_0/(w_i + w_0)), w the squared standard errors, and corr(T_i, T_j) = λ_i λ_j. Given the control's part y
the T_i are independent, so P(max |T| > q) is one integral over y, and one more over u = χ_df/√df where df is finite.
Both are trapezoid sums of smooth integrands that vanish at either end, which converge geometrically: no random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

from abstory.stats.moments import Sample, Tally
from abstory.stats.reading import agreed, within_unit
from abstory.stats.roots import crossing
from abstory.stats.tails import normal_equivalent, two_sided_p, two_sided_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Sides = Literal[1, 2]
_NEARLY_ONE = 1 - 1e-9
_NEGLIGIBLE = 40.0  # e**-40 of the mass is left out at either end of a trapezoid sum


def loadings(control: float, treatments: Sequence[float]) -> tuple[float, ...]:
    """λ_i = √(w_0/(w_i + w_0)) from the squared standard errors of the control's and the treatments' means."""
    return tuple(math.sqrt(control / (control + own)) if control > 0 else 0.0 for own in treatments)


def dunnett_p(statistic: float, lambdas: Sequence[float], df: float = math.inf, *, sides: Sides = 2) -> float:
    """P(max |T_i| > |statistic|), or P(max T_i > statistic) for one side: the adjusted p of one comparison.

    Args:
        statistic: the comparison's T.
        lambdas: the family's loadings, each in [0, 1].
        df: degrees of freedom of a shared variance estimate, > 0; infinite where each variance is its own.
        sides: 1 (greater) or 2.
    """
    import numpy as np
    from scipy.special import ndtr

    lam = np.minimum(np.asarray(lambdas, dtype=float), _NEARLY_ONE)
    rest = np.sqrt(1 - lam * lam)
    q = abs(statistic) if sides == 2 else statistic
    scale, scale_weights = _scales(df)
    shared, shared_weights = _shared(float(np.sum((lam / rest) ** 2)))
    height, pull = q * scale[:, None, None], (lam * shared[:, None])[None]
    beyond = ndtr((pull - height) / rest)
    if sides == 2:
        beyond = beyond + ndtr((-pull - height) / rest)
    any_beyond = -np.expm1(np.sum(np.log1p(-np.minimum(beyond, 1 - 1e-16)), axis=2))
    return float(scale_weights @ any_beyond @ shared_weights)


def dunnett_critical(lambdas: Sequence[float], alpha: float, df: float = math.inf, *, sides: Sides = 2) -> float:
    """The q with `dunnett_p`(q) = alpha; lies between the unadjusted and the Bonferroni quantile."""
    level = alpha if sides == 2 else 2 * alpha
    low, high = two_sided_quantile(level, df), two_sided_quantile(level / len(lambdas), df)
    if len(lambdas) == 1:
        return low

    def excess(q: float) -> float:
        return math.log(alpha / dunnett_p(q, lambdas, df, sides=sides))

    return crossing(excess, low * (1 - 1e-9), high * (1 + 1e-9))


@dataclass(frozen=True, slots=True)
class Dunnett:
    """All treatments of one metric against control at one look: simultaneous intervals and adjusted p.

    The distribution is the large-sample one (each arm brings its own variance). A comparison with finite df is first
    turned into the equally unlikely normal z, and the critical value the other way: p and critical stay one statement.

    Attributes:
        alpha: family-wise two-sided error rate, in (0, 1).
        lambdas: `loadings` of the family.
    """

    alpha: float
    lambdas: tuple[float, ...]

    def __post_init__(self) -> None:
        within_unit(self.alpha)
        if not self.lambdas:
            raise ValueError("a family has at least one comparison")

    @property
    def name(self) -> str:
        return "fixed horizon"

    def critical(self, n: int, df: float) -> float:  # noqa: ARG002 (a fixed look does not depend on n)
        z = dunnett_critical(self.lambdas, self.alpha)
        return z if math.isinf(df) else two_sided_quantile(two_sided_p(z, math.inf), df)

    def p_value(self, statistic: float, n: int, df: float) -> float:
        p = min(1.0, dunnett_p(normal_equivalent(statistic, df), self.lambdas))
        return agreed(p, statistic, self, n, df)

    def at(self, alpha: float) -> Self:
        return replace(self, alpha=alpha)

    def lacks(self, arm: Tally | Sample) -> str:  # noqa: ARG002 (small samples have their own exact test)
        return ""


def _shared(growth: float) -> tuple[Floats, Floats]:
    """Nodes and weights for the normal y, with a step error below exp(−2π²/(h²(1 + growth))).

    `growth` = Σ λ²/(1−λ²) bounds how fast the integrand grows off the real axis.
    """
    import numpy as np

    step = math.sqrt(2 * math.pi**2 / (_NEGLIGIBLE * (1 + growth)))
    half = math.ceil(math.sqrt(2 * _NEGLIGIBLE) / step)
    nodes: Floats = step * np.arange(-half, half + 1, dtype=np.float64)
    weights = np.exp(-nodes * nodes / 2)
    return nodes, weights / weights.sum()


def _scales(df: float) -> tuple[Floats, Floats]:
    """Nodes and weights for u = χ_df/√df, on a grid of ln u: density ∝ exp(df (ln u − u²/2))."""
    import numpy as np

    if math.isinf(df):
        return np.ones(1), np.ones(1)
    reach = _NEGLIGIBLE / df
    step = min(0.1, 0.25 / math.sqrt(df))
    low, high = -(reach + math.sqrt(reach) + 0.5 * min(reach, 1)), 0.5 * math.log1p(4 * reach + 4 * math.sqrt(reach))
    logs: Floats = step * np.arange(math.floor(low / step), math.ceil(high / step) + 1, dtype=np.float64)
    weights = np.exp(df * (logs - np.expm1(2 * logs) / 2))
    return np.exp(logs), weights / weights.sum()
