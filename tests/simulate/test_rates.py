"""Shares, their errors and what they are held against; expected intervals are scipy's."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.results import Reads, Ruling
from abstory.simulate.design import Wish, design
from abstory.simulate.rates import Rate, Side, summed
from abstory.simulate.runs import Fared, Road, Run


@settings(deadline=None)
@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_clopper_pearson_at_999(counts):
    from scipy.stats import binomtest

    hits, of = counts
    rate, peer = Rate(hits, of), binomtest(hits, of).proportion_ci(0.999, method="exact")
    assert rate.value == hits / of
    assert rate.error == pytest.approx(math.sqrt(hits / of * (1 - hits / of) / of))
    assert (rate.interval.low, rate.interval.high) == pytest.approx((peer.low, peer.high), abs=1e-9)


@pytest.mark.parametrize(
    ("hits", "side", "level", "holds"),
    [
        # scipy: 99.9 % Clopper-Pearson of 70 in 1,000 is 0.0466 to 0.1003, of 80 in 1,000 0.0549 to 0.1117.
        (70, Side.AT_MOST, 0.05, True),
        (80, Side.AT_MOST, 0.05, False),
        (0, Side.AT_MOST, 0.05, True),
        (930, Side.AT_LEAST, 0.95, True),
        (920, Side.AT_LEAST, 0.95, False),
        (1000, Side.AT_LEAST, 0.95, True),
    ],
)
def test_a_promise_is_broken_only_beyond_chance(hits, side, level, holds):
    assert Rate(hits, 1000, level, side).holds is holds


def test_nothing_seen_says_nothing():
    rate = Rate(0, 0, 0.05, Side.AT_MOST)
    assert (rate.value, rate.error, rate.interval, rate.holds) == (None, None, None, None)


def fared(*, apart=False, covers=True, ever=False, known=True, reads=Reads.UNCLEAR):
    return Fared(reads, known, apart, covers if known else None, None, ever, misread=apart)


def run(*, ruling=Ruling.WAIT, variant=None, day=None, primary=None, secondary=None):
    return Run(ruling, variant, day, untrusted=False, fared=(primary or fared(), secondary or fared()))


def test_runs_are_counted(declare):
    runs = [
        run(ruling=Ruling.SHIP, variant="shop_now", day=3, primary=fared(apart=True, covers=False, ever=True)),
        run(ruling=Ruling.KEEP, day=5, primary=fared(ever=True)),
        run(secondary=fared(apart=True, covers=False)),
        run(primary=fared(known=False, reads=Reads.UNKNOWN)),
    ]
    found = summed(design(declare()), Road.FAST, runs)
    first, second = found.fares
    assert (found.wrong.hits, found.ever_wrong.hits, found.unearned.hits) == (1, 2, 1)
    assert (first.apart.hits, first.covers.hits, first.covers.of, first.unknown.hits) == (1, 2, 3, 1)
    assert (second.apart.hits, first.misread.hits, first.covers_lift.of) == (1, 1, 0)
    assert {str(ruling): rate.hits for ruling, rate in found.rulings.items()} == {"SHIP": 1, "KEEP": 1, "WAIT": 2}
    assert (found.day(0.25), found.day(0.5), found.day(0.75)) == (3, 5, None)


def test_where_an_effect_is_planted_finding_it_is_power(declare):
    made = design(declare(), wish=Wish("watched_12s", 0.1, relative=True))
    found = summed(made, Road.FAST, [run(ruling=Ruling.SHIP, variant="shop_now", day=1, primary=fared(apart=True))])
    assert found.unearned is None
    assert found.fares[0].apart.level is None
    assert found.fares[0].misread is None
    assert found.fares[0].planted / found.fares[0].control == pytest.approx(1.1)
