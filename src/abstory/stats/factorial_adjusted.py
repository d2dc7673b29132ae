"""Cell means adjusted by covariates, all read at one overall mean of the covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add

from abstory.stats.covariates import SPARE_UNITS, independent, regressed, spread
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.factorial import Cells
from abstory.stats.moments import Moments


def adjusted_cells(
    named: Mapping[str, Moments], outcome: str, covariates: Sequence[str], *, rate: bool
) -> Cells | Undetermined:
    """Lin's regression in every cell, for the population all cells are drawn from.

    As `covariates.adjust` for two arms: cell a's mean has s²_a(1/n_a + d_a'S_xx⁻¹d_a) of its own, and b_a'Σb_b/N is
    shared by cells a and b, Σ the covariates' covariance over all cells (Lin 2013; Ye, Shao, Yi & Zhao, JASA 2023).

    Args:
        named: moments of outcome and covariates by cell.
        outcome: measure.
        covariates: measures taken before first exposure.
        rate: whether the outcome is 0/1.

    Returns:
        NO_VARIATION where no covariate varies in every cell, TOO_FEW where a cell has p + 10 units or fewer.
    """
    import numpy as np

    arms = tuple(named.values())
    fewest = min(arm.n for arm in arms)
    used, _ = independent(arms, covariates if fewest > 1 else ())
    if not used:
        return Undetermined(Reason.NO_VARIATION, "covariates")
    if fewest <= len(used) + SPARE_UNITS:
        return Undetermined(Reason.TOO_FEW, f"{fewest} viewers for {len(used)} covariates")
    both = reduce(add, arms)
    told = [regressed(arm, both, outcome, used) for arm in arms]
    slopes = np.array([one.slopes for one in told])
    return Cells(
        tuple(named),
        tuple(arm.tally(outcome) if rate else arm.sample(outcome) for arm in arms),
        np.array([one.mean for one in told]),
        np.array([one.variance for one in told]),
        np.array([one.df for one in told]),
        slopes @ (spread(both, used) / both.n) @ slopes.T,
    )
