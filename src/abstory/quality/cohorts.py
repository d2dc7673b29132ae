"""One variant's viewers by day of first exposure: independent cohorts, for a viewer has one first exposure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from abstory.metrics import Metric
from abstory.stats.estimate import Undetermined
from abstory.stats.moments import Moments, Sample, Tally
from abstory.stats.trend import Cohort

FEWEST_OUTCOMES = 20


@dataclass(frozen=True, slots=True)
class Days:
    """One arm's days; their variance is pooled within days, so that no day is weighed by its own outcome."""

    samples: Mapping[int, Tally | Sample]
    variance: float

    @classmethod
    def of(cls, metric: Metric, days: Mapping[int, Moments]) -> Days | None:
        """None where a rate has too few outcomes of either kind for a normal slope."""
        samples = {day: one for day, moments in days.items() if (one := sample(metric, moments)) is not None}
        counts = [one for one in samples.values() if isinstance(one, Tally)]
        hits = sum(one.successes for one in counts)
        if counts and min(hits, sum(one.n for one in counts) - hits) < FEWEST_OUTCOMES:
            return None
        return cls(samples, within(list(samples.values())))

    def against(self, control: Days) -> Iterator[Cohort]:
        """The effect of every day that both arms have."""
        for day in sorted(self.samples.keys() & control.samples.keys()):
            mine, theirs = self.samples[day], control.samples[day]
            error = math.sqrt(self.variance / mine.n + control.variance / theirs.n)
            yield Cohort(day, mine.mean - theirs.mean, error)


def sample(metric: Metric, moments: Moments) -> Tally | Sample | None:
    """Of a day with at least two viewers."""
    found = metric.sample(moments) if moments.n > 1 else None
    return None if found is None or isinstance(found, Undetermined) else found


def within(samples: Sequence[Tally | Sample]) -> float:
    """Variance of a unit, pooled over samples each around its own mean."""
    freedom = sum(one.n - 1 for one in samples)
    return math.fsum((one.n - 1) * one.variance for one in samples) / freedom if freedom else 0.0
