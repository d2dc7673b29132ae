"""Edges and cross-checks; published cases lie in tests/oracles."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats import proportions
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.exact import boschloo, fisher
from abstory.stats.moments import Tally
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import FixedHorizon, one_sided
from abstory.stats.sequential import AlwaysValid

FIXED = FixedHorizon(0.05)


def restricted_by_brute_force(treatment, control, null):
    """Likeliest rates `null` apart, by golden section on the log-likelihood (concave in the control's rate)."""

    def likelihood(p_c):
        total = 0.0
        for x, n, p in ((treatment.successes, treatment.n, p_c + null), (control.successes, control.n, p_c)):
            total += x * math.log(p) if x else 0.0
            total += (n - x) * math.log1p(-p) if n - x else 0.0
        return total

    low, high = max(0.0, -null) + 1e-15, min(1.0, 1 - null) - 1e-15
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(200):
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if likelihood(a) > likelihood(b) else (a, high)
    return (low + high) / 2


@given(st.integers(2, 400), st.integers(2, 400), st.data(), st.floats(-0.6, 0.6))
def test_the_score_is_that_of_the_likeliest_rates(n_t, n_c, data, null):
    t = Tally(n_t, data.draw(st.integers(0, n_t)))
    c = Tally(n_c, data.draw(st.integers(0, n_c)))
    p_c = restricted_by_brute_force(t, c, null)
    p_t = p_c + null
    variance = (p_t * (1 - p_t) / n_t + p_c * (1 - p_c) / n_c) * (n_t + n_c) / (n_t + n_c - 1)
    if variance > 1e-9:
        wanted = (t.mean - c.mean - null) / math.sqrt(variance)
        assert proportions.score_test(t, c, null=null) == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_the_open_bandit_counts_at_a_fixed_horizon():
    # 46 of 10,000 against 69 of 10,000: chi-square without correction gives p = 0.0315 (statsmodels proportions_ztest)
    from statsmodels.stats.proportion import proportions_ztest

    effect = proportions.compare(Tally(10_000, 69), Tally(10_000, 46), FIXED)
    z, p = proportions_ztest([69, 46], [10_000, 10_000])
    assert effect.statistic == pytest.approx(z, rel=1e-4)  # MN's N/(N-1)
    assert effect.p_value == pytest.approx(p, rel=1e-3)
    assert round(effect.p_value, 4) == 0.0315
    assert effect.lift.value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("t", "c"), [(Tally(0, 0), Tally(5, 1)), (Tally(5, 1), Tally(0, 0)), (Tally(0, 0), Tally(0, 0))]
)
def test_no_viewers(t, c):
    for reading in (FIXED, AlwaysValid(0.05, 1000)):
        assert proportions.compare(t, c, reading).reason is Reason.NO_VIEWERS


def test_nothing_seen_on_either_side_is_an_answer_with_an_interval_and_no_lift():
    effect = proportions.compare(Tally(100, 0), Tally(100, 0), FIXED)
    assert effect.p_value == 1
    assert effect.statistic == 0
    # closed form at 0/n, 0/n: one end solves k z^2/(n + k z^2), k = N/(N-1)
    square = 1.959963984540054**2 * 200 / 199
    assert effect.difference.interval.high == pytest.approx(square / (100 + square), rel=1e-12)
    assert effect.difference.interval.low == -effect.difference.interval.high
    assert effect.lift.reason is Reason.CONTROL_NEAR_ZERO


def test_everyone_on_either_side_has_a_lift_of_zero():
    effect = proportions.compare(Tally(100, 100), Tally(100, 100), FIXED)
    assert effect.p_value == 1
    assert effect.lift.value == 0
    assert effect.lift.interval.low == pytest.approx(-effect.difference.interval.high, rel=1e-12)


def test_opposite_extremes():
    effect = proportions.compare(Tally(50, 50), Tally(50, 0), FIXED)
    assert effect.difference.value == 1
    assert effect.difference.interval.high == 1
    assert effect.p_value < 1e-20
    assert isinstance(effect.lift, Undetermined)
    other = proportions.compare(Tally(50, 0), Tally(50, 50), FIXED)
    assert other.lift.value == -1
    assert other.lift.interval.low == -1
    assert other.lift.interval.high < 0


def test_always_valid_waits_for_units_and_for_either_outcome():
    reading = Bonferroni(AlwaysValid(0.05, 10_000), 3)
    enough = Tally(400, 50)
    assert proportions.compare(Tally(112, 50), enough, reading).detail == "112 of 200 viewers"
    assert proportions.compare(enough, Tally(400, 19), reading).detail == "19 of 20 successes"
    assert proportions.compare(enough, Tally(400, 395), reading).detail == "5 of 20 failures"
    assert proportions.compare(enough, enough, reading).p_value == 1


def test_small_counts_are_read_by_the_more_cautious_of_two_tests():
    # Boschloo's p comes from scipy.stats called beside; 7/15 v 1/12: score 0.0236, Boschloo 2 x 0.0188
    from scipy.stats import boschloo_exact

    t, c = Tally(15, 7), Tally(12, 1)
    exact = min(
        1.0, 2 * min(boschloo_exact([[7, 1], [8, 11]], alternative=a, n=256).pvalue for a in ("greater", "less"))
    )
    effect = proportions.compare(t, c, FIXED)
    assert effect.p_value == pytest.approx(max(exact, math.erfc(abs(effect.statistic) / math.sqrt(2))), rel=1e-9)
    assert effect.p_value == pytest.approx(exact, rel=1e-9)


def test_where_the_exact_test_is_not_convinced_both_intervals_reach_zero():
    t, c = Tally(10, 5), Tally(10, 1)
    score = proportions.score_test(t, c)
    alpha = (math.erfc(score / math.sqrt(2)) + boschloo(t, c).two_sided) / 2  # between the two p values
    effect = proportions.compare(t, c, FixedHorizon(alpha))
    assert effect.p_value > alpha
    assert effect.difference.interval.low == 0 or abs(effect.difference.interval.low) < 1e-12
    assert abs(effect.lift.interval.low) < 1e-12
    assert effect.critical == abs(effect.statistic)


def error_of_few(n_t, n_c, rate):
    """The chance that p < .05 for two equal rates, over all tables; those far from alpha need no second test."""
    from scipy.stats import binom

    def chances(n):
        return binom.pmf(range(n + 1), n, rate)

    def told(t, c):
        score = abs(proportions.score_test(t, c))
        return score > 1.95 and (score > 2.5 or proportions.compare(t, c, FIXED).p_value < 0.05)

    return math.fsum(
        p * q
        for x, p in enumerate(chances(n_t))
        for y, q in enumerate(chances(n_c))
        if p * q > 1e-9 and told(Tally(n_t, x), Tally(n_c, y))
    )


@pytest.mark.parametrize(("n_t", "n_c"), [(25, 25), (28, 29), (41, 41), (40, 42)])
def test_the_error_of_few_viewers_is_at_most_1_2_times_alpha(n_t, n_c):
    # where the score errs most, by going through all tables: alone, in .0649 of cases at 25 and 25, .0627 at 28 and 29
    assert error_of_few(n_t, n_c, 0.5) <= 0.06


def test_rare_outcomes_in_many_viewers_are_tested_exactly_without_enumerating_tables():
    # scipy.stats.fisher_exact beside it, one-sided
    from scipy.stats import fisher_exact

    p = fisher(Tally(100_000, 8), Tally(120_000, 1))
    table = [[8, 1], [99_992, 119_999]]
    assert p.greater == pytest.approx(fisher_exact(table, "greater").pvalue, rel=1e-9)
    assert p.less == pytest.approx(fisher_exact(table, "less").pvalue, rel=1e-9)
    effect = proportions.compare(Tally(100_000, 8), Tally(120_000, 1), FIXED)
    assert effect.p_value == pytest.approx(p.two_sided, rel=1e-6)


@pytest.mark.parametrize(
    ("t", "c", "p"),
    [
        (Tally(3, 0), Tally(4, 0), 1.0),
        (Tally(3, 3), Tally(4, 4), 1.0),
        (Tally(1, 0), Tally(1, 1), 0.5),  # one-sided max of p(1 − p), a quarter at one half
        (Tally(10, 10), Tally(10, 0), 2 * 0.5**20),  # the one table as extreme, likeliest at one half
    ],
)
def test_boschloo_at_the_extremes(t, c, p):
    assert boschloo(t, c).two_sided == pytest.approx(p, rel=1e-6)


def test_bonferroni_multiplies_the_exact_p_too():
    t, c = Tally(15, 12), Tally(15, 2)
    alone, shared = proportions.compare(t, c, FIXED), proportions.compare(t, c, Bonferroni(FIXED, 4))
    assert shared.p_value == pytest.approx(4 * alone.p_value, rel=1e-9)


def test_a_guardrail_bound_is_one_end_at_twice_alpha():
    t, c = Tally(4000, 400), Tally(4000, 410)
    low = proportions.compare(t, c, one_sided(FIXED)).difference.interval.low
    # the same null value is rejected at one-sided alpha: T(low) = z(0.95), from the normal table
    assert proportions.score_test(t, c, null=low) == pytest.approx(1.6448536269514722, rel=1e-9)


def test_reading_rates_loads_no_scipy():
    code = (
        "import sys, abstory.stats.proportions as p, abstory.stats.means, abstory.stats.ratios, abstory.stats.sample_ratio\n"
        "from abstory.stats.moments import Tally\nfrom abstory.stats.sequential import AlwaysValid\n"
        "from abstory.stats.multiplicity import Bonferroni\n"
        "p.compare(Tally(900, 90), Tally(900, 70), Bonferroni(AlwaysValid(.05, 2000), 3))\n"
        "sys.exit(any(m in sys.modules for m in ('scipy', 'numpy', 'statsmodels')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
