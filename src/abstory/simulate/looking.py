"""Every look of one run, by anyone who reads the report at the end of each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from abstory import analysis
from abstory.experiment import Experiment
from abstory.results import ExperimentResult, Look, crossed
from abstory.warehouse.base import Warehouse


def looked(
    experiment: Experiment, warehouse: Warehouse, looks_us: Sequence[int], *, whole: bool
) -> tuple[ExperimentResult, ...]:
    """The result at every instant; planned looks are taken when they are due, and kept for the next ones."""
    taken: list[Look] = []
    results = []
    for us in looks_us:
        looks = analysis.Looks(tuple(taken), take=True)
        found = analysis.run(experiment, warehouse, now_us=us, as_of_us=us, looks=looks, whole=whole)
        results.append(found)
        looking = found.method.looking
        if looking and looking.new and looking.look:
            taken.append(replace(looking.look, crossed=crossed(found)))
    return tuple(results)
