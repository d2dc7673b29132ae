"""What the store says of slots, held to a plain-Python reading of the same rows, in any order and over any files."""

import json
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abstory.warehouse import open_store
from abstory.warehouse.base import Wishes
from abstory.warehouse.slots import Post, SlotData, TotalReading

START = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
SECOND = 1_000_000
EXPERIMENTS = ("reels", "other")
POST_NAMES = ("experiment", "slot_id", "variant", "story_id", "posted_at")
LAST = 9


def clock(second):
    return f"2026-01-01T00:00:0{second}Z"


def us(second):
    return START + second * SECOND


def oracle(posts, readings, experiment, as_of):
    """`posts`: (experiment, slot, variant, story, second); `readings`: (story, second, metric, value, definition)."""
    first = {}
    for key, slot, variant, story, second in sorted(posts, key=lambda row: tuple(part or "" for part in row[:4])):
        rank = (second is None, second, story or "", variant)
        if key == experiment and ((slot, story is None) not in first or rank < first[slot, story is None][0]):
            first[slot, story is None] = (rank, Post(slot, variant, story, None if second is None else us(second)))
    known = [_by(first, slot, as_of) for slot in sorted({slot for slot, _ in first})]
    smallest = {}
    for story, second, metric, value, definition in readings:
        key = (story, second, metric, definition)
        smallest[key] = min(value, smallest.get(key, value))
    ours = {post.story_id for post in known} - {None}
    told = [
        TotalReading(story, us(second), metric, value * SECOND, definition)
        for (story, second, metric, definition), value in smallest.items()
        if story in ours and us(second) <= as_of
    ]
    order = sorted(told, key=lambda r: (r.story_id, r.captured_us, r.metric, r.definition is not None, r.definition))
    return SlotData(tuple(known), tuple(order))


def _by(first, slot, as_of):
    """A slot at an instant: its post if that was up by then, else as it was before."""
    _, posted = first.get((slot, False), (None, None))
    if posted and posted.posted_us <= as_of:
        return posted
    _, empty = first.get((slot, True), (None, None))
    return empty or Post(slot, posted.variant, None, None)


POSTS = st.tuples(
    st.sampled_from(EXPERIMENTS),
    st.sampled_from(["s1", "s2", "ü"]),
    st.sampled_from(["warm", "none"]),
    st.none() | st.sampled_from(["st-1", "st-2", "st-3"]),
    st.integers(0, LAST),
).map(lambda row: (*row[:4], None if row[3] is None else row[4]))
READINGS = st.tuples(
    st.sampled_from(["st-1", "st-2", "st-9"]),
    st.integers(0, LAST),
    st.sampled_from(["views", "likes", "followers"]),
    st.integers(0, 2),
    st.sampled_from([None, None, "v1", "v2"]),
)


def as_long(rows):
    return [
        {"story_id": s, "captured_at": clock(at), "metric": m, "value": str(v), "definition": d}
        for s, at, m, v, d in rows
    ]


def as_wide(rows):
    """A row for each story, time and definition in a row that tell different totals."""
    lines = []
    for (story, second, definition), group in groupby(rows, key=lambda row: (row[0], row[1], row[4])):
        line = {"story_id": story, "captured_at": clock(second), "definition": definition}
        for _, _, metric, value, _ in group:
            if metric in line:
                lines.append(line)
                line = {"story_id": story, "captured_at": clock(second), "definition": definition}
            line[metric] = value
        lines.append(line)
    return lines


def as_posts(rows):
    return [dict(zip(POST_NAMES, (*row[:4], None if row[4] is None else clock(row[4])), strict=True)) for row in rows]


def written(path, lines, form):
    """The lines in a file of that form; CSV leaves an empty cell, the others null."""
    import polars as pl

    names = list(dict.fromkeys(name for line in lines for name in line))
    rows = [{name: None if line.get(name) is None else str(line[name]) for name in names} for line in lines]
    path = path.with_suffix(f".{form}")
    if form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
        (table.write_csv if form == "csv" else table.write_parquet)(path)
    return path


def load(folder, files):
    (folder / "a.duckdb").unlink(missing_ok=True)
    with open_store(folder / "a.duckdb", create=True, files=files, memory="500MB") as store:
        found = [store.ingest(file, Wishes({}, None, None, frozenset()), now_us=1) for file in files]
        assert all(one.read == one.stored + one.duplicate + one.quarantined for one in found)
        again = [store.ingest(file, Wishes({}, None, None, frozenset({"x"})), now_us=2) for file in files]
        assert not any(one.stored for one in again)
        assert not any(one.quarantined for one in found)
        return [store.slots(key, us(at)) for key in EXPERIMENTS for at in (-1, 3, 6, LAST)]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), posts=st.lists(POSTS, max_size=8), readings=st.lists(READINGS, max_size=10))
def test_any_order_and_any_split_over_files_give_the_answer_of_plain_python(tmp_path, data, posts, readings):
    files = []
    for kind, rows in (("posts", posts), ("totals", readings)):
        shuffled, cut = data.draw(st.permutations(rows)), data.draw(st.integers(0, len(rows)))
        for n, part in enumerate((shuffled[:cut], shuffled[cut:])):
            shape = as_posts if kind == "posts" else data.draw(st.sampled_from([as_long, as_wide]))
            form = data.draw(st.sampled_from(["csv", "jsonl", "parquet"]))
            if part:
                files.append(written(tmp_path / f"{kind}-{n}", shape(part), form))
    found = load(tmp_path, data.draw(st.permutations(files)))
    expected = [oracle(posts, readings, key, us(at)) for key in EXPERIMENTS for at in (-1, 3, 6, LAST)]
    assert found == expected


def test_an_answer_by_hand(tmp_path):
    posts = [
        ("reels", "s1", "warm", None, None),
        ("reels", "s1", "warm", "st-1", 2),
        ("reels", "s2", "none", "st-2", 5),
        ("reels", "s2", "none", "st-3", 4),
        ("reels", "s3", "warm", None, None),
        ("other", "s1", "warm", "st-2", 1),
    ]
    readings = [
        ("st-1", 3, "views", 10, None),
        ("st-1", 3, "views", 11, None),
        ("st-1", 5, "views", 20, None),
        ("st-1", 3, "views", 12, "v2"),
        ("st-2", 3, "views", 99, None),
        ("st-3", 6, "likes", 0, None),
    ]
    files = [
        written(tmp_path / "p", as_posts(posts), "csv"),
        written(tmp_path / "t", as_long(readings), "csv"),
    ]
    load(tmp_path, files)
    with open_store(tmp_path / "a.duckdb", read_only=True) as store:
        early, late, never = store.slots("reels", us(3)), store.slots("reels", us(9)), store.slots("nobody", us(9))
    s1, s3 = Post("s1", "warm", "st-1", us(2)), Post("s3", "warm", None, None)
    first = (
        TotalReading("st-1", us(3), "views", 10_000_000, None),
        TotalReading("st-1", us(3), "views", 12_000_000, "v2"),
    )
    assert early == SlotData((s1, Post("s2", "none", None, None), s3), first)
    more = (TotalReading("st-1", us(5), "views", 20_000_000, None), TotalReading("st-3", us(6), "likes", 0, None))
    assert late == SlotData((s1, Post("s2", "none", "st-3", us(4)), s3), first + more)
    assert never == SlotData((), ())


def test_what_was_known_then_is_told_again(tmp_path):
    """The first file came at 10, the second at 20: who asks what was known at 15 sees the slot without its post."""
    files = [
        written(tmp_path / name, as_posts([("reels", "s1", "warm", *post)]), "csv")
        for name, post in (("a", (None, None)), ("b", ("st-1", 2)))
    ]
    files.append(written(tmp_path / "c", as_long([("st-1", 3, "views", 1, None)]), "csv"))
    with open_store(tmp_path / "a.duckdb", create=True, files=files) as store:
        for file, now in zip(files, (10, 20, 30), strict=True):
            store.ingest(file, Wishes({}, None, None, frozenset()), now_us=now)
        with store.recalled(15):
            assert store.slots("reels", us(9)) == SlotData((Post("s1", "warm", None, None),), ())
        with store.recalled(25):
            assert store.slots("reels", us(9)).posts == (Post("s1", "warm", "st-1", us(2)),)
        assert len(store.slots("reels", us(9)).readings) == 1


CELLS = st.tuples(
    st.sampled_from(["s1", "s2", "café", "null", "", "s\xa0"]),
    st.sampled_from(["warm", ""]),
    st.sampled_from(["st-1", "st-2", "", "None"]),
    st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:01Z", "2026-01-01", ""]),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.lists(CELLS, max_size=8), min_size=1, max_size=2))
def test_the_straight_road_of_csv_ends_where_the_staged_one_does(tmp_path, parts):
    files = [tmp_path / f"{n}.csv" for n in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        lines = ["slot_id,variant,story_id,posted_at", *map(",".join, part)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ends = []
    for straight in (True, False):
        (tmp_path / "a.duckdb").unlink(missing_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            if not straight:
                patch.setattr("abstory.warehouse.ingest.may_go_straight", lambda *_: False)
            with open_store(tmp_path / "a.duckdb", create=True, files=files) as store:
                found = [store.ingest(file, Wishes({}, None, "reels", frozenset()), now_us=1) for file in files]
                kept = [
                    sorted(store.connection.execute(f"FROM {table}").fetchall(), key=repr)
                    for table in ("slots", "quarantine")
                ]
        ends.append((found, kept))
    assert ends[0] == ends[1]
