"""Bulk is one by one: every file kind, against the Python function and against Node's vectors."""

import csv
import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abstory.assignment.assign import Assigner
from abstory.assignment.bulk import plan
from abstory.assignment.places import refused_ids
from abstory.errors import InputRefused, NotWritable, UsageError
from abstory.warehouse.bulk import bulk

KINDS = ["csv", "jsonl", "parquet"]
AUDIENCE = {"include": {"country": ["DE", "F'R"]}, "exclude": {"is_staff": True}}
COLUMNS = ["viewer_id", "country", "is_staff"]
ROWS = [
    (f"v{i}", country, staff)
    for i in range(200)
    for country, staff in [("DE", "false"), ("F'R", "true"), ("US", "false"), ("", "false"), ("DE", "")]
]


def write(path, rows, columns=("viewer_id",)):
    """The same rows in each kind; text throughout."""
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([columns, *rows])
    elif path.suffix == ".jsonl":
        lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row").write_parquet(path)
    return path


def read(path):
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return [(row["viewer_id"], row["variant"] or None, row["reason"]) for row in csv.DictReader(file)]
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [(row["viewer_id"], row["variant"], row["reason"]) for row in lines]
    return pl.read_parquet(path).rows()


def run(experiment, source, target, **options):
    with bulk(source, plan(experiment, **options), beside=target) as done:
        done.write(target)
    return done.counts


@pytest.mark.parametrize("into", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_bulk_is_one_by_one(tmp_path, declared, kind, into):
    experiment = declared(weights={"a": 1, "b": 2}, share=6000, audience=AUDIENCE)
    source, target = write(tmp_path / f"in.{kind}", ROWS, COLUMNS), tmp_path / f"out.{into}"
    counts = run(experiment, source, target)
    assigner = Assigner(experiment)
    alone = [assigner.assign(viewer, {"country": country, "is_staff": staff}) for viewer, country, staff in ROWS]
    assert read(target) == [(a.viewer_id, a.variant, a.reason.value) for a in alone]
    assert sum(counts.values()) == len(ROWS)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, target.name])


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_every_golden_assignment(tmp_path, golden, declared, kind):
    source = write(tmp_path / f"in.{kind}", [(viewer,) for viewer in golden["viewers"]])
    for case in golden["experiments"]:
        run(declared(case["key"], case["variants"], case["share"]), source, tmp_path / "out.parquet")
        assert [row[:2] for row in read(tmp_path / "out.parquet")] == list(
            zip(golden["viewers"], case["assigned"], strict=True)
        )


def test_every_golden_assignment_that_csv_can_hold(tmp_path, golden, declared):
    kept = [index for index, viewer in enumerate(golden["viewers"]) if "\0" not in viewer]
    source = write(tmp_path / "in.csv", [(golden["viewers"][index],) for index in kept])
    case = golden["experiments"][0]
    run(declared(case["key"], case["variants"], case["share"]), source, tmp_path / "out.parquet")
    assert [row[:2] for row in read(tmp_path / "out.parquet")] == [
        (golden["viewers"][index], case["assigned"][index]) for index in kept
    ]


def test_one_bad_row_never_costs_a_good_one(tmp_path, declared):
    source = tmp_path / "in.csv"
    source.write_bytes(
        b"\xef\xbb\xbfcountry,viewer_id\r\nDE,a\r\nDE,\r\nDE\r\nDE,b,c\r\nDE,"
        + b"x" * 257
        + b"\r\nDE,7.0\r\nDE,007\r\n"
    )
    counts = run(declared(), source, tmp_path / "out.csv")
    assert [row[0] for row in read(tmp_path / "out.csv")] == ["a", "7.0", "007"]
    assert counts == {"assigned": 3, "invalid_ids": 2, "broken_rows": 2}
    assert [line for line, _ in refused_ids(source, "viewer_id")] == [3, 6]
    assert not any("xxx" in reason for _, reason in refused_ids(source, "viewer_id"))


def test_a_blank_line_of_one_column_is_an_id_that_is_missing(tmp_path, declared):
    source = tmp_path / "in.csv"
    source.write_text("viewer_id\na\n\nb\n", encoding="utf-8")
    assert run(declared(), source, tmp_path / "out.csv") == {"assigned": 2, "invalid_ids": 1}
    assert refused_ids(source, "viewer_id") == ((3, "viewer id is empty"),)


def test_ids_in_jsonl_are_text_or_whole_numbers(tmp_path, declared):
    source = tmp_path / "in.jsonl"
    lines = ['{"viewer_id": 7}', '{"viewer_id": "7"}', '{"viewer_id": 7.0}', '{"viewer_id": true}', "nope", "[1]", "{}"]
    source.write_text("\n".join([*lines, "", '{"viewer_id": null}', '{"viewer_id": "\\u00e9"}']), encoding="utf-8")
    counts = run(declared(), source, tmp_path / "out.csv")
    assert [row[0] for row in read(tmp_path / "out.csv")] == ["7", "7", "é"]
    assert counts == {"assigned": 3, "invalid_ids": 6}


LOOKALIKES = [
    "{}",
    '{"a":1}',
    "[1]",
    "true",
    "false",
    "null",
    "7.0",
    "1e3",
    "123e45",
    "-0",
    "9" * 25,
    "{",
    "[",
    '"',
    "\\",
]
VALUES = st.one_of(
    st.sampled_from(LOOKALIKES),
    st.text(max_size=6),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.lists(st.integers(0, 9), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(0, 9), max_size=2),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, min_size=1, max_size=20))
def test_ids_in_jsonl_are_those_that_python_reads(tmp_path, declared, values):
    """Text of 1 to 256 bytes, and whole numbers of 64 bits; whatever only looks like another type is text."""
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"viewer_id": value}) + "\n" for value in values), encoding="utf-8")
    run(declared(), source, tmp_path / "out.parquet")
    assert [row[0] for row in read(tmp_path / "out.parquet")] == [str(value) for value in values if _is_id(value)]


def _is_id(value):
    return (isinstance(value, str) and value != "") or (type(value) is int and -(2**63) <= value < 2**64)


def test_typed_columns_of_parquet(tmp_path, declared):
    experiment = declared(audience={"include": {"tier": [1, 2], "adult": True}})
    frame = pl.DataFrame({"id": [1, 2, 3, None], "tier": [1, 2, 3, 1], "adult": [True, None, True, True]})
    frame.write_parquet(tmp_path / "in.parquet")
    run(experiment, tmp_path / "in.parquet", tmp_path / "out.jsonl", id_column="id")
    assert [(row[0], row[2]) for row in read(tmp_path / "out.jsonl")] == [
        ("1", "assigned"),
        ("2", "not_eligible"),
        ("3", "not_eligible"),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.csv", b""),
        ("in.csv", b"id\n1\n"),
        ("in.csv", b"viewer_id,viewer_id\n1,2\n"),
        ("in.csv", "viewer_id\n1\n".encode("utf-16")),
        ("in.csv", b"<html><body>Sign in</body></html>"),
        ("in.csv", b"\x1f\x8b\x08\x00viewer_id\n1"),
        ("in.parquet", b"PAR1 and nothing more"),
        ("in.parquet", b""),
    ],
)
def test_refused_files_leave_nothing_behind(tmp_path, declared, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputRefused, match=r"in\.(csv|parquet)"):
        run(declared(), tmp_path / name, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_column_of_floats_is_no_column_of_ids(tmp_path, declared):
    pl.DataFrame({"viewer_id": [1.0, 2.0]}).write_parquet(tmp_path / "in.parquet")
    with pytest.raises(InputRefused, match="viewer_id is DOUBLE"):
        run(declared(), tmp_path / "in.parquet", tmp_path / "out.csv")


def test_a_missing_attribute_column_is_refused(tmp_path, declared):
    source = write(tmp_path / "in.csv", [("a",)])
    with pytest.raises(InputRefused, match="no column called country"):
        run(declared(audience=AUDIENCE), source, tmp_path / "out.csv")


def test_names_and_values_never_become_sql(tmp_path, declared):
    evil = "x'; DROP TABLE assigned; --\"?"
    experiment = declared(audience={"include": {"country": [evil]}})
    for kind in KINDS:
        source = write(tmp_path / f"it's {{}} [1].{kind}", [("a", evil), ("b", "y")], [evil, "country"])
        run(experiment, source, tmp_path / "out'.csv", id_column=evil)
        assert [row[2] for row in read(tmp_path / "out'.csv")] == ["assigned", "not_eligible"]


def test_what_is_no_file_of_ours_is_refused(tmp_path, declared):
    for name in ("in.txt", "in.csv.gz"):
        (tmp_path / name).write_text("viewer_id\n1\n", encoding="utf-8")
        with pytest.raises(UsageError):
            run(declared(), tmp_path / name, tmp_path / "out.csv")
    with pytest.raises(InputRefused, match="not a file"):
        run(declared(), tmp_path / "none.csv", tmp_path / "out.csv")
    source = write(tmp_path / "in.csv", [("a",)])
    with pytest.raises(UsageError):
        run(declared(), source, tmp_path / "out.xlsx")
    with pytest.raises(NotWritable):
        run(declared(), source, tmp_path / "none" / "out.csv")


def test_an_empty_file_of_viewers_is_no_error(tmp_path, declared):
    assert run(declared(), write(tmp_path / "in.csv", []), tmp_path / "out.csv") == {}
    assert read(tmp_path / "out.csv") == []


def test_batches_name_each_viewer_once(tmp_path, declared):
    source = write(tmp_path / "in.csv", [("a",), ("b",), ("a",)])
    with bulk(source, plan(declared()), beside=tmp_path / "out.csv") as done:
        found = [row for batch in done.batches() for row in batch]
    assigner = Assigner(declared())
    assert sorted(found) == [("a", assigner.assign("a").variant), ("b", assigner.assign("b").variant)]
