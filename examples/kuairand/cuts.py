"""A/A tests by the thousand: KuaiRand's viewers cut in two by our own assignment, views counted one way and the other.

    python cuts.py log_standard_4_08_to_4_21_1k.csv [--cuts 2000] [--seconds 10]

Nothing was shown to these halves that differs, so each difference found is a false alarm, and at alpha .05 one cut in
twenty may raise one. `by view` takes each view as an independent draw; `by viewer` takes a viewer's views together.

* duration_ms is 0 where the length of a video is unknown: its views count as left when they stopped, never as complete.
* play_time_ms longer than duration_ms is a loop: watched to the end, once. There the view is still watching (censored).
"""

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from convert import read

from abstory.assignment.bucket import h
from abstory.stats.estimate import Effect
from abstory.stats.means import compare
from abstory.stats.moments import Moments, Tally
from abstory.stats.proportions import compare as compare_rates
from abstory.stats.ratios import ratio_sample
from abstory.stats.reading import FixedHorizon
from abstory.stats.retention_clustered import Viewed, compare_rmst, logrank_clustered

READING = FixedHorizon(0.05)


def main():
    """Print both rates of false alarms."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("log", type=Path)
    parser.add_argument("--cuts", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=10)
    told = parser.parse_args()
    viewers = watched(told.log)
    views = [view for own in viewers.values() for view in own]
    print(f"{len(views):,} views of {len(viewers):,} viewers, cut in two {told.cuts:,} times")
    print(f"{sum(length == 0 for _, _, length in views):,} of a video of unknown length,", end=" ")
    print(f"{sum(0 < length < played for played, _, length in views):,} played beyond their video")
    alarms = [alarmed(halves(viewers, cut), told.seconds) for cut in range(told.cuts)]
    print(f"\n{'false alarms at alpha .05':34}{'by view':>10}{'by viewer':>11}")
    for name in alarms[0]:
        shares = [sum(found[name][way] for found in alarms) / told.cuts for way in (0, 1)]
        print(f"{name:34}{shares[0]:10.1%}{shares[1]:11.1%}")


def watched(log):
    """By viewer, each view once: milliseconds played, whether it was complete, and the length (0: unknown)."""
    found = defaultdict(dict)
    for row in read(log):
        played, length = int(row["play_time_ms"]), int(row["duration_ms"])
        key = row["video_id"], row["time_ms"], played
        found[row["user_id"]][key] = played, 0 < length <= played, length
    return {viewer: list(rows.values()) for viewer, rows in found.items()}


def halves(viewers, cut):
    """The viewers of either half, as an experiment of that name would have assigned them."""
    first = {viewer for viewer in viewers if h(f"cut-{cut}/variant", viewer) % 2}
    return [{v: own for v, own in viewers.items() if (v in first) is side} for side in (True, False)]


def alarmed(both, seconds):
    """By test, whether it finds a difference between two halves that do not differ: by view, by viewer."""
    horizon = float(seconds)
    one, other = (Viewed.of(lasting(half, horizon)) for half in both)
    rates = [Tally(sum(map(len, half.values())), completions(half)) for half in both]
    ratios = [per_view(half) for half in both]
    alone = [replace(arm, viewers=arm.watching.views, together=None) for arm in (one, other)]
    ranks = [logrank_clustered(*arms, horizon) for arms in (alone, (one, other))]
    means = [compare_rmst(*arms, horizon, READING) for arms in (alone, (one, other))]
    return {
        "completions per view": [found(compare_rates(*rates, READING)), found(compare(*ratios, READING))],
        f"seconds watched, of the first {seconds}": [found(effect) for effect in means],
        f"log-rank, to second {seconds}": [test.p_value < READING.alpha for test in ranks],
    }


def found(effect):
    """Whether a difference is shown."""
    return isinstance(effect, Effect) and effect.p_value < READING.alpha


def lasting(half, horizon):
    """Viewer, seconds and whether the view was left then: whole seconds, as a report has them."""
    for viewer, own in half.items():
        for played, complete, length in own:
            lasted = min(played, length or played) / 1000
            yield viewer, min(float(int(lasted) + 1), horizon), not complete and lasted < horizon


def completions(half):
    """Complete views of all viewers."""
    return sum(complete for own in half.values() for _, complete, _ in own)


def per_view(half):
    """Complete views over views, by viewer: the delta method."""
    counts = [(sum(complete for _, complete, _ in own), len(own)) for own in half.values()]
    sums = {"y": sum(y for y, _ in counts), "d": sum(d for _, d in counts)}
    pairs = {("y", "y"): [y * y for y, _ in counts], ("d", "y"): [y * d for y, d in counts]}
    products = {pair: sum(values) for pair, values in pairs.items()} | {("d", "d"): sum(d * d for _, d in counts)}
    return ratio_sample(Moments.from_sums(len(counts), sums, products), "y", "d")


if __name__ == "__main__":
    main()
