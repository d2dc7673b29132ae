"""How long views last: Kaplan-Meier curves and restricted means, from histograms of watch time.

A view of a cut of length L ends with an exit before L, or is still watching at L and then says no more: it is censored.
Kaplan & Meier, JASA 1958;53:457, with Greenwood's variance, takes one view as one independent draw; where viewers have
several views, `stats/retention_clustered.py` takes the viewer. At one instant exits come before what is still watching.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from abstory.stats.estimate import Interval, Reason, Undetermined


@dataclass(frozen=True, slots=True)
class Watching:
    """A histogram of watch time.

    Attributes:
        times: seconds, >= 0, increasing; of a bin its upper edge, at which its exits are taken to happen.
        exits: views that were left then, >= 0.
        still: views that were still watching then and were not seen longer, >= 0.
    """

    times: tuple[float, ...]
    exits: tuple[int, ...]
    still: tuple[int, ...]

    def __post_init__(self) -> None:
        if not len(self.times) == len(self.exits) == len(self.still):
            raise ValueError("times, exits and still must be equally many")
        if any(a >= b for a, b in pairwise((-math.inf, *self.times))) or not all(t >= 0 for t in self.times[:1]):
            raise ValueError("times must be increasing, from 0 on")
        if min((*self.exits, *self.still), default=0) < 0:
            raise ValueError("views cannot be negative")

    @classmethod
    def of(cls, rows: Iterable[tuple[float, bool]]) -> Watching:
        """From one (seconds, whether it was left then) a view."""
        rows = list(rows)
        times = sorted({time for time, _ in rows})
        counts = [[sum(1 for row in rows if row == (time, left)) for time in times] for left in (True, False)]
        return cls(tuple(times), tuple(counts[0]), tuple(counts[1]))

    @property
    def views(self) -> int:
        """All of them."""
        return sum(self.exits) + sum(self.still)

    @property
    def at_risk(self) -> tuple[int, ...]:
        """Y: views still watching just before each time."""
        ended = (out + still for out, still in zip(reversed(self.exits), reversed(self.still), strict=True))
        return tuple(accumulate(ended))[::-1]

    @property
    def hazard(self) -> tuple[float, ...]:
        """Of those still watching, the share that leaves at each time: d/Y."""
        return tuple(out / risk if risk else 0.0 for out, risk in zip(self.exits, self.at_risk, strict=True))

    @property
    def survival(self) -> tuple[float, ...]:
        """S from each time to the next: the product of (1 − d/Y)."""
        return tuple(accumulate((1 - h for h in self.hazard), lambda s, stay: s * stay))

    @property
    def seen_to(self) -> float:
        """Up to where S is known: the last time, for ever where nobody is left; 0 without views."""
        if not self.views:
            return 0.0
        return math.inf if self.survival[-1] == 0 else self.times[-1]


@dataclass(frozen=True, slots=True)
class Point:
    """The curve at one time.

    Attributes:
        time: seconds.
        survival: share of views that last longer.
        error: its standard error; Undetermined where S is 0.
        interval: on the scale of log(−log S); Undetermined where S is 0 or 1.
        at_risk: views still watching just before.
    """

    time: float
    survival: float
    error: float | Undetermined
    interval: Interval | Undetermined
    at_risk: int


@dataclass(frozen=True, slots=True)
class Restricted:
    """A mean of min(watch time, horizon) in seconds, with its standard error."""

    value: float
    error: float


def km_curve(watching: Watching, times: Sequence[float], critical: float) -> tuple[Point | Undetermined, ...]:
    """The curve at some times, with Greenwood's error and log(−log) intervals (R survfit, conf.type "log-log").

    Args:
        watching: views that are independent of each other.
        times: seconds, >= 0.
        critical: > 0, such as the normal quantile of 1 − alpha/2.

    Returns:
        One point a time; NO_VIEWERS without views, BEYOND after the last one was seen.
    """
    terms = tuple(accumulate(_greenwood(watching)))

    def error(at: int) -> float:
        return math.sqrt(terms[at]) if at >= 0 else 0.0

    return tuple(point(watching, time, critical, error) for time in times)


def point(
    watching: Watching, time: float, critical: float, relative_error: Callable[[int], float]
) -> Point | Undetermined:
    """S at one time; `relative_error` gives se(S)/S from the place of the last time at or before it (−1: none)."""
    if not watching.views:
        return Undetermined(Reason.NO_VIEWERS)
    if time > watching.seen_to:
        return Undetermined(Reason.BEYOND, f"{time:g} s, seen to {watching.seen_to:g} s")
    place = bisect_right(watching.times, time) - 1
    survival = watching.survival[place] if place >= 0 else 1.0
    first = bisect_left(watching.times, time)
    risk = watching.at_risk[first] if first < len(watching.times) else 0
    if survival <= 0:
        gone = Undetermined(Reason.NO_VARIATION, "nobody is left")
        return Point(time, 0.0, gone, gone, risk)
    error = relative_error(place)
    return Point(time, survival, survival * error, log_log(survival, survival * error, critical), risk)


def log_log(survival: float, error: float, critical: float) -> Interval | Undetermined:
    """S^exp(±critical · se/(S log S)): inside (0, 1) whatever the error; Undetermined at S = 0 and 1.

    Kalbfleisch & Prentice 1980, section 1.3.
    """
    if not 0 < survival < 1:
        return Undetermined(Reason.NO_VARIATION, "everybody stays" if survival else "nobody is left")
    reach = min(abs(critical * error / (survival * math.log(survival))), _FAR)
    return Interval(survival ** math.exp(reach), survival ** math.exp(-reach))


def rmst(watching: Watching, horizon: float) -> Restricted | Undetermined:
    """Restricted mean ∫₀^τ S, variance Σ_{t < τ} (∫_t^τ S)² d/(Y(Y − d)).

    Royston & Parmar, BMC Medical Research Methodology 2013;13:152; R survRM2.

    Args:
        watching: views that are independent of each other.
        horizon: τ in seconds, > 0.

    Returns:
        NO_VIEWERS without views; BEYOND where views are not seen to the horizon.
    """
    if refused := unseen(watching, horizon):
        return refused
    pieces = areas(watching, horizon)
    rests = list(accumulate(reversed(pieces[1:])))[::-1]
    spread = math.fsum(rest * rest * term for rest, term in zip(rests, _greenwood(watching), strict=False) if rest)
    return Restricted(math.fsum(pieces), math.sqrt(spread))


def unseen(watching: Watching, horizon: float) -> Undetermined | None:
    """Why there is no restricted mean to the horizon; None where there is one."""
    if not horizon > 0:
        raise ValueError("a horizon must be above 0 s")
    if not watching.views:
        return Undetermined(Reason.NO_VIEWERS)
    if horizon > watching.seen_to:
        return Undetermined(Reason.BEYOND, f"{horizon:g} s, seen to {watching.seen_to:g} s")
    return None


def areas(watching: Watching, horizon: float) -> list[float]:
    """Areas under the curve: from 0 to the first time, then from each time to the next, none beyond the horizon."""
    knots = [min(time, horizon) for time in (0.0, *watching.times, math.inf)]
    return [(b - a) * s for (a, b), s in zip(pairwise(knots), (1.0, *watching.survival), strict=True)]


def rmst_ratio(treatment: Restricted, control: Restricted, critical: float) -> tuple[float, Interval] | Undetermined:
    """R = RMST_t/RMST_c with R · exp(±critical · √(v_t/m_t² + v_c/m_c²)), as survRM2 gives it.

    A report gives Fieller's lift instead, which cannot disagree with the difference. CONTROL_NEAR_ZERO at a mean of 0.
    """
    if treatment.value <= 0 or control.value <= 0:
        return Undetermined(Reason.CONTROL_NEAR_ZERO)
    ratio = treatment.value / control.value
    reach = math.exp(critical * math.hypot(treatment.error / treatment.value, control.error / control.value))
    return ratio, Interval(ratio / reach, ratio * reach)


_FAR = 700.0  # beyond it exp leaves the floats


def _greenwood(watching: Watching) -> list[float]:
    """d/(Y(Y − d)) of each time; infinite where everybody leaves."""
    return [
        (out / (risk * (risk - out)) if risk > out else math.inf) if out else 0.0
        for out, risk in zip(watching.exits, watching.at_risk, strict=True)
    ]
