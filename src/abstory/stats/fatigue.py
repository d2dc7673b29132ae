"""Does an effect wear off from exposure to exposure: lines through what each viewer did at the first, second, ..."""

from __future__ import annotations

from dataclasses import dataclass

from abstory.stats import means
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Moments
from abstory.stats.ratios import ratio_sample
from abstory.stats.reading import Reading

FEWEST_VIEWERS = 20


@dataclass(frozen=True, slots=True)
class Repeats:
    """Viewers of one arm with several exposures: moments of slopes `numerator` and of their `spacing`."""

    moments: Moments
    numerator: str
    spacing: str


def slope_difference(treatment: Repeats, control: Repeats, reading: Reading) -> Effect | Undetermined:
    """By how much the effect changes from one exposure to the next: difference of the arms' slopes within viewers.

    The arm's slope Σ_v Σ_n (n − n̄_v)(y_vn − ȳ_v) / Σ_v Σ_n (n − n̄_v)² is that of least squares with an intercept a
    viewer, so who comes often does not bend it; with its numerator 6 Σ_n (2n − k − 1) y_n and its denominator
    k (k² − 1) a viewer it is a ratio of sums, and its error is by viewer (delta method; Liang & Zeger, Biometrika
    1986;73:13). Who returns at all may depend on the variant: it speaks of those who came back.

    Returns:
        TOO_FEW below 20 such viewers in an arm.
    """
    fewest = min(treatment.moments.n, control.moments.n)
    if fewest < FEWEST_VIEWERS:
        return Undetermined(Reason.TOO_FEW, f"{fewest} of {FEWEST_VIEWERS} who came back")
    mine, controls = (ratio_sample(arm.moments, arm.numerator, arm.spacing) for arm in (treatment, control))
    if isinstance(mine, Undetermined):
        return mine
    return controls if isinstance(controls, Undetermined) else means.compare(mine, controls, reading)
