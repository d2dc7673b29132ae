"""The Python face: assigning is free, using is recorded, once, and never lost on the way."""

import subprocess
import sys
import threading

import duckdb
import pytest

import abstory
from abstory import Experiment, InvalidViewerId, Reason, StoreLocked
from abstory.experiment import Experiment as Declared
from abstory.face import Assignment
from abstory.spec import load_file
from abstory.warehouse import open_store

FILE = """
version: 1
key: launch
story: teaser
audience: {include: {country: [DE]}}
variants:
  control: {cta: none, weight: 2}
  shop: {cta: shop_now, weight: 1}
metrics: {primary: completion_rate}
"""
DE = {"country": "DE"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "launch.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def store(tmp_path):
    return tmp_path / "abstory.duckdb"


class Clock:
    def __init__(self):
        self.now = 1_000_000

    def __call__(self):
        self.now += 1
        return self.now


def recorded(store):
    with duckdb.connect(store, read_only=True) as connection:
        return connection.execute("SELECT * EXCLUDE (arrived_at) FROM exposures ORDER BY exposed_at").fetchall()


def test_a_loaded_experiment_is_the_declared_one(file):
    loaded, declared = Experiment.load(file), load_file(file)
    assert isinstance(loaded, Declared)
    assert loaded.fingerprint == declared.fingerprint
    assert loaded.model_dump() == declared.model_dump()


def test_without_a_store_assigning_works_and_writes_nothing(file, tmp_path):
    experiment = Experiment.load(str(file))
    assignment = experiment.assign("viewer-1", DE)
    assert assignment.creative == {"cta": {"control": "none", "shop": "shop_now"}[assignment.variant]}
    assert assignment.reason is Reason.ASSIGNED
    assert experiment.flush() == 0
    experiment.close()
    assert list(tmp_path.iterdir()) == [file]


def test_the_exposure_is_recorded_when_the_variant_is_read_and_once(file, store):
    with Experiment.load(file, store=store, clock=Clock()) as experiment:
        unused, used = experiment.assign("unused", DE), experiment.assign("used", DE)
        assert unused.peek().variant == unused.peek().variant
        assert (used.viewer_id, used.reason) == ("used", Reason.ASSIGNED)
        assert experiment.flush() == 0
        assert used.variant == used.variant == used.peek().variant
        assert used.creative
        assert experiment.flush() == 1
        fingerprint = experiment.fingerprint
    assert recorded(store) == [("launch", "used", used.variant, 1_000_001, "teaser", fingerprint, False)]


def test_reading_the_creative_is_using_it(file, store):
    with Experiment.load(file, store=store) as experiment:
        assert experiment.assign("a", DE).creative
    assert len(recorded(store)) == 1


def test_who_takes_no_part_is_not_recorded(file, store):
    with Experiment.load(file, store=store) as experiment:
        assignment = experiment.assign("a", {"country": "US"})
        assert assignment.variant is None
        assert assignment.creative == {}
        assert experiment.explain("a").failed == "country"
    assert not store.exists()


def test_the_first_exposure_held_is_the_one_that_counts(file, store):
    with Experiment.load(file, store=store, clock=Clock()) as experiment:
        for _ in range(3):
            assert experiment.assign("a", DE).variant
    assert [row[3] for row in recorded(store)] == [1_000_001]


def test_a_full_buffer_is_written_and_the_database_left_open_to_readers(file, store):
    experiment = Experiment.load(file, store=store, buffer=2)
    for viewer in ("a", "b", "c"):
        assert experiment.assign(viewer, DE).variant
    assert [row[1] for row in recorded(store)] == ["a", "b"]
    experiment.close()
    assert len(recorded(store)) == 3


def test_a_locked_database_loses_nothing(file, store):
    with open_store(store, create=True):
        pass
    code = f"import duckdb, sys; c = duckdb.connect({str(store)!r}); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    experiment = Experiment.load(file, store=store, buffer=2)
    with holder:
        assert holder.stdout.readline() == "held\n"
        for viewer in ("a", "b", "c"):
            assert experiment.assign(viewer, DE).variant
        with pytest.raises(StoreLocked):
            experiment.flush()
        holder.stdin.close()
    experiment.close()
    assert [row[1] for row in recorded(store)] == ["a", "b", "c"]


def test_threads_lose_nothing(file, store):
    with Experiment.load(file, store=store, buffer=50) as experiment:

        def use(start):
            for viewer in range(start, start + 100):
                assert experiment.assign(viewer, DE).variant

        threads = [threading.Thread(target=use, args=(100 * index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {row[1] for row in recorded(store)} == set(map(str, range(400)))


def test_what_is_held_is_written_when_the_process_ends(file, store):
    code = f"from abstory import Experiment; Experiment.load({str(file)!r}, store={str(store)!r}).assign('a', {DE}).variant"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert [row[1] for row in recorded(store)] == ["a"]


def test_a_refused_id_is_never_shown(file):
    with pytest.raises(InvalidViewerId) as caught:
        Experiment.load(file).assign("secret" * 100)
    assert "secret" not in f"{caught.value}{caught.value.hint}"
    assert "secret" not in repr(Experiment.load(file).assign("secret", DE))


def test_the_face_has_what_it_says():
    for name in abstory.__all__:
        assert getattr(abstory, name)
    assert set(abstory.__all__) <= set(dir(abstory))
    assert abstory.Assignment is Assignment
    with pytest.raises(AttributeError, match="nothing_of_ours"):
        _ = abstory.nothing_of_ours


def test_importing_abstory_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import abstory; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in {"['__future__', 'abstory']", "['abstory']"}
