"""What viewers did as one number each: every measure's stored integer, straight from their acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from abstory.experiment import Experiment
from abstory.metrics import COMPLETE, VIEW, Measure, MeasureKind
from abstory.simulate import earlier
from abstory.simulate.audience import length
from abstory.simulate.play import Acts

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


def per_viewer(experiment: Experiment, acts: Acts, measure: Measure) -> Ints:
    """A measure's stored integer for every viewer."""
    import numpy as np

    def counted(events: Sequence[str]) -> Ints:
        return sum((_count(experiment, acts, event) for event in events), start=0 * acts.variant)

    makers: dict[MeasureKind, Callable[[], Ints]] = {
        MeasureKind.COUNT: lambda: counted(measure.events),
        MeasureKind.ANY: lambda: np.minimum(1, counted(measure.events)),
        MeasureKind.SUM_WATCH: lambda: np.add.reduceat(acts.watch_ms, acts.first) if len(acts.first) else acts.first,
        MeasureKind.COMPLETED: lambda: np.minimum(1, counted((COMPLETE,))),
        MeasureKind.COMPLETE_VIEWS: lambda: counted((COMPLETE,)),
        MeasureKind.WATCHED: lambda: np.minimum(1, _in_views(acts, acts.watch_ms >= measure.threshold_ms)),
        MeasureKind.FIRST_WATCH: lambda: np.minimum(acts.watch_ms[acts.first], measure.threshold_ms),
        MeasureKind.BEFORE: lambda: earlier.millionths(acts.before[measure.attribute]),
        MeasureKind.KNOWN: lambda: earlier.known(acts.before[measure.attribute]),
        MeasureKind.AFTER: lambda: 0 * acts.variant,
    }
    return makers[measure.kind]()


def completed(experiment: Experiment, acts: Acts) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Of each view, whether it reached the end of the cut."""
    import numpy as np

    lengths = np.array([1000 * length(variant) for variant in experiment.variants], dtype=np.int64)
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = acts.watch_ms >= lengths[acts.variant[acts.viewer]]
    return found


def _count(experiment: Experiment, acts: Acts, event: str) -> Ints:
    if event == VIEW:
        return _in_views(acts, acts.watch_ms >= 0)
    if event == COMPLETE:
        return _in_views(acts, completed(experiment, acts))
    return acts.does[event].astype("int64")


def _in_views(acts: Acts, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ints:
    import numpy as np

    return np.bincount(acts.viewer[which], minlength=len(acts.variant)).astype(np.int64)
