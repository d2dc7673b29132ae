"""polars says what Node said."""

import polars as pl
import pytest

from abstory.assignment.frame import bucket_expr, variant_expr
from abstory.errors import InvalidViewerId


def test_every_bucket(golden):
    for salt in {salt for salt, _, _ in golden["buckets"]}:
        cases = [(viewer, value) for one, viewer, value in golden["buckets"] if one == salt]
        frame = pl.DataFrame(cases, schema={"id": pl.String, "expected": pl.Int64}, orient="row")
        assert frame.select((bucket_expr(salt, "id") == pl.col("expected")).all()).item()


def test_every_assignment(golden, declared):
    frame = pl.DataFrame({"id": golden["viewers"]})
    for case in golden["experiments"]:
        experiment = declared(case["key"], case["variants"], case["share"])
        assert frame.lazy().select(variant_expr(experiment, "id")).collect()["id"].to_list() == case["assigned"]


def test_nulls_stay_null_and_refused_ids_are_refused(declared):
    frame = pl.DataFrame({"id": ["a", None]})
    assert frame.select(bucket_expr("a", "id"))["id"].null_count() == 1
    assert frame.select(variant_expr(declared(), "id"))["id"].null_count() == 1
    with pytest.raises(InvalidViewerId):
        pl.DataFrame({"id": [""]}).select(bucket_expr("a", "id"))
