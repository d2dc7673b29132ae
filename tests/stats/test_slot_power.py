"""Planning slots: R's clusterPower and aod lie in tests/oracles; here statsmodels' t power, simulation, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, norm, ttest_ind
from statsmodels.stats.power import TTestIndPower

from abstory.stats import power
from abstory.stats.estimate import Reason
from abstory.stats.moments import Tally
from abstory.stats.slot_power import design_effect, icc_anova, levels, slot_means, slot_rates, student
from abstory.stats.tails import two_sided_quantile


@pytest.mark.parametrize("slots", [3, 12, 200])
def test_slots_are_units_of_a_t_test(slots):
    """As in statsmodels, with the standard deviation of a slot mean; only the right side is a success."""
    signal = slot_means(2.0, 0.4, size=30, icc=0.1)
    effect = 0.4 / math.sqrt(2.0 * (1 + 29 * 0.1) / 30)
    wanted = TTestIndPower().power(effect, slots, 0.025, alternative="larger")
    assert power.chance(signal, slots, *student(0.05)(slots)) == pytest.approx(wanted, abs=1e-9)


def test_the_slots_needed_give_the_power_asked():
    signal = slot_rates(0.4, 0.475, size=5000, icc=0.03)
    needed = power.viewers(signal, student(0.05), 0.8)
    assert power.chance(signal, needed, *student(0.05)(needed)) == pytest.approx(0.8, abs=1e-9)
    # By the normal: (z + z)² (p q + p q)(1 + 4,999 ICC)/5,000/0.075²; Student's t asks for about one slot more.
    variance = (0.4 * 0.6 + 0.475 * 0.525) * (1 + 4999 * 0.03) / 5000
    assert needed == pytest.approx(variance * (1.959964 + 0.841621) ** 2 / 0.075**2 + 1, abs=0.1)


def test_power_is_met_by_simulation():
    """Slots drawn from a Beta of that correlation, 4,000 times; 99.9 % bounds."""
    rng, slots, size, icc = np.random.default_rng(5), 8, 200, 0.05
    spread = 1 / icc - 1

    def arm(p):
        rates = beta.rvs(p * spread, (1 - p) * spread, size=(4000, slots), random_state=rng)
        return binom.rvs(size, rates, random_state=rng) / size

    found = (ttest_ind(arm(0.5), arm(0.35), axis=1).pvalue < 0.05).mean()
    wanted = power.chance(slot_rates(0.35, 0.5, size=size, icc=icc), slots, *student(0.05)(slots))
    assert found == pytest.approx(wanted, abs=3.3 * math.sqrt(wanted * (1 - wanted) / 4000))


@given(st.floats(1, 1e6), st.floats(0, 1), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_reach_helps_only_down_to_the_floor(size, icc, control, treatment):
    signal = slot_rates(control, treatment, size=size, icc=icc)
    variance = control * (1 - control) + treatment * (1 - treatment)
    assert signal.null**2 >= icc * variance * (1 - 1e-12)
    assert signal.null**2 == pytest.approx(variance * design_effect(size, icc) / size, rel=1e-12)
    assert slot_rates(control, treatment, size=2 * size, icc=icc).null <= signal.null * (1 + 1e-12)
    assert design_effect(1, icc) == 1.0


def test_a_plan_out_of_its_domain_is_refused():
    for size, icc in ((0.5, 0.1), (10, -0.1), (10, 1.1)):
        with pytest.raises(ValueError, match="correlation in"):
            design_effect(size, icc)
    with pytest.raises(ValueError, match="a rate to plan with"):
        slot_rates(0.0, 0.5, size=10, icc=0.1)


def test_icc_of_equal_slots_is_the_one_way_analysis_of_variance():
    """(F − 1)/(F + m − 1) with F of the 0/1 impressions."""
    from scipy.stats import f_oneway

    successes, size = [3, 8, 5, 9, 1], 10
    f = f_oneway(*([1] * x + [0] * (size - x) for x in successes)).statistic
    assert icc_anova([Tally(size, x) for x in successes]) == pytest.approx((f - 1) / (f + size - 1), rel=1e-12)


slot = st.integers(1, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))).map(lambda row: Tally(*row))


@given(st.lists(slot, min_size=2, max_size=9))
def test_icc_lies_between_0_and_1_whatever_is_counted(tallies):
    found = icc_anova(tallies)
    if isinstance(found, float):
        assert 0 <= found <= 1
        assert icc_anova([Tally(t.n, t.n - t.successes) for t in tallies[::-1]]) == pytest.approx(found, abs=1e-9)


def test_icc_at_its_edges():
    assert icc_anova([Tally(10, 10), Tally(10, 0)]) == pytest.approx(1.0)
    assert icc_anova([Tally(10, 5), Tally(10, 5)]) == 0.0
    assert icc_anova([Tally(10, 5), Tally(0, 0)]).reason is Reason.TOO_FEW_SLOTS
    assert icc_anova([Tally(1, 1), Tally(1, 0)]).reason is Reason.TOO_FEW_SLOTS
    assert icc_anova([Tally(9, 0), Tally(8, 0)]).reason is Reason.NO_VARIATION


# What so few draws leave of a level.


@given(st.integers(1, 100_000), st.floats(0.001, 0.3))
def test_levels_are_those_of_the_draws_that_may_be_as_extreme(draws, alpha):
    """r of M draws on one side, the largest r with 2r/M < alpha; the levels have the mean 2r/M."""
    most = max(r for r in range(draws + 1) if 2 * (r / draws) < alpha)
    found = levels(alpha, draws)
    if most == 0:
        assert found == ()
    else:
        assert math.fsum(found) / len(found) == pytest.approx(2 * most / draws, rel=0.02)
        assert list(found) == sorted(found)


def test_levels_are_quantiles_of_a_beta():
    """Six pairs: one of 64 on either side."""
    found = levels(0.05, 64)
    assert found == pytest.approx([2 * beta.ppf((at + 0.5) / len(found), 1, 63) for at in range(len(found))])


@pytest.mark.parametrize(("draws", "can"), [(20, False), (40, False), (41, True), (70, True), (2, False), (1, False)])
def test_what_can_be_shown_at_all(draws, can):
    """3 + 3 slots have 20 draws and never reach .05, 4 + 4 have 70; p is 2/40 = .05 itself, which is not below it."""
    assert bool(levels(0.05, draws)) is can


def passing(effect, slots, df, found):
    signal = power.means(1.0, effect)
    return math.fsum(power.chance(signal, slots, two_sided_quantile(level, df), df) for level in found) / len(found)


@pytest.mark.parametrize("effect", [1.0, 2.0, 2.5, 3.0])
def test_six_pairs_have_their_exact_power(effect):
    """Only all six differences upwards reach .05: Φ(δ/√2)⁶. The formula is below it, by less than a tenth."""
    exact = norm.cdf(effect / math.sqrt(2)) ** 6
    assert exact - 0.1 < passing(effect, 6, 5, levels(0.05, 64)) <= exact
    # Taken at the level of its draws alone it would promise too much.
    assert passing(effect, 6, 5, (2 / 64,)) > exact


def test_the_example_of_the_methods():
    """p = .4, ICC = .03, 20 slots an arm, endless reach: ± 2.8 √(2 ICC p q/k) by the normal, Student's t a little more."""
    assert 2.8016 * math.sqrt(2 * 0.03 * 0.24 / 20) == pytest.approx(0.0752, abs=1e-4)

    def chance_of(size):
        return power.chance(slot_rates(0.4, 0.4 + size, size=1e12, icc=0.03), 20, *student(0.05)(20))

    assert power.detectable(chance_of, 0.8, 0.59) == pytest.approx(0.075, abs=0.003)
