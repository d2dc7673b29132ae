"""Values cut at a quantile, as the roll-up cuts them, and what is planted once they are cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from abstory.experiment import Experiment
from abstory.metrics import Measure, Metric
from abstory.simulate.audience import StoryAudience
from abstory.simulate.play import act
from abstory.simulate.values import per_viewer
from abstory.warehouse.base import Cap

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
    Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]

MILLION = 1_000_000
VIEWERS = 400_000
"""Of every variant, of whom what is planted in a cut metric is counted."""


def caps(values: Mapping[str, Ints], measures: Sequence[Measure], among: Bools) -> dict[str, int]:
    """Where each measure is cut: the quantile of type 7 of the values above 0, down to a whole unit.

    Args:
        values: of every viewer, by measure.
        measures: those without a quantile, or without a value above 0, are not cut.
        among: which viewers count.
    """
    import numpy as np

    found = {}
    for measure in (one for one in measures if one.winsorize):
        positive = np.sort(values[measure.name][among & (values[measure.name] > 0)])
        if len(positive):
            place, rest = divmod((len(positive) - 1) * round(measure.winsorize * MILLION), MILLION)
            low, high = (int(positive[min(at, len(positive) - 1)]) for at in (place, place + 1))
            found[measure.name] = low + (high - low) * rest // MILLION
    return found


def cut(values: Mapping[str, Ints], at: Mapping[str, int]) -> dict[str, Ints]:
    """The values, larger ones as their cap."""
    import numpy as np

    return {name: np.minimum(column, at[name]) if name in at else column for name, column in values.items()}


def shown(at: Mapping[str, int], values: Mapping[str, Ints], arms: Mapping[str, Bools]) -> dict[str, Cap]:
    """Each cap with the viewers above it, `arms` being the viewers who count, by variant."""
    return {
        name: Cap(cap, {variant: int((values[name][among] > cap).sum()) for variant, among in arms.items()})
        for name, cap in at.items()
    }


def planted_cut(experiment: Experiment, audience: StoryAudience, metrics: Sequence[Metric]) -> dict[str, list[float]]:
    """The value of every metric that is cut, by variant in declared order.

    Counted over 400,000 viewers of every variant, not reckoned: the cap is the quantile of them all together, by the
    variants' weights. Variants that are alike have the very same viewers, so that no effect is exactly none.
    """
    import numpy as np

    if not metrics:
        return {}
    quick = experiment.model_copy(update={"analysis": experiment.analysis.model_copy(update={"covariates": ()})})
    measures = list(dict.fromkeys(measure for metric in metrics for measure in metric.measures))
    every = [
        {m.name: per_viewer(experiment, acts, m) for m in measures}
        for acts in (act(audience, quick, np.full(VIEWERS, at), seed=0) for at in range(len(experiment.variants)))
    ]
    largest = max(variant.weight for variant in experiment.variants)
    parts = [VIEWERS * variant.weight // largest for variant in experiment.variants]
    pooled = {
        m.name: np.concatenate([one[m.name][:part] for one, part in zip(every, parts, strict=True)]) for m in measures
    }
    at = caps(pooled, measures, np.ones(sum(parts), dtype=bool))
    means = [{name: float(column.mean()) for name, column in cut(one, at).items()} for one in every]
    return {metric.name: [_value(metric, one) for one in means] for metric in metrics}


def _value(metric: Metric, means: Mapping[str, float]) -> float:
    top, *below = (means[measure.name] * measure.scale for measure in metric.measures)
    return top / below[0] if below else top
