"""Ratios as measures like any other: moments of linearised values, so that regression takes them as it takes means."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product

from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.moments import Moments, Triple, pair, triple

_Line = Mapping[str, float]


def linearise(
    moments: Moments, ratios: Mapping[str, tuple[str, str]], *, around: Moments | None = None
) -> Moments | Undetermined:
    """Moments of e_i = R̂ + (y_i − R̂ d_i)/d̄ for each named ratio y/d, beside those of every measure alone.

    The mean of e is the ratio of sums R̂ and its variance the delta method's (Deng, Knoblich & Lu, KDD 2018, section 3).

    Args:
        moments: of the measures, with the covariances of all that are asked for.
        ratios: by the name of the new measure: its numerator and denominator.
        around: whose R̂ and d̄ to linearise at; the moments' own where None. An outcome is linearised around its own
            arm, a covariate around both arms together, so that it is one measure in both.

    Returns:
        NO_VIEWERS without units, NO_DENOMINATOR where a denominator is 0 throughout.
    """
    centre = around or moments
    if not moments.n or not centre.n:
        return Undetermined(Reason.NO_VIEWERS)
    if empty := [below for _, below in ratios.values() if centre.means[below] == 0]:
        return Undetermined(Reason.NO_DENOMINATOR, empty[0])
    lines: dict[str, _Line] = {name: {name: 1.0} for name in moments.means}
    means = dict(moments.means)
    for name, (above, below) in ratios.items():
        ratio, scale = centre.means[above] / centre.means[below], 1 / centre.means[below]
        lines[name] = {above: scale, below: -ratio * scale}
        means[name] = ratio + scale * (moments.means[above] - ratio * moments.means[below])
    return Moments(moments.n, means, _covariances(moments, lines), dict(_thirds(moments, lines)))


def _thirds(moments: Moments, lines: Mapping[str, _Line]) -> Iterator[tuple[Triple, float]]:
    """Of each line with itself, where its parts' third moments are known."""
    known = moments.thirds
    for name, line in lines.items():
        parts = {key: math.prod(line[part] for part in key) for key in product(line, repeat=3)}
        if all(triple(*key) in known for key in parts):
            yield (name, name, name), sum(weight * known[triple(*key)] for key, weight in parts.items())


def _covariances(moments: Moments, lines: Mapping[str, _Line]) -> dict[tuple[str, str], float]:
    """Of all pairs of lines whose parts' covariances are known."""
    known = moments.covariances
    return {
        pair(a, b): sum(p * q * known[pair(x, y)] for x, p in lines[a].items() for y, q in lines[b].items())
        for a in lines
        for b in lines
        if a <= b and all(pair(x, y) in known for x in lines[a] for y in lines[b])
    }
