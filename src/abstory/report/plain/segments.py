"""`segments` of the `report/1` document: what `--by` asked for.

{exploratory, comparisons, tests, interval_level, attributes [{attribute, pooled_levels, measured_after_exposure,
metrics [{metric, heterogeneity {statistic, df, p, p_adjusted, segments, scale}, named, segments [{segment, kind,
viewers, control, comparisons}]}]}]}. A comparison is as for all viewers, its p adjusted over all of them; `reads` is
`unknown` where `named` is false.
"""

from __future__ import annotations

from abstory.report.page import Page
from abstory.report.plain.values import Plain, comparison, finite, known, why
from abstory.results import Differing, ExperimentResult, Segmented, SegmentedMetric, SegmentResult
from abstory.stats.estimate import Undetermined


def segments(page: Page) -> Plain | None:
    """None where nothing was asked."""
    found = page.result.segments
    if found is None:
        return None
    return {
        "exploratory": True,
        "comparisons": found.comparisons,
        "tests": found.tests,
        "interval_level": found.level,
        "attributes": [_attribute(page.result, one) for one in found.attributes],
    }


def _attribute(result: ExperimentResult, told: Segmented) -> Plain:
    return {
        "attribute": told.attribute,
        "pooled_levels": told.pooled,
        "measured_after_exposure": told.later,
        "metrics": [_metric(result, metric) for metric in told.metrics],
    }


def _metric(result: ExperimentResult, told: SegmentedMetric) -> Plain:
    return {
        "metric": told.metric,
        **_differing(told.differing),
        "named": told.named,
        "segments": [_segment(result, segment) for segment in told.segments],
    }


def _differing(told: Differing | Undetermined) -> Plain:
    if isinstance(told, Undetermined):
        return {"heterogeneity": None, "heterogeneity_unknown": why(told)}
    plain = {
        "statistic": finite(told.statistic),
        "df": told.df,
        "p": finite(told.p_value),
        "p_adjusted": finite(told.p_adjusted),
        "segments": told.segments,
        "scale": "lift" if told.relative else "difference",
    }
    return {"heterogeneity": plain}


def _segment(result: ExperimentResult, told: SegmentResult) -> Plain:
    return {
        "segment": told.name,
        "kind": told.kind.value,
        "viewers": dict(told.viewers),
        **known("control", told.told.control),
        "comparisons": [comparison(result, one) for one in told.told.comparisons],
    }
