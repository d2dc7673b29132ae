"""A report as rows: the comparisons, and the data behind them, unrounded, for whoever reads tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from abstory.metrics import TOTALS
from abstory.report.json import Plain, document, figures
from abstory.report.page import Page
from abstory.results import MetricResult
from abstory.stats.moments import Sample, Tally

if TYPE_CHECKING:
    import polars as pl

Cell = str | int | float | date | None

_EPOCH = date(1970, 1, 1)
_TEXT, _WHOLE, _REAL, _DATE = "String", "Int64", "Float64", "Date"
_INTERVALS = ("lift", "lift_low", "lift_high", "difference", "difference_low", "difference_high", "p")


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of plain values.

    Attributes:
        name: of the file it is kept in.
        types: of each column, as polars names them.
        rows: None for what is not known.
    """

    name: str
    types: Mapping[str, str]
    rows: Sequence[tuple[Cell, ...]]

    def frame(self) -> pl.DataFrame:
        """As a polars frame: a column that holds nothing keeps its type."""
        import polars as pl

        return pl.DataFrame(self.rows, schema={n: getattr(pl, told) for n, told in self.types.items()}, orient="row")

    def records(self) -> list[dict[str, Cell]]:
        """A mapping a row."""
        return [dict(zip(self.types, row, strict=True)) for row in self.rows]


def comparisons(page: Page) -> Rows:
    """Every metric's control and comparisons in declared order."""
    plain = document(page)
    viewers = {arm["variant"]: arm["viewers"] for arm in plain["variants"]}
    control = plain["experiment"]["control"]
    told: list[tuple[Cell, ...]] = []
    for metric in plain["metrics"]:
        named = (metric["name"], metric["role"])
        told.append((*named, control, viewers[control], metric["control"], *(None,) * 7, "baseline", _why(metric)))
        told += [(*named, c["variant"], viewers[c["variant"]], *_numbers(c)) for c in metric["comparisons"]]
    names = {"metric": _TEXT, "role": _TEXT, "variant": _TEXT, "viewers": _WHOLE, "value": _REAL}
    return Rows("comparisons", names | dict.fromkeys(_INTERVALS, _REAL) | {"reads": _TEXT, "unknown": _TEXT}, told)


def moments(page: Page) -> Rows:
    """Viewers, mean and variance of every metric and variant: what comparisons are made of, untouched by covariates."""
    told = [row for metric in page.result.metrics for row in _moments(metric)]
    names = {"metric": _TEXT, "role": _TEXT, "variant": _TEXT, "viewers": _WHOLE, "successes": _WHOLE}
    return Rows("moments", names | {"mean": _REAL, "variance": _REAL}, told)


def exposures(page: Page) -> Rows:
    """Viewers by day of first exposure and variant, those whose window is still open among them."""
    days = sorted(page.result.exposures_by_day.items())
    told = [(_EPOCH + timedelta(days=day), variant, viewers) for (day, variant), viewers in days]
    return Rows("exposures", {"day": _DATE, "variant": _TEXT, "viewers": _WHOLE}, told)


def checks(page: Page) -> Rows:
    """Every check of the data; its figures as the text of a JSON object."""
    told = [(c.id, c.status.value, c.said, c.advice, json.dumps(figures(c.figures))) for c in page.result.checks]
    return Rows("checks", dict.fromkeys(("id", "status", "said", "advice", "figures"), _TEXT), told)


def posts(page: Page) -> Rows:
    """What became of each slot of a calendar, with its totals; empty where viewers are randomised."""
    told = [
        (
            *(slot.slot.id, slot.slot.account, slot.slot.block, slot.slot.local, slot.variant, slot.shown, slot.story),
            slot.fate.value,
            *(slot.totals.get(name) for name in TOTALS),
        )
        for slot in page.result.posts
    ]
    names = ("slot", "account", "block", "scheduled", "variant", "shown", "story", "fate")
    return Rows("posts", dict.fromkeys(names, _TEXT) | dict.fromkeys(TOTALS, _REAL), told)


def tables(page: Page) -> list[Rows]:
    """The data behind a report, as it has them."""
    made = [make(page) for make in TABLES]
    return [*made, posts(page)] if page.result.posts else made


TABLES: tuple[Callable[[Page], Rows], ...] = (comparisons, moments, exposures, checks)
"""The data behind a report; there is no viewer in any of them."""


def _moments(metric: MetricResult) -> list[tuple[Cell, ...]]:
    named = (metric.outcome.metric.name, metric.outcome.role.value)
    return [(*named, variant, *_evidence(sample)) for variant, sample in metric.samples.items()]


def _evidence(told: Tally | Sample) -> tuple[Cell, ...]:
    successes = told.successes if isinstance(told, Tally) else None
    return (told.n, successes, told.mean, told.variance if told.n > 1 else None)


def _numbers(told: Plain) -> tuple[Cell, ...]:
    return (told["value"], *_three(told["lift"]), *_three(told["difference"]), told["p"], told["reads"], _why(told))


def _three(estimate: Plain | None) -> tuple[Cell, ...]:
    return (estimate["estimate"], *estimate["ci"]) if estimate else (None, None, None)


def _why(told: Plain) -> str | None:
    return next((why["reason"] for name, why in told.items() if name.endswith("_unknown")), None)
