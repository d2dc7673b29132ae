"""Does an effect differ between groups of viewers: one test over all groups and treatments, before any group is named.

Groups and variants make a table of means. If no effect differs, mean = group + treatment; what is left of the table
after that fit, weighed by 1/se², is Q (Cochran, Biometrics 1954;10:101; for several treatments at once the weighted
least squares of Grizzle, Starmer & Koch, Biometrics 1969;25:489, which is the Wald test of group x treatment). On
logarithms of the means the same says whether lifts differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from abstory.stats.estimate import Reason, Undetermined


@dataclass(frozen=True, slots=True)
class Cell:
    """One variant in one group.

    Attributes:
        group, arm: which; arm 0 is control.
        mean: of the viewers in it.
        error: its standard error, above 0.
    """

    group: int
    arm: int
    mean: float
    error: float


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """How much effects differ between groups.

    Attributes:
        statistic: Q, chi-square with `df` degrees of freedom where no effect differs.
        df: (groups − 1) · treatments where every group has every treatment.
    """

    statistic: float
    df: int

    @property
    def inconsistency(self) -> float:
        """I², the share of Q beyond chance, in [0, 1] (Higgins & Thompson, Statistics in Medicine 2002;21:1539)."""
        return max(0.0, 1 - self.df / self.statistic) if self.statistic > 0 else 0.0

    def p_value(self) -> float:
        """Of no difference, at one look."""
        from scipy.special import chdtrc

        return float(chdtrc(self.df, self.statistic))

    def always_valid_p(self, n: float, rho2: float) -> float:
        """Of no difference, at this look of any number of looks.

        1/e for the normal mixture over all contrasts at once, e = (Nρ² + 1)^(−df/2) · exp(½ Q Nρ²/(Nρ² + 1)) (Robbins,
        Annals of Mathematical Statistics 1970;41:1397; Lindon, Ham, Tingley & Bojinov 2022, arXiv 2210.08589, whose F
        it is with a known variance). With one degree of freedom it is the evidence of the always-valid reading.

        Args:
            n: units so far, > 0.
            rho2: the mixture's precision, > 0, chosen before the data.
        """
        information = n * rho2
        log_e = 0.5 * (self.statistic * information / (information + 1) - self.df * math.log1p(information))
        return math.exp(min(0.0, -log_e))


def heterogeneity(cells: Sequence[Cell], *, relative: bool) -> Heterogeneity | Undetermined:
    """Q of group x treatment.

    Args:
        cells: of independent viewers; a group may lack a treatment.
        relative: whether lifts are held against each other, else differences.

    Returns:
        TOO_FEW where fewer than two groups can be compared, NO_VARIATION where a standard error is 0,
        CONTROL_NEAR_ZERO where lifts are asked for and a mean is not above 0.
    """
    import numpy as np

    if not all(0 < cell.error < math.inf for cell in cells):
        return Undetermined(Reason.NO_VARIATION)
    if relative and not all(cell.mean > 0 for cell in cells):
        return Undetermined(Reason.CONTROL_NEAR_ZERO)
    means = np.array([math.log(cell.mean) if relative else cell.mean for cell in cells])
    weights = np.array([(cell.mean if relative else 1.0) / cell.error for cell in cells])
    design = weights[:, None] * np.array(_design(cells))
    fit, _, rank, _ = np.linalg.lstsq(design, weights * means)
    df = len(cells) - int(rank)
    if df < 1:
        return Undetermined(Reason.TOO_FEW, f"{len({cell.group for cell in cells})} of 2 segments with enough viewers")
    return Heterogeneity(float(np.sum((weights * means - design @ fit) ** 2)), df)


def _design(cells: Sequence[Cell]) -> list[list[float]]:
    """A column for every group and one for every treatment."""
    groups = sorted({cell.group for cell in cells})
    arms = sorted({cell.arm for cell in cells} - {0})
    return [[float(cell.group == g) for g in groups] + [float(cell.arm == arm) for arm in arms] for cell in cells]
