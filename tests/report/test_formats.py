"""CSV, Markdown and the registry of formats."""

import csv
import dataclasses
import io

import pytest

from abstory.report import FORMATS, SUFFIXES, renderer
from abstory.report.look import Look


def test_every_format_renders_every_page(page):
    for name in FORMATS:
        text = renderer(name)(page, Look())
        if name == "parquet":
            assert text.startswith(b"PAR1")
            continue
        assert text.endswith("\n")
        assert page.result.key in text or name == "csv"


def test_every_suffix_names_a_format():
    assert set(SUFFIXES.values()) == set(FORMATS)


def test_an_unknown_format_is_an_error():
    with pytest.raises(KeyError):
        renderer("pdf")


@pytest.mark.parametrize("name", ["csv", "md"])
def test_format(pages, name, snapshot):
    assert renderer(name)(pages["unbounded"], Look()) == snapshot


def test_csv_has_a_row_a_metric_and_variant(pages):
    rows = list(csv.DictReader(io.StringIO(renderer("csv")(pages["ship"], Look()))))
    assert len(rows) == 4 * 8
    best = next(row for row in rows if row["metric"] == "watched_12s" and row["variant"] == "warm.12s.shop_now")
    assert float(best["lift_low"]) == 0.042
    assert best["reads"] == "better"


def test_csv_says_why_a_number_is_missing(pages):
    rows = list(csv.DictReader(io.StringIO(renderer("csv")(pages["undetermined"], Look()))))
    assert rows[1]["lift"] == ""
    assert rows[1]["unknown"] == "too early to read"


def test_csv_holds_no_formula_and_markdown_no_markup(made):
    names = ["=cmd|' /C calc'!A0", "<script>|`x`"]
    metrics = [
        made.metric(
            "like_rate", made.Role.PRIMARY, 0.2, [made.row(names[1], 0.2, (0.1, 0.0, 0.2, 0.5), made.Reads.UNCLEAR)]
        )
    ]
    page = made.Page(made.result(made.arms(names), metrics), dataclasses.replace(made.WON, variant=names[1]))
    assert ",'=cmd" in renderer("csv")(page, Look())
    told = renderer("md")(page, Look())
    assert "\\<script\\>\\|\\`x\\`" in told
    assert "<script" not in told.replace("\\<", "")


def test_markdown_is_the_page_without_drawings(pages, snapshot):
    assert renderer("md")(pages["ship"], Look()) == snapshot


def test_markdown_of_untrusted_data_has_no_effect(pages):
    told = renderer("md")(pages["invalid"], Look())
    assert "**INVALID**" in told
    assert "find why one variant loses viewers" in told
    assert "|" not in told


def test_markdown_has_no_heading_without_a_table(pages):
    for page in pages.values():
        told = renderer("md")(page, Look())
        for section in told.split("\n### ")[1:]:
            assert "| --- |" in section or "---:" in section, section
