"""DuckDB says what Node said."""

import duckdb
import pytest

from abstory.assignment.sql import bucket_sql, draw_sql, name_sql, variant_sql
from abstory.errors import UsageError


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect() as connection:
        yield connection


def test_every_bucket(engine, golden):
    salts = {salt for salt, _, _ in golden["buckets"]}
    for salt in salts:
        cases = [(viewer, value) for one, viewer, value in golden["buckets"] if one == salt]
        ids, expected = map(list, zip(*cases, strict=True))
        got = engine.execute(f"SELECT {bucket_sql(salt, 'id')} FROM (SELECT unnest(?) AS id)", [ids]).fetchall()
        assert [row[0] for row in got] == expected


def test_every_assignment_in_one_expression_and_in_two_steps(engine, golden, declared):
    for case in golden["experiments"]:
        experiment = declared(case["key"], case["variants"], case["share"])
        ids = "(SELECT unnest(?) AS id)"
        once = engine.execute(f"SELECT {variant_sql(experiment, 'id')} FROM {ids}", [golden["viewers"]]).fetchall()
        drawn = f"SELECT {draw_sql(experiment, 'id')} AS draw FROM {ids}"
        twice = engine.execute(f"SELECT {name_sql(experiment, 'draw')} FROM ({drawn})", [golden["viewers"]]).fetchall()
        assert [row[0] for row in once] == case["assigned"]
        assert twice == once


def test_no_id_is_no_bucket_and_no_variant(engine, declared):
    experiment = declared(share=5000)
    texts = (
        bucket_sql("a", "NULL::VARCHAR"),
        variant_sql(experiment, "NULL::VARCHAR"),
        variant_sql(declared(), "NULL::VARCHAR"),
    )
    assert engine.execute(f"SELECT {', '.join(texts)}").fetchone() == (None, None, None)


@pytest.mark.parametrize("salt", ["a'b", "a:b", "", "a b", "é", "a\n"])
def test_a_salt_that_could_end_the_literal_is_refused(salt):
    with pytest.raises(UsageError):
        bucket_sql(salt, "id")
