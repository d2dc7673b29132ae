"""Moments against numpy on rows, and against themselves however the rows are split."""

import math
from fractions import Fraction
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.moments import Moments, cumulated, pair, triple

NAMES = ("a", "b", "c")
rows = st.lists(st.tuples(*[st.integers(-(10**6), 10**6)] * 3), min_size=2, max_size=60)


def moments(table):
    sums = {name: sum(row[k] for row in table) for k, name in enumerate(NAMES)}
    products = {
        pair(NAMES[j], NAMES[k]): sum(row[j] * row[k] for row in table)
        for j, k in combinations_with_replacement(range(3), 2)
    }
    triples = {
        triple(*(NAMES[j] for j in key)): sum(math.prod(row[j] for j in key) for row in table)
        for key in combinations_with_replacement(range(3), 3)
    }
    return Moments.from_sums(len(table), sums, products, triples)


@given(rows)
def test_sums_give_numpys_means_and_covariances(table):
    import numpy as np

    got, array = moments(table), np.array(table, dtype=float)
    wanted = np.cov(array, rowvar=False)
    scale = float(np.abs(wanted).max()) + 1.0
    for j, name in enumerate(NAMES):
        assert got.means[name] == pytest.approx(array[:, j].mean(), rel=1e-12, abs=1e-9)
        for k, other in enumerate(NAMES):
            assert got.covariance(name, other) == pytest.approx(wanted[j, k], rel=1e-9, abs=1e-9 * scale)


@given(rows, st.data())
def test_split_anywhere_and_added_the_moments_are_the_same(table, data):
    at = data.draw(st.integers(0, len(table)))
    whole, pooled = moments(table), moments(table[:at]) + moments(table[at:])
    assert pooled.n == whole.n
    scale = max(abs(value) for value in whole.covariances.values()) + 1.0
    for name in NAMES:
        assert pooled.means[name] == pytest.approx(whole.means[name], rel=1e-12, abs=1e-9)
    for key, value in whole.covariances.items():
        assert pooled.covariances[key] == pytest.approx(value, rel=1e-9, abs=1e-10 * scale)


@given(rows)
def test_third_moments_are_their_definition_in_fractions(table):
    got, n = moments(table), len(table)
    means = {name: Fraction(sum(row[k] for row in table), n) for k, name in enumerate(NAMES)}
    for key, value in got.thirds.items():
        at = [NAMES.index(name) for name in key]
        wanted = sum(math.prod(row[k] - means[NAMES[k]] for k in at) for row in table) / n
        assert value == float(wanted)


@given(rows, st.data())
def test_pooled_third_moments_are_those_of_all(table, data):
    at = data.draw(st.integers(0, len(table)))
    whole, pooled = moments(table), moments(table[:at]) + moments(table[at:])
    largest = max(abs(value) for row in table for value in row) + 1.0
    for key, value in whole.thirds.items():
        assert pooled.thirds[key] == pytest.approx(value, rel=1e-9, abs=1e-9 * largest**3)


@given(rows)
def test_nothing_added_changes_nothing(table):
    whole = moments(table)
    nothing = Moments.empty(NAMES, list(whole.covariances))
    assert whole + nothing == whole == nothing + whole


def test_a_mean_of_a_thousand_million_loses_no_digit():
    # values 1e9 − 1, 1e9, 1e9 + 1: mean 1e9 and variance 1, by hand
    values = [10**9 - 1, 10**9, 10**9 + 1]
    got = Moments.from_sums(3, {"x": sum(values)}, {("x", "x"): sum(v * v for v in values)})
    assert got.means["x"] == 1e9
    assert got.variance("x") == 1.0
    million = Moments.from_sums(3 * 10**6, {"x": 10**6 * sum(values)}, {("x", "x"): 10**6 * sum(v * v for v in values)})
    assert million.variance("x") == pytest.approx(2e6 / (3e6 - 1), rel=1e-15)


@given(rows, st.sampled_from([1e-3, 1e-6, 2.0]))
def test_other_units_scale_means_once_and_covariances_twice(table, scale):
    plain, scaled = moments(table), moments(table).scaled({"a": scale})
    assert scaled.means["a"] == plain.means["a"] * scale
    assert scaled.means["b"] == plain.means["b"]
    assert math.isclose(scaled.variance("a"), plain.variance("a") * scale * scale, rel_tol=1e-12, abs_tol=1e-300)
    assert scaled.covariance("b", "a") == plain.covariance("a", "b") * scale
    assert scaled.thirds["a", "a", "b"] == pytest.approx(plain.thirds["a", "a", "b"] * scale**2, rel=1e-12)


def test_a_tally_is_a_count():
    got = Moments.from_sums(7, {"x": 3}, {("x", "x"): 3})
    assert got.tally("x").successes == 3
    assert got.tally("x").variance == pytest.approx(got.variance("x"), rel=1e-15)


@given(st.dictionaries(st.integers(-5, 400), rows, max_size=6))
def test_everybody_so_far_is_everybody_up_to_that_step(steps):
    found = cumulated({step: moments(table) for step, table in steps.items()})
    assert list(found) == sorted(steps)
    for step, so_far in found.items():
        whole = moments([row for at in sorted(steps) if at <= step for row in steps[at]])
        assert so_far.n == whole.n
        assert dict(so_far.means) == pytest.approx(dict(whole.means), rel=1e-12, abs=1e-9)
        scale = max(abs(value) for value in whole.covariances.values()) + 1.0
        assert dict(so_far.covariances) == pytest.approx(dict(whole.covariances), rel=1e-9, abs=1e-9 * scale)


@given(rows, rows)
def test_some_measures_alone_pool_as_they_do_among_all(left, right):
    def some(whole):
        return whole.of(["a", "b"], [("a", "b")])

    both = some(moments(left)) + some(moments(right))
    assert both == some(moments(left) + moments(right))
    assert both.means.keys() == {"a", "b"}
    assert both.covariances.keys() == {("a", "b")}
