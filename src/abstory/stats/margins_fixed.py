"""Two proportions when both margins are fixed, as when labels are shuffled: Fisher's test and its mid-p.

Given all successes, those of the treatment are hypergeometric. On request only: for two arms of a trial Boschloo's test
never has less power (`exact`).
"""

from __future__ import annotations

import math

from abstory.stats.exact import OneSided, given_margins
from abstory.stats.moments import Tally

_TIES = 1 + 1e-7


def fisher_two_sided(treatment: Tally, control: Tally) -> float:
    """Sum of all tables no likelier than the one seen (Freeman & Halton, Biometrika 1951;38:141; R's `fisher.test`)."""
    chances, seen = given_margins(treatment, control)
    return min(1.0, math.fsum(chance for chance in chances if chance <= chances[seen] * _TIES))


def fisher_midp(treatment: Tally, control: Tally) -> OneSided:
    """P(X > x) + ½ P(X = x), and likewise below; its `two_sided` is the central mid-p (Lancaster, JASA 1961;56:223)."""
    chances, seen = given_margins(treatment, control)
    half = chances[seen] / 2
    return OneSided(math.fsum(chances[seen + 1 :]) + half, math.fsum(chances[:seen]) + half)
