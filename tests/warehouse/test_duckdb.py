"""The door of the store: what it refuses to open, whom it waits for, and what the engine behind it may do."""

import os
import signal
import subprocess
import sys
import threading

import duckdb
import pytest

from abstory.errors import NotWritable, StoreDamaged, StoreLocked, StoreMissing, StoreTooNew, UsageError
from abstory.warehouse import open_store
from abstory.warehouse.base import Exposure, Span
from abstory.warehouse.engine import engine_errors

NOBODY = os.geteuid() == 0


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.duckdb"


def exposure(viewer, at=5, variant="control", **more):
    return Exposure("hook", viewer, variant, at, **more)


def test_a_missing_database_is_made_only_on_demand(path):
    with pytest.raises(StoreMissing):
        open_store(path)
    assert not path.exists()
    open_store(path, create=True).close()
    with open_store(path, read_only=True) as store:
        assert store.span("hook") == Span(None, None, None)
    assert [file.name for file in path.parent.iterdir()] == ["a.duckdb"]


@pytest.mark.parametrize(
    "content", [b"", b"hello world, not a database", b"SQLite format 3\0" + bytes(100)], ids=["empty", "text", "sqlite"]
)
def test_another_file_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    for how in ({}, {"create": True}, {"read_only": True}):
        with pytest.raises(StoreDamaged):
            open_store(path, **how)
    assert path.read_bytes() == content


def test_a_torn_database_is_refused(path):
    open_store(path, create=True).close()
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(StoreDamaged):
        open_store(path)


def test_a_database_of_somebody_else_is_refused(path):
    with duckdb.connect(path) as theirs:
        theirs.execute("CREATE TABLE theirs (i INTEGER)")
    with pytest.raises(StoreDamaged):
        open_store(path)


def test_a_newer_database_is_refused(path):
    open_store(path, create=True).close()
    with duckdb.connect(path) as later:
        later.execute("INSERT INTO schema_version VALUES (999, 'later')")
    with pytest.raises(StoreTooNew):
        open_store(path, read_only=True)


@pytest.mark.skipif(NOBODY, reason="root may write everywhere")
def test_a_read_only_folder_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(NotWritable):
        open_store(tmp_path / "a.duckdb", create=True)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotWritable):
        open_store(tmp_path / "file" / "a.duckdb", create=True)


HOLD = (
    "import sys, time; from pathlib import Path; from abstory.warehouse import open_store\n"
    "with open_store(Path(sys.argv[1])): print('held', flush=True); time.sleep(float(sys.argv[2]))"
)


def hold(path, seconds):
    held = subprocess.Popen([sys.executable, "-c", HOLD, path, str(seconds)], stdout=subprocess.PIPE)
    assert held.stdout is not None
    held.stdout.readline()
    return held


def test_a_locked_database_names_its_holder(path):
    open_store(path, create=True).close()
    with hold(path, 60) as holder:
        for how in ({}, {"read_only": True}):
            with pytest.raises(StoreLocked, match=str(holder.pid)) as caught:
                open_store(path, **how)
            assert "--wait" in caught.value.hint
        holder.kill()


def test_waiting_gets_the_database_when_it_is_let_go(path):
    open_store(path, create=True).close()
    with hold(path, 0.5), open_store(path, wait=30) as store:
        assert store.record([exposure("v1")]) == 1


def test_a_recorded_exposure_is_one_however_often_it_is_said(path):
    many = [
        exposure("v1"),
        exposure("v1"),
        exposure("v2", variant="hook"),
        exposure("v1", at=6, story_id="s", fingerprint="f"),
    ]
    with open_store(path, create=True) as store:
        assert (store.record(many), store.record(many), store.record([])) == (3, 0, 0)
        assert store.record([exposure("v3", forced=True)]) == 1
        assert store.span("hook") == Span(5, 6, None)
        assert store.viewers_per_variant("hook") == {"control": 1, "hook": 1}
        assert store.fingerprints("hook") == {"": 3, "f": 1}
    with open_store(path) as store:
        assert store.record(many) == 0


def test_a_store_belongs_to_its_thread(path):
    caught = []

    def use(store):
        try:
            store.span("hook")
        except UsageError as error:
            caught.append(error)

    with open_store(path, create=True) as store:
        thread = threading.Thread(target=use, args=(store,))
        thread.start()
        thread.join()
    assert len(caught) == 1


FORBIDDEN = (
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT content FROM read_text('{secret}')",
    "COPY (SELECT 1) TO '{secret}.out'",
    "ATTACH '{secret}.duckdb'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SELECT * FROM read_csv('https://example.org/a.csv')",
    "SET enable_external_access = true",
    "SET allowed_paths = ['{secret}']",
    "PRAGMA memory_limit = '10GB'",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_engine_reads_no_other_file_and_changes_no_setting(path, tmp_path, statement):
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    (tmp_path / "given.csv").write_text("a,b\n1,2\n")
    with open_store(path, create=True, files=[tmp_path / "given.csv"]) as store:
        with pytest.raises(duckdb.Error):
            store.connection.execute(statement.format(secret=tmp_path / "secret.csv"))
        assert store.connection.execute(f"FROM read_csv('{tmp_path / 'given.csv'}')").fetchall() == [(1, 2)]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.duckdb", "given.csv", "secret.csv"]


def test_memory_is_limited(path):
    with open_store(path, create=True, memory="64MB") as store:
        assert store.connection.execute("SELECT current_setting('memory_limit')").fetchone() == ("61.0 MiB",)
    with pytest.raises(UsageError):
        open_store(path, memory="much")


def test_ctrl_c_while_a_statement_runs_is_no_failure_of_it(path):
    """The engine ends its statement with a RuntimeError, which the command line would report as a bug."""
    later = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    later.start()
    with duckdb.connect() as connection, pytest.raises(KeyboardInterrupt), engine_errors(path):
        connection.execute("SELECT sum(range) FROM range(3000000000)").fetchall()
