"""The best of many looks better than it is: values drawn together by how much they really differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from abstory.stats.estimate import Reason, Undetermined


@dataclass(frozen=True, slots=True)
class Shrunken:
    """Values of exchangeable variants under a normal prior estimated from themselves.

    Attributes:
        centre: the prior's mean, of the variants weighted by 1/(v + spread).
        spread: the prior's variance between variants, >= 0; 0 when they differ by no more than chance.
        values: one a variant, between its own value and the centre.
        variances: of each, the centre's uncertainty included, that of the spread not.
    """

    centre: float
    spread: float
    values: tuple[float, ...]
    variances: tuple[float, ...]


def between_variance(values: Sequence[float], variances: Sequence[float]) -> float:
    """Variance between true values, by moments: max(0, (Q − (k − 1))/(Σw − Σw²/Σw)), w = 1/v.

    DerSimonian & Laird, Controlled Clinical Trials 1986;7:177, equation 8. Two values or more, each variance > 0.
    """
    weights = [1 / variance for variance in variances]
    total = math.fsum(weights)
    mean = math.fsum(w * value for w, value in zip(weights, values, strict=True)) / total
    scatter = math.fsum(w * (value - mean) ** 2 for w, value in zip(weights, values, strict=True))
    return max(0.0, (scatter - (len(values) - 1)) / (total - math.fsum(w * w for w in weights) / total))


def shrink(values: Sequence[float], variances: Sequence[float]) -> Shrunken | Undetermined:
    """θ̂_i = μ + B_i(y_i − μ), B_i = τ²/(τ² + v_i): empirical Bayes (Efron & Morris, JASA 1975;70:311).

    Give the variants' own means, not their differences from control: differences share control's error, which is no
    difference between variants. Control's mean is subtracted afterwards, its variance added.

    Args:
        values: the variants' means, control left out.
        variances: squared standard errors of the means, > 0.

    Returns:
        TOO_FEW for fewer than two variants, NO_VARIATION where one has no standard error, or an unknown one.
    """
    if len(values) < 2:
        return Undetermined(Reason.TOO_FEW, f"{len(values)} variants")
    if not all(0 < variance < math.inf for variance in variances):
        return Undetermined(Reason.NO_VARIATION)
    spread = between_variance(values, variances)
    weights = [1 / (variance + spread) for variance in variances]
    total = math.fsum(weights)
    centre = math.fsum(w * value for w, value in zip(weights, values, strict=True)) / total
    kept = [spread * w for w in weights]
    drawn = [centre + b * (value - centre) for b, value in zip(kept, values, strict=True)]
    errors = [b * variance + (1 - b) ** 2 / total for b, variance in zip(kept, variances, strict=True)]
    return Shrunken(centre, spread, tuple(drawn), tuple(errors))
