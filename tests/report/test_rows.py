"""Tables of a report: the numbers of the result with their types, in every format alike."""

import csv
import datetime as dt
import io

import polars as pl
import pytest

from abstory.report import renderer
from abstory.report.csv import written as as_csv
from abstory.report.look import Look
from abstory.report.parquet import written as as_parquet
from abstory.report.rows import TABLES, comparisons, exposures, moments
from abstory.stats.moments import Sample, Tally


def test_parquet_is_the_csv_with_types(page):
    frame = pl.read_parquet(io.BytesIO(renderer("parquet")(page, Look())))
    rows = list(csv.DictReader(io.StringIO(renderer("csv")(page, Look()))))
    assert frame.columns == list(csv.DictReader(io.StringIO(renderer("csv")(page, Look()))).fieldnames)
    assert frame.schema["lift"] == pl.Float64
    assert frame.schema["viewers"] == pl.Int64
    assert frame["lift"].to_list() == [float(row["lift"]) if row["lift"] else None for row in rows]


@pytest.mark.parametrize("make", TABLES, ids=lambda make: make.__name__)
def test_every_table_is_written_in_every_format(page, make):
    table = make(page)
    frame = pl.read_parquet(io.BytesIO(as_parquet(table)))
    assert frame.height == len(table.rows) == len(as_csv(table).splitlines()) - 1
    assert frame.rows() == [tuple(row) for row in table.rows]
    assert table.records() == frame.to_dicts()


def test_moments_are_the_evidence(made, pages):
    (metric, *_) = pages["wait"].result.metrics
    samples = {"no-cta": Tally(2_150, 888), "shop-now": Sample(2_163, 0.42, 0.2437)}
    with_samples = made.dataclasses.replace(metric, samples=samples)
    page = made.Page(made.result(made.arms(["no-cta", "shop-now"]), [with_samples]), made.WON)
    control, treatment = moments(page).rows
    assert control[3:6] == (2_150, 888, pytest.approx(888 / 2_150))
    assert treatment[3:] == (2_163, None, 0.42, 0.2437)


def test_one_viewer_has_no_variance(made, pages):
    (metric, *_) = pages["wait"].result.metrics
    alone = made.dataclasses.replace(metric, samples={"no-cta": Tally(1, 1)})
    page = made.Page(made.result(made.arms(["no-cta", "shop-now"]), [alone]), made.WON)
    assert moments(page).rows == [("completion_rate", "primary", "no-cta", 1, 1, 1.0, None)]


def test_days_are_dates(made):
    page = made.Page(made.result(made.arms(["a", "b"]), [], exposures_by_day={(1, "b"): 2, (0, "a"): 3}), made.WON)
    assert exposures(page).rows == [(dt.date(1970, 1, 1), "a", 3), (dt.date(1970, 1, 2), "b", 2)]
    assert exposures(page).frame().schema["day"] == pl.Date


def test_effects_of_untrusted_data_are_in_no_table(pages):
    frame = comparisons(pages["invalid"]).frame()
    assert frame["lift"].null_count() == frame["p"].null_count() == frame.height
    assert set(frame["unknown"].drop_nulls()) == {"data not to be trusted"}
