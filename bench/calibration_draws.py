"""Seeded evidence for calibration.py: many experiments at once, as the sums a store would give.

A row is (n, y, d, yy, dd, yd, yyy, yyd, ydd, ddd) of the treatment, then of control: means, variances and covariance
(n - 1), third central moments (n) over viewers of a measure y and a denominator d. Proportions come with each distinct
row once and its weight, so that 20,000 experiments cost as many calls as they have different tables.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

ARM = 10
"""Columns of one arm."""


@dataclass(frozen=True)
class Draws:
    """Rows with weights, and the true difference and lift they were drawn with."""

    kind: str
    rows: np.ndarray
    weights: np.ndarray
    difference: float
    lift: float


def generator(name):
    return np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))


def proportions(name, rates, sizes, runs):
    """Binomial tallies of treatment and control."""
    draws = generator(name)
    counts = np.column_stack([draws.binomial(n, p, runs) for n, p in zip(sizes, rates, strict=True)])
    tables, weights = np.unique(counts, axis=0, return_counts=True)
    rows = np.hstack([_tallied(tables[:, at], sizes[at]) for at in (0, 1)])
    return Draws("proportion", rows, weights, rates[0] - rates[1], rates[0] / rates[1] - 1)


def _tallied(x, n):
    p = x / n
    return columns(n, p, yy=p * (1 - p) * n / (n - 1))


def columns(n, y, **others):
    """An arm's columns by name; what is not named is 0."""
    zero = np.zeros(np.shape(y))
    names = ("d", "yy", "dd", "yd", "yyy", "yyd", "ydd", "ddd")
    return np.stack([zero + n, y, *(others.get(name, zero) for name in names)], axis=-1)


def means(name, law, lift, sizes, runs):
    """`law(draws, shape)` gives control's values and its mean; the treatment's are (1 + lift) times as large."""
    draws = generator(name)
    arms = [_arm(draws, law, scale, n, runs) for scale, n in zip((1 + lift, 1.0), sizes, strict=True)]
    mean = law(None, None)
    return Draws("mean", np.hstack(arms), np.ones(runs, dtype=int), lift * mean, lift)


def _arm(draws, law, scale, n, runs):
    at_once = max(1, 10_000_000 // n)
    parts = (scale * law(draws, (min(at_once, runs - start), n)) for start in range(0, runs, at_once))
    return np.vstack([arm(values) for values in parts])


def ratios(name, most_views, lift, sizes, runs):
    """Complete views by views: 1 to `most_views` views, each viewer with a chance of their own to complete one."""
    draws = generator(name)
    arms = [_viewed(draws, most_views, 0.4 * factor, n, runs) for factor, n in zip((1 + lift, 1), sizes, strict=True)]
    return Draws("ratio", np.hstack(arms), np.ones(runs, dtype=int), 0.4 * lift, lift)


def _viewed(draws, most, rate, n, runs):
    at_once, parts = max(1, 5_000_000 // n), []
    for start in range(0, runs, at_once):
        shape = (min(at_once, runs - start), n)
        d = draws.integers(1, most + 1, shape)
        parts.append(arm(draws.binomial(d, draws.beta(5 * rate, 5 * (1 - rate), shape)), d))
    return np.vstack(parts)


def arm(y, d=None):
    """An arm's columns, a row an experiment, of its viewers' values."""
    n, my = y.shape[1], y.mean(axis=1)
    y = y - my[:, None]
    squares = y * y
    alone = {"yy": squares.sum(axis=1) / (n - 1), "yyy": (squares * y).mean(axis=1)}
    if d is None:
        return columns(n, my, **alone)
    md = d.mean(axis=1)
    d = d - md[:, None]
    seconds = {key: (a * d).sum(axis=1) / (n - 1) for key, a in (("dd", d), ("yd", y))}
    thirds = {key: (a * d).mean(axis=1) for key, a in (("yyd", squares), ("ydd", y * d), ("ddd", d * d))}
    return columns(n, my, d=md, **alone, **seconds, **thirds)


def watched(draws, shape):
    """Seconds of a 15 s cut: exponential, cut off at the end."""
    return 10 * (1 - np.exp(-1.5)) if draws is None else np.minimum(draws.exponential(10.0, shape), 15.0)


def exponential(draws, shape):
    """Skewed: an exponential with mean 10."""
    return 10.0 if draws is None else draws.exponential(10.0, shape)


def normal(draws, shape):
    """Symmetric: mean 10, sd 3."""
    return 10.0 if draws is None else draws.normal(10.0, 3.0, shape)


def lognormal(draws, shape):
    """Skewed by 6.2: lognormal with sigma 1."""
    return np.exp(0.5) if draws is None else draws.lognormal(0.0, 1.0, shape)


def heavy(draws, shape):
    """Nine of ten are 0, the rest lognormal with sigma 2: a mean that a few viewers make."""
    if draws is None:
        return 0.1 * np.exp(2.0)
    values = np.zeros(shape)
    some = draws.random(shape) < 0.1
    values[some] = draws.lognormal(0.0, 2.0, some.sum())
    return values


def rare(draws, shape):
    """Ninety-nine of a hundred are 0, the rest exponential: purchases."""
    return 0.01 if draws is None else draws.exponential(1.0, shape) * (draws.random(shape) < 0.01)


def rates(other, base):
    """0/1 values: the treatment's rate, and control's."""
    return lambda draws, arm, shape: (draws.random(shape) < (base if arm else other)).astype(float)


def adjusted(name, sizes, slopes, kind, lift, runs):
    """Y = 10 (1 + lift) + slope x + e in either arm, x and e alike with mean 0 and sd 1; x stands where d does."""
    draws = generator(f"covariate {name}")
    make = {"normal": draws.standard_normal, "exponential": lambda shape: draws.exponential(1.0, shape) - 1}[kind]
    shape = zip(sizes, slopes, (1 + lift, 1.0), strict=True)
    arms = [_with_covariate(make, (runs, n), 10 * scale, slope) for n, slope, scale in shape]
    return Draws("cuped", np.hstack(arms), np.ones(runs, dtype=int), 10 * lift, lift)


def _with_covariate(make, shape, base, slope):
    runs, n = shape
    at_once, parts = max(1, 5_000_000 // n), []
    for start in range(0, runs, at_once):
        x, e = (make((min(at_once, runs - start), n)) for _ in range(2))
        parts.append(arm(base + slope * x + e, x))
    return np.vstack(parts)


def patient_views(draws, n, scale):
    """Who watched, and how many milliseconds: 1 to 5 views a viewer, exponential around a patience of their own."""
    viewer = np.repeat(np.arange(n), draws.integers(1, 6, n))
    patience = scale * 8000 * draws.lognormal(0.0, 0.5, n)
    return viewer, np.floor(draws.exponential(patience[viewer]))


def patience_quantile(q):
    """The true quantile of control's views, by Gauss-Hermite integration over patience."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    patience, weights = 8000 * np.exp(0.5 * nodes), weights / weights.sum()
    return brentq(lambda t: (weights * -np.expm1(-t / patience)).sum() - q, 0.0, 1e7)


def peeks(law_of, sizes, looks, runs, name):
    """Rows of every look of growing experiments, shape (runs, looks, 20), in equal steps.

    Args:
        law_of: (draws, arm, shape) to values of viewers; arm 0 is the treatment.
        sizes: viewers by arm at the last look.
        looks: how many.
        runs: how many experiments.
        name: what the seed is made of.
    """
    draws, found = generator(name), np.empty((runs, looks, 2 * ARM))
    for run in range(runs):
        for arm, n in enumerate(sizes):
            values = law_of(draws, arm, (looks, n // looks))
            count = n // looks * np.arange(1, looks + 1)
            mean, square, cube = (np.cumsum((values**power).sum(axis=1)) / count for power in (1, 2, 3))
            third = cube - 3 * mean * square + 2 * mean**3
            spread = (square - mean**2) * count / (count - 1)
            found[run, :, ARM * arm : ARM * (arm + 1)] = columns(count, mean, yy=spread, yyy=third)
    return found
