"""What is measured: measures (a number per viewer built from events) and the metrics made of them.

A metric declares the measures it needs; the warehouse answers all metrics at once with `Moments`;
the metric turns two variants' moments into an `Effect`. No metric knows a query, no query knows a metric.
A new kind of metric is a class in `kinds.py`, a built-in metric a line in `built_in.py`, one of posts in `totals.py`.
"""

from abstory.metrics.built_in import BUILT_IN, LONGEST_SECONDS, built_in, horizon_seconds, watch_seconds_to, watched
from abstory.metrics.kinds import Direction, Mean, Metric, Proportion, Quantile, Ratio, Unit, triples
from abstory.metrics.measures import (
    COMPLETE,
    ENGAGEMENTS,
    EVENTS,
    EXIT,
    SWIPE,
    TAP_BACK,
    TAP_FORWARD,
    VIEW,
    VIEWS,
    Measure,
    MeasureKind,
)
from abstory.metrics.totals import DENOMINATORS, SLOT_METRICS, TOTALS, Total

__all__ = [
    "BUILT_IN",
    "COMPLETE",
    "DENOMINATORS",
    "ENGAGEMENTS",
    "EVENTS",
    "EXIT",
    "LONGEST_SECONDS",
    "SLOT_METRICS",
    "SWIPE",
    "TAP_BACK",
    "TAP_FORWARD",
    "TOTALS",
    "VIEW",
    "VIEWS",
    "Direction",
    "Mean",
    "Measure",
    "MeasureKind",
    "Metric",
    "Proportion",
    "Quantile",
    "Ratio",
    "Total",
    "Unit",
    "built_in",
    "horizon_seconds",
    "triples",
    "watch_seconds_to",
    "watched",
]
