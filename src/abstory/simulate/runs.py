"""One run: viewers come or posts go up, every look is taken, and it is kept how each comparison and verdict fared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from abstory.decision import decide
from abstory.experiment import Experiment, Outcome
from abstory.results import Comparison, ExperimentResult, Reads, Ruling, Verdict
from abstory.simulate.contrast import misread
from abstory.simulate.design import Design
from abstory.simulate.looking import looked
from abstory.simulate.memory import Memory
from abstory.simulate.play import act
from abstory.simulate.post_design import PostDesign
from abstory.simulate.post_files import by_files
from abstory.simulate.posting import by_totals
from abstory.stats.estimate import Effect, Undetermined

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]

OPEN = frozenset({Ruling.WAIT, Ruling.NO_DATA, Ruling.INVALID})
_AT_ONCE = 25


class Road(StrEnum):
    """How a run's data reach the analysis: by their moments, or as rows through files, store and roll-up."""

    FAST = "moments"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Fared:
    """One treatment on one metric in one run, read at the last look but for `ever`.

    Attributes:
        reads: the word.
        known: whether there is an effect.
        apart: whether the interval of the difference excludes 0.
        covers, covers_lift: whether the interval holds the planted value; None where there is no interval.
        ever_missed: whether the interval of the difference missed the planted value at any look.
        misread: for contrast, whether a test meant for other data rejects no difference; None where there is none.
    """

    reads: Reads
    known: bool
    apart: bool
    covers: bool | None
    covers_lift: bool | None
    ever_missed: bool
    misread: bool | None


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to.

    Attributes:
        ruling: where it stopped: the first SHIP, KEEP or REVIEW of a daily look, else the last look's.
        variant: the one shipped.
        day: of the look it stopped at, 1-based; None where nothing was decided.
        untrusted: whether the data checks failed at any look.
        fared: of every outcome, every treatment, in declared order.
    """

    ruling: Ruling
    variant: str | None
    day: int | None
    untrusted: bool
    fared: tuple[Fared, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A stretch of runs for one process."""

    design: Design | PostDesign
    road: Road
    runs: tuple[int, ...]

    def __call__(self) -> list[Run]:
        return [one(self.design, run, self.road) for run in self.runs]


def many(
    design: Design | PostDesign,
    runs: int,
    *,
    road: Road = Road.FAST,
    jobs: int = 1,
    told: Callable[[int], None] | None = None,
) -> list[Run]:
    """Runs 0 to `runs` − 1, the same whatever the number of processes.

    Args:
        design: what to run.
        runs: how many.
        road: by moments, or as rows.
        jobs: processes, each fresh, with databases of its own.
        told: called with the number of runs that have just been done.
    """
    size = _AT_ONCE if road is Road.FAST else 1
    starts = range(0, runs, size)
    tasks = [Task(design, road, tuple(range(start, min(start + size, runs)))) for start in starts]
    found = []
    for done in _spread(tasks, jobs):
        found += done
        if told:
            told(len(done))
    return found


def one(design: Design | PostDesign, run: int, road: Road) -> Run:
    """One run, decided by its number."""
    return fare(design, results(design, run, road))


def results(design: Design | PostDesign, run: int, road: Road, *, whole: bool = False) -> tuple[ExperimentResult, ...]:
    """The results of every look of a run, as far as a verdict looks or the `whole` of them."""
    if isinstance(design, PostDesign):
        return (by_totals if road is Road.FAST else by_files)(design, run, whole=whole)
    return (by_moments if road is Road.FAST else by_rows)(design, run, whole=whole)


def by_moments(design: Design, run: int, *, whole: bool = True) -> tuple[ExperimentResult, ...]:
    """The results of every look of a run, its variants drawn by weight and its answers summed directly."""
    return _results(design, _drawn(design, run), run, whole=whole)


def by_rows(design: Design, run: int, *, whole: bool = True) -> tuple[ExperimentResult, ...]:
    """The results of every look of a run that goes through assignment, files, ingest, store and roll-up."""
    from abstory.simulate.rows import assigned, through_the_store

    return through_the_store(design, assigned(design, run), seed=_seed(design, run), whole=whole)


def agree(design: Design | PostDesign, run: int) -> bool:
    """Whether both roads give the same results, whole and to the last bit, on the viewers or posts of one run."""
    if isinstance(design, PostDesign):
        return by_files(design, run) == by_totals(design, run)
    import numpy as np

    from abstory.simulate.rows import assigned, indexes, through_the_store

    taking_part = assigned(design, run)
    slow = through_the_store(design, taking_part, seed=_seed(design, run))
    fast = _results(design, np.array(indexes(design.experiment, taking_part), dtype=np.int64), run, whole=True)
    return slow == fast


def fare(design: Design | PostDesign, results: Sequence[ExperimentResult]) -> Run:
    """What the results of all looks come to."""
    day, stopped = _stopped(design.experiment, results)
    fared = tuple(
        _fared(design, outcome, treatment.name, results)
        for outcome in design.experiment.outcomes
        for treatment in design.experiment.treatments
    )
    return Run(stopped.ruling, _shipped(stopped), day, not all(result.trusted for result in results), fared)


def _stopped(experiment: Experiment, results: Sequence[ExperimentResult]) -> tuple[int | None, Verdict]:
    """The first verdict that decides and its day; where none does, the last look's."""
    verdicts = enumerate((decide(experiment, result) for result in results), 1)
    found = next((one for one in verdicts if one[1].ruling not in OPEN), None)
    return found or (None, decide(experiment, results[-1]))


def _spread(tasks: Sequence[Task], jobs: int) -> Iterator[list[Run]]:
    if jobs == 1 or len(tasks) == 1:
        yield from (task() for task in tasks)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Never a fork: a database that happens to be open must not be shared.
    with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=get_context("spawn")) as pool:
        yield from pool.map(Task.__call__, tasks)


def _seed(design: Design, run: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{design.seed}:{run}".encode()).digest()[:8], "big")


def _drawn(design: Design, run: int) -> Ints:
    """Variants of those who take part: each by its weight, independently, as a hash of new ids gives them."""
    import numpy as np

    draws = np.random.Generator(np.random.PCG64(_seed(design, run)))
    weights = np.cumsum([variant.weight for variant in design.experiment.variants])
    taking = design.viewers
    if (share := design.experiment.traffic.share) < 10_000:
        taking = int((draws.random(taking) < share / 10_000).sum())
    found: Ints = np.searchsorted(weights / weights[-1], draws.random(taking), side="right").astype(np.int64)
    return found


def _results(design: Design, variants: Ints, run: int, *, whole: bool) -> tuple[ExperimentResult, ...]:
    acts = act(design.audience, design.experiment, variants, seed=_seed(design, run))
    memory = Memory.of(design.experiment, acts, design.looks_us)
    return looked(design.experiment, memory, design.looks_us, whole=whole)


def _shipped(verdict: Verdict) -> str | None:
    return verdict.variant if verdict.ruling is Ruling.SHIP else None


def _fared(design: Design | PostDesign, outcome: Outcome, treatment: str, results: Sequence[ExperimentResult]) -> Fared:
    seen = [_comparison(result, outcome, treatment) for result in results]
    control, mine = _truths(design, outcome, treatment)
    effects = [comparison.effect for comparison in seen if isinstance(comparison.effect, Effect)]
    last = seen[-1].effect
    return Fared(
        reads=seen[-1].reads,
        known=isinstance(last, Effect),
        apart=isinstance(last, Effect) and last.difference.interval.excludes(0.0),
        covers=_covers(last, mine - control),
        covers_lift=_covers_lift(last, mine / control - 1) if control else None,
        ever_missed=any(effect.difference.interval.excludes(mine - control) for effect in effects),
        misread=misread(design.experiment, outcome, treatment, results),
    )


def _comparison(result: ExperimentResult, outcome: Outcome, treatment: str) -> Comparison:
    found = next(m for m in result.metrics if m.outcome == outcome)
    return found.against(treatment)


def _truths(design: Design | PostDesign, outcome: Outcome, treatment: str) -> tuple[float, float]:
    variant = next(v for v in design.experiment.variants if v.name == treatment)
    return design.truth(design.experiment.control, outcome.metric), design.truth(variant, outcome.metric)


def _covers(effect: Effect | Undetermined, planted: float) -> bool | None:
    return None if isinstance(effect, Undetermined) else not effect.difference.interval.excludes(planted)


def _covers_lift(effect: Effect | Undetermined, planted: float) -> bool | None:
    if isinstance(effect, Undetermined) or isinstance(effect.lift, Undetermined):
        return None
    return not effect.lift.interval.excludes(planted)


def comparisons(experiment: Experiment) -> Iterable[tuple[Outcome, str]]:
    """Every outcome with every treatment, in the order of `Run.fared`."""
    return [(outcome, treatment.name) for outcome in experiment.outcomes for treatment in experiment.treatments]
