"""Evidence that adds up: counts, means and covariances of per-viewer measures, and the samples made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from abstory.stats.estimate import record

Pair = tuple[str, str]


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

    A ratio of sums is a Sample of its linearised values (delta method): mean is the ratio.
    """

    n: int
    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Moments:
    """n, means and covariances (n − 1) of the measures of one variant's viewers.

    Attributes:
        n: viewers, zeros included.
        means: by measure.
        covariances: by sorted pair of measures; only the pairs that were asked for.
    """

    n: int
    means: Mapping[str, float]
    covariances: Mapping[Pair, float]

    @classmethod
    def empty(cls, names: Sequence[str], pairs: Sequence[Pair]) -> Moments:
        """The neutral element of `+`."""
        return cls(0, dict.fromkeys(names, 0.0), dict.fromkeys((pair(*p) for p in pairs), 0.0))

    @classmethod
    def from_sums(cls, n: int, sums: Mapping[str, int], products: Mapping[Pair, int]) -> Moments:
        """Exact: integer sums and sums of products, divided only at the end, so large means lose no digits."""
        means = {name: float(Fraction(total, n)) if n else 0.0 for name, total in sums.items()}
        covariances = {
            pair(a, b): float(Fraction(n * total - sums[a] * sums[b], n * (n - 1))) if n > 1 else 0.0
            for (a, b), total in products.items()
        }
        return cls(n, means, covariances)

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
        return Moments(n, means, covariances)

    def scaled(self, scales: Mapping[str, float]) -> Moments:
        """The same viewers with measures in other units (a measure not named keeps its own)."""
        of = scales.get
        return Moments(
            self.n,
            {name: mean * of(name, 1.0) for name, mean in self.means.items()},
            {(a, b): c * of(a, 1.0) * of(b, 1.0) for (a, b), c in self.covariances.items()},
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
        return Sample(self.n, self.means[name], self.variance(name))
