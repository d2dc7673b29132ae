"""What is said of values that were cut at a quantile."""

from __future__ import annotations

from collections.abc import Iterator

from abstory import digits
from abstory.experiment import Experiment
from abstory.metrics import Measure
from abstory.warehouse.base import Answer


def notes(experiment: Experiment, answer: Answer) -> Iterator[str]:
    """Each cap in the measure's unit, with the share of every variant's viewers above it."""
    for outcome in experiment.outcomes:
        for measure in outcome.metric.measures:
            if measure.winsorize and measure.name in answer.caps:
                yield f"{outcome.metric.name}: {_cut(experiment, answer, measure)}"


def _cut(experiment: Experiment, answer: Answer, measure: Measure) -> str:
    cap = answer.caps[measure.name]
    shares = (
        f"{digits.share(cap.above[variant.name] / viewers)} of {variant.name}"
        for variant in experiment.variants
        if (viewers := answer.arms[variant.name].moments.n)
    )
    what = " ".join((str(measure.kind).replace("_", " "), *measure.events)).replace("sum ", "")
    return f"{what} cut at {digits.figures(cap.value * measure.scale)} ({', '.join(shares)} lie above)"
