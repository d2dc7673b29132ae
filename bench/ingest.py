"""Ingest against the engine's own floor, in one run: the same file, the same machine, CPU seconds, the best of rounds.

    python bench/ingest.py [--rows 5000000] [--rounds 3]

The floor is what one would write by hand: `INSERT ... SELECT` from `read_csv` with declared types, or from
`read_parquet`, and a checkpoint. Ours judges every row, looks for duplicates and sets bad rows aside.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

TYPES = "{'viewer_id': 'VARCHAR', 'story_id': 'VARCHAR', 'event': 'VARCHAR', 'ts': 'TIMESTAMPTZ', 'watch_ms': 'BIGINT'}"
TABLE = "viewer_id VARCHAR, story_id VARCHAR, event VARCHAR, ts TIMESTAMPTZ, watch_ms BIGINT"
ROWS = """
SELECT 'v_' || lpad(lower(hex(hash(floor(i * 0.24 * ((hash(i) >> 11) / 9007199254740992.0)) :: BIGINT) >> 1)), 16, '0')
           AS viewer_id,
       's' || hash(i + 6) % 5000 AS story_id,
       (['view', 'view', 'view', 'complete', 'like', 'share'])[1 + (hash(i + 1) % 6) :: BIGINT] AS event,
       strftime(TIMESTAMP '2026-01-01' + to_microseconds(i * 240000 + (hash(i + 2) % 240000) :: BIGINT),
                '%Y-%m-%dT%H:%M:%S.%fZ') AS ts,
       CASE WHEN hash(i + 1) % 6 < 3 THEN hash(i + 3) % 60000 END AS watch_ms
FROM range({rows}) AS numbers(i)
"""
BAD = "v_broken,s1,view,yesterday,not a number\n"


def make(folder: Path, rows: int) -> None:
    import duckdb

    engine = duckdb.connect()
    engine.execute(f"COPY ({ROWS.format(rows=rows)}) TO '{folder}/clean.csv' (HEADER)")
    source = f"read_csv('{folder}/clean.csv', header = true, columns = {TYPES})"
    engine.execute(f"COPY (FROM {source}) TO '{folder}/clean.parquet' (FORMAT parquet, COMPRESSION zstd)")
    with (folder / "clean.csv").open() as clean, (folder / "bad.csv").open("w") as bad:
        for number, line in enumerate(clean):
            bad.write(BAD if number and number % 1000 == 0 else line)


def floor(folder: Path, name: str) -> int:
    import duckdb

    file = folder / name
    source = f"read_csv('{file}', header = true, columns = {TYPES}, ignore_errors = true)"
    if name == "clean.csv":
        source = f"read_csv('{file}', header = true, columns = {TYPES})"
    if name.endswith(".parquet"):
        source = f"read_parquet('{file}')"
    with duckdb.connect(folder / "floor.duckdb") as engine:
        engine.execute(f"CREATE TABLE events ({TABLE})")
        engine.execute(f"INSERT INTO events SELECT * FROM {source}")
        engine.execute("CHECKPOINT")
        return engine.execute("SELECT count(*) FROM events").fetchone()[0]


def ours(folder: Path, name: str) -> int:
    from abstory.metrics import EVENTS
    from abstory.warehouse import open_store
    from abstory.warehouse.base import Wishes

    file = folder / name
    with open_store(folder / "ours.duckdb", create=True, files=[file]) as store:
        found = store.ingest(file, Wishes({}, None, None, frozenset(EVENTS)), now_us=0)
        assert found.read == found.stored + found.duplicate + found.quarantined  # noqa: S101
        return found.stored


def measure(folder: Path, which: str, name: str) -> dict[str, float]:
    for old in folder.glob("*.duckdb*"):
        old.unlink()
    call = [sys.executable, __file__, "--case", which, name, "--folder", str(folder)]
    return json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)


def case(folder: Path, which: str, name: str) -> None:
    import resource
    import time

    before, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    rows = {"floor": floor, "ours": ours}[which](folder, name)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answer = {"cpu": cpu, "wall": time.perf_counter() - wall, "mib": after.ru_maxrss / 1024, "rows": rows}
    print(json.dumps(answer))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--case", nargs=2)
    options = parser.parse_args()
    if options.case:
        case(options.folder, *options.case)
        return
    with tempfile.TemporaryDirectory() as scratch:
        compare(Path(scratch), options.rows, options.rounds)


def compare(folder: Path, rows: int, rounds: int) -> None:
    make(folder, rows)
    for name in ("clean.csv", "bad.csv", "clean.parquet"):
        runs = [(measure(folder, "floor", name), measure(folder, "ours", name)) for _ in range(rounds)]
        best = [min((pair[side] for pair in runs), key=lambda run: run["cpu"]) for side in (0, 1)]
        for label, run in zip(("floor", "ours"), best, strict=True):
            print(f"{name:14} {label:6} {run['cpu']:6.2f} s CPU  {run['wall']:6.2f} s  {run['mib']:6.0f} MiB")
        ratio = best[1]["cpu"] / best[0]["cpu"]
        print(f"{name:14} ratio  {ratio:6.2f} of the floor's CPU, {1 / ratio:.2f} of its throughput")


if __name__ == "__main__":
    main()
