"""The sheet and the document: the same posts, in order of time, for people who fill in and programs that read."""

import csv
import io
import json
import math
from datetime import datetime, timedelta

import pytest
from jsonschema import Draft202012Validator

from abstory.report.calendar import renderer
from abstory.report.calendar.json import document
from abstory.report.calendar.sheet import COLUMNS, rows
from abstory.report.look import Look
from abstory.report.schema import SCHEMAS


def closed(node):
    """Nothing is written that the schema does not name."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    told = {key: closed(value) for key, value in node.items()}
    return told | {"additionalProperties": False} if "properties" in node and "required" in node else told


def sheet(made):
    return list(csv.DictReader(io.StringIO(renderer("csv")(made, Look()))))


def test_the_example_s_sheet_is_as_it_was_first_written(drawn, root):
    told = (root / "tests/cases/posts.csv").read_text(encoding="ascii")
    assert renderer("csv")(drawn("reels"), Look()) == told


def test_the_sheet_has_a_row_a_slot_to_fill_in(every):
    told = sheet(every)
    assert tuple(told[0]) == COLUMNS
    assert {row["slot_id"]: row["variant"] for row in told} == {slot.id: variant for slot, variant in every.posts}
    assert {(row["story_id"], row["posted_at"]) for row in told} == {("", "")}
    due = [datetime.fromisoformat(row["scheduled_at"]) for row in told]
    assert due == sorted(due)
    at = {slot.id: slot for slot, _ in every.posts}
    for row, moment in zip(told, due, strict=True):
        assert moment.timestamp() * 1e6 == at[row["slot_id"]].scheduled_us
        assert row["scheduled_at"].startswith(at[row["slot_id"]].local)


def test_the_offset_is_the_one_of_that_day(drawn):
    """Clocks in Berlin go back on 25 October 2026."""
    offsets = [datetime.fromisoformat(row["scheduled_at"]).utcoffset() for row in sheet(drawn("shifted"))]
    assert offsets == [timedelta(hours=2)] * 3 + [timedelta(hours=1)] * 3


def test_as_a_frame(drawn):
    frame = rows(drawn("pair")).frame()
    assert frame.columns == list(COLUMNS)
    assert frame["posted_at"].null_count() == frame.height == 12


def test_the_document_is_as_its_schema_says(every):
    told = json.loads(renderer("json")(every, Look()))
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(closed(SCHEMAS["calendar"]()), format_checker=checker).validate(told)
    assert [(post["slot_id"], post["variant"]) for post in told["posts"]] == [
        (row["slot_id"], row["variant"]) for row in sheet(every)
    ]


def test_counts_that_no_reader_keeps_exactly_are_logarithms(drawn):
    told = document(drawn("reels"))["balance"]
    assert told["possible"]["count"] is None
    assert told["possible"]["log10"] == pytest.approx(math.log10(drawn("reels").balance.possible), rel=1e-15)
    assert [one["possible"]["count"] for one in told["contrasts"]] == [
        one.draws for one in drawn("reels").balance.contrasts
    ]


def test_times_are_utc_and_local(drawn):
    (first, *_) = document(drawn("reels"))["posts"]
    assert (first["scheduled_at"], first["local"]) == ("2026-11-23T11:30:00Z", "2026-11-23T12:30")


def test_the_cut_of_every_variant_is_named(drawn):
    told = document(drawn("pair"))["variants"]
    assert [one["asset"] for one in told] == ["cuts/none; take, two.mp4", "cuts/question; take, two.mp4"]
    assert [one["control"] for one in told] == [True, False]
