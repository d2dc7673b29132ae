"""The report's roll-up beside the plain exact join an analyst would write over the same text ids.

python bench/rollup.py [--viewers 600000] [--rounds 3]                  # made in a temporary folder
python bench/rollup.py --viewers 6000000 --data DIR                     # 10M exposures, 25M events; kept in DIR (3 GB)

Bound: at most 0.8 times the CPU (user + sys) of `plain join, text ids`, and done under memory_limit = 1GB.
Data: `viewers` exposed viewers, 5/3 exposures and 25/6 events a viewer in order of time, 10 % of events from strangers,
a third before the start. DIR/str.duckdb and DIR/int.duckdb hold plain tables (text and integer ids), DIR/store.duckdb
the same rows in the schema of abstory; what exists is used. Each case is a process; rounds are interleaved.
The plain join keeps five measures and every later event; ours eleven measures and a window (of 1 and of 7 days).
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

DAY = 86_400_000_000
START = 1_767_225_600_000_000  # 2026-01-01 UTC
METRICS = [
    "watched_12s",
    "completion_rate",
    "engagement_rate",
    "follow_rate",
    "watch_seconds",
    "watch_seconds_to_12s",
    "hide_rate",
    "report_rate",
    "completions_per_view",
]
KEPT = ("imp", "comp", "watch", "eng", "pre")
YARDSTICK = "plain join, text ids"
Read = Callable[[Any, Any], object]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewers", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder)
        make(data, options.viewers)
        show(interleaved(cases(data), options.rounds))


def make(data: Path, viewers: int) -> None:
    if not (data / "int.duckdb").exists():
        make_integers(data / "int.duckdb", viewers)
    if not (data / "str.duckdb").exists():
        make_texts(data)
    if not (data / "store.duckdb").exists():
        make_store(data)


def make_integers(path: Path, viewers: int) -> None:
    import duckdb

    def uniform(stream: int) -> str:
        return f"((hash(i * 16 + {stream}) >> 11) / 9007199254740992.0)"

    start = "TIMESTAMP '2026-01-01'"
    viewer_id = "(hash(ix + 7777777777) >> 1)::BIGINT"
    with duckdb.connect(path) as connection:
        connection.execute(f"""CREATE TABLE exposures AS
            WITH r AS (SELECT i,
                CASE WHEN i < {viewers} THEN i ELSE floor({viewers} * pow({uniform(1)}, 2))::BIGINT END ix,
                {start} + to_microseconds(({uniform(2)} * 14 * 86400e6)::BIGINT) ts FROM range({viewers * 5 // 3}) t(i))
            SELECT {viewer_id} viewer_id, 'hook_test' experiment, (hash(i + 5) % 5000)::INT story_id, ts,
                (['control', 'hook_a', 'hook_b'])[1 + ((hash(ix + 99)
                    + CASE WHEN i >= {viewers} AND {uniform(3)} < 0.001 THEN 1 ELSE 0 END) % 3)::INT] variant
            FROM r ORDER BY ts""")
        connection.execute(f"""CREATE TABLE events AS
            WITH r AS (SELECT i, floor({viewers} * 1.111 * pow({uniform(4)}, 1.5))::BIGINT ix, {uniform(5)} u,
                {start} + to_microseconds((({uniform(7)} * 21 - 7) * 86400e6)::BIGINT) ts
                FROM range({viewers * 25 // 6}) t(i))
            SELECT {viewer_id} viewer_id, (hash(i + 6) % 5000)::INT story_id, ts,
                CASE WHEN u < .42 THEN 'impression' WHEN u < .78 THEN 'progress' WHEN u < .90 THEN 'complete'
                    WHEN u < .96 THEN 'like' WHEN u < .975 THEN 'comment' WHEN u < .99 THEN 'share'
                    ELSE 'follow' END type,
                CASE WHEN u >= .42 AND u < .78 THEN least(60000, -8000 * ln(1 - {uniform(6)}))::INT END watch_ms
            FROM r ORDER BY ts""")


def make_texts(data: Path) -> None:
    import duckdb

    text = "'v_' || lpad(lower(hex(viewer_id)), 16, '0') viewer_id, 's' || story_id story_id, ts"
    with duckdb.connect(data / "str.duckdb") as connection:
        connection.execute(f"ATTACH '{data / 'int.duckdb'}' AS plain (READ_ONLY)")
        connection.execute(f"CREATE TABLE exposures AS SELECT {text}, experiment, variant FROM plain.exposures")
        connection.execute(f"CREATE TABLE events AS SELECT {text}, type, watch_ms FROM plain.events")


def make_store(data: Path) -> None:
    import duckdb

    import abstory.warehouse

    migrations = Path(abstory.warehouse.__file__).parent / "sql" / "migrations"
    with duckdb.connect(data / "store.duckdb") as connection:
        for migration in sorted(migrations.iterdir()):
            connection.execute(migration.read_text())
        connection.execute(f"ATTACH '{data / 'str.duckdb'}' AS plain (READ_ONLY)")
        connection.execute("""INSERT INTO exposures (experiment, viewer_id, variant, exposed_at, story_id)
            SELECT experiment, viewer_id, variant, epoch_us(ts), story_id FROM plain.exposures""")
        connection.execute("""INSERT INTO events (viewer_id, story_id, event, occurred_at, watch_ms)
            SELECT viewer_id, story_id, CASE WHEN type IN ('impression', 'progress') THEN 'view' ELSE type END,
                epoch_us(ts), CASE WHEN type = 'impression' THEN (hash(viewer_id, ts) % 20000)::BIGINT ELSE watch_ms END
            FROM plain.events""")


def cases(data: Path) -> Mapping[str, Callable[[], object]]:
    return {
        YARDSTICK: lambda: plain(data / "str.duckdb"),
        "plain join, integer ids": lambda: plain(data / "int.duckdb"),
        "roll-up, 1 day": lambda: ours(data, days=1),
        "roll-up, 7 days": lambda: ours(data, days=7),
        "roll-up, 1 day, 1GB": lambda: ours(data, days=1, limit="1GB"),
        "roll-up, 7 days, 1GB": lambda: ours(data, days=7, limit="1GB"),
    }


def plain(path: Path) -> object:
    """First exposure, left join, group by viewer, sums of products: the query as one writes it."""
    import duckdb

    pairs = [(a, b) for i, a in enumerate(KEPT) for b in KEPT[i:]]
    sums = ", ".join([f"sum({a}::DOUBLE)" for a in KEPT] + [f"sum({a}::DOUBLE * {b}::DOUBLE)" for a, b in pairs])
    query = f"""WITH x AS (
            SELECT viewer_id, arg_min(variant, ts) variant, min(ts) t0 FROM exposures GROUP BY viewer_id),
        v AS (SELECT x.viewer_id, any_value(x.variant) variant,
            count(*) FILTER (WHERE e.type = 'impression' AND e.ts >= x.t0) imp,
            count(*) FILTER (WHERE e.type = 'complete' AND e.ts >= x.t0) comp,
            coalesce(sum(e.watch_ms) FILTER (WHERE e.ts >= x.t0), 0)::BIGINT watch,
            coalesce(max((e.type IN ('like', 'comment', 'share', 'follow') AND e.ts >= x.t0)::INT), 0) eng,
            coalesce(sum(e.watch_ms) FILTER (WHERE e.ts < TIMESTAMP '2026-01-01'), 0)::BIGINT pre
            FROM x LEFT JOIN events e ON e.viewer_id = x.viewer_id GROUP BY x.viewer_id)
        SELECT variant, count(*), {sums} FROM v GROUP BY variant"""
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(query).fetchall()


def ours(data: Path, *, days: int, limit: str | None = None, read: Read | None = None) -> object:
    """The roll-up of a question, or whatever else `read` makes of an open store and the question."""
    import duckdb

    from abstory.metrics import built_in, triples
    from abstory.warehouse.base import Arm, RollUp
    from abstory.warehouse.rollup import roll_up

    metrics = [metric for name in METRICS if (metric := built_in(name))]
    measures = tuple(dict.fromkeys(measure for metric in metrics for measure in metric.measures))
    pairs = tuple(dict.fromkeys(pair for metric in metrics for pair in metric.pairs))
    thirds = tuple(dict.fromkeys(key for metric in metrics for key in triples(metric)))
    arms = (Arm("control", 8_000), Arm("hook_a", 12_000), Arm("hook_b", 16_000))
    end = START + 14 * DAY
    question = RollUp("hook_test", arms, START, end, days * DAY, end, None, measures, pairs, triples=thirds)
    with tempfile.TemporaryDirectory() as folder:
        config = {"temp_directory": folder} | ({"memory_limit": limit} if limit else {})
        with duckdb.connect(data / "store.duckdb", read_only=True, config=config) as connection:
            return (read or roll_up)(connection, question)


Cost = tuple[float, float, float]


def interleaved(cases: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name in random.sample(list(cases), len(cases)):
            costs[name].append(once(cases[name]))
    return costs


def once(case: Callable[[], object]) -> Cost:
    """CPU seconds, wall seconds and peak MiB of a case in a process of its own (imports included)."""
    started = time.perf_counter()
    child = os.fork()
    if not child:
        run(case)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit("a case failed")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024


def run(case: Callable[[], object]) -> None:
    code = 1
    try:
        case()
        code = 0
    except Exception as error:  # noqa: BLE001 - a child says why and ends; the parent stops the bench
        print(error, file=sys.stderr)
    finally:
        os._exit(code)


def show(costs: Mapping[str, list[Cost]]) -> None:
    print(f"{'case':26}{'CPU s':>8}{'wall s':>8}{'MiB':>7}{'CPU / text':>12}{'CPU / integer':>15}")
    for name, runs in costs.items():
        cpu, wall, memory = (statistics.median(column) for column in zip(*runs, strict=True))
        text, integer = (ratio(runs, costs[other]) for other in (YARDSTICK, "plain join, integer ids"))
        print(f"{name:26}{cpu:8.2f}{wall:8.2f}{memory:7.0f}{text:12.2f}{integer:15.2f}")


def ratio(runs: list[Cost], others: list[Cost]) -> float:
    return statistics.median(mine[0] / other[0] for mine, other in zip(runs, others, strict=True))


if __name__ == "__main__":
    main()
