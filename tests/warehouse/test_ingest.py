"""Every hostile file ends as its index says; whatever the order of rows and files, the same is stored."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abstory.errors import InputRefused, UsageError
from abstory.metrics import EVENTS
from abstory.warehouse import open_store
from abstory.warehouse.base import Wishes

CASES = Path(__file__).parent.parent / "cases" / "events"
INDEX = list(csv.DictReader((CASES / "index.csv").read_text(encoding="utf-8").splitlines()))
KNOWN = frozenset((*EVENTS, "exposure"))
LATER = frozenset((*KNOWN, "purchase"))
TABLES = ("events", "exposures", "attributes", "quarantine", "ingests")


def wishes(*, events=KNOWN, experiment=None, kind=None, **mapping):
    return Wishes(mapping, kind, experiment, events)


def load(folder, *files, how=None, memory="500MB"):
    with open_store(folder / "a.duckdb", create=True, files=files, memory=memory) as store:
        return [store.ingest(file, how or wishes(), now_us=1) for file in files]


def rows(folder, table="events"):
    with open_store(folder / "a.duckdb", read_only=True) as store:
        return sorted(store.connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


def everything(folder):
    with open_store(folder / "a.duckdb", read_only=True) as store:
        return [sorted(store.connection.execute(f"FROM {table}").fetchall(), key=repr) for table in TABLES]


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


HEADER = "viewer_id,story_id,event,ts,watch_ms"


@pytest.mark.parametrize("case", INDEX, ids=[case["file"] for case in INDEX])
def test_a_hostile_file_ends_as_its_index_says(tmp_path, case):
    file = CASES / case["file"]
    before = file.read_bytes()
    how = wishes(experiment="hook") if case["file"].startswith("141") else None
    if case["verdict"] == "refused":
        with pytest.raises(InputRefused):
            load(tmp_path, file, how=how)
        assert not any(rows(tmp_path, table) for table in TABLES)
        return
    (found,) = load(tmp_path, file, how=how)
    assert found.read == found.stored + found.duplicate + found.quarantined
    counts = {name: int(case[name]) for name in ("stored", "duplicate", "quarantined", "conflicts")}
    assert {name: getattr(found, name) for name in counts} == counts
    kept = [rows(tmp_path, table) for table in TABLES[:3]]
    other = wishes(events=LATER, experiment="hook" if how else None)
    (again,) = load(tmp_path, file, how=other)
    assert (again.stored, again.read, again.quarantined) == (0, found.read, found.quarantined)
    assert [rows(tmp_path, table) for table in TABLES[:3]] == kept
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "name", ["101_ok_bom_crlf.csv", "150_ok.jsonl", "158_bom.jsonl", "170_ok.parquet", "164_crlf_blank.jsonl"]
)
def test_one_content_in_another_dress_is_the_same_rows(tmp_path, name):
    first, second = load(tmp_path, CASES / "100_ok.csv", CASES / name)
    assert (first.stored, second.stored, second.duplicate) == (3, 0, 3)


def test_nanoseconds_are_cut_to_microseconds(tmp_path):
    load(tmp_path, CASES / "177_ts_ns.parquet")
    assert {row[3] for row in rows(tmp_path)} == {1_767_225_601_000_000}


def test_an_offset_is_taken_into_account(tmp_path):
    load(tmp_path, CASES / "132_timestamps.csv")
    assert [row[3] for row in rows(tmp_path)] == [1_767_205_800_000_000]  # 2025-12-31T18:30:00Z


def test_lines_are_those_of_an_editor(tmp_path):
    found = load(tmp_path, *(CASES / name for name in ("110_short_row.csv", "112_open_quote.csv", "131_numbers.csv")))
    assert [one.first[0].line for one in found] == [5, 5, 2]
    assert [row.line for row in found[2].first] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]
    file = write(tmp_path / "n.csv", HEADER, '"v', '1",s1,view,x,1', "v2,s1,view,y,2")
    assert [row.line for row in load(tmp_path, file)[0].first] == [2, 4]


def test_an_exposure_needs_an_experiment(tmp_path):
    (kept,) = load(tmp_path, CASES / "140_late_and_early.csv")
    assert kept.stored == 5
    assert len(kept.warnings) == 1
    (taken,) = load(tmp_path, CASES / "141_two_variants.csv", how=wishes(experiment="hook"))
    assert (taken.stored, taken.warnings) == (2, ())
    assert [row[2] for row in rows(tmp_path, "exposures")] == ["control", "face_hook"]


def test_two_spellings_are_two_viewers_and_a_warning(tmp_path):
    (found,) = load(tmp_path, CASES / "129_id_nfd.csv")
    assert len(found.warnings) == 1
    assert "caf" not in found.warnings[0]
    assert len({row[0] for row in rows(tmp_path)}) == 2


def test_an_unknown_event_is_named_with_the_one_that_was_meant(tmp_path):
    (found,) = load(tmp_path, CASES / "138_event_unknown.csv")
    assert set(found.reasons) == {"unknown event veiw: did you mean view?", "unknown event VIEW: did you mean view?"}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak since exec is told by Linux alone")
def test_a_bomb_is_refused_quickly_in_little_memory(tmp_path):
    # VmHWM, not ru_maxrss: that one begins at the peak of the process that forked.
    program = (
        "import re, sys; from pathlib import Path; from abstory.warehouse import open_store;"
        "from abstory.warehouse.base import Wishes; from abstory.errors import InputRefused\n"
        "file = Path(sys.argv[1])\n"
        "with open_store(Path(sys.argv[2]), create=True, files=[file]) as store:\n"
        "    try: store.ingest(file, Wishes({}, None, None, frozenset({'view'})), now_us=1)\n"
        "    except InputRefused:\n"
        "        print(re.search(r'VmHWM:\\s+([0-9]+)', Path('/proc/self/status').read_text())[1])\n"
    )
    arguments = [sys.executable, "-c", program, CASES / "183_bomb.parquet", tmp_path / "a.duckdb"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=30)
    assert int(done.stdout) < 500_000


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_of_two_tellings_the_smaller_is_kept_whichever_came_first(tmp_path, names):
    lines = {"a": "v1,s1,view,2026-01-01T00:00:01Z,1000", "b": "v1,s1,view,2026-01-01T00:00:01Z,9000"}
    files = [write(tmp_path / f"{name}.csv", HEADER, lines[name]) for name in names]
    first, second = load(tmp_path, *files)
    assert (first.stored, second.stored, second.duplicate, second.conflicts) == (1, 0, 1, 1)
    assert [row[4] for row in rows(tmp_path)] == [1000]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_an_event_id_is_one_event_even_at_another_time(tmp_path, order):
    lines = [f"v1,s1,view,2026-01-01T00:00:0{n}Z,{n},e1" for n in (3, 1, 2)]
    for place, n in enumerate(order):
        load(tmp_path, write(tmp_path / f"{place}.csv", HEADER + ",event_id", lines[n]))
    assert [row[4] for row in rows(tmp_path)] == [1]


@pytest.mark.parametrize(
    ("value", "millionths"),
    [
        ("1", 1_000_000),
        ("0.0000005", 0),
        ("0.0000015", 2),
        ("-0.0000025", -2),
        ("1e3", 10**9),
        ("999999999999.999999", 999_999_999_999_999_999),
    ],
)
def test_values_are_kept_in_millionths_half_to_even(tmp_path, value, millionths):
    # IEEE 754 roundTiesToEven on the sixth decimal, by hand
    load(
        tmp_path,
        write(tmp_path / "v.csv", "viewer_id,story_id,event,ts,value", f"v1,s,like,2026-01-01T00:00:00Z,{value}"),
    )
    assert [row[5] for row in rows(tmp_path)] == [millionths]


@pytest.mark.parametrize("value", ["1e12", "inf", "nan", "x", "1,5", "0x1", "1e400", " 1"])
def test_other_values_are_set_aside(tmp_path, value):
    file = write(tmp_path / "v.csv", "viewer_id,story_id,event,ts,value", f'v1,s,like,2026-01-01T00:00:00Z,"{value}"')
    assert load(tmp_path, file)[0].quarantined == 1


def test_their_names_become_ours(tmp_path):
    file = write(tmp_path / "x.csv", "user,experiment,variant,ts", "v1,hook,control,2026-01-01T00:00:00Z")
    (found,) = load(tmp_path, file, how=wishes(user="viewer_id"))
    assert (found.kind, found.stored) == ("exposures", 1)
    with pytest.raises(UsageError, match="no column of abstory"):
        load(tmp_path, file, how=wishes(viewer_id="user"))


def test_attributes_are_kept_with_their_time(tmp_path):
    file = write(
        tmp_path / "x.csv",
        "viewer_id,name,value,ts",
        "v1,country,DE,2026-01-01T00:00:00Z",
        "v1,country,,2026-01-01T00:00:00Z",
    )
    (found,) = load(tmp_path, file)
    assert (found.kind, found.stored, found.quarantined) == ("attributes", 1, 1)
    assert rows(tmp_path, "attributes") == [("v1", "country", "DE", 1_767_225_600_000_000, 1)]


def test_only_local_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "f.csv")
    (tmp_path / "d.csv").mkdir()
    for path in (tmp_path / "f.csv", tmp_path / "d.csv", tmp_path / "*.csv", Path("https://example.org/a.csv")):
        with pytest.raises(InputRefused):
            load(tmp_path, path)


def test_the_very_same_bytes_are_not_read_again(tmp_path):
    shutil.copy(CASES / "131_numbers.csv", tmp_path / "copy.csv")
    first, second = load(tmp_path, CASES / "131_numbers.csv", tmp_path / "copy.csv")
    assert second.already
    assert (second.read, second.stored, second.duplicate, second.quarantined) == (13, 0, 2, 11)
    assert (second.reasons, second.first) == (first.reasons, first.first)


def test_the_time_zone_of_the_process_changes_nothing(tmp_path):
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]);"
        "from test_ingest import load, rows, CASES; at = Path(sys.argv[2]);"
        "load(at, CASES / '132_timestamps.csv', CASES / '177_ts_ns.parquet', CASES / '150_ok.jsonl');"
        "print([rows(at, table) for table in ('events', 'quarantine', 'ingests')])"
    )
    said = set()
    for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
        folder = tmp_path / zone.replace("/", "-")
        folder.mkdir()
        arguments = [sys.executable, "-c", program, Path(__file__).parent, folder]
        said.add(
            subprocess.run(arguments, env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=True).stdout
        )
    assert len(said) == 1


FIELD = st.text(st.sampled_from('ab",\n\r é '), max_size=4)
RECORDS = st.lists(st.lists(FIELD, min_size=1, max_size=3), max_size=12)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS, ends=st.sampled_from(["\n", "\r\n"]))
def test_legal_csv_is_read_as_the_standard_library_reads_it(tmp_path, records, ends):
    """Python's csv writes and reads it; every row that holds no control character must arrive, with its line."""
    path = tmp_path / "legal.csv"
    stem = ["s", "view", "2026-01-01T00:00:00Z"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator=ends)
        writer.writerow(["note", "viewer_id", "story_id", "event", "ts"])
        for number, record in enumerate(records):
            writer.writerow([record[0].replace("\r", ""), f"v{number}", *stem])
    (tmp_path / "a.duckdb").unlink(missing_ok=True)
    (found,) = load(tmp_path, path)
    assert (found.read, found.stored) == (len(records), len(records))
    assert [row[0] for row in rows(tmp_path)] == sorted(f"v{number}" for number in range(len(records)))


BAD = (
    "v1,s1",
    "v1,s1,view,2026-01-01T00:00:00Z,1,2",
    "v\xa0,s1,view,2026-01-01T00:00:00Z,1",
    "v1,s1,view,soon,1",
    ",s1,view,2026-01-01T00:00:00Z,1",
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from([None, *range(len(BAD))]), max_size=30), quoted=st.booleans())
def test_every_bad_line_is_named_and_no_good_one_is_lost(tmp_path, kinds, quoted):
    good = [f"v{n},s1,view,2026-01-01T00:00:00Z,{n}" for n in range(len(kinds))]
    lines = [good[n] if kind is None else BAD[kind] for n, kind in enumerate(kinds)]
    last = ['"q",s1,view,2026-01-01T00:00:00Z,1'] if quoted else []
    (tmp_path / "a.duckdb").unlink(missing_ok=True)
    (found,) = load(tmp_path, write(tmp_path / "b.csv", HEADER, *lines, *last))
    bad = [n + 2 for n, kind in enumerate(kinds) if kind is not None]
    assert [row[1] for row in rows(tmp_path, "quarantine")] == sorted(bad, key=str) or not bad
    assert sorted(row[1] for row in rows(tmp_path, "quarantine")) == bad
    assert found.stored == len(kinds) - len(bad) + len(last)


CELLS = st.tuples(
    st.sampled_from(["v1", "v2", "caf\u00e9", "cafe\u0301", "null", "", "v\xa0"]),
    st.sampled_from(["s1", ""]),
    st.sampled_from(["view", "like", "exposure", "veiw"]),
    st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:01Z", "2026-01-01"]),
    st.sampled_from(["", "1", "2", "-1"]),
    st.sampled_from(["", "x y", "no,te"]),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.lists(CELLS, max_size=8), min_size=1, max_size=2),
    end=st.sampled_from(["\n", "\r\n"]),
    finished=st.booleans(),
)
def test_the_straight_road_of_csv_ends_where_the_staged_one_does(tmp_path, parts, end, finished):
    """Two roads to one answer: rows, quarantine, manifest and what is said of a file."""
    files = [tmp_path / f"{n}.csv" for n in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        text = end.join([HEADER + ",note", *map(",".join, part)]) + end * finished
        file.write_text(text, encoding="utf-8", newline="")
    ends = []
    for road in ("straight", "staged"):
        (tmp_path / "a.duckdb").unlink(missing_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            if road == "staged":
                patch.setattr("abstory.warehouse.ingest.may_go_straight", lambda *_: False)
                patch.setattr("abstory.warehouse.settle._SORTED_AT_ONCE", 0)
            found = load(tmp_path, *files)
        ends.append((found, everything(tmp_path)))
    assert ends[0] == ends[1]


def test_a_file_of_which_too_much_is_bad_is_staged(tmp_path, monkeypatch):
    monkeypatch.setattr("abstory.warehouse.straight.MOST_ASIDE", 2)
    file = write(
        tmp_path / "x.csv", HEADER, *(f"v{n},s1,view,soon,1" for n in range(4)), "v,s1,view,2026-01-01T00:00:00Z,1"
    )
    (found,) = load(tmp_path, file)
    assert (found.read, found.stored, found.quarantined) == (5, 1, 4)
    assert sorted(row[1] for row in rows(tmp_path, "quarantine")) == [2, 3, 4, 5]


BEGINNING = "2026-01-31T23:59:58"
SIGNS = " +-.:/TZ0169eE,"


@pytest.mark.parametrize("rest", ["Z", ".1Z", ".123456Z", ".123456789Z", "+00:00", ".123456+00:00"])
def test_the_quick_reading_of_times_is_the_exact_one(tmp_path, rest):
    """Every single and double change of a usual text, through the quick road (CSV) and the exact one (JSON lines)."""
    text = BEGINNING + rest
    pairs = [(first, second) for first in SIGNS for second in SIGNS]
    changed = {text[:n] + one + two + text[n + 2 :] for n in range(len(text) - 1) for one, two in pairs}
    times = sorted(time for time in changed | {text.replace("23:59:58", "24:00:00")} if "," not in time)
    row = {"viewer_id": "v", "story_id": "s", "event": "view"}
    lines = [json.dumps({**row, "viewer_id": f"v{n}", "ts": time}) for n, time in enumerate(times)]
    wide = [f"v{n},s,view,{time},1" for n, time in enumerate(times)]
    quick, exact = tmp_path / "quick", tmp_path / "exact"
    for folder in (quick, exact):
        folder.mkdir()
    load(quick, write(quick / "t.csv", HEADER, *(line for line in wide if ", " not in line and " ," not in line)))
    kept = {(f"v{n}") for n, line in enumerate(wide) if ", " not in line and " ," not in line}
    load(exact, write(exact / "t.jsonl", *lines))
    assert [row[:4] for row in rows(quick)] == [row[:4] for row in rows(exact) if row[0] in kept]


def test_lines_are_right_far_down_a_file_that_several_threads_read(tmp_path):
    lines = [f"viewer-{n:09d},story-of-the-day,view,2026-01-01T00:00:00.000001Z,{n % 60000}" for n in range(700_000)]
    bad = range(998, len(lines), 5000)
    for n in bad:
        lines[n] = "too,short" if n % 10_000 < 5000 else lines[n].replace("2026", "soon")
    load(tmp_path, write(tmp_path / "big.csv", HEADER, *lines), memory="2GB")
    assert sorted(row[1] for row in rows(tmp_path, "quarantine")) == [n + 2 for n in bad]


ROW = st.fixed_dictionaries(
    {
        "viewer_id": st.sampled_from(["v1", "v2", "ü3"]),
        "story_id": st.sampled_from(["s1", ""]),
        "event": st.sampled_from(["view", "like"]),
        "ts": st.integers(0, 2),
        "watch_ms": st.none() | st.integers(0, 2),
        "event_id": st.sampled_from(["", "", "e1", "e2"]),
    }
)


def model(batch):
    """The rule in plain Python: one row an identity, the smallest by time, watch time, viewer, story and event."""

    def rank(row):
        watch = (row["watch_ms"] is None, row["watch_ms"] or 0)
        return (row["ts"], watch, row["viewer_id"], (not row["story_id"], row["story_id"]), row["event"])

    kept = {}
    for row in batch:
        whole = (row["viewer_id"], row["story_id"], row["event"], row["ts"])
        key = row["event_id"] or whole
        if key not in kept or rank(row) < rank(kept[key]):
            kept[key] = row
    start = 1_767_225_600_000_000
    return sorted(
        (
            (
                r["viewer_id"],
                r["story_id"] or None,
                r["event"],
                start + r["ts"] * 10**6,
                r["watch_ms"],
                None,
                r["event_id"] or None,
                1,  # arrived
                None,  # frame
            )
            for r in kept.values()
        ),
        key=repr,
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), batch=st.lists(ROW, max_size=12))
def test_any_order_and_any_split_store_the_same(tmp_path, data, batch):
    (tmp_path / "a.duckdb").unlink(missing_ok=True)
    shuffled = data.draw(st.permutations(batch))
    cut = data.draw(st.integers(0, len(batch)))
    files = []
    for name, part in (("x", shuffled[:cut]), ("y", shuffled[cut:])):
        lines = [json.dumps(row | {"ts": f"2026-01-01T00:00:0{row['ts']}Z"}, ensure_ascii=False) for row in part]
        if lines:
            files.append(write(tmp_path / f"{name}.jsonl", *lines))
    found = load(tmp_path, *files) if files else []
    assert all(one.read == one.stored + one.duplicate + one.quarantined for one in found)
    if files:
        assert rows(tmp_path) == model(batch)
        assert sum(one.stored for one in found) == len(model(batch))
        assert sum(one.stored for one in load(tmp_path, *files, how=wishes(events=LATER))) == 0
        assert rows(tmp_path) == model(batch)
