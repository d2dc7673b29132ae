"""What calibration.py counts, and how it asks us and the peers for answers."""

import json
import math
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import calibration_draws as law
from abstory.metrics import Mean, Measure, MeasureKind, Proportion, Ratio, triples
from abstory.stats.estimate import Effect, Estimate
from abstory.stats.moments import Moments, Tally, pair
from abstory.stats.proportions import clopper_pearson

ALPHA = 0.05
PEERS = ("tea", "gb")
SLOW_SHARE = 4
"""Cases drawn viewer by viewer, and peers asked one by one, take this part of the runs."""
HERE = Path(__file__).parent

MEASURE, DENOMINATOR = Measure(MeasureKind.COUNT, ("like",)), Measure(MeasureKind.COUNT, ("view",))
TRIPLES = triples(Ratio("r", MEASURE, DENOMINATOR, "r"))
METRICS = {
    "proportion": Proportion("p", MEASURE, "p"),
    "mean": Mean("m", MEASURE, "m"),
    "ratio": Ratio("r", MEASURE, DENOMINATOR, "r"),
}


@dataclass(frozen=True)
class Share:
    """A share of `of` experiments."""

    hits: int
    of: int

    @property
    def value(self):
        return self.hits / self.of if self.of else math.nan

    @property
    def error(self):
        return math.sqrt(self.hits * (self.of - self.hits) / self.of**3) if self.of else math.nan

    def keeps(self, level, *, most=True):
        """Whether the level lies in the 99.9 % Clopper-Pearson interval, or is kept with room to spare."""
        if not self.of:
            return True
        interval = clopper_pearson(Tally(self.of, self.hits), 0.001)
        return interval.low <= level if most else interval.high >= level


@dataclass(frozen=True)
class Row:
    """One case: who, and the shares by column; `supported` says whether the docs promise the level there."""

    name: str
    runs: int
    shares: dict
    supported: bool = True
    note: str = ""


def moments(arm):
    """A variant's evidence as the roll-up answers it."""
    n, y, d, yy, dd, yd, *thirds = (float(value) for value in arm)
    covariances = {
        pair(MEASURE.name, MEASURE.name): yy,
        pair(DENOMINATOR.name, DENOMINATOR.name): dd,
        pair(MEASURE.name, DENOMINATOR.name): yd,
    }
    return Moments(int(n), {MEASURE.name: y, DENOMINATOR.name: d}, covariances, dict(zip(TRIPLES, thirds, strict=True)))


def ours(kind, rows, reading):
    """(p, ends of the difference, ends of the lift) by row, NaN for what is Undetermined."""
    return np.array(
        [told(METRICS[kind].effect(moments(row[: law.ARM]), moments(row[law.ARM :]), reading)) for row in rows]
    )


def told(effect):
    if not isinstance(effect, Effect):
        return [math.nan] * 5
    lift = effect.lift.interval if isinstance(effect.lift, Estimate) else None
    ends = (lift.low, lift.high) if lift else (math.nan, math.nan)
    return [effect.p_value, effect.difference.interval.low, effect.difference.interval.high, *ends]


def peer(name, python, tasks):
    """A peer's answers to [(kind, rows)], in the form of `ours`; None without the peer."""
    if not python:
        return [None] * len(tasks)
    # Peers take no third moments.
    known = [arm * law.ARM + at for arm in (0, 1) for at in range(6)]
    asked = json.dumps([{"kind": kind, "rows": rows[:, known].tolist()} for kind, rows in tasks])
    command = [python, str(HERE / "calibration_peers.py"), name]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    answers = json.loads(done.stdout)
    return [
        np.array([[math.nan if v is None else v for v in row] for row in answer], dtype=float) for answer in answers
    ]


def shares(null, effect, answers):
    """False positives under no effect, coverage under one, and how often there is no answer."""
    quiet, loud = answers
    known, some = ~np.isnan(quiet[:, 0]), ~np.isnan(loud[:, 1])
    lifted = ~np.isnan(loud[:, 3]) & ~np.isnan(loud[:, 4])
    return {
        "false": _share(known & (quiet[:, 0] < ALPHA), null.weights, known | ~known),
        "difference": _share(inside(loud[:, 1:3], effect.difference), effect.weights, some),
        "lift": _share(inside(loud[:, 3:5], effect.lift), effect.weights, lifted),
        "unknown": _share(~some, effect.weights, some | ~some),
        "no lift": _share(~lifted, effect.weights, some | ~some),
    }


def inside(ends, truth):
    """Whether each interval holds the truth, rounding aside."""
    slack = 1e-12
    return (ends[:, 0] <= truth + slack) & (truth - slack <= ends[:, 1])


def _share(hits, weights, among):
    return Share(int(weights[hits & among].sum()), int(weights[among].sum()))


def flat(rows):
    return rows.reshape(-1, 2 * law.ARM)


def every_look(answers, runs):
    return answers.reshape(runs, -1, 5)


def missed(ends, truth):
    """Experiments whose interval never missed the truth, of those that had one."""
    wrong = ((ends[..., 0] > truth + 1e-12) | (ends[..., 1] < truth - 1e-12)).any(axis=1)
    some = ~np.isnan(ends[..., 0]).all(axis=1)
    return Share(int((some & ~wrong).sum()), int(some.sum()))
