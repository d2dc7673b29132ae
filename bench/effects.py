"""Eight variants, ten metrics (proportions, means, ratios) from moments to effects, with gbstats beside it.

    python bench/effects.py [--variants 8] [--metrics 10] [--rounds 5] [--peer-python EXE] [--json FILE]

Both get the same sums, build their own statistics of them beforehand, and answer difference, interval and p for every
treatment. They run in turn, one process a round; the ratio is of medians. Without gbstats (`pip install gbstats`,
best into an environment of its own, named by --peer-python) the bench says so and prints our time alone.

Not all of it is the same work. Means and ratios are: Welch on either side, the ratio by the delta method. A proportion
is one more Welch interval for gbstats, and four roots of the score for us. And we give the lift an interval of its own
besides, which gbstats is not asked for. So the mix of means and ratios is printed apart. The last mix (mean, ratio,
CUPED with one slope) is timed from the sums on, either engine building its own statistics of them within the time.
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


def make(variants, metrics, kinds=KINDS):
    """The sums of every metric and variant: (kind, [sums by variant])."""
    taken = [(at, kinds[at % len(kinds)]) for at in range(metrics)]
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


def ours(looks):
    """Moments to effects, as a report does it."""
    from abstory.metrics import Mean, Measure, MeasureKind, Proportion, Ratio
    from abstory.stats.adjusted import compare_adjusted
    from abstory.stats.covariates import Arms, adjust_pooled
    from abstory.stats.moments import Moments, pair
    from abstory.stats.multiplicity import Bonferroni
    from abstory.stats.reading import FixedHorizon
    from abstory.stats.sequential import AlwaysValid

    y, d = Measure(MeasureKind.COUNT, ("like",)), Measure(MeasureKind.COUNT, ("view",))
    metrics = {"proportion": Proportion("p", y, "p"), "mean": Mean("m", y, "m"), "ratio": Ratio("r", y, d, "r")}
    answers = {kind: metric.effect for kind, metric in metrics.items()}
    answers["cuped"] = lambda t, c, reading: compare_adjusted(adjust_pooled(Arms(t, c), y.name, d.name), reading)
    base = FixedHorizon(0.05) if looks == "fixed" else AlwaysValid(0.05, 1_600_000)

    def moments(sums):
        if "x" in sums:
            return Moments(sums["n"], {y.name: sums["x"] / sums["n"]}, {})
        products = {
            pair(y.name, y.name): sums["yy"],
            pair(d.name, d.name): sums["dd"],
            pair(y.name, d.name): sums["yd"],
        }
        return Moments.from_sums(sums["n"], {y.name: sums["y"], d.name: sums["d"]}, products)

    def prepare(data):
        return [(answers[kind], [moments(sums) for sums in arms]) for kind, arms in data]

    def run(prepared):
        reading = Bonferroni(base, 7)
        return [answer(arm, arms[0], reading) for answer, arms in prepared for arm in arms[1:]]

    return prepare, run, lambda effect: (effect.difference.value, effect.standard_error)


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
    """Median seconds of one analysis over at least a second; statistics made beforehand, but for the mix with CUPED."""
    prepare, run, shown = theirs() if engine == "gbstats" else ours(engine)
    sums = make(args.variants, args.metrics, args.kinds)
    data = prepare(sums)
    first, spent = run(data), []
    until = time.perf_counter() + 1.0
    while time.perf_counter() < until or len(spent) < 5:
        start = time.process_time()
        run(prepare(sums) if "cuped" in args.kinds else data)
        spent.append(time.process_time() - start)
    per_kind = [shown(first[at * (args.variants - 1)]) for at in range(min(len(args.kinds), args.metrics))]
    print(json.dumps({"seconds": statistics.median(spent), "check": per_kind}))


def once(python, engine, args, kinds):
    """One process of one engine, or None where it cannot run."""
    sizes = ["--variants", str(args.variants), "--metrics", str(args.metrics), "--kinds", *kinds]
    command = [python, __file__, "--engine", engine, *sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def compare(args, kinds):
    """The medians of one mix of kinds, printed."""
    engines = {"always valid": sys.executable, "fixed": sys.executable, "gbstats": args.peer_python}
    runs = {name: [] for name in engines}
    for _ in range(args.rounds):
        for name, python in engines.items():
            if (answer := once(python, name, args, kinds)) is not None:
                runs[name].append(answer)
    medians = {name: statistics.median(a["seconds"] for a in answers) for name, answers in runs.items() if answers}
    comparisons = args.metrics * (args.variants - 1)
    print(f"{', '.join(kinds)}: {comparisons} comparisons, CPU, median of {args.rounds}")
    for name, seconds in medians.items():
        print(f"  {name:<14} {seconds * 1e3:9.3f} ms   {seconds / comparisons * 1e6:7.1f} us a comparison")
    if "gbstats" not in medians:
        print(f"  gbstats is missing in {args.peer_python}: no ratio (pip install gbstats, then --peer-python EXE)")
    else:
        _agree(runs)
        for name in ("always valid", "fixed"):
            print(f"  {name} / gbstats = {medians[name] / medians['gbstats']:.4f}   (kept at 0.1, wanted 0.01)")
    return medians


def _agree(runs):
    """Either engine must have computed the same effects, or the times mean nothing."""
    for mine, peer in zip(runs["fixed"][0]["check"], runs["gbstats"][0]["check"], strict=True):
        if any(abs(a - b) > 1e-4 * abs(b) for a, b in zip(mine, peer, strict=True)):
            raise SystemExit(f"the engines disagree: {mine} against {peer}")


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
        print(f"{args.variants} variants x {args.metrics} metrics")
        medians = {", ".join(kinds): compare(args, kinds) for kinds in MIXES}
        if args.json:
            Path(args.json).write_text(json.dumps(medians), encoding="utf-8")


if __name__ == "__main__":
    main()
