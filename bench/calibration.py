"""How often every method errs when the truth is known: writes docs/calibration.md, with the peers on the same draws.

    python bench/calibration.py [--runs 20000] [--tea-python EXE] [--gb-python EXE] [--only SECTION] [-o FILE]

`make calibration` runs it whole. EXE is a Python that has tea-tasting or gbstats; without one its columns stay empty.
Everything is seeded by the name of its case, so two runs write the same page.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import calibration_draws as law
import calibration_methods as methods
import calibration_slots as posts
from abstory.experiment import Experiment
from abstory.simulate.design import Wish, design
from abstory.simulate.rates import summed
from abstory.simulate.runs import Road, many
from abstory.stats.reading import FixedHorizon
from abstory.stats.sample_ratio import srm_chisq, srm_sequential
from abstory.stats.sequential import AlwaysValid
from calibration_page import page
from calibration_rows import ALPHA, PEERS, SLOW_SHARE, Row, Share, every_look, flat, missed, ours, peer, shares

HERE = Path(__file__).parent

PROPORTIONS = {
    "rate 40 %, 1,000 a variant": (0.4, 0.44, (1000, 1000), True),
    "rate 5 %, 2,000 a variant": (0.05, 0.06, (2000, 2000), True),
    "rate 0.1 %, 20,000 a variant": (0.001, 0.0015, (20_000, 20_000), True),
    "rate 0.1 %, 2,000 a variant: 2 successes": (0.001, 0.002, (2000, 2000), False),
    "rate 1 %, split 1:9 of 10,000": (0.01, 0.015, (1000, 9000), True),
    "rate 0.1 %, split 1:9 of 20,000": (0.001, 0.002, (2000, 18_000), False),
    "rate 50 %, 50 a variant": (0.5, 0.7, (50, 50), True),
    "rate 10 %, 50 a variant": (0.1, 0.2, (50, 50), True),
    "rate 5 %, 20 a variant": (0.05, 0.15, (20, 20), False),
    "rate 99 %, 200 a variant": (0.99, 0.97, (200, 200), False),
}
MEANS = {
    "normal, 20 a variant": (law.normal, 0.2, (20, 20), True),
    "watch time of a 15 s cut, 50 a variant": (law.watched, 0.1, (50, 50), True),
    "watch time of a 15 s cut, 1,000 a variant": (law.watched, 0.1, (1000, 1000), True),
    "exponential, 200 a variant": (law.exponential, 0.2, (200, 200), True),
    "exponential, split 1:9 of 2,000": (law.exponential, 0.2, (200, 1800), True),
    "lognormal σ 1, split 1:9 of 20,000": (law.lognormal, 0.2, (2000, 18_000), True),
    "90 % zeros, rest lognormal σ 2, 1,000 a variant": (law.heavy, 0.2, (1000, 1000), True),
    "the same, 10,000 a variant": (law.heavy, 0.2, (10_000, 10_000), True),
    "the same, split 1:9 of 20,000": (law.heavy, 0.2, (2000, 18_000), True),
}
RATIOS = {
    "1–50 views, 50 a variant": (50, 0.2, (50, 50), True),
    "1–50 views, 1,000 a variant": (50, 0.2, (1000, 1000), True),
    "1–50 views, split 1:9 of 2,000": (50, 0.2, (200, 1800), True),
    "1–5 views, 200 a variant": (5, 0.2, (200, 200), True),
}


@dataclass(frozen=True)
class Case:
    """Experiments without an effect and with one, and whether the docs promise anything of them."""

    kind: str
    name: str
    null: law.Draws
    effect: law.Draws
    supported: bool


def case(kind, name, runs):
    """The seeded draws of one case."""
    if kind == "proportion":
        base, other, sizes, supported = PROPORTIONS[name]
        drawn = (law.proportions(f"{name} {p}", (p, base), sizes, runs) for p in (base, other))
    else:
        shape, lift, sizes, supported = (MEANS if kind == "mean" else RATIOS)[name]
        make = law.means if kind == "mean" else law.ratios
        drawn = (make(f"{kind} {name} {by}", shape, by, sizes, runs // SLOW_SHARE) for by in (0.0, lift))
    return Case(kind, name, *drawn, supported)


def own(one):
    """Our shares in one case at a fixed horizon."""
    reading = FixedHorizon(ALPHA)
    return shares(one.null, one.effect, [ours(one.kind, drawn.rows, reading) for drawn in (one.null, one.effect)])


def one_look(args):
    """Every case of the three methods at a fixed horizon, with the peers beside."""
    tables = {"proportion": PROPORTIONS, "mean": MEANS, "ratio": RATIOS}
    cases = [case(kind, name, args.runs) for kind, table in tables.items() for name in table]
    tasks = [(one.kind, drawn.rows) for one in cases for drawn in (one.null, one.effect)]
    theirs = {name: peer(name, getattr(args, f"{name}_python"), tasks) for name in PEERS}
    found = {kind: [] for kind in tables}
    for at, one in enumerate(cases):
        columns = own(one)
        for who, answers in theirs.items():
            beside = answers[2 * at : 2 * at + 2]
            extra = shares(one.null, one.effect, beside) if beside[0] is not None else {}
            columns |= {f"{who} {column}": share for column, share in extra.items()}
        found[one.kind].append(Row(one.name, int(one.null.weights.sum()), columns, one.supported))
    return found


PEEKED = {
    "20 peeks, rate 40 %, 10,000 a variant": ("proportion", 0.4, 0.44, (10_000, 10_000), 20, True),
    "30 daily looks, rate 40 %, 15,000 a variant": ("proportion", 0.4, 0.44, (15_000, 15_000), 30, True),
    "20 peeks, rate 1 %, 10,000 a variant": ("proportion", 0.01, 0.015, (10_000, 10_000), 20, True),
    "20 peeks, rate 0.1 %, 10,000 a variant": ("proportion", 0.001, 0.002, (10_000, 10_000), 20, True),
    "20 peeks, rate 10 %, split 1:9 of 20,000": ("proportion", 0.1, 0.12, (2000, 18_000), 20, True),
    "20 peeks, watch time of a 15 s cut, 4,000 a variant": ("mean", law.watched, 0.1, (4000, 4000), 20, True),
    "20 peeks, exponential, split 1:9 of 20,000": ("mean", law.exponential, 0.1, (2000, 18_000), 20, True),
    "20 peeks, 90 % zeros, lognormal σ 2, 10,000 a variant": ("mean", law.heavy, 0.2, (10_000, 10_000), 20, True),
    "the same, split 1:9 of 20,000": ("mean", law.heavy, 0.2, (2000, 18_000), 20, True),
}


def values_of(kind, base, other):
    """The law of both arms' values: a rate or a law of values, and the treatment's rate or lift."""
    if kind == "proportion":
        return lambda draws, arm, shape: (draws.random(shape) < (base, other)[1 - arm]).astype(float)
    return lambda draws, arm, shape: (1 + other if arm == 0 else 1.0) * base(draws, shape)


def peeking(args):
    """Share ever wrong: always valid, and a fixed test read as often; gbstats' sequence on the first tenth."""
    found = []
    for name, (kind, base, other, sizes, looks, supported) in PEEKED.items():
        runs = args.runs // (2 * SLOW_SHARE)
        base_value, nothing = (base, base) if kind == "proportion" else (base(None, None), 0.0)
        truth = (other - base, other / base - 1) if kind == "proportion" else (other * base_value, other)
        null = law.peeks(values_of(kind, base, nothing), sizes, looks, runs, name)
        effect = law.peeks(values_of(kind, base, other), sizes, looks, runs, name + " effect")
        reading = AlwaysValid(ALPHA, sum(sizes))
        quiet, loud = (every_look(ours(kind, flat(rows), reading), runs) for rows in (null, effect))
        fixed = every_look(ours(kind, flat(null), FixedHorizon(ALPHA)), runs)
        columns = {
            "false": Share(int((quiet[..., 0] < ALPHA).any(axis=1).sum()), runs),
            "difference": missed(loud[..., 1:3], truth[0]),
            "lift": missed(loud[..., 3:5], truth[1]),
            "unknown": Share(int(np.isnan(loud[:, -1, 1]).sum()), runs),
            "no lift": Share(int(np.isnan(loud[:, -1, 3]).sum()), runs),
            "fixed": Share(int((fixed[..., 0] < ALPHA).any(axis=1).sum()), runs),
        }
        columns |= sequence(args, kind, null, effect, truth)
        found.append(Row(name, runs, columns, supported))
    return found


def sequence(args, kind, null, effect, truth):
    """The sequential test of gbstats on the first experiments."""
    runs = max(1, len(null) // 10)
    asked = [(f"{kind} peeks", flat(rows[:runs])) for rows in (null, effect)]
    quiet, loud = peer("gb", args.gb_python, asked)
    if quiet is None:
        return {}
    quiet, loud = every_look(quiet, runs), every_look(loud, runs)
    return {
        "gb false": Share(int((quiet[..., 0] < ALPHA).any(axis=1).sum()), runs),
        "gb difference": missed(loud[..., 1:3], truth[0]),
        "gb lift": missed(loud[..., 3:5], truth[1]),
    }


def splits(args):
    """Alarms about a split that is as declared: at one look, and at any of 20."""
    found = []
    for name, weights, total in (
        ("two variants of 10,000", (1, 1), 10_000),
        ("1:9 of 10,000", (1, 9), 10_000),
        ("eight variants of 80,000", (1,) * 8, 80_000),
        ("1:9 of 100", (1, 9), 100),
    ):
        share = np.array(weights) / sum(weights)
        steps = law.generator(f"split {name}").multinomial(total // 20, share, (args.runs, 20)).cumsum(axis=1)
        last = [srm_chisq([int(x) for x in counts[-1]], weights).alarm for counts in steps]
        ever = [
            any(srm_sequential([int(x) for x in c], weights).alarm for c in counts)
            for counts in steps[: args.runs // 4]
        ]
        columns = {"one look": Share(sum(last), len(last)), "any look": Share(sum(ever), len(ever))}
        found.append(Row(name, args.runs, columns))
    return found


DESIGN = {
    "version": 1,
    "key": "calibration",
    "schedule": {"start": "2026-01-05", "end": "2026-01-19"},
    "factors": {"filter": ["none", "warm"]},
    "metrics": {
        "primary": {"name": "watched_12s", "mde": "10%"},
        "secondary": ["engagement_rate"],
        "guardrails": [{"name": "hide_rate", "margin": "2pp"}],
    },
    "decision": {"min_per_variant": 4000, "min_runtime": "7d"},
}
PLANNED = {"group_sequential": {"looks": 5}}
PLAYED = {
    "always valid, no effect, 30 days": ("always_valid", 30, 0.0),
    "always valid, the MDE": ("always_valid", 14, 0.1),
    "always valid, harm of that size": ("always_valid", 14, -0.1),
    "5 planned looks, no effect": (PLANNED, 14, 0.0),
    "5 planned looks, the MDE": (PLANNED, 14, 0.1),
    "one look at the end, no effect": ("fixed", 14, 0.0),
    "one look at the end, the MDE": ("fixed", 14, 0.1),
}


def designs(args):
    """A whole design played as `abstory simulate` plays it: verdicts, and errors over its daily looks."""
    return [played(name, *told, args) for name, told in PLAYED.items()]


def played(name, looks, days, lift, args):
    """One row of `designs`."""
    runs = max(10, args.runs // 50)
    experiment = Experiment.model_validate(DESIGN | {"analysis": {"looks": looks}})
    wish = Wish("watched_12s", lift, relative=True) if lift else None
    made = design(experiment, wish=wish, days=days)
    found = summed(made, Road.FAST, many(made, runs, jobs=args.jobs))
    first = found.fares[0]
    columns = {str(ruling): Share(rate.hits, runs) for ruling, rate in found.rulings.items()}
    columns["ever wrong"] = Share(found.ever_wrong.hits, runs)
    daily = looks == "always_valid" and first.misread
    columns["fixed"] = Share(first.misread.hits, runs) if daily else Share(0, 0)
    columns["shown"] = Share(first.apart.hits, runs)
    return Row(name, runs, columns, note=str(found.day(0.5) or "–"))


OWN = {"one look": one_look, "peeking": peeking, "splits": splits, "designs": designs}
SECTIONS = OWN | methods.SECTIONS | posts.SECTIONS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=1, help="processes that play designs")
    parser.add_argument("--tea-python")
    parser.add_argument("--gb-python")
    parser.add_argument("--only", choices=SECTIONS, action="append")
    parser.add_argument("-o", "--output", type=Path, default=HERE.parent / "docs" / "calibration.md")
    args = parser.parse_args()
    found = {name: make(args) for name, make in SECTIONS.items() if not args.only or name in args.only}
    text = page(found)
    if args.only:
        print(text)
    else:
        args.output.write_text(text, encoding="utf-8")
        print(f"wrote {args.output}")


if __name__ == "__main__":
    main()
