"""How long until a verdict, at the traffic seen so far: always about, never promised."""

from __future__ import annotations

import math
from collections import Counter

from abstory.decision.standing import Case, Line, Standing
from abstory.experiment import DAY_US
from abstory.results import Reads
from abstory.stats.estimate import Undetermined

RECENT_DAYS = 7
LONGEST_DAYS = 999
_UNBOUNDED_US = 2**62


def days_left(case: Case, standing: Standing) -> int | None:
    """Days until the treatment's interval separates 0 from the MDE and its guardrails are decided, if estimates stay.

    An interval's half-width w shrinks about as 1 / sqrt(N), so the N that is needed is N (w / gap)², the gap being the
    larger of the estimate's distances from 0 and from the MDE (for a guardrail, the distance from its margin).
    `min_runtime` and `min_per_variant` are waited for too; the schedule's end bounds it all, because there a verdict
    falls in any case. None where it cannot be told, or where it would take longer than 999 days.
    """
    ahead = _by_traffic(case, standing)
    known = [days for days in (ahead, _to_the_end(case)) if days is not None and days <= LONGEST_DAYS]
    return max(1, min(known)) if known else None


def daily(case: Case, variant: str) -> float:
    """New viewers a day of the variant and control together: the mean of the last seven whole days."""
    return _rate(case, {variant, case.result.control})


def entering(case: Case) -> float:
    """New viewers a day of all variants together."""
    return _rate(case, {arm.variant for arm in case.result.arms})


def _rate(case: Case, names: set[str]) -> float:
    today = case.result.as_of_us // DAY_US
    counts: Counter[int] = Counter()
    for (day, name), n in case.result.exposures_by_day.items():
        counts[day] += n if name in names else 0
    first = min(counts, default=today)
    recent = range(max(first, today - RECENT_DAYS), today) or range(first, today + 1)
    return sum(counts[day] for day in recent) / len(recent) if recent else 0.0


def _by_traffic(case: Case, standing: Standing) -> int | None:
    if case.looking:
        return _to_the_next_look(case)
    growth = max(_minimum(case, standing.variant), _precision(standing))
    rate = daily(case, standing.variant)
    pair = sum(arm.viewers for arm in case.result.arms if arm.variant in {standing.variant, case.result.control})
    runtime = (case.experiment.decision.min_runtime.us - case.runtime_us) / DAY_US
    if not math.isfinite(growth) or not rate:
        return None
    return math.ceil(max(runtime, (growth - 1) * pair / rate))


def _to_the_next_look(case: Case) -> int | None:
    looking, rate = case.looking, entering(case)
    if looking is None or looking.next_at is None or not rate:
        return None
    runtime = (case.experiment.decision.min_runtime.us - case.runtime_us) / DAY_US
    return math.ceil(max(runtime, (looking.next_at - looking.seen) / rate))


def _to_the_end(case: Case) -> int | None:
    if case.experiment.closes_us >= _UNBOUNDED_US:
        return None
    return math.ceil((case.experiment.closes_us - case.result.as_of_us) / DAY_US)


def _minimum(case: Case, variant: str) -> float:
    viewers = case.viewers(variant)
    return case.experiment.decision.min_per_variant / viewers if viewers else math.inf


def _precision(standing: Standing) -> float:
    primary = 1.0 if standing.winning else min(map(_growth_to_decide, standing.deciding), default=math.inf)
    return max([primary, *map(_growth_to_hold, standing.unsafe)])


def _growth_to_decide(line: Line) -> float:
    good = line.good
    if good is None:
        return math.inf
    gap = max(abs(good.value), abs(line.limit.value - good.value) if line.limit else 0.0)
    return _growth((good.interval.high - good.interval.low) / 2, gap)


def _growth_to_hold(line: Line) -> float:
    if line.good is None or line.limit is None or line.reads is Reads.DESCRIPTIVE:
        return math.inf
    if line.comparison.bound is None or isinstance(line.comparison.bound, Undetermined) or line.estimate is None:
        return math.inf
    return _growth(abs(line.comparison.bound - line.estimate.value), line.limit.value + line.good.value)


def _growth(half_width: float, gap: float) -> float:
    return max(1.0, (half_width / gap) ** 2) if gap > 0 else math.inf
