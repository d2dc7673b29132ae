"""Hypotheses in an order: a graph passes the weight of what is rejected on to the rest.

Bretz, Maurer, Brannath & Posch, Statistics in Medicine 2009;28:586, algorithm 1: family-wise error under any
dependence. Holm, fixed sequences and primaries before secondaries are all such graphs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Graph:
    """Who may spend how much, and where it goes afterwards.

    Attributes:
        weights: share of alpha of each hypothesis, >= 0, summing to 1 at most.
        transitions: of each hypothesis, the shares that pass to the others once it is rejected; each row sums to 1 at
            most, and nothing passes to itself.
    """

    weights: tuple[float, ...]
    transitions: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        count, rows = len(self.weights), (self.weights, *self.transitions)
        if len(self.transitions) != count or any(len(row) != count for row in rows):
            raise ValueError(f"{count} hypotheses need {count} rows of {count} transitions")
        if any(not 0 <= share <= 1 for row in rows for share in row) or any(sum(row) > 1 + _SLACK for row in rows):
            raise ValueError("weights, and each row of transitions, are shares that sum to 1 at most")
        if any(row[k] for k, row in enumerate(self.transitions)):
            raise ValueError("no hypothesis passes its weight to itself")


def adjusted_p(graph: Graph, p: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p values in the order of the hypotheses: each is rejected at alpha exactly when its own is <= alpha.

    Args:
        graph: of as many hypotheses as there are p.
        p: in [0, 1].
    """
    weights, flow = list(graph.weights), [list(row) for row in graph.transitions]
    open_, adjusted, so_far = list(range(len(p))), [1.0] * len(p), 0.0
    while open_:
        first = min(open_, key=lambda k: p[k] / weights[k] if weights[k] > 0 else math.inf)
        if not weights[first] > 0:
            break
        so_far = max(so_far, p[first] / weights[first])
        adjusted[first] = min(1.0, so_far)
        open_.remove(first)
        _pass_on(weights, flow, first, open_)
    return tuple(adjusted)


def holm_graph(count: int) -> Graph:
    """Equal weights, passed to the others evenly: Holm's procedure."""
    return Graph(
        (1 / count,) * count, tuple(_evenly(count, [k for k in range(count) if k != own]) for own in range(count))
    )


def fixed_sequence(count: int) -> Graph:
    """Each at full alpha, as long as all before it are rejected."""
    return Graph(_evenly(count, [0]), tuple(_evenly(count, [own + 1][: count - 1 - own]) for own in range(count)))


def primaries_first(primaries: int, secondaries: int, *, held: float = 0.5) -> Graph:
    """Primaries share alpha; a secondary has a claim once a primary is rejected.

    Args:
        primaries: how many, >= 1; they come first in the order of hypotheses.
        secondaries: how many, >= 0.
        held: share of a rejected primary's weight that goes to the other primaries, in [0, 1]; the rest goes evenly to
            the secondaries. A lone primary passes all of it to them, and without secondaries all is held. Secondaries
            pass evenly to one another.
    """
    count = primaries + secondaries
    first, later = list(range(primaries)), list(range(primaries, count))
    kept = 1.0 if not later else held if primaries > 1 else 0.0
    rows = [_mixed(count, kept, [k for k in first if k != own], later) for own in first]
    rows += [_evenly(count, [k for k in later if k != own]) for own in later]
    return Graph(tuple(1 / primaries if k < primaries else 0.0 for k in range(count)), tuple(rows))


def _pass_on(weights: list[float], flow: list[list[float]], gone: int, open_: Sequence[int]) -> None:
    before = [list(row) for row in flow]
    for k in open_:
        weights[k] += weights[gone] * before[gone][k]
        loop = before[k][gone] * before[gone][k]
        for other in open_:
            through = before[k][other] + before[k][gone] * before[gone][other]
            flow[k][other] = through / (1 - loop) if other != k and loop < 1 else 0.0


def _evenly(count: int, to: Sequence[int]) -> tuple[float, ...]:
    return tuple(1 / len(to) if k in to else 0.0 for k in range(count))


def _mixed(count: int, held: float, first: Sequence[int], later: Sequence[int]) -> tuple[float, ...]:
    own, passed = _evenly(count, first), _evenly(count, later)
    return tuple(held * a + (1 - held) * b for a, b in zip(own, passed, strict=True))
