"""The binomial distribution in logarithms, beside its own definition in whole numbers and beside scipy's."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.binomial import log_mass


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 99))
def test_it_is_the_binomial_coefficient_times_powers(n, x, hundredths):
    x, share = min(x, n), Fraction(hundredths, 100)
    exact = math.comb(n, x) * share**x * (1 - share) ** (n - x)
    assert log_mass(x, n, float(share)) == pytest.approx(math.log(exact), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("n", [10**5, 10**7, 10**9, 10**12])
def test_neighbours_keep_their_ratio_however_many_there_are(n):
    # P(x + 1)/P(x) = (n − x)/(x + 1) · p/(1 − p), the law that decides which outcomes are as unlikely as another
    share = 0.3
    for x in (n // 1000, round(0.3 * n) - 3 * round(n**0.5), round(0.3 * n), n - n // 3):
        step = log_mass(x + 1, n, share) - log_mass(x, n, share)
        assert step == pytest.approx(math.log((n - x) / (x + 1) * share / (1 - share)), rel=1e-6, abs=1e-9 + n * 1e-16)


@pytest.mark.parametrize("n", [10**7 + 1, 10**8, 10**9])
def test_mirrored_outcomes_are_alike_to_the_last_digits(n):
    x = n // 2 - round(1.3 * n**0.5)
    assert log_mass(x, n, 0.5) == pytest.approx(log_mass(n - x, n, 0.5), abs=1e-10)
