"""Evidence that adds up: counts, means and covariances of per-viewer measures, and the samples made of them."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from itertools import accumulate

from abstory.stats.estimate import record

Pair = tuple[str, str]
Triple = tuple[str, str, str]


def pair(a: str, b: str) -> Pair:
    """The one key under which the covariance of two measures is kept."""
    return (a, b) if a <= b else (b, a)


@record
class Tally:
    """`successes` out of `n` units, for a proportion. 0 <= successes <= n."""

    n: int
    successes: int

    @property
    def mean(self) -> float:
        """The rate; NaN for no units."""
        return self.successes / self.n if self.n else float("nan")

    @property
    def variance(self) -> float:
        """Sample variance of the 0/1 values (n − 1); NaN below two units."""
        return self.mean * (1 - self.mean) * self.n / (self.n - 1) if self.n > 1 else float("nan")


@record
class Sample:
    """`n` units with a mean and a per-unit variance (n − 1), so that variance / n is the mean's.

    A ratio of sums is a Sample of its linearised values (delta method): mean is the ratio. `third` is their third
    central moment Σ(x − mean)³/n; 0 where it is not known, which counts as no skewness.
    """

    n: int
    mean: float
    variance: float
    third: float = 0.0


@record
class Moments:
    """n, means, covariances (n − 1) and third central moments (n) of the measures of one variant's viewers.

    Attributes:
        n: viewers, zeros included.
        means: by measure.
        covariances: by sorted pair of measures; only the pairs that were asked for.
        thirds: by sorted triple of measures, Σ(a − ā)(b − b̄)(c − c̄)/n; only those asked for.
    """

    n: int
    means: Mapping[str, float]
    covariances: Mapping[Pair, float]
    thirds: Mapping[Triple, float] = field(default_factory=dict)

    @classmethod
    def empty(cls, names: Sequence[str], pairs: Sequence[Pair]) -> Moments:
        """The neutral element of `+`."""
        return cls(0, dict.fromkeys(names, 0.0), dict.fromkeys((pair(*p) for p in pairs), 0.0))

    @classmethod
    def from_sums(
        cls, n: int, sums: Mapping[str, int], products: Mapping[Pair, int], triples: Mapping[Triple, int] | None = None
    ) -> Moments:
        """Exact: integer sums and sums of products, divided once at the end, so large means lose no digits.

        Args:
            n: viewers.
            sums: by measure.
            products: sums of products, by sorted pair.
            triples: sums of products of three, by sorted triple; their pairs must be there too.
        """
        means = {name: total / n if n else 0.0 for name, total in sums.items()}
        covariances = {
            pair(a, b): (n * total - sums[a] * sums[b]) / (n * (n - 1)) if n > 1 else 0.0
            for (a, b), total in products.items()
        }
        thirds = {key: _third(n, sums, products, (key, total)) for key, total in (triples or {}).items()}
        return cls(n, means, covariances, thirds)

    def __add__(self, other: Moments) -> Moments:
        """Pool two disjoint sets of viewers (pairwise update, Chan, Golub & LeVeque 1979)."""
        n = self.n + other.n
        if not self.n or not other.n:
            return other if not self.n else self
        gap = {name: other.means[name] - mean for name, mean in self.means.items()}
        means = {name: mean + gap[name] * other.n / n for name, mean in self.means.items()}
        covariances = {
            (a, b): (
                c * (self.n - 1) + other.covariances[a, b] * (other.n - 1) + gap[a] * gap[b] * self.n * other.n / n
            )
            / (n - 1)
            for (a, b), c in self.covariances.items()
        }
        return Moments(n, means, covariances, {key: self._pooled(other, gap, key) for key in self.thirds})

    def _pooled(self, other: Moments, gap: Mapping[str, float], key: Triple) -> float:
        """Third moment of both sets (Pébay, SAND2008-6212, equation 2.1 for three variables)."""
        n, gaps = self.n + other.n, [gap[name] for name in key]
        within = self.n * self.thirds[key] + other.n * other.thirds[key]
        between = math.prod(gaps) * self.n * other.n * (self.n - other.n) / n
        for one, rest in zip(gaps, _without_each(key), strict=True):
            mine, theirs = ((arm.n - 1) * arm.covariances[rest] for arm in (self, other))
            between += one * (self.n * theirs - other.n * mine)
        return (within + between / n) / n

    def of(self, names: Iterable[str], pairs: Iterable[Pair]) -> Moments:
        """The same viewers, of some measures only: their means and the covariances named (sorted pairs)."""
        return Moments(
            self.n, {name: self.means[name] for name in names}, {key: self.covariances[key] for key in pairs}
        )

    def scaled(self, scales: Mapping[str, float]) -> Moments:
        """The same viewers with measures in other units (a measure not named keeps its own)."""
        of = scales.get
        return Moments(
            self.n,
            {name: mean * of(name, 1.0) for name, mean in self.means.items()},
            {(a, b): c * of(a, 1.0) * of(b, 1.0) for (a, b), c in self.covariances.items()},
            {key: c * math.prod(of(name, 1.0) for name in key) for key, c in self.thirds.items()},
        )

    def variance(self, name: str) -> float:
        """Sample variance of one measure."""
        return self.covariances[name, name]

    def covariance(self, a: str, b: str) -> float:
        """Sample covariance of two measures, in either order."""
        return self.covariances[pair(a, b)]

    def tally(self, name: str) -> Tally:
        """A 0/1 measure as successes out of n."""
        return Tally(self.n, round(self.means[name] * self.n))

    def sample(self, name: str) -> Sample:
        """A measure as a sample of per-viewer values."""
        return Sample(self.n, self.means[name], self.variance(name), self.thirds.get((name, name, name), 0.0))


def cumulated(steps: Mapping[int, Moments]) -> dict[int, Moments]:
    """Everybody up to each step, from those who came at it."""
    order = sorted(steps)
    return dict(zip(order, accumulate((steps[step] for step in order), operator.add), strict=True))


def triple(a: str, b: str, c: str) -> Triple:
    """The one key under which the third moment of three measures is kept."""
    first, second, third = sorted((a, b, c))
    return first, second, third


def _without_each(key: Triple) -> tuple[Pair, Pair, Pair]:
    a, b, c = key
    return pair(b, c), pair(a, c), pair(a, b)


def _third(n: int, sums: Mapping[str, int], products: Mapping[Pair, int], own: tuple[Triple, int]) -> float:
    """[n² Σabc − n(Σab Σc + Σac Σb + Σbc Σa) + 2 Σa Σb Σc]/n³, exact until the one division."""
    key, total = own
    totals = [sums[name] for name in key]
    crossed = sum(one * products[rest] for one, rest in zip(totals, _without_each(key), strict=True))
    return (n * (n * total - crossed) + 2 * math.prod(totals)) / n**3 if n else 0.0
