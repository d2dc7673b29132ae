"""Quantiles of watch time take two queries: how long views were watched, then each viewer's views up to there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from abstory.stats.moments import Moments
from abstory.stats.quantiles import AT_OR_BELOW, ROWS, Histogram
from abstory.warehouse.base import RollUp, Watched
from abstory.warehouse.rollup_text import Query, Text

Fetch = Callable[[Query], list[tuple[Any, ...]]]


def watched(fetch: Fetch, question: RollUp) -> dict[int, Watched]:
    """By arm's place; nothing where no quantile is asked for."""
    if not question.quantiles:
        return {}
    text = Text(question)
    views: dict[int, dict[int, int]] = {arm: {} for arm in range(len(question.arms))}
    for arm, milliseconds, rows in fetch(text.histogram()):
        views[arm][int(milliseconds)] = int(rows)
    histograms = {
        arm: Histogram.of({float(ms): rows for ms, rows in counts.items()}) for arm, counts in views.items() if counts
    }
    shares = {share: _shares(fetch, text, histograms, share) for share in question.quantiles}
    return {
        arm: Watched(counts, {share: found[arm] for share, found in shares.items() if arm in found})
        for arm, counts in views.items()
    }


def _shares(fetch: Fetch, text: Text, histograms: dict[int, Histogram], share: float) -> dict[int, Moments]:
    values = {arm: int(histogram.quantile(share)) for arm, histogram in histograms.items()}
    found = fetch(text.shares(values)) if values else []
    return {arm: _moments([int(total) for total in totals]) for arm, *totals in found}


def _moments(totals: list[int]) -> Moments:
    viewers, low, views, low_low, low_views, views_views = totals
    products = {(AT_OR_BELOW, AT_OR_BELOW): low_low, (AT_OR_BELOW, ROWS): low_views, (ROWS, ROWS): views_views}
    return Moments.from_sums(viewers, {AT_OR_BELOW: low, ROWS: views}, products)
