"""CPU of a simulated run with all its looks, beside drawing and summing its viewers alone.

    python bench/simulate.py [runs]

Prints medians of milliseconds a run and their ratio, and the bound it is held to. Exit code 1 when it is broken.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from abstory.experiment import Experiment
from abstory.simulate.design import Design, design, mde
from abstory.simulate.memory import Memory
from abstory.simulate.play import act
from abstory.simulate.runs import Road, one

BOUND = 5.0
SECONDARY = ["engagement_rate", "follow_rate", "completions_per_view", "share_rate"]
GUARDRAILS = [{"name": "hide_rate", "margin": "20%"}, {"name": "report_rate", "margin": "0.05pp"}]
CASES = {
    "2 variants, 4 metrics": {
        "factors": {"cta": ["none", "shop_now"]},
        "metrics": {
            "primary": [{"name": "engagement_rate", "mde": "5%"}],
            "secondary": ["completion_rate", "cta_rate"],
            "guardrails": GUARDRAILS[:1],
        },
        "decision": {"min_per_variant": 1000},
    },
    "2 x 2 x 2, 6 metrics": {
        "factors": {"filter": ["none", "warm"], "length": ["15s", "12s"], "cta": ["none", "shop_now"]},
        "metrics": {
            "primary": [{"name": "watched_12s", "mde": "2%"}],
            "secondary": ["completion_rate", "engagement_rate", "follow_rate"],
            "guardrails": GUARDRAILS,
        },
        "decision": {"min_per_variant": 5000},
    },
    "8 variants, 8 metrics": {
        "factors": {"hook": ["none", *"abcdefg"]},
        "metrics": {
            "primary": [{"name": "completion_rate", "mde": "2%"}, {"name": "watch_seconds", "mde": "2%"}],
            "secondary": SECONDARY,
            "guardrails": GUARDRAILS,
        },
        "decision": {"min_per_variant": 2000},
    },
}


def made(name: str) -> Design:
    """A case, with the change that it looks for planted."""
    experiment = Experiment.model_validate({"version": 1, "key": "bench", **CASES[name]})
    return design(experiment, wish=mde(experiment))


def data_alone(planned: Design, run: int) -> Memory:
    """As many viewers, drawn and summed for every look, and nothing read of them."""
    import numpy as np

    experiment = planned.experiment
    variants = np.random.default_rng(run).integers(len(experiment.variants), size=planned.viewers)
    return Memory.of(experiment, act(planned.audience, experiment, variants, seed=run), planned.looks_us)


def milliseconds(work: Callable[[int], object], runs: int) -> float:
    """The median of CPU, after one that fills the caches."""
    took = []
    for run in range(runs + 1):
        begun = time.process_time()
        work(run)
        took.append(1000 * (time.process_time() - begun))
    return statistics.median(took[1:])


def main(runs: int) -> int:
    print(f"{'CPU of a run':<24}{'ms':>8}{'data ms':>9}{'ratio':>7}{'bound':>7}")
    broken = False
    for name in CASES:
        planned = made(name)
        floor = milliseconds(lambda run, planned=planned: data_alone(planned, run), runs)
        whole = milliseconds(lambda run, planned=planned: one(planned, run, Road.FAST), runs)
        broken |= whole > BOUND * floor
        print(f"{name:<24}{whole:8.1f}{floor:9.1f}{whole / floor:7.1f}{BOUND:7.1f}")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
