"""Posts of a calendar for calibration.py: drawing it again, and beside it what people do with views and posts."""

import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

import numpy as np

import calibration_draws as law
from abstory.experiment import Experiment
from abstory.simulate.design import Wish
from abstory.simulate.feed import Feed
from abstory.simulate.post_design import post_design
from abstory.simulate.posting import by_totals
from abstory.stats.reading import FixedHorizon
from calibration_rows import ALPHA, PEERS, Row, Share, inside, ours, peer, shares, told

LIFT = 0.2
UNBLOCKED = {"weeks": 1, "slots": {"mon-thu": ["12:30", "18:30"]}, "block_by": []}
PAIRS = {"weeks": 1, "slots": {"mon-sat": ["12:30", "18:30"]}, "block_by": ["weekday"]}
BLOCKS = {"weeks": 3, "slots": {"mon-thu": ["12:30"]}}
WEEKS = {"weeks": 3, "slots": {"mon-thu": ["12:30", "18:30"]}}
ACCOUNTS = {"weeks": 3, "slots": {"mon-thu": ["12:30"]}, "accounts": ["brand_de", "brand_fr"]}
THREE = {"weeks": 3, "slots": {"mon-thu": ["09:30", "12:30", "18:30"]}, "no_repeat": 2}
FOUR = {"weeks": 3, "slots": {"mon-thu": ["09:30", "12:30", "18:30", "21:30"]}}
APART = FOUR | {"no_repeat": 2}


@dataclass(frozen=True)
class Posts:
    """One case: a calendar, how its posts do, and whether the docs promise anything of it."""

    calendar: dict
    feed: dict = field(default_factory=dict)
    variants: int = 2
    metric: str = "completion_rate"
    family: bool = False
    supported: bool = True


CASES = {
    "4 an arm, no blocks": Posts(UNBLOCKED),
    "6 an arm, in pairs": Posts(PAIRS),
    "6 an arm, 3 blocks of 2 + 2": Posts(BLOCKS),
    "12 an arm, no blocks": Posts(WEEKS | {"block_by": []}),
    "12 an arm, 3 blocks, ICC 0": Posts(WEEKS, {"icc": 0.0}),
    "12 an arm, 3 blocks": Posts(WEEKS),
    "12 an arm, 3 blocks, ICC 0.1": Posts(WEEKS, {"icc": 0.1}),
    "the same, reach σ 2, 5 % missed": Posts(WEEKS, {"icc": 0.1, "spread": 2.0, "missed": 0.05}),
    "12 an arm on 2 accounts, days and accounts ±30 %": Posts(ACCOUNTS, {"luck": 0.3}),
    "3 variants, 12 an arm, no_repeat 2": Posts(THREE, variants=3),
    "4 variants, 12 an arm": Posts(FOUR, variants=4),
    "4 variants, 12 an arm, no_repeat 2": Posts(APART, variants=4),
    "the same, 5 % missed, ICC 0.1": Posts(APART, {"icc": 0.1, "missed": 0.05}, variants=4),
    "any of 3 treatments, Bonferroni": Posts(FOUR, variants=4, family=True),
    "any of 3 treatments, no_repeat 2, Holm": Posts(APART, variants=4, family=True),
    "shares, 0.8 % of views, reach 300": Posts(WEEKS, {"reach": 300}, metric="share_rate"),
    "impressions, reach σ 1": Posts(WEEKS, metric="impressions", supported=False),
    "impressions, reach σ 2": Posts(WEEKS, {"spread": 2.0}, metric="impressions", supported=False),
}


def slots(args):
    """Every case, with the peers on all views of the same posts."""
    cases = {name: [_evidence(name, case, lift, args) for lift in (0.0, LIFT)] for name, case in CASES.items()}
    compared = [name for name, case in CASES.items() if not case.family and case.metric != "impressions"]
    tasks = [("proportion", one.views) for name in compared for one in cases[name]]
    theirs = {who: peer(who, getattr(args, f"{who}_python"), tasks) for who in PEERS}
    beside = {
        name: {who: answers[2 * at : 2 * at + 2] for who, answers in theirs.items()} for at, name in enumerate(compared)
    }
    return [_row(name, case, cases[name], beside.get(name, {})) for name, case in CASES.items()]


@dataclass(frozen=True)
class Evidence:
    """What many runs of a case say.

    Attributes:
        ours: runs × treatments × 5, as `calibration_rows.ours`.
        views, posts: of the first treatment and control, rows of all views as one tally, and of the posts' values.
        difference, lift: as planted.
    """

    ours: np.ndarray
    views: np.ndarray
    posts: np.ndarray
    difference: float
    lift: float

    @property
    def draws(self):
        return law.Draws("slots", self.posts, np.ones(len(self.posts), dtype=int), self.difference, self.lift)


def _evidence(name, case, lift, args):
    made, runs = ready(name, case, lift), range(args.runs // 10)
    if args.jobs == 1:
        found = [one_run(made, run) for run in runs]
    else:
        with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(partial(one_run, made), runs, chunksize=25))
    metric, (control, treatment, *_) = made.experiment.outcomes[0].metric, made.experiment.variants
    gap = made.truth(treatment, metric) - made.truth(control, metric)
    return Evidence(*map(np.array, zip(*found, strict=True)), gap, lift)


def ready(name, case, lift):
    """The design of one case, seeded by its name."""
    way = "holm" if name.endswith("Holm") else "bonferroni" if case.family else "none"
    experiment = Experiment.model_validate(
        {
            "version": 1,
            "key": "calibration",
            "unit": "slot",
            "factors": {"cta": ["none", "buy", "save", "ask"][: case.variants]},
            "metrics": {"primary": [case.metric]},
            "calendar": {"start": "2026-01-05"} | case.calendar,
            "analysis": {"multiplicity": way},
        }
    )
    wish = Wish(case.metric, lift, relative=True) if lift else None
    return post_design(experiment, feed=Feed(**case.feed), wish=wish, seed=zlib.crc32(f"{name} {lift}".encode()))


def one_run(design, run):
    """Our answers for every treatment, and the rows of the first one: all its views, its posts."""
    (result,) = by_totals(design, run, whole=False)
    metric, (control, treatment, *_) = design.experiment.outcomes[0].metric, design.experiment.variants
    read = [[slot for slot in result.posts if slot.variant == arm.name and slot.totals] for arm in (treatment, control)]
    answers = [_answer(one) for one in result.metrics[0].comparisons]
    return answers, np.hstack([_tally(arm, metric) for arm in read]), np.hstack([_values(arm, metric) for arm in read])


def _answer(comparison):
    p, *ends = told(comparison.effect)
    return [p if comparison.p_adjusted is None else comparison.p_adjusted, *ends]


def _tally(posts, metric):
    if not metric.below:
        return law.columns(0, 0.0)
    n = sum(post.totals[metric.below] for post in posts)
    rate = sum(post.totals[name] for post in posts for name in metric.above) / n
    return law.columns(n, rate, yy=rate * (1 - rate) * n / (n - 1))


def _values(posts, metric):
    values = [post.value(metric) for post in posts]
    return law.columns(len(values), np.mean(values), yy=np.var(values, ddof=1))


def _row(name, case, pair, beside):
    null, effect = pair
    if case.family:
        return Row(name, len(null.ours), _together(null, effect), case.supported)
    answers = {"": [one.ours[:, 0] for one in pair]}
    answers["welch "] = [ours("mean", one.posts, FixedHorizon(ALPHA)) for one in pair]
    if beside:
        answers["views "] = [ours("proportion", one.views, FixedHorizon(ALPHA)) for one in pair]
    answers |= {f"{who} ": told for who, told in beside.items() if told[0] is not None}
    columns = {
        f"{who}{column}": share
        for who, told in answers.items()
        for column, share in shares(null.draws, effect.draws, told).items()
    }
    return Row(name, len(null.ours), columns, case.supported)


def _together(null, effect):
    """Runs in which any treatment reads different, and those in which every interval holds the truth."""
    runs, alike = len(null.ours), len(effect.ours)

    def holding(first, truth):
        ends = effect.ours[..., first : first + 2]
        every = np.all([inside(ends[:, at], truth) for at in range(ends.shape[1])], axis=0)
        return Share(int(every.sum()), alike)

    return {
        "false": Share(int((null.ours[..., 0] < ALPHA).any(axis=1).sum()), runs),
        "difference": holding(1, effect.difference),
        "lift": holding(3, effect.lift),
        "unknown": Share(int(np.isnan(effect.ours[..., 1]).any(axis=1).sum()), alike),
        "no lift": Share(int(np.isnan(effect.ours[..., 3]).any(axis=1).sum()), alike),
    }


SECTIONS = {"slots": slots}
