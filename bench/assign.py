"""Assignment against its peers: one viewer beside the GrowthBook SDK, tables and files beside the bare hash in DuckDB.

python bench/assign.py [--rounds 15] [--rows 3000000]

Floors: `assign` at least 8 times GrowthBook's calls a second; bulk at most 1.25 times the CPU of the hash expression.
Files: DuckDB copies ids and bare hash from file to file, in one statement that checks nothing; `assign --input` reads
the same file, checks every id, writes name and reason, and counts.
CPU seconds, cases interleaved round by round, medians of the ratios within a round.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abstory.experiment import Experiment

FILE = """version: 1
key: hook-test
variants:
  control: {hook: none, weight: 5}
  hook-a: {hook: question, weight: 3}
  hook-b: {hook: face, weight: 2}
metrics: {primary: completion_rate}
"""
FORMATS = {
    "csv": ("FORMAT csv, HEADER true", "read_csv('{}', all_varchar = true)"),
    "parquet": ("FORMAT parquet", "read_parquet('{}')"),
    "jsonl": (
        "FORMAT json",
        "read_json('{}', format = 'newline_delimited', columns = {{viewer_id: 'VARCHAR'}})",
    ),
}
IDS = [f"v_{i * 2654435761 % 2**64:016x}" for i in range(500)]

Case = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rows", type=int, default=3_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("one viewer, CPU of 500 calls; at least 8")
        show(interleaved(dict(one_viewer(Path(folder))), options.rounds), "growthbook", faster=True)
    print(f"{options.rows:,} viewers in DuckDB; at most 1.25")
    few = max(3, options.rounds // 3)
    show(interleaved(dict(many_viewers(options.rows)), few), "bare hash", faster=False)
    for kind in FORMATS:
        print(f"{options.rows:,} viewers from {kind} to {kind}; at most 1.25")
        with tempfile.TemporaryDirectory() as folder:
            show(interleaved(dict(files(Path(folder), kind, options.rows)), few), "bare hash, copied", faster=False)


def one_viewer(folder: Path) -> Iterator[tuple[str, Case]]:
    from abstory import Experiment
    from abstory.assignment.assign import Assigner

    path = folder / "hook-test.yaml"
    path.write_text(FILE)
    plain = Experiment.load(path)
    # Never full, so that this is the price of holding an exposure; `written` below is the price of a batch.
    stored = Experiment.load(path, store=folder / "held.duckdb", buffer=10**9)
    assigner = Assigner(plain)
    yield "growthbook", growthbook()
    yield "experiment.assign", lambda: [plain.assign(i) for i in IDS]
    yield "experiment.assign(...).variant", lambda: [plain.assign(i).variant for i in IDS]
    yield "the same with a store", lambda: [stored.assign(i).variant for i in IDS]
    yield "Assigner.assign", lambda: [assigner.assign(i) for i in IDS]


def growthbook() -> Case:
    import growthbook as peer

    experiment = peer.Experiment(key="hook-test", variations=["control", "hook-a", "hook-b"], weights=[0.5, 0.3, 0.2])
    client = peer.GrowthBook(attributes={"id": "x"})

    def value(viewer_id: str) -> object:
        client.set_attributes({"id": viewer_id})
        return client.run(experiment).value

    return lambda: [value(i) for i in IDS]


def many_viewers(rows: int) -> Iterator[tuple[str, Case]]:
    import duckdb

    from abstory.assignment.sql import bucket_sql, draw_sql, name_sql, variant_sql

    connection = duckdb.connect(config={"threads": 2})
    connection.execute(
        f"CREATE TABLE viewers AS SELECT printf('v_%016x', i * 2654435761) AS id FROM range({rows}) r(i)"
    )
    whole = declared()
    bare, variant = bucket_sql("hook-test/variant", "id"), variant_sql(whole, "id")

    def run(aggregate: str, expression: str) -> Case:
        text = f"SELECT {aggregate} FROM (SELECT {expression} AS v FROM viewers)"
        return lambda: connection.execute(text).fetchall()

    yield "bare hash", run("sum(v)", bare)
    yield "variant_sql", run("count(v)", variant)
    checked = f"SELECT CASE WHEN strlen(id) BETWEEN 1 AND 256 THEN {draw_sql(whole, 'id')} END AS draw FROM viewers"
    staged = f"SELECT count(v) FROM (SELECT {name_sql(whole, 'draw')} AS v FROM ({checked}))"
    yield "ids checked, draw, name", lambda: connection.execute(staged).fetchall()


def files(folder: Path, kind: str, rows: int) -> Iterator[tuple[str, Case]]:
    import duckdb

    from abstory.assignment.bulk import plan
    from abstory.assignment.sql import bucket_sql
    from abstory.warehouse.bulk import bulk

    source, target = folder / f"in.{kind}", folder / f"out.{kind}"
    how, reader = FORMATS[kind]
    ids = f"SELECT printf('v_%016x', i * 2654435761) AS viewer_id FROM range({rows}) r(i)"
    copied = f"SELECT viewer_id, {bucket_sql('hook-test/variant', 'viewer_id')} AS h FROM {reader.format(source)}"
    duckdb.execute(f"COPY ({ids}) TO '{source}' ({how})")
    experiment = declared()

    def theirs() -> None:
        with duckdb.connect(config={"threads": 2}) as connection:
            connection.execute(f"COPY ({copied}) TO '{folder / 'bare'}' ({how})")

    def ours() -> None:
        with bulk(source, plan(experiment), beside=target) as done:
            done.write(target)

    yield "bare hash, copied", theirs
    yield "assign --input --output", ours


def declared() -> Experiment:
    from abstory.experiment import Experiment

    cells = {name: {"hook": name, "weight": weight} for name, weight in (("control", 5), ("hook-a", 3), ("hook-b", 2))}
    metrics = {"primary": "completion_rate"}
    return Experiment.model_validate({"version": 1, "key": "hook-test", "variants": cells, "metrics": metrics})


def interleaved(cases: Mapping[str, Case], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each case in each round, after one round to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds + 1):
        for name, case in cases.items():
            start = time.process_time()
            case()
            seconds[name].append(time.process_time() - start)
    return {name: values[1:] for name, values in seconds.items()}


def show(seconds: Mapping[str, list[float]], peer: str, *, faster: bool) -> None:
    for name, values in seconds.items():
        pairs = zip(values, seconds[peer], strict=True)
        ratio = statistics.median(theirs / ours if faster else ours / theirs for ours, theirs in pairs)
        print(f"  {name:32s} {statistics.median(values) * 1e3:10.3f} ms  ratio {ratio:6.2f}")


if __name__ == "__main__":
    main()
