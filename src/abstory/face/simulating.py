"""A simulation as a value that shows itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abstory.errors import UsageError
from abstory.simulate.rates import Simulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from abstory.experiment import Experiment
    from abstory.simulate.design import Design
    from abstory.simulate.post_design import PostDesign
    from abstory.simulate.runs import Road


@dataclass(frozen=True, slots=True)
class Simulation:
    """What many runs of a design say.

    Attributes:
        found: every share, with its Monte Carlo error.
    """

    found: Simulated

    def __repr__(self) -> str:
        from abstory.report.look import Look
        from abstory.report.simulation import lines

        return "".join(f"{line.plain}\n" for line in lines(self.found, Look()))

    def to_dict(self) -> dict[str, Any]:
        """The `simulation/1` document as plain values."""
        from abstory.report.simulation import document

        return document(self.found)


def simulate(experiment: Experiment, runs: int, *, truth: str, seed: int) -> Simulation:
    """What `Experiment.simulate` returns."""
    from abstory.simulate.design import design, mde
    from abstory.simulate.post_design import post_design
    from abstory.simulate.runs import Road

    if truth not in {"null", "mde"}:
        raise UsageError(f"truth {truth!r}: write null or mde")
    if runs < 1:
        raise UsageError(f"{runs} runs: at least 1")
    make = post_design if experiment.by_slot else design
    planned = make(experiment, wish=mde(experiment) if truth == "mde" else None, seed=seed)
    return Simulation(played(planned, runs, Road.FAST))


def played(
    design: Design | PostDesign, runs: int, road: Road, *, jobs: int = 1, told: Callable[[int], None] | None = None
) -> Simulated:
    """All runs of a design; the fast road is checked against the slow one before it is taken.

    Args:
        design: what is simulated.
        runs: at least 1.
        road: from what was summed, or as rows through files and store.
        jobs: processes at once.
        told: how many more runs are done.
    """
    from abstory.simulate.rates import summed
    from abstory.simulate.runs import Road, agree, many

    if road is Road.FAST and not agree(design.trial, 0):
        raise RuntimeError("the fast path and the path through the store give different results")
    return summed(design, road, many(design, runs, road=road, jobs=jobs, told=told))
