"""A thousand replicates for two variants of three million viewers, beside a Poisson bootstrap that visits each viewer.

    python bench/bootstrap.py [--viewers 3000000] [--runs 1000] [--sample 100000] [--rounds 5] [--json FILE]

Two counts a viewer (impressions, completions) make a few hundred distinct cells. Cells and a thousand bucket sums give
every replicate of the difference in completions per impression, and its interval. The per-viewer way draws Poisson(1)
weights with numpy for a sample of the viewers and ten replicates; its cost is linear in both, and is scaled up. They
run in turn; the ratio is of medians of CPU time.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np

from abstory.stats.bootstrap import Cells, Replicates, difference, interval, ratio, replicates

BUCKETS, POISSON_RUNS = 1000, 10
ARMS = {"t": 0.42, "c": 0.40}


def rows(viewers, rate, seed):
    """(completions, impressions) of each viewer; 1 to 30 impressions."""
    rng = np.random.default_rng(seed)
    seen = np.minimum(rng.geometric(0.3, viewers), 30)
    return np.column_stack([rng.binomial(seen, rate), seen])


def cells(data):
    codes, counts = np.unique(data[:, 0] * 64 + data[:, 1], return_counts=True)
    pairs = zip(codes.tolist(), counts.tolist(), strict=True)
    return Cells.of(("done", "seen"), [(divmod(code, 64), viewers) for code, viewers in pairs])


def buckets(data):
    at = np.random.default_rng(0).integers(0, BUCKETS, len(data))
    sums = [np.bincount(at, column, BUCKETS).astype(int).tolist() for column in data.T]
    viewers = np.bincount(at, minlength=BUCKETS).tolist()
    return Cells.of_buckets(("done", "seen"), zip(zip(*sums, strict=True), viewers, strict=True))


def by_draw(made, runs):
    """Replicates of the difference of ratios, and their interval."""
    found = [replicates(made[arm], ratio("done", "seen"), arm=arm, seed="bench", runs=runs) for arm in ARMS]
    if not all(isinstance(one, Replicates) for one in found):
        raise SystemExit(f"no replicates: {found}")
    of = difference(*found)
    interval(of, 0.05)
    return of.values


def by_viewer(data, runs):
    """The same with a Poisson(1) weight a viewer and replicate (Chamandy et al. 2012)."""
    rng, found = np.random.default_rng(1), []
    for _ in range(runs):
        done, seen = zip(*(rng.poisson(1.0, len(one)).astype(float) @ one for one in data.values()), strict=True)
        found.append(done[0] / seen[0] - done[1] / seen[1])
    return np.array(found)


def seconds(work, *given):
    start = time.process_time()
    work(*given)
    return time.process_time() - start


def check(made, whole, args):
    """All must see one spread, or the times mean nothing: of runs or buckets, within 4.5 of its own errors."""
    errors = {name: by_draw(one, args.runs).std() for name, one in made.items()}
    errors["viewers"] = by_viewer({arm: one[: args.sample] for arm, one in whole.items()}, 200).std()
    errors["viewers"] *= (args.sample / args.viewers) ** 0.5
    for name, error in errors.items():
        print(f"  {name:<8} standard error of the difference {error:.3e}")
    fewest = {"cells": args.runs, "buckets": min(args.runs, BUCKETS), "viewers": 200}
    if any(abs(e / errors["cells"] - 1) > 4.5 / fewest[name] ** 0.5 for name, e in errors.items()):
        raise SystemExit("they disagree")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=3_000_000)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json")
    args = parser.parse_args()
    whole = {arm: rows(args.viewers, rate, seed) for seed, (arm, rate) in enumerate(ARMS.items())}
    made = {
        name: {arm: one(data) for arm, data in whole.items()} for name, one in (("cells", cells), ("buckets", buckets))
    }
    print(f"2 x {args.viewers:,} viewers, {[len(c.counts) for c in made['cells'].values()]} cells, {args.runs} runs")
    check(made, whole, args)
    few = {arm: one[: args.sample].astype(float) for arm, one in whole.items()}
    spent = {"cells": [], "buckets": [], "viewers": []}
    for _ in range(args.rounds):
        for name, one in made.items():
            spent[name].append(seconds(by_draw, one, args.runs))
        larger = args.viewers / args.sample * args.runs / POISSON_RUNS
        spent["viewers"].append(seconds(by_viewer, few, POISSON_RUNS) * larger)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    for name, value in medians.items():
        print(f"  {name:<8} {value:9.3f} s   {value / medians['viewers']:.6f} of per viewer")
    print("  (target: seconds, and a hundredth of per viewer)")
    if args.json:
        Path(args.json).write_text(json.dumps(medians), encoding="utf-8")


if __name__ == "__main__":
    main()
