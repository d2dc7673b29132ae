"""Ratios of sums, with the viewer as the unit: the delta method makes them samples like any other."""

from __future__ import annotations

from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.moments import Moments, Sample

_ROUNDING = 1e-14


def ratio_sample(moments: Moments, numerator: str, denominator: str) -> Sample | Undetermined:
    """Σy/Σd as a sample of the viewers' linearised values e_i = (y_i − R̂ d_i)/d̄ around R̂.

    Variance [S_yy − 2R̂ S_yd + R̂² S_dd]/d̄² (Deng, Knoblich & Lu, KDD 2018, section 3). Viewers with d = 0 stay in.
    A variance that is a rounding error of its terms is 0: y is then proportional to d.

    Returns:
        NO_VIEWERS without units, NO_DENOMINATOR where Σd = 0.
    """
    if not moments.n:
        return Undetermined(Reason.NO_VIEWERS)
    below = moments.means[denominator]
    if below == 0:
        return Undetermined(Reason.NO_DENOMINATOR)
    ratio = moments.means[numerator] / below
    own, shared = moments.variance(numerator), moments.covariance(numerator, denominator)
    other = ratio * ratio * moments.variance(denominator)
    spread = own - 2 * ratio * shared + other
    return Sample(moments.n, ratio, spread / (below * below) if spread > _ROUNDING * (own + other) else 0.0)
