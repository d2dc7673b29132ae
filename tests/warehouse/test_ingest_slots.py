"""Files of posts and of totals: what is kept, what is set aside and why, what is refused; hand-made cases."""

import json

import pytest

from abstory.errors import InputRefused
from abstory.metrics.totals import TOTALS
from abstory.warehouse import open_store
from abstory.warehouse.base import Wishes

EVENTS = frozenset({"view", "like"})
T, Q = 1_767_225_600_000_000, "2026-01-01T00:00:00Z"  # one instant
POSTS = "experiment,slot_id,variant,story_id,posted_at"
LONG = "story_id,captured_at,metric,value,definition"
WIDE = "story_id,captured_at,views,likes,watch_seconds"


def load(folder, *files, kind=None, experiment=None, **mapping):
    with open_store(folder / "a.duckdb", create=True, files=files, memory="500MB") as store:
        return [store.ingest(file, Wishes(mapping, kind, experiment, EVENTS), now_us=1) for file in files]


def rows(folder, table):
    with open_store(folder / "a.duckdb", read_only=True) as store:
        return sorted((row[:-1] for row in store.connection.execute(f"FROM {table}").fetchall()), key=repr)


def write(path, *lines, end="\n", start=""):
    path.write_text(start + end.join(lines) + end, encoding="utf-8", newline="")
    return path


def counts(one):
    return (one.read, one.stored, one.duplicate, one.quarantined)


def test_a_post_is_kept_and_so_is_a_slot_without_one(tmp_path):
    file = write(tmp_path / "p.csv", POSTS, f"reels,s1,warm,st-1,{Q}", "reels,s2,none,,")
    (found,) = load(tmp_path, file)
    assert (found.kind, counts(found), found.warnings) == ("posts", (2, 2, 0, 0), ())
    assert rows(tmp_path, "slots") == [("reels", "s1", "warm", "st-1", T), ("reels", "s2", "none", None, None)]


def test_the_calendars_own_columns_are_passed_over_and_others_are_said(tmp_path):
    header = "slot_id,experiment,account,block,scheduled_at,variant,story_id,posted_at"
    row = f"s1,reels,de,w1,{Q},warm,st-1,{Q}"
    quiet = load(tmp_path, write(tmp_path / "p.csv", header, row))[0]
    told = load(tmp_path, write(tmp_path / "q.csv", header + ",remark", row + ",late"))[0]
    assert (quiet.warnings, told.warnings) == ((), ("nothing is taken from remark",))


def test_posts_that_name_no_experiment_are_of_the_one_that_is_said(tmp_path):
    file = write(tmp_path / "p.csv", "slot_id,variant,story_id,posted_at", f"s1,warm,st-1,{Q}")
    with pytest.raises(InputRefused, match="no column experiment"):
        load(tmp_path, file)
    assert load(tmp_path, file, experiment="reels")[0].stored == 1
    assert rows(tmp_path, "slots") == [("reels", "s1", "warm", "st-1", T)]


def test_readings_are_kept_one_a_row_or_one_a_column(tmp_path):
    long = write(tmp_path / "l.csv", LONG, f"st-1,{Q},views,1200,v2", f"st-1,{Q},watch_seconds,8123.25,")
    wide = write(tmp_path / "w.csv", WIDE, f"st-2,{Q},1200,,8123.25")
    first, second = load(tmp_path, long, wide)
    assert (first.kind, counts(first)) == ("totals", (2, 2, 0, 0))
    assert (second.kind, counts(second)) == ("totals", (1, 1, 0, 0))
    assert rows(tmp_path, "story_totals") == [
        ("st-1", T, "views", 1_200_000_000, "v2"),
        ("st-1", T, "watch_seconds", 8_123_250_000, None),
        ("st-2", T, "views", 1_200_000_000, None),
        ("st-2", T, "watch_seconds", 8_123_250_000, None),
    ]


@pytest.mark.parametrize("dress", ["bom", "crlf", "quoted", "reordered", "jsonl", "parquet", "instants"])
def test_one_content_in_another_dress_is_the_same_rows(tmp_path, dress):
    import polars as pl

    plain = write(tmp_path / "p.csv", WIDE, f"st-1,{Q},12,3,4.5", "st-2,2026-01-01T01:00:00.000001+01:00,,,0")
    other = tmp_path / f"o.{dress if dress in ('jsonl', 'parquet') else 'csv'}"
    table = pl.read_csv(plain, schema_overrides=dict.fromkeys(WIDE.split(","), pl.String))
    if dress in ("bom", "crlf"):
        write(other, *plain.read_text().splitlines(), start="\ufeff" * (dress == "bom"), end="\r\n")
    elif dress == "quoted":
        table.write_csv(other, quote_style="always")
    elif dress == "reordered":
        table.select(*reversed(WIDE.split(","))).write_csv(other)
    elif dress == "jsonl":
        numbers = [{name: json.loads(row[name] or "null") for name in ("views", "likes")} for row in table.to_dicts()]
        write(other, *(json.dumps(row | more) for row, more in zip(table.to_dicts(), numbers, strict=True)))
    else:
        other = tmp_path / "o.parquet"
        typed = table.with_columns(pl.col("views", "likes").cast(pl.Int64), pl.col("watch_seconds").cast(pl.Float64))
        if dress == "instants":
            typed = typed.with_columns(pl.Series("captured_at", [T, T + 1]).cast(pl.Datetime("us", "UTC")))
        typed.write_parquet(other)
    first, second = load(tmp_path, plain, other)
    assert (counts(first), counts(second)) == ((2, 2, 0, 0), (2, 0, 2, 0))
    assert len(rows(tmp_path, "story_totals")) == 4


def test_a_total_may_turn_up_far_down_json_lines(tmp_path):
    lines = [json.dumps({"story_id": f"st-{n}", "captured_at": Q, "views": n}) for n in range(1200)]
    last = json.dumps({"story_id": "st-x", "captured_at": Q, "saves": 7, "definition": "v2"})
    assert load(tmp_path, write(tmp_path / "t.jsonl", *lines, last))[0].stored == 1201
    assert ("st-x", T, "saves", 7_000_000, "v2") in rows(tmp_path, "story_totals")


BAD_POSTS = {
    f",warm,st,{Q}": "slot_id is empty",
    f"null,warm,st,{Q}": "placeholder id",
    f"s1,,st,{Q}": "variant is empty",
    f"s1,warm,,{Q}": "story_id is empty, posted_at is not",
    "s1,warm,st,": "posted_at is empty, story_id is not",
    f"s1,warm,NULL,{Q}": "placeholder id",
    f"s1,warm,undefined,{Q}": "placeholder id",
    f"s1,warm,s\u200bt,{Q}": "story_id holds a control or invisible character",
    f"s1,warm,{'x' * 257},{Q}": "story_id is longer than 256 bytes",
    "s1,warm,st,2026-01-01T00:00:00": "posted_at is no instant: write ISO 8601 with Z or an offset",
    "s1,warm,,soon": "posted_at is no instant: write ISO 8601 with Z or an offset",
    "s1,warm,st,1999-01-01T00:00:00Z": "posted_at is not between 2005 and 2090",
    "s1,warm,st": "3 fields where the header has 4",
    f"s1,warm,st,{Q},more": "5 fields where the header has 4",
    "slot_id,variant,story_id,posted_at": "posted_at is no instant: write ISO 8601 with Z or an offset",
}


@pytest.mark.parametrize("road", ["straight", "quoted"])
def test_every_bad_post_is_named_and_no_good_one_is_lost(tmp_path, road):
    good = f'"s0",warm,st-0,{Q}' if road == "quoted" else f"s0,warm,st-0,{Q}"
    file = write(tmp_path / "p.csv", "slot_id,variant,story_id,posted_at", *BAD_POSTS, good)
    (found,) = load(tmp_path, file, experiment="reels")
    assert counts(found) == (len(BAD_POSTS) + 1, 1, 0, len(BAD_POSTS))
    assert [(row.line, row.reason) for row in found.first] == list(enumerate(BAD_POSTS.values(), 2))
    assert rows(tmp_path, "slots") == [("reels", "s0", "warm", "st-0", T)]


BAD_LONG = {
    f",{Q},views,1,": "story_id is empty",
    f"nan,{Q},views,1,": "placeholder id",
    "st,,views,1,": "captured_at is empty",
    "st,2026-01-01 00:00,views,1,": "captured_at is no instant: write ISO 8601 with Z or an offset",
    f"st,{Q},,1,": "metric is empty",
    f"st,{Q},like,1,": "unknown total like: did you mean likes?",
    f"st,{Q},Views,1,": "unknown total Views: did you mean views?",
    f"st,{Q},swipes,1,": "unknown total swipes",
    f"st,{Q},views,,": "value is empty",
    f"st,{Q},views,NaN,": "value is no number from 0 below 1e12",
    f"st,{Q},views,inf,": "value is no number from 0 below 1e12",
    f"st,{Q},views,-1,": "value is no number from 0 below 1e12",
    f"st,{Q},views,-0.0000001,": "value is no number from 0 below 1e12",
    f"st,{Q},views,1e999,": "value is no number from 0 below 1e12",
    f"st,{Q},views,1e12,": "value is no number from 0 below 1e12",
    f"st,{Q},views,1,200,v2": "6 fields where the header has 5",
    f"st,{Q},views,12k,": "value is no number from 0 below 1e12",
    f"st,{Q},views": "3 fields where the header has 5",
    f"st,{Q},views,1,{'x' * 257}": "definition is longer than 256 bytes",
    "story_id,captured_at,metric,value,definition": "captured_at is no instant: write ISO 8601 with Z or an offset",
}


@pytest.mark.parametrize("road", ["straight", "quoted"])
def test_every_bad_reading_is_named_and_no_good_one_is_lost(tmp_path, road):
    good = f'"st-0",{Q},views,1e3,' if road == "quoted" else f"st-0,{Q},views,1e3,"
    (found,) = load(tmp_path, write(tmp_path / "t.csv", LONG, *BAD_LONG, good))
    assert counts(found) == (len(BAD_LONG) + 1, 1, 0, len(BAD_LONG))
    assert [(row.line, row.reason) for row in found.first] == list(enumerate(BAD_LONG.values(), 2))
    assert rows(tmp_path, "story_totals") == [("st-0", T, "views", 1_000_000_000, None)]


BAD_WIDE = {
    f"st,{Q},1,-2,3": "likes is no number from 0 below 1e12",
    f"st,{Q},1,2,nan": "watch_seconds is no number from 0 below 1e12",
    f"st,{Q},x,-2,3": "views is no number from 0 below 1e12",
    f"st,{Q},,,": "every total is empty",
    f"none,{Q},1,2,3": "placeholder id",
    "st,2026-01-01,1,2,3": "captured_at is no instant: write ISO 8601 with Z or an offset",
    f"st,{Q},1,2": "4 fields where the header has 5",
}


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_one_bad_cell_sets_the_whole_row_aside_and_names_its_column(tmp_path, name):
    good = f"st-0,{Q},1,,"
    lines = [WIDE, *BAD_WIDE, good]
    reasons = list(BAD_WIDE.values())
    if name.endswith(".jsonl"):
        pairs = (dict(zip(WIDE.split(","), line.split(","), strict=False)) for line in lines)
        lines, reasons = [json.dumps(row) for row in pairs][1:], reasons[:-1]
        del lines[-2]  # a short row is none of JSON's faults
    (found,) = load(tmp_path, write(tmp_path / name, *lines))
    assert counts(found) == (len(reasons) + 1, 1, 0, len(reasons))
    assert [row.reason for row in found.first] == reasons
    assert rows(tmp_path, "story_totals") == [("st-0", T, "views", 1_000_000, None)]


def test_bytes_that_are_no_text_are_not_taken_for_an_empty_cell(tmp_path):
    import polars as pl

    data = {
        "slot_id": [b"s1", b"s2", b"s3"],
        "variant": ["warm"] * 3,
        "story_id": [b"\xff", b"", None],
        "posted_at": pl.Series([None] * 3, dtype=pl.String),
    }
    pl.DataFrame(data).write_parquet(tmp_path / "p.parquet")
    (found,) = load(tmp_path, tmp_path / "p.parquet", experiment="reels")
    assert [(row.line, row.reason) for row in found.first] == [(1, "story_id is not UTF-8")]
    assert found.stored == 2


@pytest.mark.parametrize(
    ("header", "said", "hint"),
    [
        ("slot_id,variant,story_id", "no column experiment, posted_at", ""),
        ("story_id,captured_at", "no column metric, value", ""),
        ("story_id,captured_at,metric", "no column value", ""),
        ("story_id,captured_at,Likes", "no column metric, value", "did you mean --map Likes=likes?"),
        ("story_id,captured_at,metric,value,likes", "columns metric and likes", "take one of them out"),
        ("story_id,captured_at,likes,likes", "column 'likes' is there twice", ""),
        ("story_id,captured_at, likes", "column ' likes' has spaces around its name", ""),
        ("story_id;captured_at;likes", "no column viewer_id, story_id, event, ts", "separate the columns by commas"),
    ],
)
def test_a_file_without_its_columns_is_refused_whole(tmp_path, header, said, hint):
    with pytest.raises(InputRefused, match=said) as refused:
        load(tmp_path, write(tmp_path / "t.csv", header, ",".join("x" * len(header.split(",")))))
    assert hint in refused.value.hint
    assert not rows(tmp_path, "slots") + rows(tmp_path, "story_totals") + rows(tmp_path, "ingests")


def test_their_names_become_ours_and_a_near_one_left_over_is_said(tmp_path):
    file = write(tmp_path / "t.csv", "clip,day,Plays,Likes,Shares", f"st-1,{Q},12,3,4")
    (found,) = load(tmp_path, file, clip="story_id", day="captured_at", Plays="views")
    assert (found.kind, found.stored) == ("totals", 1)
    assert found.warnings == ("nothing is taken from Likes, Shares: did you mean --map Likes=likes?",)


def test_naive_times_of_parquet_are_refused_and_not_a_number_is_set_aside(tmp_path):
    import polars as pl

    stories = {"story_id": ["st-1", "st-2"], "captured_at": [Q, Q]}
    pl.DataFrame(stories | {"views": [1.0, float("nan")]}).write_parquet(tmp_path / "n.parquet")
    assert load(tmp_path, tmp_path / "n.parquet")[0].reasons == {"views is no number from 0 below 1e12": 1}
    naive = pl.DataFrame(stories | {"views": [1, 2]}).with_columns(
        pl.col("captured_at").str.to_datetime(time_zone=None, strict=False, format="%Y-%m-%dT%H:%M:%SZ")
    )
    naive.write_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputRefused, match="captured_at has times without a zone"):
        load(tmp_path, tmp_path / "t.parquet")


def test_the_file_with_its_posts_filled_in_adds_to_the_one_without(tmp_path):
    empty = write(tmp_path / "e.csv", POSTS, "reels,s1,warm,,", "reels,s2,none,,")
    filled = write(tmp_path / "f.csv", POSTS, f"reels,s1,warm,st-1,{Q}", "reels,s2,none,,")
    first, second = load(tmp_path, empty, filled)
    assert (counts(first), counts(second), second.conflicts) == ((2, 2, 0, 0), (2, 1, 1, 0), 0)


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_stories_in_one_slot_the_first_is_kept_and_the_conflict_told(tmp_path, turned):
    lines = [f"reels,s1,warm,st-b,{Q}", "reels,s1,warm,st-a,2026-01-01T00:00:01Z", f"reels,s1,warm,st-c,{Q}"]
    files = [write(tmp_path / f"{n}.csv", POSTS, line) for n, line in enumerate(lines[:: -1 if turned else 1])]
    found = load(tmp_path, *files)
    assert sum(one.conflicts for one in found) == 2
    assert [one.stored for one in found] == [1, 0, 0]
    assert rows(tmp_path, "slots") == [("reels", "s1", "warm", "st-b", T)]


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_values_of_one_reading_the_smaller_is_kept_and_the_conflict_told(tmp_path, turned):
    pieces = [(LONG, f"st-1,{Q},views,12,"), (WIDE, f"st-1,{Q},11,,"), (LONG, f"st-1,{Q},views,10,v2")]
    files = [write(tmp_path / f"{n}.csv", *piece) for n, piece in enumerate(pieces[:: -1 if turned else 1])]
    found = load(tmp_path, *files)
    assert [sum(one.conflicts for one in found), *sorted(one.stored for one in found)] == [1, 0, 1, 1]
    assert rows(tmp_path, "story_totals") == [
        ("st-1", T, "views", 10_000_000, "v2"),
        ("st-1", T, "views", 11_000_000, None),
    ]


def test_a_wide_row_is_stored_where_any_of_its_readings_is_new(tmp_path):
    first = write(tmp_path / "1.csv", WIDE, f"a,{Q},1,2,3", f"a,{Q},1,2,3", f"b,{Q},1,2,", f"c,{Q},4,,")
    second = write(tmp_path / "2.csv", WIDE, f"a,{Q},1,2,3", f"b,{Q},1,2,3", f"c,{Q},3,,", f"d,{Q},1,2,3")
    one, two = load(tmp_path, first, second)
    assert (counts(one), one.conflicts) == ((4, 3, 1, 0), 0)
    assert (counts(two), two.conflicts) == ((4, 2, 2, 0), 1)
    assert len(rows(tmp_path, "story_totals")) == 3 + 3 + 1 + 3


def test_a_superset_adds_what_is_new_and_a_copy_nothing(tmp_path):
    lines = [f"st-{n},{Q},{n},{n},{n}" for n in range(5)]
    part, whole = write(tmp_path / "1.csv", WIDE, *lines[:3]), write(tmp_path / "2.csv", WIDE, *lines)
    copy = write(tmp_path / "3.csv", WIDE, *lines)
    found = load(tmp_path, part, whole, copy)
    assert [counts(one) for one in found] == [(3, 3, 0, 0), (5, 2, 3, 0), (5, 0, 5, 0)]
    assert [one.already for one in found] == [False, False, True]


def test_every_total_has_its_column(tmp_path):
    file = write(tmp_path / "t.csv", ",".join(("story_id", "captured_at", *TOTALS)), f"st,{Q}" + ",1" * len(TOTALS))
    assert load(tmp_path, file)[0].stored == 1
    assert {row[2] for row in rows(tmp_path, "story_totals")} == set(TOTALS)


def test_an_events_file_with_a_column_of_ours_stays_one(tmp_path):
    header = "viewer_id,story_id,event,ts,captured_at,slot_id,likes"
    (found,) = load(tmp_path, write(tmp_path / "e.csv", header, f"v,st,view,{Q},{Q},s1,3"))
    assert (found.kind, found.stored) == ("events", 1)


def test_two_spellings_of_a_story_are_two_and_a_warning(tmp_path):
    lines = [f"caf\u00e9,{Q},1,1,1", f"cafe\u0301,{Q},1,1,1"]
    (said,) = load(tmp_path, write(tmp_path / "t.csv", WIDE, *lines))[0].warnings
    assert said.startswith("2 story ids are spellings of fewer words")
    assert said.endswith("each is kept as a story of its own")


def test_what_is_set_aside_is_not_stored_under_another_name(tmp_path):
    load(tmp_path, write(tmp_path / "t.csv", LONG, f"st,{Q},like,1,"))
    with open_store(tmp_path / "a.duckdb", read_only=True) as store:
        kept = store.connection.execute("SELECT line, reason, excerpt FROM quarantine").fetchall()
    assert kept == [(2, "unknown total like: did you mean likes?", f"st,{Q},like,1,")]
