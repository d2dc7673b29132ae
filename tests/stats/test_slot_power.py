"""Planning slots: R's clusterPower and aod lie in tests/oracles; here statsmodels' t power, simulation, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, ttest_ind
from statsmodels.stats.power import TTestIndPower

from abstory.stats import power
from abstory.stats.estimate import Reason
from abstory.stats.moments import Tally
from abstory.stats.slot_power import design_effect, icc_anova, slot_means, slot_rates, student


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
