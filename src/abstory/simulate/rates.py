"""What many runs say: every share with its Monte Carlo error, held against the level it is meant to keep."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from abstory.experiment import Outcome, Role
from abstory.results import Reads, Ruling
from abstory.simulate.design import Design
from abstory.simulate.post_design import PostDesign
from abstory.simulate.runs import Fared, Road, Run, comparisons
from abstory.stats.estimate import Interval
from abstory.stats.moments import Tally
from abstory.stats.proportions import clopper_pearson

ACCEPTANCE = 0.001
_ROUNDING = 1e-12


class Side(StrEnum):
    """What a level promises: errors stay at most there, coverage at least; a power promises nothing."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of runs.

    Attributes:
        hits, of: counts; `of` 0 where no run says anything.
        level: the nominal level, None where there is none.
        side: what the level promises.
    """

    hits: int
    of: int
    level: float | None = None
    side: Side | None = None

    @property
    def value(self) -> float | None:
        return self.hits / self.of if self.of else None

    @property
    def error(self) -> float | None:
        """Monte Carlo standard error √(r(1 − r)/R)."""
        return math.sqrt(self.hits * (self.of - self.hits) / self.of**3) if self.of else None

    @property
    def interval(self) -> Interval | None:
        """Clopper-Pearson at 99.9 %."""
        return clopper_pearson(Tally(self.of, self.hits), ACCEPTANCE) if self.of else None

    @property
    def holds(self) -> bool | None:
        """Whether the level lies in the interval, or is kept with room to spare; None where there is none."""
        if self.level is None or self.interval is None:
            return None
        if self.side is Side.AT_MOST:
            return self.interval.low <= self.level
        return self.interval.high >= self.level


@dataclass(frozen=True, slots=True)
class Fares:
    """One treatment on one metric over all runs.

    Attributes:
        outcome, treatment: which.
        control, planted: the true values.
        apart: runs whose last interval of the difference excludes 0: false positives where nothing is planted, else
            the power.
        covers, covers_lift: runs whose last interval holds the planted value, of those that have one.
        unknown: runs without an effect at the last look.
        ever_missed: runs in which the interval of some daily look missed the planted difference.
        misread: for contrast, runs in which a test meant for other data rejects (`contrast.misread`); None where
            something is planted.
        reads: runs by the word of the last look.
    """

    outcome: Outcome
    treatment: str
    control: float
    planted: float
    apart: Rate
    covers: Rate
    covers_lift: Rate
    unknown: Rate
    ever_missed: Rate
    misread: Rate | None
    reads: dict[Reads, Rate]

    @property
    def null(self) -> bool:
        """Whether there is no effect."""
        return same(self.planted, self.control)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A design put to many runs.

    Attributes:
        design, road, runs: what was run, how, how often.
        wrong: runs in which the last interval of any primary comparison missed the planted difference.
        ever_wrong: runs in which that of any daily look did.
        unearned: runs that shipped a treatment that is better on no primary; None where every treatment is better.
        untrusted: runs in which the data checks failed, on data with nothing wrong.
        rulings: runs by the ruling they stopped at.
        days: of the look each deciding run stopped at, ascending; of a calendar the one look is the first.
        fares: of every outcome and treatment, in declared order.
    """

    design: Design | PostDesign
    road: Road
    runs: int
    wrong: Rate
    ever_wrong: Rate
    unearned: Rate | None
    untrusted: Rate
    rulings: dict[Ruling, Rate]
    days: tuple[int, ...]
    fares: tuple[Fares, ...]

    def day(self, share: float) -> int | None:
        """The look by which `share` of all runs had decided; None where fewer did."""
        at = math.ceil(share * self.runs) - 1
        return self.days[at] if 0 <= at < len(self.days) else None


def summed(design: Design | PostDesign, road: Road, runs: Sequence[Run]) -> Simulated:
    """All rates of many runs of one design."""
    pairs, alpha = list(comparisons(design.experiment)), design.experiment.analysis.alpha
    fares = tuple(_fares(design, pair, [run.fared[at] for run in runs]) for at, pair in enumerate(pairs))
    deciding = [at for at, (outcome, _) in enumerate(pairs) if outcome.role is Role.PRIMARY]
    rulings = Counter(run.ruling for run in runs)
    return Simulated(
        design=design,
        road=road,
        runs=len(runs),
        wrong=_at_most(alpha, (any(run.fared[at].covers is False for at in deciding) for run in runs)),
        ever_wrong=_at_most(alpha, (any(run.fared[at].ever_missed for at in deciding) for run in runs)),
        unearned=_unearned(alpha, fares, runs),
        untrusted=_share(run.untrusted for run in runs),
        rulings={ruling: Rate(rulings[ruling], len(runs)) for ruling in Ruling if rulings[ruling]},
        days=tuple(sorted(run.day for run in runs if run.day is not None)),
        fares=fares,
    )


def same(one: float, other: float) -> bool:
    """Whether two planted values are one, rounding aside."""
    return math.isclose(one, other, rel_tol=_ROUNDING)


def _fares(design: Design | PostDesign, pair: tuple[Outcome, str], fared: Sequence[Fared]) -> Fares:
    outcome, treatment = pair
    variant = next(v for v in design.experiment.variants if v.name == treatment)
    control, planted = (design.truth(v, outcome.metric) for v in (design.experiment.control, variant))
    alpha = design.experiment.analysis.alpha * (2 if outcome.role is Role.GUARDRAIL else 1)
    null, read = same(control, planted), Counter(one.reads for one in fared)
    apart = sum(one.apart for one in fared)
    return Fares(
        outcome=outcome,
        treatment=treatment,
        control=control,
        planted=planted,
        apart=Rate(apart, len(fared), alpha, Side.AT_MOST) if null else Rate(apart, len(fared)),
        covers=_at_least(1 - alpha, (one.covers for one in fared)),
        covers_lift=_at_least(1 - alpha, (one.covers_lift for one in fared)),
        unknown=_share(not one.known for one in fared),
        ever_missed=_at_most(alpha, (one.ever_missed for one in fared)),
        misread=_share(one.misread for one in fared) if null else None,
        reads={word: Rate(read[word], len(fared)) for word in Reads if read[word]},
    )


def _unearned(alpha: float, fares: Sequence[Fares], runs: Sequence[Run]) -> Rate | None:
    merits = {fare.treatment for fare in fares if fare.outcome.role is Role.PRIMARY and _better(fare)}
    if merits == {fare.treatment for fare in fares}:
        return None
    return _at_most(alpha, (run.variant is not None and run.variant not in merits for run in runs))


def _better(fare: Fares) -> bool:
    gain = fare.planted - fare.control
    return not fare.null and (gain > 0) == (fare.outcome.metric.direction == "increase")


def _counted(make: Callable[[int, int], Rate], seen: Iterable[bool | None]) -> Rate:
    known = [one for one in seen if one is not None]
    return make(sum(known), len(known))


def _share(seen: Iterable[bool | None]) -> Rate:
    return _counted(Rate, seen)


def _at_most(level: float, seen: Iterable[bool | None]) -> Rate:
    return _counted(lambda hits, of: Rate(hits, of, level, Side.AT_MOST), seen)


def _at_least(level: float, seen: Iterable[bool | None]) -> Rate:
    return _counted(lambda hits, of: Rate(hits, of, level, Side.AT_LEAST), seen)
