"""Eight variants, ten metrics (proportions, means, ratios, CUPED) from moments to effects, with gbstats beside it.

    python bench/effects.py [--variants 8] [--metrics 10] [--rounds 5] [--peer-python EXE] [--json FILE]

Both get the same sums, build their own statistics of them beforehand, and answer difference, interval and p for every
treatment. They run in turn, one process a round; the ratio is of medians. Without gbstats (`pip install gbstats`,
best into an environment of its own, named by --peer-python) the bench says so and prints our time alone.

We have two roads: one comparison after the other, as a report makes them, and all of them in arrays (`stats.many`), for
whoever has many. Not all of it is the same work as the peer's: we give every lift an interval of its own besides, which
gbstats is not asked for; and a proportion is one more Welch interval for gbstats, but four roots of the score for us,
so the mix with proportions is printed apart, and goes one by one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

KINDS = ("proportion", "mean", "ratio", "cuped")
MIXES = (KINDS[:3], KINDS[1:3], KINDS[1:])
LOOKS = ("always valid", "fixed")
PEER = "gbstats"


def make(variants, metrics, kinds=KINDS):
    """The sums of every metric and variant, kind after kind: (kind, [sums by variant])."""
    taken = sorted(((at, kinds[at % len(kinds)]) for at in range(metrics)), key=lambda one: kinds.index(one[1]))
    return [(kind, [_sums(kind, at, arm) for arm in range(variants)]) for at, kind in taken]


def _sums(kind, metric, arm):
    n = 750_000 + 1000 * arm
    if kind == "proportion":
        return {"n": n, "x": round(n * (0.05 + 0.05 * metric + 0.0007 * arm))}
    mean, below = 2.0 + 0.01 * arm + 0.1 * metric, 5.0 + 0.001 * arm
    spread = (n - 1) * (4.0 + 0.1 * metric)
    return {
        "n": n,
        "y": round(n * mean),
        "d": round(n * below),
        "yy": round(spread + n * mean * mean),
        "dd": round((n - 1) * 9.0 + n * below * below),
        "yd": round((n - 1) * 3.0 + n * mean * below),
    }


def alone(looks):
    """One comparison after the other, as a report makes them."""
    from abstory.metrics import Mean, Measure, MeasureKind, Proportion, Ratio
    from abstory.stats.adjusted import compare_adjusted
    from abstory.stats.covariates import Arms, adjust_pooled

    y, d = Measure(MeasureKind.COUNT, ("like",)), Measure(MeasureKind.COUNT, ("view",))
    metrics = {"proportion": Proportion("p", y, "p"), "mean": Mean("m", y, "m"), "ratio": Ratio("r", y, d, "r")}
    answers = {kind: metric.effect for kind, metric in metrics.items()}
    answers["cuped"] = lambda t, c, reading: compare_adjusted(adjust_pooled(Arms(t, c), y.name, d.name), reading)
    reading = reading_of(looks)

    def prepare(data):
        return [(answers[kind], [moments(sums, y.name, d.name) for sums in arms]) for kind, arms in data]

    def run(prepared):
        return [answer(arm, arms[0], reading) for answer, arms in prepared for arm in arms[1:]]

    return prepare, run, lambda effect: (effect.difference.value, effect.standard_error)


def together(looks):
    """All comparisons in arrays, kind after kind."""
    from abstory.stats.many import Joint, Samples, adjusted, compare_many, join, ratios

    answers = {"mean": lambda samples: samples, "ratio": ratios, "cuped": adjusted}
    reading = reading_of(looks)

    def table(kind, arms):
        pairs = [(arm, control) for control, *treatments in arms for arm in treatments]
        if kind == "mean":
            return Samples.of([(arm.sample("y"), control.sample("y")) for arm, control in pairs])
        return Joint.of(pairs, "y", "d")

    def prepare(data):
        by_kind = {
            kind: [[moments(s, "y", "d") for s in arms] for own, arms in data if own == kind] for kind, _ in data
        }
        return [(answers[kind], table(kind, arms)) for kind, arms in by_kind.items()]

    def run(prepared):
        return compare_many(join(*(answer(rows) for answer, rows in prepared)), reading)

    return prepare, run, lambda effect: (effect.difference.value, effect.standard_error)


def moments(sums, y, d):
    """As the roll-up gives them."""
    from abstory.stats.moments import Moments, pair

    if "x" in sums:
        return Moments(sums["n"], {y: sums["x"] / sums["n"]}, {})
    products = {pair(y, y): sums["yy"], pair(d, d): sums["dd"], pair(y, d): sums["yd"]}
    return Moments.from_sums(sums["n"], {y: sums["y"], d: sums["d"]}, products)


def reading_of(looks):
    """Every comparison at its share of the level: seven treatments."""
    from abstory.stats.multiplicity import Bonferroni
    from abstory.stats.reading import FixedHorizon
    from abstory.stats.sequential import AlwaysValid

    return Bonferroni(FixedHorizon(0.05) if looks == "fixed" else AlwaysValid(0.05, 1_600_000), 7)


def theirs():
    """GrowthBook's engine: two-sided Welch on the absolute difference."""
    from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
    from gbstats.models.statistics import (
        ProportionStatistic,
        RatioStatistic,
        RegressionAdjustedStatistic,
        SampleMeanStatistic,
        compute_theta,
    )

    config = FrequentistConfig(difference_type="absolute")

    def statistic(kind, sums):
        n = sums["n"]
        if kind == "proportion":
            return ProportionStatistic(n=n, sum=sums["x"])
        y = SampleMeanStatistic(n=n, sum=sums["y"], sum_squares=sums["yy"])
        if kind == "mean":
            return y
        d = SampleMeanStatistic(n=n, sum=sums["d"], sum_squares=sums["dd"])
        if kind == "cuped":
            return RegressionAdjustedStatistic(
                n=n, post_statistic=y, pre_statistic=d, post_pre_sum_of_products=sums["yd"], theta=0.0
            )
        return RatioStatistic(n=n, m_statistic=y, d_statistic=d, m_d_sum_of_products=sums["yd"])

    def prepare(data):
        return [(kind, [statistic(kind, sums) for sums in arms]) for kind, arms in data]

    def run(prepared):
        return [answer(kind, arms[0], arm) for kind, arms in prepared for arm in arms[1:]]

    def answer(kind, control, treatment):
        if kind == "cuped":
            control.theta = treatment.theta = compute_theta(control, treatment)
        return TwoSidedTTest(control, treatment, config).compute_result()

    return prepare, run, lambda result: (result.expected, (result.ci[1] - result.ci[0]) / 2 / 1.959964)


def measure(engine, args):
    """Median seconds of one analysis, statistics made beforehand, over at least a second; and one effect a kind."""
    road, _, looks = engine.partition(": ")
    prepare, run, shown = theirs() if engine == PEER else ROADS[road](looks)
    sums = make(args.variants, args.metrics, args.kinds)
    data = prepare(sums)
    effects, spent = run(data), []
    until = time.perf_counter() + 1.0
    while time.perf_counter() < until or len(spent) < 5:
        start = time.process_time()
        run(data)
        spent.append(time.process_time() - start)
    kinds = [kind for kind, _ in sums]
    check = [shown(effects[kinds.index(kind) * (args.variants - 1)]) for kind in args.kinds]
    print(json.dumps({"seconds": statistics.median(spent), "check": check}))


def once(python, engine, args, kinds):
    """One process of one engine, or None where it cannot run."""
    sizes = ["--variants", str(args.variants), "--metrics", str(args.metrics), "--kinds", *kinds]
    command = [python, __file__, "--engine", engine, *sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def compare(args, kinds):
    """The medians of one mix of kinds, printed."""
    roads = [road for road in ROADS if road == "alone" or "proportion" not in kinds]
    engines = {f"{road}: {looks}": sys.executable for road in roads for looks in LOOKS} | {PEER: args.peer_python}
    runs = {name: [] for name in engines}
    for _ in range(args.rounds):
        for name, python in engines.items():
            if (answer := once(python, name, args, kinds)) is not None:
                runs[name].append(answer)
    medians = {name: statistics.median(a["seconds"] for a in answers) for name, answers in runs.items() if answers}
    comparisons = args.metrics * (args.variants - 1)
    print(f"{', '.join(kinds)}: {comparisons} comparisons, CPU, median of {args.rounds}")
    for name, seconds in medians.items():
        ratio = f"   {seconds / medians[PEER]:.4f} of {PEER}" if PEER in medians else ""
        print(f"  {name:<22} {seconds * 1e3:8.3f} ms{ratio}")
    if PEER in medians:
        _agree(runs)
    else:
        print(f"  {PEER} is missing in {args.peer_python}: no ratio (pip install {PEER}, then --peer-python EXE)")
    return medians


def _agree(runs):
    """All engines must have computed the same effects, or the times mean nothing."""
    for name in runs.keys() - {PEER}:
        for mine, peer in zip(runs[name][0]["check"], runs[PEER][0]["check"], strict=True):
            if any(abs(a - b) > 1e-4 * abs(b) for a, b in zip(mine, peer, strict=True)):
                raise SystemExit(f"the engines disagree: {name} {mine}, {PEER} {peer}")


ROADS = {"alone": alone, "together": together}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variants", type=int, default=8)
    parser.add_argument("--metrics", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--json")
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.engine:
        measure(args.engine, args)
    else:
        print(f"{args.variants} variants x {args.metrics} metrics (wanted: a hundredth of {PEER})")
        medians = {", ".join(kinds): compare(args, kinds) for kinds in MIXES}
        if args.json:
            Path(args.json).write_text(json.dumps(medians), encoding="utf-8")


if __name__ == "__main__":
    main()
