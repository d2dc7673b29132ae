"""Many means, ratios and adjusted means against their controls at once: arrays of moments in, arrays of effects out.

The formulas are those of one comparison (`means`, `ratios`, `covariates.adjust_pooled`, `two`) and agree with it to
rounding. A comparison that is less plain than two means far from every border is made by that one alone, so that it
gets the same answer or the same reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import accumulate, chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from abstory.stats import covariates
from abstory.stats.covariates import Arms, adjust_pooled
from abstory.stats.estimate import Effect, Estimate, Interval, Undetermined, record
from abstory.stats.means import compare
from abstory.stats.moments import Moments, Sample, pair
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.ratios import ROUNDING, ratio_sample
from abstory.stats.reading import FixedHorizon, Reading
from abstory.stats.sequential import AlwaysValid, log_e_value, mixture_critical
from abstory.stats.skewness import both_tails
from abstory.stats.tails import two_sided_ps, two_sided_quantiles

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_Arm = TypeVar("_Arm", Sample, Moments)
_CLOSE = 1e-8  # a |T| nearer to its critical value than this, relatively, is judged alone


class Joint(NamedTuple):
    """Moments of an outcome y and a second measure x, of shape (2, comparisons): treatments, then their controls.

    Attributes:
        n: units.
        y, x: means.
        yy, yx, xx: covariances (n − 1).
    """

    n: Floats
    y: Floats
    x: Floats
    yy: Floats
    yx: Floats
    xx: Floats

    @classmethod
    def of(cls, pairs: Sequence[tuple[Moments, Moments]], outcome: str, second: str) -> Joint:
        """Of treatments, each with its control; one pair at least."""
        keys = pair(outcome, outcome), pair(outcome, second), pair(second, second)

        def numbers(arm: Moments) -> tuple[float, ...]:
            return arm.n, arm.means[outcome], arm.means[second], *(arm.covariances[key] for key in keys)

        return cls(*_stacked(pairs, numbers))

    def arms(self, at: int) -> Arms:
        """Of one comparison, the measures called y and x."""
        treatment, control = zip(*(column[:, at].tolist() for column in self), strict=True)
        return Arms(_moments(*treatment), _moments(*control))


@record
class Samples:
    """Samples to be compared, of shape (2, comparisons): treatments, then their controls.

    Attributes:
        n: units.
        mean, variance, third: as of `Sample`; `third` is None where no third moment is known.
        methods: the method's name of every comparison.
        lacking: by comparison, why it cannot be made.
    """

    n: Floats
    mean: Floats
    variance: Floats
    third: Floats | None
    methods: tuple[str, ...]
    lacking: Mapping[int, Undetermined] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Sequence[tuple[Sample, Sample]]) -> Samples:
        """Means of treatments, each with its control; one pair at least."""
        n, mean, variance, third = _stacked(pairs, lambda arm: (arm.n, arm.mean, arm.variance, arm.third))
        return cls(n, mean, variance, third if third.any() else None, ("welch",) * len(pairs))

    def alone(self, at: int, reading: Reading) -> Effect | Undetermined:
        """One comparison, made by itself."""
        if at in self.lacking:
            return self.lacking[at]
        columns = [self.mean, self.variance] if self.third is None else [self.mean, self.variance, self.third]
        n, *others = (column[:, at].tolist() for column in (self.n, *columns))
        treatment, control = (Sample(int(units), *numbers) for units, *numbers in zip(n, *others, strict=True))
        return compare(treatment, control, reading, method=self.methods[at])


class Columns(NamedTuple):
    """The numbers of `Effect`, one of each for every comparison; NaN where there is none."""

    treatment: Floats
    control: Floats
    difference: Floats
    low: Floats
    high: Floats
    lift: Floats
    lift_low: Floats
    lift_high: Floats
    statistic: Floats
    p_value: Floats
    critical: Floats
    standard_error: Floats
    skewness: Floats


@record
class Effects:
    """What every comparison comes to: the numbers in arrays; by index the `Effect`, or why there is none.

    Attributes:
        columns: the numbers.
        methods: the method's name of every comparison.
        alone: what was compared by itself, by comparison.
    """

    columns: Columns
    methods: tuple[str, ...]
    alone: Mapping[int, Effect | Undetermined]

    def __len__(self) -> int:
        return len(self.methods)

    def __getitem__(self, at: int) -> Effect | Undetermined:
        at = range(len(self))[at]  # as any sequence: from the end below 0, IndexError beyond it
        return self.alone.get(at) or _effect([column[at].item() for column in self.columns], self.methods[at])

    def __iter__(self) -> Iterator[Effect | Undetermined]:
        rows = zip(self.methods, *(column.tolist() for column in self.columns), strict=True)
        return (self.alone.get(at) or _effect(row[1:], row[0]) for at, row in enumerate(rows))


def ratios(joint: Joint) -> Samples:
    """Σy/Σx, as `ratio_sample` linearises each; without units, or where Σx is 0 in either arm, it is lacking."""
    import numpy as np

    n, y, x, yy, yx, xx = joint
    with np.errstate(all="ignore"):
        ratio = y / x
        other = ratio * ratio * xx
        spread, least = yy - 2 * ratio * yx + other, ROUNDING * (yy + other)
        variance = spread / (x * x)
    plain = (spread > least) & (n > 0)
    if plain.all():
        return Samples(n, ratio, variance, None, ("welch",) * n.shape[1])
    lacking = {at: why for at in _but(plain) if (why := _no_ratio(joint.arms(at)))}
    return Samples(n, ratio, np.where(plain, variance, 0.0), None, ("welch",) * n.shape[1], lacking)


def adjusted(joint: Joint) -> Samples:
    """Means of y adjusted by one slope on x, as `adjust_pooled`; where x does not vary, it is lacking."""
    import numpy as np

    n, y, x, yy, yx, xx = joint
    free, total, gap = n - 1, _both(n), x[0] - x[1]
    with np.errstate(all="ignore"):
        apart = gap * n[0] * n[1] / total
        along, across = _both(yx * free) + (y[0] - y[1]) * apart, _both(xx * free) + gap * apart
        slope, centre = along / across, _both(x * n) / total
        spread = yy - slope * (2 * yx - slope * xx)
        mean, varies = y - slope * (x - centre), spread > covariates.ROUNDING * yy
    plain = varies & (across > 0) & (free > 0)
    if plain.all():
        return Samples(n, mean, spread, None, ("cuped",) * n.shape[1])
    lacking = {at: why for at in _but(plain) if (why := _no_slope(joint.arms(at)))}
    return Samples(n, mean, np.where(varies, spread, 0.0), None, ("cuped",) * n.shape[1], lacking)


def join(*parts: Samples) -> Samples:
    """All comparisons of several kinds, one kind after the other."""
    import numpy as np

    third = None
    if any(part.third is not None for part in parts):
        third = np.concatenate([np.zeros_like(part.n) if part.third is None else part.third for part in parts], axis=1)
    starts = accumulate((len(part.methods) for part in parts), initial=0)
    return Samples(
        np.concatenate([part.n for part in parts], axis=1),
        np.concatenate([part.mean for part in parts], axis=1),
        np.concatenate([part.variance for part in parts], axis=1),
        third,
        tuple(chain.from_iterable(part.methods for part in parts)),
        {start + at: why for start, part in zip(starts, parts, strict=False) for at, why in part.lacking.items()},
    )


def compare_many(samples: Samples, reading: Reading) -> Effects:
    """Each comparison as `means.compare` reads it."""
    import numpy as np

    with np.errstate(all="ignore"):
        columns, plain = _read(samples, reading)
    if plain.all():
        return Effects(columns, samples.methods, {})
    alone = {at: samples.alone(at, reading) for at in _but(plain)}
    table = np.array(columns)
    table[:, list(alone)] = np.array([_numbers(found) for found in alone.values()]).T
    return Effects(Columns(*table), samples.methods, alone)


def _read(samples: Samples, reading: Reading) -> tuple[Columns, Bools]:
    """The numbers of every comparison, and which of them hold: those about which nothing has to be decided."""
    import numpy as np

    n, (treatment, control) = samples.n, samples.mean
    errors = samples.variance / n
    variance, seen = _both(errors), treatment - control
    share = errors / variance
    units, df, error = _both(n), 1 / _both(share * share / (n - 1)), np.sqrt(variance)
    statistic, critical = seen / error, _criticals(reading, units, df)
    half, (low, high, bounded) = critical * error, _fieller(samples.mean, errors, critical)
    found = Columns(
        treatment,
        control,
        seen,
        seen - half,
        seen + half,
        seen / control,
        low - 1,
        high - 1,
        statistic,
        _p_values(reading, statistic, units, df),
        critical,
        error,
        _skewness(samples),
    )
    far = abs(abs(statistic) - critical) > _CLOSE * critical
    return found, far & bounded & _enough(n, reading) & _even(found, samples)


def _fieller(mean: Floats, errors: Floats, critical: Floats) -> tuple[Floats, Floats, Bools]:
    """Ends of `two.fieller` where arms share nothing, and where they are bounded and above no control's mean of 0."""
    import numpy as np

    (treatment, control), (v_t, v_c) = mean, errors
    ratio, noise = treatment / control, critical * np.sqrt(v_c) / control
    rest = (1 - noise) * (1 + noise)
    centre, half = ratio / rest, critical * np.sqrt(v_t * rest + ratio * ratio * v_c) / (control * rest)
    low, high = centre - half, centre + half
    return low, high, (noise > 0) & (noise < 1) & np.isfinite(high)


def _criticals(reading: Reading, n: Floats, df: Floats) -> Floats:
    """NaN for a reading that takes one comparison at a time."""
    import numpy as np

    if isinstance(reading, Bonferroni):
        return _criticals(reading.each, n, df)
    if isinstance(reading, AlwaysValid):
        return mixture_critical(n, reading.rho2, reading.alpha, np)
    if isinstance(reading, FixedHorizon):
        return two_sided_quantiles(reading.alpha, df)
    return np.full(n.shape, np.nan)


def _p_values(reading: Reading, statistic: Floats, n: Floats, df: Floats) -> Floats:
    """Those near alpha may lie on its wrong side; their |T| is near its critical value."""
    import numpy as np

    if isinstance(reading, Bonferroni):
        return np.minimum(1.0, reading.family * _p_values(reading.base, statistic, n, df))
    if isinstance(reading, AlwaysValid):
        return np.exp(np.minimum(0.0, -log_e_value(statistic, n, reading.rho2, np)))
    if isinstance(reading, FixedHorizon):
        return two_sided_ps(statistic, df)
    return np.full(n.shape, np.nan)


def _enough(n: Floats, reading: Reading) -> Bools | bool:
    """Where both arms are samples that the reading lacks nothing of."""
    import numpy as np

    def enough(units: float) -> bool:
        return units >= 2 and not reading.lacks(Sample(int(units), 0.0, 0.0))

    return enough(n.min()) or np.array([enough(units) for units in n.min(0).tolist()])


def _skewness(samples: Samples) -> Floats:
    """As `skewness.of_difference`."""
    import numpy as np

    n, third = samples.n, samples.third
    if third is None:
        return np.zeros(n.shape[1])
    total, (a, b) = _both(n), 1 / n
    second = _both(samples.variance * (n - 1)) / total
    skewness: Floats = abs(_both(third * n) / total / second**1.5) * abs(a - b) / np.sqrt(a + b)
    return skewness


def _even(found: Columns, samples: Samples) -> Bools | bool:
    """Where no skewness stands in the way: not even at the largest critical value of all."""
    import numpy as np

    return samples.third is None or found.skewness <= both_tails(float(np.fmax.reduce(found.critical)))


def _effect(numbers: Sequence[float], method: str) -> Effect:
    treatment, control, value, low, high, lift, lift_low, lift_high, *rest = numbers
    statistic, p_value, critical, error, skewness = rest
    between, lifted = Estimate(value, Interval(low, high)), Estimate(lift, Interval(lift_low, lift_high))
    return Effect(treatment, control, between, lifted, statistic, p_value, critical, error, method, skewness=skewness)


def _numbers(found: Effect | Undetermined) -> tuple[float, ...]:
    """The inverse of `_effect`."""
    if isinstance(found, Undetermined):
        return (math.nan,) * len(Columns._fields)
    between, lift = found.difference, found.lift
    lifted = (lift.value, lift.interval.low, lift.interval.high) if isinstance(lift, Estimate) else (math.nan,) * 3
    rest = found.statistic, found.p_value, found.critical, found.standard_error, found.skewness
    return found.treatment, found.control, between.value, between.interval.low, between.interval.high, *lifted, *rest


def _both(arms: Floats) -> Floats:
    total: Floats = arms[0] + arms[1]
    return total


def _stacked(pairs: Sequence[tuple[_Arm, _Arm]], numbers: Callable[[_Arm], tuple[float, ...]]) -> Floats:
    """Numbers of treatments and controls: of shape (numbers, 2, pairs)."""
    import numpy as np

    rows = [[numbers(arm) for arm in arms] for arms in zip(*pairs, strict=True)]
    return np.ascontiguousarray(np.array(rows, dtype=np.float64).transpose(2, 0, 1))


def _moments(n: float, y: float, x: float, yy: float, yx: float, xx: float) -> Moments:
    return Moments(int(n), {"y": y, "x": x}, {("y", "y"): yy, ("x", "y"): yx, ("x", "x"): xx})


def _no_ratio(arms: Arms) -> Undetermined | None:
    samples = ratio_sample(arms.treatment, "y", "x"), ratio_sample(arms.control, "y", "x")
    return next((found for found in samples if isinstance(found, Undetermined)), None)


def _no_slope(arms: Arms) -> Undetermined | None:
    found = adjust_pooled(arms, "y", "x")
    return found if isinstance(found, Undetermined) else None


def _but(plain: Bools) -> list[int]:
    """The comparisons of which something has to be decided."""
    import numpy as np

    found: list[int] = np.flatnonzero(~(plain if plain.ndim == 1 else plain.all(0))).tolist()
    return found
