"""`abstory ingest` when the machine fails it: a full disk, a kill, no terminal. Real faults, each in a process of its own."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from abstory.warehouse import open_store

HEADER = "viewer_id,story_id,event,ts,watch_ms"
COMMAND = [sys.executable, "-m", "abstory"]
LIMITED = (
    "import resource, sys; n = int(sys.argv.pop(1)); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n));"
    "from abstory.cli.main import run; sys.exit(run(sys.argv[1:]))"
)
MANY = 130_000  # more than one block of the engine's, so that some are on disk before the end


def rows(start, count):
    for n in range(start, start + count):
        clock = f"{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}"
        yield f"v{n * 2654435761 % 2**32:08x},s{n % 50},view,2026-01-01T{clock}.{n % 10**6:06d}Z,{n % 15000}"


def as_json(line):
    return json.dumps(dict(zip(HEADER.split(","), line.split(","), strict=True)))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    lines = list(rows(0, MANY))
    for name, part in (("few", lines[:1000]), ("many", lines)):
        (folder / f"{name}.csv").write_text("\n".join([HEADER, *part]) + "\n", encoding="utf-8")
    (folder / "quoted.csv").write_text("\n".join([HEADER, *lines, '"q",s,view,2026-01-02T00:00:00Z,1']) + "\n")
    return folder


@pytest.fixture
def begun(tmp_path, files):
    """A project whose store already holds the first thousand rows."""
    subprocess.run([*COMMAND, "ingest", files / "few.csv"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    return tmp_path


def held(project):
    with open_store(project / "abstory.duckdb", read_only=True) as store:
        one = store.connection.execute("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM ingests)")
        return one.fetchone()


def ingest(project, file):
    done = subprocess.run(
        [*COMMAND, "ingest", "--json", file], cwd=project, check=True, capture_output=True, text=True, timeout=120
    )
    return json.loads(done.stdout)["files"][0]


@pytest.mark.parametrize("name", ["many.csv", "quoted.csv"])
def test_a_full_disk_leaves_the_store_as_it_was_and_usable(begun, files, tmp_path_factory, name):
    """No file may grow beyond a limit: the kernel refuses the write, as it does on a full disk (there with ENOSPC)."""
    roomy = tmp_path_factory.mktemp("roomy")
    shutil.copy(begun / "abstory.duckdb", roomy)
    total = ingest(roomy, files / name)["read"]
    small, large = ((folder / "abstory.duckdb").stat().st_size for folder in (begun, roomy))
    failed = 0
    for step in (0, 1, 2, 3):
        limit = small + (large - small) * step // 4 - 4096
        call = [sys.executable, "-c", LIMITED, str(limit), "ingest", files / name]
        done = subprocess.run(call, cwd=begun, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode == 0:
            break  # all of it went into blocks that an earlier attempt had left free
        failed += 1
        assert done.returncode == 6
        assert done.stderr.startswith("abstory: abstory.duckdb cannot be written: the disk is full")
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""
        assert held(begun) == (1000, 1)
    assert failed >= 2
    ingest(begun, files / name)
    assert held(begun) == (total, 2)


@pytest.mark.parametrize("limit", ["8000", "100000"])
def test_on_a_full_disk_no_store_is_begun(tmp_path, files, limit):
    """At the first limit the database cannot be made, at the second its tables cannot be written out."""
    call = [sys.executable, "-c", LIMITED, limit, "ingest", files / "few.csv"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (6, 1, "")
    assert done.stderr.startswith("abstory: abstory.duckdb cannot be written: the disk is full")
    assert not list(tmp_path.iterdir())
    assert ingest(tmp_path, files / "few.csv")["stored"] == 1000


def test_a_kill_at_any_moment_leaves_the_old_state_or_the_new(begun, files):
    """Killed at eight moments spread over the time that it takes; whatever was left, the next attempt completes it."""
    shutil.copy(begun / "abstory.duckdb", begun / "old")
    start = time.monotonic()
    ingest(begun, files / "many.csv")
    whole = time.monotonic() - start
    seen = set()
    for step in range(8):
        (begun / "abstory.duckdb.wal").unlink(missing_ok=True)
        shutil.copy(begun / "old", begun / "abstory.duckdb")
        with subprocess.Popen(
            [*COMMAND, "ingest", files / "many.csv"], cwd=begun, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as running:
            time.sleep(whole * (0.35 + step / 12))
            running.kill()
        seen.add(held(begun))
    assert seen <= {(1000, 1), (MANY, 2)}
    assert (1000, 1) in seen
    ingest(begun, files / "many.csv")
    assert held(begun) == (MANY, 2)


def on_a_terminal(arguments, folder):
    """What a command writes to stderr where that is a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as running:
        os.close(theirs)
        written = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert running.returncode == 0
    return written


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other side is closed
        return b""


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    """Long enough for a bar, of 700,000 rows."""
    path = tmp_path_factory.mktemp("long") / "long.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        file.writelines(f"{row}\n" for row in rows(0, 700_000))
    return path


def test_on_a_terminal_a_bar_moves_and_only_forward(tmp_path, long_file):
    written = on_a_terminal([*COMMAND, "ingest", long_file], tmp_path)
    shown = [int(share) for share in re.findall(rb"([0-9]+) %", written)]
    assert shown == sorted(shown)
    assert shown[-1] == 100
    assert len({share for share in shown if 0 < share < 100}) >= 3


def test_elsewhere_nothing_moves(tmp_path, long_file):
    for folder, options in (("piped", []), ("quiet", ["--quiet"])):
        (tmp_path / folder).mkdir()
        call = [*COMMAND, *options, "ingest", long_file]
        if options:
            assert on_a_terminal(call, tmp_path / folder) == b""
        else:
            done = subprocess.run(call, cwd=tmp_path / folder, check=True, capture_output=True, timeout=120)
            assert done.stderr == b""
    assert Path(tmp_path / "piped" / "abstory.duckdb").stat().st_size
