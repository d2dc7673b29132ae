"""Where two means are too skewed to be read by their errors: Cochran's rule, for any split and critical value.

A skewed mean misleads a t test at first order in one tail, at second order in both together (Hall, The Bootstrap and
Edgeworth Expansion, 1992, section 2.6). For one sample at 5 % the rule is n > 25 skewness² (Cochran, Sampling
Techniques, 1977, section 2.15; Boos & Hughes-Oliver, The American Statistician 2000;54:121); of a difference the
skewness cancels with equal arms and grows as they get unequal. The sign of the skewness never enters, nor does that of
the difference: what is withheld does not depend on who is ahead.
"""

from __future__ import annotations

import math

from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Sample

EXCESS = 0.2
"""Of the nominal error: so much more is still called right."""
_ADVICE = "winsorize the metric, or give variants equal weights"
_FAR = 25.0


def of_difference(treatment: Sample, control: Sample) -> float:
    """Skewness of the difference of two means, >= 0, were both arms draws from one law.

    γ |1/n_t² − 1/n_c²|/(1/n_t + 1/n_c)^(3/2), γ = M₃/M₂^(3/2) by the moments within both arms together. 0 for equal
    arms, and where third moments are not known.
    """
    if treatment.third == 0 == control.third or treatment.n == control.n:
        return 0.0
    a, b = 1 / treatment.n, 1 / control.n
    return abs(pooled(treatment, control)) * abs(a - b) / math.sqrt(a + b)


def pooled(treatment: Sample, control: Sample) -> float:
    """Skewness of the units of both arms, each around its own mean; 0 where nothing varies."""
    n = treatment.n + control.n
    second = (treatment.variance * (treatment.n - 1) + control.variance * (control.n - 1)) / n
    third = (treatment.third * treatment.n + control.third * control.n) / n
    return third / second**1.5 if second > 0 else 0.0


def both_tails(critical: float) -> float:
    """The largest skewness of a difference at which P(|T| > critical) is at most 1.2 times its nominal value.

    To 2Φ(−z) is added ρ² z(z⁴ + 2z² − 3)φ(z)/9; the term of kurtosis, which lessens it, is left out. ρ = 0.2 at
    z = 1.96: Cochran's 25.
    """
    z = critical
    steep = z * (z * z + 3) * (z * z - 1)
    return math.sqrt(EXCESS * 18 * _mills(z) / steep) if steep > 0 else math.inf


def one_tail(critical: float) -> float:
    """The same for P(T > critical) alone: ρ(2z² + 1)φ(z)/6 is added to Φ(−z), or taken away."""
    return EXCESS * 6 * _mills(critical) / (2 * critical * critical + 1)


def too_skewed(skewness: float) -> Undetermined:
    """What is said in place of an effect whose difference is so skewed."""
    return Undetermined(Reason.TOO_SKEWED, f"skewness {skewness:.2g} of the difference: {_ADVICE}")


def bound(effect: Effect | Undetermined) -> Effect | Undetermined:
    """An effect of which one end is read alone, where its skewness allows that."""
    if isinstance(effect, Undetermined) or effect.skewness <= one_tail(effect.critical):
        return effect
    return too_skewed(effect.skewness)


def _mills(z: float) -> float:
    """Φ(−z)/φ(z), by its first term 1/z where both are too small to tell."""
    if z > _FAR:
        return 1 / z
    return math.erfc(z / math.sqrt(2)) / 2 * math.sqrt(2 * math.pi) * math.exp(z * z / 2)
