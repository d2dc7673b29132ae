"""CPU of whole processes, interleaved: each command beside a bare interpreter and the same stack imported plainly.

    python bench/cold_start.py [rounds]

Prints medians of user + system seconds, the ratio to the plain stack, and the bound each command is held to.
Exit code 1 when a bound is broken.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PLAIN = (
    "import duckdb, pydantic, click, ruamel.yaml, rich.console, rich.table\n"
    "from scipy.stats import norm\n"
    "duckdb.connect().execute('select 1').fetchall(); norm.ppf(.975)"
)
FILE = """\
version: 1
key: shop-button
schedule: {start: 2026-11-02, end: 2026-11-16}
factors: {cta: [none, shop_now]}
metrics: {primary: cta_rate, secondary: [watch_seconds, engagement_rate], guardrails: [{name: hide_rate, margin: 2pp}]}
"""
ABSTORY = (sys.executable, "-m", "abstory")
CASES = {
    "bare python": ((sys.executable, "-c", "pass"), None),
    "plain stack": ((sys.executable, "-c", PLAIN), None),
    "--help": ((*ABSTORY, "--help"), 0.2),
    "validate": ((*ABSTORY, "validate"), 0.6),
    "assign": ((*ABSTORY, "assign", "shop-button", "viewer-1", "--dry-run"), 0.6),
    "report": ((*ABSTORY, "report", "shop-button"), 1.2),
    "status, 1,000 files": ((*ABSTORY, "-C", "many", "--db", "abstory.duckdb", "status"), 0.6),
}


def project(folder: Path) -> None:
    """A small project with data to report on."""
    (folder / "experiments").mkdir()
    (folder / "experiments" / "shop-button.yaml").write_text(FILE)
    (folder / "many" / "experiments").mkdir(parents=True)
    for number in range(1000):
        text = FILE.replace("shop-button", f"shop-button-{number}" if number else "shop-button")
        (folder / "many" / "experiments" / f"{number:03d}.yaml").write_text(text)
    draw = random.Random(1)  # noqa: S311 a fixture, not a secret
    exposures, events = ["experiment,viewer_id,variant,ts"], ["viewer_id,story_id,event,ts,watch_ms"]
    for number in range(2000):
        at = f"2026-11-{2 + number % 14:02d}T12:00:00Z"
        exposures.append(f"shop-button,v{number},{('none', 'shop_now')[number % 2]},{at}")
        events.append(f"v{number},teaser,view,{at},{draw.randrange(15001)}")
        if draw.random() < 0.1:
            events.append(f"v{number},teaser,cta_click,{at},")
    (folder / "exposures.csv").write_text("\n".join(exposures) + "\n")
    (folder / "events.csv").write_text("\n".join(events) + "\n")
    subprocess.run([*ABSTORY, "-q", "ingest", "exposures.csv", "events.csv"], cwd=folder, check=True)


def cpu_seconds(command: tuple[str, ...], folder: Path) -> float:
    """User + system of one run; exits with its message where it fails."""
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = running.stderr.read() if running.stderr else b""
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"{command}: exit {running.returncode}: {errors.decode()}")
    return used.ru_utime + used.ru_stime


def main(rounds: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project(folder)
        found: dict[str, list[float]] = {case: [] for case in CASES}
        for turn in range(rounds + 1):
            for case in random.sample(list(CASES), len(CASES)):
                took = cpu_seconds(CASES[case][0], folder)
                if turn:  # the first round fills the caches
                    found[case].append(took)
    return show({case: statistics.median(times) for case, times in found.items()})


def show(medians: dict[str, float]) -> int:
    """Print the table; 1 when a bound is broken."""
    broken = 0
    print(f"{'case':<14}{'CPU s':>8}{'of plain':>10}{'bound':>8}")
    for case, took in medians.items():
        bound = CASES[case][1]
        broken |= bound is not None and took > bound
        said = "" if bound is None else f"{bound:>8.1f}{'  BROKEN' if took > bound else ''}"
        print(f"{case:<14}{took:>8.2f}{took / medians['plain stack']:>10.2f}{said}")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
