"""Regression where rows of one cluster share their luck: CR2 errors with Satterthwaite's degrees of freedom.

With few clusters the plain sandwich is too small and its t has fewer degrees of freedom than clusters suggest. Bell &
McCaffrey (Survey Methodology 2002;28:169) mend both, under a working model of independent rows; Pustejovsky & Tipton
(Journal of Business & Economic Statistics 2018;36:672) extend it to fixed effects. With every row a cluster it is HC2.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.stats.coefficient import Coefficient
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.slots import Slots

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ROUNDING = 1e-10
_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True)
class ClusterRobust:
    """One coefficient read by CR2, and the older error beside it.

    Attributes:
        cr2: the coefficient, its bias-reduced error, Satterthwaite's degrees of freedom.
        error_cr1: the sandwich times √(G/(G−1) · (n−1)/(n−p)), too small below some 40 clusters; effects of blocks that
            lie within clusters are not counted in p (as in Stata).
    """

    cr2: Coefficient
    error_cr1: float


def slot_effect(
    slots: Slots, *, clusters: Sequence[Hashable] | None = None, covariates: Sequence[Sequence[float]] = ()
) -> ClusterRobust | Undetermined:
    """Slot values on arm and block: the model-based companion of drawing the calendar again.

    Args:
        slots: one value each, unweighted.
        clusters: which share shocks, such as days with several slots, one a slot; without, every slot for itself (HC2).
        covariates: such as log followers, or hour; columns with one number a slot.

    Returns:
        TOO_FEW_SLOTS where no block has both arms; else as `coefficient`.
    """
    import numpy as np

    if not slots.both:
        return Undetermined(Reason.TOO_FEW_SLOTS, slots.counts)
    blocks = [np.bincount(block, minlength=len(slots.values)) for block in slots.by_block]
    design = np.column_stack([slots.treated, *blocks, *covariates]).astype(np.float64)
    labels = range(len(slots.values)) if clusters is None else clusters
    within = all(len({labels[place] for place in block}) == 1 for block in slots.by_block)
    return coefficient(design, slots.values, labels, within=len(blocks) - 1 if within else 0)


def slot_contrast(
    values: Sequence[float], cells: Sequence[Hashable], blocks: Sequence[Hashable], weights: Mapping[Hashable, float]
) -> Coefficient | Undetermined:
    """A contrast of cell means beside effects of blocks, every slot for itself (HC2).

    With w the contrast and N an orthonormal basis of what is orthogonal to it, the cell means μ = w θ₁/(w'w) + N θ₂
    have w'μ = θ₁: the first coefficient of that design.

    Args:
        values: one a slot, finite.
        cells: of each slot; slots of no cell in `weights` are left out.
        blocks: of each slot.
        weights: of every cell, not all 0, with sum 0.

    Returns:
        TOO_FEW_SLOTS where a cell that weighs has no slot, or nothing is left to estimate an error from; NO_VARIATION
        as `coefficient`.
    """
    import numpy as np

    rows = [row for row in zip(values, cells, blocks, strict=True) if row[1] in weights]
    met = {cell for _, cell, _ in rows}
    if lacking := [str(cell) for cell, weight in weights.items() if weight and cell not in met]:
        return Undetermined(Reason.TOO_FEW_SLOTS, f"none of {', '.join(lacking)}")
    own, within = list(weights), list(dict.fromkeys(block for _, _, block in rows))
    contrast = np.array(list(weights.values()), dtype=np.float64)[:, np.newaxis]
    others = np.linalg.svd(contrast.T)[2][1:].T
    member = np.array([[cell == name for name in own] for _, cell, _ in rows], dtype=np.float64)
    beside = np.array([[block == name for name in within] for _, _, block in rows], dtype=np.float64)
    design = np.column_stack([member @ contrast / (contrast**2).sum(), member @ others, beside])
    found = coefficient(design, [value for value, _, _ in rows], range(len(rows)))
    if not isinstance(found, Undetermined):
        return found.cr2
    few = f"{len(rows)} slots in {len(within)} blocks"
    return found if found.reason is Reason.NO_VARIATION else Undetermined(Reason.TOO_FEW_SLOTS, few)


def clustered_means(
    values: Sequence[float], treated: Sequence[int], clusters: Sequence[Hashable]
) -> ClusterRobust | Undetermined:
    """Mean of treated rows less mean of the others, where rows of a cluster, such as a viewer's, go together.

    The estimate is a difference of two ratios with rows as denominators (`ratios`); the error differs from the delta
    method's by the correction for few clusters.

    Returns:
        TOO_FEW without rows in both arms; else as `coefficient`.
    """
    import numpy as np

    arms = np.array([bool(arm) for arm in treated], dtype=np.float64)
    if not 0 < arms.sum() < len(arms):
        return Undetermined(Reason.TOO_FEW, f"{arms.sum():.0f} and {len(arms) - arms.sum():.0f} rows")
    return coefficient(np.column_stack([arms, np.ones_like(arms)]), values, clusters)


def coefficient(
    design: Floats, outcome: Sequence[float], clusters: Sequence[Hashable], *, within: int = 0
) -> ClusterRobust | Undetermined:
    """The first coefficient of least squares; a column that others tell is redundant.

    With X = QΣV' (rank r) and e the residuals: w = Σ⁻¹V'(1, 0..), u_g = (I − H_gg)^{−1/2} Q_g w, variance Σ (u_g'e_g)²,
    df = tr(P'P)²/tr((P'P)²) with P'P = diag(u_g'u_g) − (u_g'Q_g)(Q_h'u_h), where column g of P is (I − H)_g'u_g
    (Pustejovsky & Tipton 2018, equations 8 and 11). Where I − H_gg is singular, as for a block that is a cluster of its
    own, its pseudo-inverse is taken.

    Args:
        design: n × p, finite, an intercept among or within its columns.
        outcome: n numbers, finite.
        clusters: n labels.
        within: columns, beyond the intercept, that only tell apart what lies within clusters; for the older error.

    Returns:
        NOT_COMPARABLE where other columns tell the first; TOO_FEW below two clusters, without residual degrees of
        freedom, or where one cluster alone carries an arm; NO_VARIATION where nothing is left of the outcome.

    Raises:
        ValueError: columns of unequal length.
    """
    import numpy as np

    y, groups = np.asarray(outcome, dtype=np.float64), _groups(clusters)
    if not len(design) == len(y) == len(clusters):
        raise ValueError(f"{len(design)} rows, {len(y)} outcomes and {len(clusters)} clusters are not of one length")
    basis, weight = _basis(design)
    if weight is None:
        return Undetermined(Reason.NOT_COMPARABLE, "other columns tell who was treated")
    free = len(y) - basis.shape[1]
    if len(groups) < 2 or free < 1:
        return Undetermined(Reason.TOO_FEW, f"{len(groups)} clusters, {free} degrees of freedom")
    pulls = [pull for group in groups if (pull := _pull(basis[group], weight)) is not None]
    if len(pulls) < len(groups):
        return Undetermined(Reason.TOO_FEW, "one cluster carries an arm")
    centred = y - y[0]
    left = centred - basis @ (basis.T @ centred)
    bases, rests = [basis[group] for group in groups], [left[group] for group in groups]
    error = _norm(pull @ rest for pull, rest in zip(pulls, rests, strict=True))
    if not error > _ROUNDING * np.linalg.norm(weight) * np.linalg.norm(centred):
        return Undetermined(Reason.NO_VARIATION)
    plain = _norm(weight @ part.T @ rest for part, rest in zip(bases, rests, strict=True))
    few = len(groups) / (len(groups) - 1) * (len(y) - 1) / (free + within)
    df = _satterthwaite([(float(pull @ pull), part.T @ pull) for pull, part in zip(pulls, bases, strict=True)])
    return ClusterRobust(Coefficient(float(weight @ (basis.T @ centred)), error, df), plain * math.sqrt(few))


def _groups(clusters: Sequence[Hashable]) -> list[list[int]]:
    places: dict[Hashable, list[int]] = {}
    for place, cluster in enumerate(clusters):
        places.setdefault(cluster, []).append(place)
    return list(places.values())


def _basis(design: Floats) -> tuple[Floats, Floats | None]:
    """Q and w of `coefficient`; no w where the first column lies within the others."""
    import numpy as np

    scale = np.linalg.norm(design, axis=0)
    left, sizes, right = np.linalg.svd(design / np.where(scale > 0, scale, 1), full_matrices=False)
    kept = sizes > _ROUNDING * sizes[0]
    own = right[kept, 0]
    weight = own / sizes[kept] / scale[0]
    return left[:, kept], weight if own @ own > 1 - _ROUNDING else None


def _pull(basis: Floats, weight: Floats) -> Floats | None:
    """u_g of a cluster; None where its residuals are 0 whatever happens and yet it weighs."""
    import numpy as np

    lever = basis @ weight
    sizes, directions = np.linalg.eigh(np.eye(len(basis)) - basis @ basis.T)
    along, free = directions.T @ lever, sizes > _SINGULAR
    if np.linalg.norm(along[~free]) > _ROUNDING * np.linalg.norm(weight):
        return None
    return np.asarray(directions[:, free] @ (along[free] / np.sqrt(sizes[free])))


def _satterthwaite(parts: Sequence[tuple[float, Floats]]) -> float:
    """tr(P'P)²/tr((P'P)²) from u_g'u_g and Q_g'u_g of each cluster."""
    import numpy as np

    own, shared = np.array([size for size, _ in parts]), np.array([along for _, along in parts])
    rest = own - (shared * shared).sum(axis=1)
    products = shared.T @ shared
    return float(rest.sum() ** 2 / (own @ (2 * rest - own) + (products * products).sum()))


def _norm(values: Iterable[float]) -> float:
    return math.sqrt(math.fsum(float(value) ** 2 for value in values))
