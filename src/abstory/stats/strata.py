"""Post-stratification: differences within strata, weighted by the strata's share of viewers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from abstory.stats.covariates import Adjusted, satterthwaite
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.moments import Sample


@dataclass(frozen=True, slots=True)
class Stratified:
    """Two means standardised to the strata of both arms together.

    Attributes:
        means: with variances; strata shares taken as fixed.
        merged: the strata that had fewer than two units in an arm and were merged, in order of merging.
    """

    means: Adjusted
    merged: tuple[str, ...]


_Pair = tuple[Sample, Sample]


def post_stratify(strata: Mapping[str, _Pair]) -> Stratified | Undetermined:
    """Σ W_s ȳ_as with W_s = N_s/N over both arms, variance Σ W_s² s²_as/n_as.

    Miratrix, Sekhon & Yu, JRSS B 2013;75:369.
    A stratum with fewer than two units in an arm is merged with the smallest other one, until there is none.

    Args:
        strata: by name: treatment and control within it.

    Returns:
        NO_VIEWERS without units in an arm, TOO_FEW where all strata merged still lack two units in an arm.
    """
    kept, merged = _merged(dict(strata))
    fewest = min((arm.n for pair in kept.values() for arm in pair), default=0)
    if fewest < 2:
        return Undetermined(Reason.TOO_FEW if fewest else Reason.NO_VIEWERS)
    total = sum(t.n + c.n for t, c in kept.values())
    shares = {name: (t.n + c.n) / total for name, (t, c) in kept.items()}
    treatment, control = ({name: pair[arm] for name, pair in kept.items()} for arm in (0, 1))
    parts = [
        (shares[name] ** 2 * arm.variance / arm.n, arm.n - 1.0)
        for side in (treatment, control)
        for name, arm in side.items()
    ]
    variances = [value for value, _ in parts]
    own = math.fsum(variances[: len(kept)]), math.fsum(variances[len(kept) :])
    whole = reduce(_pooled, treatment.values()), reduce(_pooled, control.values())
    plain = sum(arm.variance / arm.n for arm in whole)
    means = Adjusted(
        whole,
        math.fsum(shares[name] * arm.mean for name, arm in treatment.items()),
        math.fsum(shares[name] * arm.mean for name, arm in control.items()),
        *own,
        0.0,
        satterthwaite(variances, [df for _, df in parts]),
        removed=1 - sum(own) / plain if plain > 0 else 0.0,
        own=own,
    )
    return Stratified(means, merged)


def _merged(strata: dict[str, _Pair]) -> tuple[dict[str, _Pair], tuple[str, ...]]:
    """Strata of two units or more in each arm, as far as merging goes."""
    order: list[str] = []
    made: set[str] = set()
    while len(strata) > 1 and (poor := [name for name, pair in strata.items() if min(arm.n for arm in pair) < 2]):
        smallest = sorted(strata, key=lambda name: (sum(arm.n for arm in strata[name]), name))
        first = next(name for name in smallest if name in poor)
        second = next(name for name in smallest if name != first)
        one, other = strata.pop(first), strata.pop(second)
        order.extend(name for name in (first, second) if name not in made)
        made.add(name := f"{first}+{second}")
        strata[name] = _pooled(one[0], other[0]), _pooled(one[1], other[1])
    return strata, tuple(order)


def _pooled(a: Sample, b: Sample) -> Sample:
    """Two disjoint sets of units as one (Chan, Golub & LeVeque 1979)."""
    if not a.n or not b.n:
        return b if not a.n else a
    n, gap = a.n + b.n, b.mean - a.mean
    inside = sum((arm.n - 1) * arm.variance for arm in (a, b) if arm.n > 1)
    return Sample(n, a.mean + gap * b.n / n, (inside + gap * gap * a.n * b.n / n) / (n - 1))
