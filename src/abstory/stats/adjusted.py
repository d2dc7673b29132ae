"""Two adjusted means, which may be correlated, read at one critical value."""

from __future__ import annotations

import math

from abstory.stats.covariates import Adjusted
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Sample
from abstory.stats.reading import Reading
from abstory.stats.skewness import of_difference
from abstory.stats.two import Two, read

_ROUNDING = 1e-14


def compare_adjusted(adjusted: Adjusted, reading: Reading, *, method: str = "lin") -> Effect | Undetermined:
    """Difference and lift of adjusted means.

    T(R) = (m_t − R m_c)/√(v_t − 2R v_tc + R² v_c), and T(1) is that of no difference.

    Returns:
        TOO_EARLY where the reading lacks units, NO_VARIATION where the difference has none, TOO_SKEWED as for plain
        means, the covariates taking variance away but no third moment; the lift is CONTROL_NEAR_ZERO or
        NEGATIVE_CONTROL as for plain means.
    """
    treatment, control = adjusted.evidence
    if lacking := reading.lacks(treatment) or reading.lacks(control):
        return Undetermined(Reason.TOO_EARLY, lacking)
    two = Two(
        adjusted.treatment,
        adjusted.control,
        adjusted.variance_treatment,
        adjusted.variance_control,
        adjusted.covariance,
        treatment.n + control.n,
        adjusted.df,
        _skewness(adjusted),
    )
    return read(two, reading, method)


def _skewness(adjusted: Adjusted) -> float:
    """Of the difference as adjusted; more than it is where the covariates are skewed themselves."""
    treatment, control = adjusted.evidence
    if not isinstance(treatment, Sample) or not isinstance(control, Sample):
        return 0.0
    left: float = max(_ROUNDING, 1 - adjusted.removed)
    return of_difference(treatment, control) * math.pow(left, -1.5)
