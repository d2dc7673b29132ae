"""A report as one row a metric and variant: what CSV and Markdown share."""

from __future__ import annotations

from abstory.report.json import Plain, document
from abstory.report.page import Page

HEAD = (
    "metric",
    "role",
    "variant",
    "viewers",
    "value",
    "lift",
    "lift_low",
    "lift_high",
    "difference",
    "difference_low",
    "difference_high",
    "p",
    "reads",
    "unknown",
)

Cell = str | int | float | None


def rows(page: Page) -> list[tuple[Cell, ...]]:
    """Every metric's control and comparisons in declared order, unrounded; None for what is not known."""
    plain = document(page)
    viewers = {arm["variant"]: arm["viewers"] for arm in plain["variants"]}
    control = plain["experiment"]["control"]
    told: list[tuple[Cell, ...]] = []
    for metric in plain["metrics"]:
        named = (metric["name"], metric["role"])
        told.append((*named, control, viewers[control], metric["control"], *(None,) * 7, "baseline", _why(metric)))
        told += [(*named, c["variant"], viewers[c["variant"]], *_numbers(c)) for c in metric["comparisons"]]
    return told


def _numbers(told: Plain) -> tuple[Cell, ...]:
    return (told["value"], *_three(told["lift"]), *_three(told["difference"]), told["p"], told["reads"], _why(told))


def _three(estimate: Plain | None) -> tuple[Cell, ...]:
    return (estimate["estimate"], *estimate["ci"]) if estimate else (None, None, None)


def _why(told: Plain) -> str | None:
    return next((why["reason"] for name, why in told.items() if name.endswith("_unknown")), None)
