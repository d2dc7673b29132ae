"""Beta-binomial slots: R's glmmTMB, aod and VGAM lie in tests/oracles; here scipy's density, a finer search, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import betabinom, binom

from abstory.stats.beta_binomial import beta_binomial
from abstory.stats.estimate import Reason
from abstory.stats.moments import Tally

TALLIES = [Tally(50, 30), Tally(80, 20), Tally(120, 70), Tally(90, 33), Tally(40, 12), Tally(70, 50), Tally(10, 1)]
ARMS = [1, 0, 1, 0, 1, 0, 0]


def by_density(tallies, arms):
    """The most likely by Nelder and Mead on scipy's density, and the curvature there by differences."""

    def lost(at):
        total = 0.0
        for tally, arm in zip(tallies, arms, strict=True):
            p, s = 1 / (1 + math.exp(-at[0] - at[1] * arm)), math.exp(at[2])
            total -= betabinom.logpmf(tally.successes, tally.n, s * p, s * (1 - p))
        return total

    at = minimize(lost, [0, 0, 2], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 5000}).x
    h, steps = 1e-3, np.eye(3) * 1e-3
    bend = [
        [(lost(at + a + b) - lost(at + a - b) - lost(at - a + b) + lost(at - a - b)) / (4 * h * h) for a in steps]
        for b in steps
    ]
    return at, math.sqrt(np.linalg.inv(bend)[1, 1]), -lost(at)


def test_it_is_the_likeliest():
    at, error, level = by_density(TALLIES, ARMS)
    found = beta_binomial(TALLIES, ARMS)
    assert (found.intercept, found.log_odds_ratio.value) == pytest.approx(at[:2], abs=1e-5)
    assert found.rho == pytest.approx(1 / (1 + math.exp(at[2])), rel=1e-4)
    assert found.log_odds_ratio.standard_error == pytest.approx(error, rel=1e-4)
    assert found.log_likelihood == pytest.approx(level, abs=1e-8)
    assert found.log_odds_ratio.df == math.inf


slot = st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))).map(lambda row: Tally(*row))
arms = st.lists(slot, min_size=2, max_size=8)


@settings(max_examples=60)
@given(arms, arms)
def test_names_turn_the_sign_and_the_binomial_is_never_likelier(treatment, control):
    plain = beta_binomial(treatment + control, [1] * len(treatment) + [0] * len(control))
    if not hasattr(plain, "rho"):
        return
    turned = beta_binomial(control + treatment, [1] * len(control) + [0] * len(treatment))
    assert turned.log_odds_ratio.value == pytest.approx(-plain.log_odds_ratio.value, rel=1e-4, abs=1e-4)
    assert turned.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    assert turned.rho == pytest.approx(plain.rho, rel=1e-3, abs=1e-5)
    assert 0 <= plain.rho < 1
    binomial = sum(
        binom.logpmf(tally.successes, tally.n, sum(t.successes for t in arm) / sum(t.n for t in arm))
        for arm in (treatment, control)
        for tally in arm
    )
    assert plain.log_likelihood >= binomial - 1e-7


def test_slots_that_scatter_less_are_binomial():
    """Errors of a 2×2 table: √(Σ 1/x + 1/(n − x))."""
    found = beta_binomial([Tally(100, 50), Tally(100, 50), Tally(100, 40), Tally(100, 41)], [1, 1, 0, 0])
    assert found.rho == 0.0
    assert found.log_odds_ratio.value == pytest.approx(-math.log(81 / 119))
    assert found.log_odds_ratio.standard_error == pytest.approx(math.sqrt(2 / 100 + 1 / 81 + 1 / 119))
    assert found.log_likelihood == pytest.approx(
        sum(binom.logpmf(x, 100, p) for x, p in ((50, 0.5), (50, 0.5), (40, 0.405), (41, 0.405)))
    )


def test_no_number_where_there_is_none():
    assert beta_binomial(TALLIES, [1, *[0] * 6]).reason is Reason.TOO_FEW_SLOTS
    assert beta_binomial([Tally(0, 0), *TALLIES[1:3]], [1, 1, 0]).reason is Reason.TOO_FEW_SLOTS
    assert beta_binomial([Tally(9, 0), Tally(8, 0), *TALLIES], [1, 1, *[0] * 7]).reason is Reason.NO_VARIATION
    assert beta_binomial([Tally(9, 9), Tally(8, 8), *TALLIES], [0, 0, *[1] * 7]).reason is Reason.NO_VARIATION
