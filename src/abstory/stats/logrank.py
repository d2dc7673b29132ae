"""Do two curves of leaving differ anywhere before a horizon: the log-rank test, by view and by viewer.

Mantel 1966; Peto & Peto, JRSS A 1972;135:185. By viewer: the score of Cox's model at no effect, summed over a viewer's
views (Lin & Wei, JASA 1989;84:1074). It is blind where curves cross; its direction is read off the restricted means.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.retention import Watching
from abstory.stats.tails import two_sided_p


@dataclass(frozen=True, slots=True)
class LogRank:
    """Exits in both arms before the horizon, observed and as if the arms did not differ.

    Attributes:
        observed: treatment, control.
        expected: treatment, control.
        variance: of observed − expected in the treatment, > 0.
    """

    observed: tuple[int, int]
    expected: tuple[float, float]
    variance: float

    @property
    def statistic(self) -> float:
        """Z; above 0 where the treatment is left sooner."""
        return (self.observed[0] - self.expected[0]) / math.sqrt(self.variance)

    @property
    def chi_square(self) -> float:
        return self.statistic**2

    @property
    def p_value(self) -> float:
        """Two-sided, of one look."""
        return two_sided_p(self.statistic, math.inf)


@dataclass(frozen=True, slots=True)
class Instant:
    """One time before the horizon at which somebody leaves.

    Attributes:
        time: seconds.
        exits: of both arms.
        risk: views still watching just before, of both arms.
        share: of `risk` that is treatment.
        out: exits of the treatment.
    """

    time: float
    exits: int
    risk: int
    share: float
    out: int


def instants(treatment: Watching, control: Watching, horizon: float) -> tuple[Instant, ...]:
    """Every time in [0, horizon) with an exit, in order; views that last to the horizon are censored there."""
    times = sorted(time for time in {*treatment.times, *control.times} if time < horizon)
    found = ((time, _at(treatment, time), _at(control, time)) for time in times)
    return tuple(
        Instant(time, out_t + out_c, risk_t + risk_c, risk_t / (risk_t + risk_c), out_t)
        for time, (out_t, risk_t), (out_c, risk_c) in found
        if out_t + out_c
    )


def logrank(treatment: Watching, control: Watching, horizon: float) -> LogRank | Undetermined:
    """The test of one exit hazard on [0, horizon), each view taken as an independent draw (R survdiff).

    Args:
        treatment: views by watch time.
        control: the same.
        horizon: seconds, > 0; an exit at or after it counts as still watching.

    Returns:
        NO_VIEWERS where an arm has no view, NO_VARIATION where nobody leaves, or only where one arm is left alone.
    """
    if not treatment.views or not control.views:
        return Undetermined(Reason.NO_VIEWERS)
    found = instants(treatment, control, horizon)
    variance = math.fsum(
        at.exits * at.share * (1 - at.share) * (at.risk - at.exits) / (at.risk - 1) for at in found if at.risk > 1
    )
    return of_instants(found, variance)


def of_instants(found: Sequence[Instant], variance: float) -> LogRank | Undetermined:
    """The test from its instants and a variance of its score."""
    if not variance > 0:
        return Undetermined(Reason.NO_VARIATION)
    out, all_out = sum(at.out for at in found), sum(at.exits for at in found)
    expected = math.fsum(at.exits * at.share for at in found)
    return LogRank((out, all_out - out), (expected, all_out - expected), variance)


def _at(arm: Watching, time: float) -> tuple[int, int]:
    """Exits at a time, and views at risk just before it."""
    place = bisect_left(arm.times, time)
    if place == len(arm.times):
        return 0, 0
    return arm.exits[place] if arm.times[place] == time else 0, arm.at_risk[place]
