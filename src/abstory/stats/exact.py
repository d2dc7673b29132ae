"""Two small proportions, exactly: Boschloo's test, and Fisher's where the tables are too many to go through."""

from __future__ import annotations

import math
from dataclasses import dataclass

from abstory.stats.moments import Tally

_MOST_TABLES = 40_000
_NUISANCE_POINTS = 256


@dataclass(frozen=True, slots=True)
class OneSided:
    """p for a treatment rate greater, and for one less, than control's."""

    greater: float
    less: float

    @property
    def two_sided(self) -> float:
        """Twice the smaller, at most 1."""
        return min(1.0, 2 * min(self.greater, self.less))


def exact_test(treatment: Tally, control: Tally) -> float:
    """Two-sided p of Boschloo; of Fisher (never smaller) beyond 40,000 possible tables. The same for swapped arms."""
    first, second = sorted((treatment, control), key=lambda arm: (arm.n, arm.successes))
    tables = (first.n + 1) * (second.n + 1)
    return (boschloo if tables <= _MOST_TABLES else fisher)(first, second).two_sided


def boschloo(treatment: Tally, control: Tally) -> OneSided:
    """Fisher's p as statistic, maximised over the common rate: uniformly more powerful than Fisher's test.

    Boschloo, Statistica Neerlandica 1970;24:1. Both arms have at least one unit.
    """
    from scipy.stats import boschloo_exact

    table = [
        [treatment.successes, control.successes],
        [treatment.n - treatment.successes, control.n - control.successes],
    ]
    greater, less = (
        float(boschloo_exact(table, alternative=side, n=_NUISANCE_POINTS).pvalue) for side in ("greater", "less")
    )
    return OneSided(greater, less)


def fisher(treatment: Tally, control: Tally) -> OneSided:
    """Fisher's exact test: successes of the treatment given the margins are hypergeometric."""
    total = treatment.successes + control.successes
    least, most = max(0, total - control.n), min(total, treatment.n)
    ways = [_log_ways(treatment.n, x) + _log_ways(control.n, total - x) for x in range(least, most + 1)]
    largest, seen = max(ways), treatment.successes - least
    weights = [math.exp(way - largest) for way in ways]
    everything = math.fsum(weights)
    return OneSided(math.fsum(weights[seen:]) / everything, math.fsum(weights[: seen + 1]) / everything)


def _log_ways(n: int, x: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)
