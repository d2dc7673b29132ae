"""Interval ends that agree with their own test, whatever rounding did to them."""

from __future__ import annotations

import math

from abstory.stats.estimate import Interval


def agreeing(low: float, high: float, *, null: float, statistic: float, critical: float) -> Interval:
    """[low, high], excluding `null` exactly when |statistic| > critical; ends move by rounding errors only."""
    if abs(statistic) <= critical:
        return Interval(min(low, null), max(high, null))
    if null < low <= high if statistic > 0 else low <= high < null:
        return Interval(low, high)
    if statistic > 0:
        low = max(low, math.nextafter(null, math.inf))
        return Interval(low, max(high, low))
    high = min(high, math.nextafter(null, -math.inf))
    return Interval(min(low, high), high)
