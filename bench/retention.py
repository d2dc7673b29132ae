"""Where views ended (curves, restricted means, log-rank) beside the plain report, over the data of `rollup.py`.

python bench/retention.py [--viewers 600000] [--rounds 3]              # made in a temporary folder
python bench/retention.py --viewers 3100000 --data DIR                 # 10M views; kept in DIR (2 GB)

Bound: both together at most twice the CPU (user + sys) of the plain report's own queries. Each case is a process, and
goes from the open store to the finished values: moments on one side, curves with bands and comparisons on the other.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import rollup

REPORT = "plain report"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewers", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder)
        rollup.make(data, options.viewers)
        print(f"{counted(data):,} views stored")
        for days in (1, 7):
            show(days, rollup.interleaved(cases(data, days), options.rounds))


def counted(data: Path) -> int:
    import duckdb

    with duckdb.connect(data / "store.duckdb", read_only=True) as connection:
        return int(connection.execute("SELECT count(*) FROM events WHERE event = 'view'").fetchall()[0][0])


def cases(data: Path, days: int) -> Mapping[str, Callable[[], object]]:
    return {
        REPORT: lambda: rollup.ours(data, days=days),
        "retention alone": lambda: rollup.ours(data, days=days, read=curves),
        "report with retention": lambda: (rollup.ours(data, days=days), rollup.ours(data, days=days, read=curves)),
    }


def curves(connection: object, question: object) -> object:
    """What the report shows of retention, from the store."""
    from abstory.analysis.retaining import retention
    from abstory.experiment import Experiment
    from abstory.stats.estimate import Effect
    from abstory.stats.sequential import AlwaysValid
    from abstory.warehouse.rollup_endings import endings

    declared = {"length": ["8s", "12s", "16s"]}
    experiment = Experiment.model_validate(
        {"version": 1, "key": "hook_test", "factors": declared, "metrics": {"primary": "watched_8s"}}
    )
    found = endings(connection, question)
    named = {variant.name: ended for variant, ended in zip(experiment.variants, found.values(), strict=True)}
    told = retention(experiment, named, AlwaysValid(0.05, 400_000), None)
    if told is None or not all(isinstance(one.mean, Effect) for one in told.comparisons):
        raise SystemExit("the curves were not compared")
    return told


def show(days: int, costs: Mapping[str, list[rollup.Cost]]) -> None:
    print(f"window of {days} d{'':14}{'CPU s':>8}{'wall s':>8}{'MiB':>7}{'CPU / report':>14}")
    for name, runs in costs.items():
        cpu, wall, memory = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{name:26}{cpu:8.2f}{wall:8.2f}{memory:7.0f}{rollup.ratio(runs, costs[REPORT]):14.2f}")


if __name__ == "__main__":
    main()
