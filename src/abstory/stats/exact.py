"""Two small proportions, exactly: Boschloo's test, and Fisher's where the tables are too many to go through."""

from __future__ import annotations

import math
from dataclasses import dataclass

from abstory.stats.binomial import log_mass
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
    chances, seen = given_margins(treatment, control)
    return OneSided(math.fsum(chances[seen:]), math.fsum(chances[: seen + 1]))


def given_margins(treatment: Tally, control: Tally) -> tuple[list[float], int]:
    """The chance of each possible number of treatment successes given the margins, and the place of the one seen.

    Two binomials of one rate, given their sum; any rate will do, and the pooled one keeps all digits.
    """
    total, n = treatment.successes + control.successes, treatment.n + control.n
    least, most = max(0, total - control.n), min(total, treatment.n)
    rate = (total + 0.5) / (n + 1)
    logs = [log_mass(x, treatment.n, rate) + log_mass(total - x, control.n, rate) for x in range(least, most + 1)]
    largest = max(logs)
    weights = [math.exp(one - largest) for one in logs]
    everything = math.fsum(weights)
    return [weight / everything for weight in weights], treatment.successes - least
