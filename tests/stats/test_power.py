"""Sample sizes against R (tests/oracles), statsmodels, closed forms, brute force and simulation; and their laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from abstory.stats import power
from abstory.stats.dunnett import dunnett_critical, loadings
from abstory.stats.group_designs import inflation, spending_design
from abstory.stats.sequential import AlwaysValid, mixture_critical
from abstory.stats.tails import two_sided_quantile

Z = two_sided_quantile(0.05, math.inf)


def constant(critical, df=math.inf):
    return lambda n: (critical, df)


def student(alpha, ratio=1.0):
    def critical(n):
        df = n * (1 + ratio) - 2
        return two_sided_quantile(alpha, df), df

    return critical


FIXED = constant(Z)
rates = st.floats(0.001, 0.999)
ratios = st.sampled_from([0.1, 0.5, 1.0, 2.0, 7.0])
powers = st.sampled_from([0.5, 0.8, 0.9, 0.99])


@pytest.mark.parametrize(("control", "treatment", "n", "ratio"), [(0.3, 0.33, 2000, 1), (0.02, 0.03, 900, 3)])
def test_rates_beside_statsmodels(control, treatment, n, ratio):
    theirs = power_proportions_2indep(treatment - control, control, n * ratio, ratio=1 / ratio, alternative="larger")
    signal = power.rates(control, treatment, ratio=ratio)
    one_sided = two_sided_quantile(0.1, math.inf)
    assert power.chance(signal, n, one_sided) == pytest.approx(theirs.power, abs=0.002)


@pytest.mark.parametrize("ratio", [1.0, 0.5, 3.0])
def test_means_beside_statsmodels(ratio):
    theirs = TTestIndPower().solve_power(effect_size=0.2, alpha=0.05, power=0.8, ratio=ratio, alternative="larger")
    ours = power.viewers(power.means(5.0, 1.0, ratio=ratio), student(0.1, ratio), 0.8)
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_means_in_closed_form():
    # n = 2 (z_a + z_b)² sd²/gap² for two equal arms with known variances.
    n = power.viewers(power.means(5.1, 0.31), FIXED, 0.9)
    assert n == pytest.approx(2 * (Z + stats.norm.ppf(0.9)) ** 2 * (5.1 / 0.31) ** 2, rel=1e-12)


@pytest.mark.parametrize("wanted", [0.8, 0.9])
def test_looking_always_costs_its_critical_value(wanted):
    # n_av = n_fixed ((c_N + z_b)/(z_a + z_b))² with c_N at N = N*, which does not depend on N.
    signal, z_b = power.rates(0.045, 0.0475), stats.norm.ppf(wanted)
    fixed = power.viewers(power.means(1.0, 0.01), FIXED, wanted)
    n = fixed
    for _ in range(50):
        reading = AlwaysValid(0.05, 2 * n)
        n = power.viewers(
            power.means(1.0, 0.01), lambda m, r=reading: (r.critical(round(2 * m), math.inf), math.inf), wanted
        )
    c = mixture_critical(1.0, 7.936, 0.05)
    assert n / fixed == pytest.approx(((c + z_b) / (Z + z_b)) ** 2, rel=1e-3)
    assert 1.75 < n / fixed < 1.95
    assert power.chance(signal, 1e9, c) == pytest.approx(1)


def test_any_of_several_against_the_multivariate_normal():
    lambdas = loadings(1 / 500, [1 / 300, 1 / 900])
    critical, drifts = dunnett_critical(lambdas, 0.05), [2.1, 0.7]
    shared = lambdas[0] * lambdas[1]
    normal = stats.multivariate_normal(drifts, [[1, shared], [shared, 1]])
    inside = normal.cdf([critical] * 2, lower_limit=[-critical] * 2)
    assert power.any_found(drifts, lambdas, critical) == pytest.approx(1 - inside, abs=1e-6)


def test_without_effects_any_found_is_the_family_error():
    for ratio in (0.02, 1.0, 40.0):
        lambdas = loadings(1.0, [1 / ratio] * 5)
        assert power.any_found([0.0] * 5, lambdas, dunnett_critical(lambdas, 0.05)) == pytest.approx(0.05, abs=1e-7)


def restricted(control, treatment, null, ratio):
    """Brute force: the likeliest control rate when the treatment's is `null` of it, and the variance it gives."""

    def lost(p):
        t = null * p
        return -(
            control * math.log(p)
            + (1 - control) * math.log1p(-p)
            + ratio * (treatment * math.log(t) + (1 - treatment) * math.log1p(-t))
        )

    p = optimize.minimize_scalar(
        lost, bounds=(1e-9, min(1, 1 / null) - 1e-9), method="bounded", options={"xatol": 1e-12}
    ).x
    return math.sqrt(null * p * (1 - null * p) / ratio + null**2 * p * (1 - p))


@pytest.mark.parametrize(("rate", "null", "ratio"), [(0.006, 1.2, 1), (0.4, 0.9, 3), (0.95, 1.04, 0.5), (0.5, 1.5, 1)])
def test_a_relative_margin_against_brute_force(rate, null, ratio):
    signal = power.rates_ratio(rate, rate, null=null, ratio=ratio)
    assert signal.null == pytest.approx(restricted(rate, rate, null, ratio), rel=1e-6)
    assert signal.gap == pytest.approx(rate * abs(1 - null))


@given(rates, rates, ratios)
def test_a_ratio_of_one_is_a_difference_of_zero(control, treatment, ratio):
    by_ratio, by_difference = (
        power.rates_ratio(control, treatment, null=1.0, ratio=ratio),
        power.rates(control, treatment, ratio=ratio),
    )
    assert by_ratio.gap == pytest.approx(by_difference.gap)
    assert by_ratio.true == pytest.approx(by_difference.true)
    if by_ratio.gap > 1e-4:
        assert by_ratio.null == pytest.approx(by_difference.null, rel=1e-6)


@settings(max_examples=60)
@given(st.floats(0.01, 0.6), st.floats(0.01, 0.3), ratios, powers)
def test_viewers_chance_and_detectable_are_one_statement(control, change, ratio, wanted):
    reading = AlwaysValid(0.05, 50_000)

    def critical(n):
        return reading.critical(n * (1 + ratio), math.inf), math.inf

    def chance_of(size, n):
        return power.chance(power.rates(control, control + size, ratio=ratio), n, *critical(n))

    n = power.viewers(power.rates(control, control + change, ratio=ratio), critical, wanted)
    if n > 100:
        assert chance_of(change, n) == pytest.approx(wanted, abs=1e-6)
        found = power.detectable(lambda size: chance_of(size, n), wanted, 0.99 - control)
        assert found == pytest.approx(change, rel=1e-5)


@given(st.floats(0.01, 0.5), st.floats(0.001, 0.2), st.floats(1.05, 2), ratios)
def test_more_to_see_takes_fewer_and_more_power_takes_more(control, change, growth, ratio):
    def needed(size, wanted):
        return power.viewers(power.rates(control, control + size, ratio=ratio), FIXED, wanted)

    assert needed(change * growth, 0.8) <= needed(change, 0.8)
    assert needed(change, 0.8) < needed(change, 0.9) or needed(change, 0.9) == 2


@given(st.floats(0.01, 0.9), st.floats(0.01, 0.9), ratios)
def test_either_arm_may_be_called_control(one, other, ratio):
    if abs(one - other) > 0.01:
        n = power.viewers(power.rates(one, other, ratio=ratio), FIXED, 0.8)
        swapped = power.viewers(power.rates(other, one, ratio=1 / ratio), FIXED, 0.8)
        if min(n, swapped) > 2.001:
            assert swapped == pytest.approx(n * ratio, rel=1e-6)


@pytest.mark.parametrize("treatments", [1, 2, 4, 7])
def test_control_does_best_with_the_root_of_the_number_of_treatments(treatments):
    # One treatment: equal arms. k of them against one control: n_c = n_t √k (Dunnett 1955, section 5).
    def total(ratio):
        return power.viewers(power.means(1.0, 0.1, ratio=ratio), FIXED, 0.8) * (1 + treatments * ratio)

    best = optimize.minimize_scalar(total, bounds=(0.05, 5), method="bounded").x
    assert best == pytest.approx(1 / math.sqrt(treatments), rel=1e-3)


def test_covariates_take_their_share_of_viewers():
    signal = power.means(4.0, 0.2)
    n = power.viewers(signal, FIXED, 0.8)
    assert power.viewers(signal.scaled(math.sqrt(1 - 0.36)), FIXED, 0.8) == pytest.approx(0.64 * n)


def test_one_look_stops_with_its_chance():
    signal = power.means(5.0, 0.4)
    told = power.stopping(signal, [900.0], FIXED)
    assert told.chance == pytest.approx(power.chance(signal, 900, Z), abs=1e-9)
    assert told.viewers == 900


def test_looking_often_against_a_simulated_walk():
    signal, looks = power.means(5.0, 0.5), [200.0 * day for day in range(1, 15)]
    reading = AlwaysValid(0.05, 2 * looks[-1])

    def critical(n):
        return reading.critical(round(2 * n), math.inf), math.inf

    told = power.stopping(signal, looks, critical)
    steps = np.random.default_rng(7).normal(signal.gap * 200, signal.null * math.sqrt(200), (40_000, len(looks)))
    walk = np.cumsum(steps, axis=1) / (signal.null * np.sqrt(looks))
    crossed = walk > np.array([critical(n)[0] for n in looks])
    found, first = crossed.any(axis=1), np.where(crossed.any(axis=1), crossed.argmax(axis=1), len(looks) - 1)
    assert told.chance == pytest.approx(found.mean(), abs=4 * math.sqrt(0.25 / 40_000))
    stopped = np.array(looks)[first]
    assert told.viewers == pytest.approx(stopped.mean(), abs=4 * stopped.std() / 200)


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_stages_cost_their_inflation(spending):
    # Means: n_max = n_fixed · inflation (Jennison & Turnbull 1999, section 2.3), and less on average.
    design, signal = spending_design((0.25, 0.5, 0.75, 1.0), 0.025, spending), power.means(5.0, 0.3)
    fixed, most = power.viewers(signal, FIXED, 0.8), power.staged_viewers(signal, design, 0.8)
    assert most == pytest.approx(fixed * inflation(design, 0.025, 0.8), rel=1e-6)
    told = power.staged(signal, most, design)
    assert told.chance == pytest.approx(0.8, abs=1e-9)
    assert told.viewers < fixed


def test_no_gap_is_never_found():
    assert power.viewers(power.Signal(0.0, 1.0, 1.0), FIXED, 0.8) == math.inf
    assert power.detectable(lambda size: power.chance(power.rates(0.5, 0.5 + size), 10, Z), 0.8, 0.1) == math.inf


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, math.nan])
def test_rates_have_a_domain(rate):
    with pytest.raises(ValueError, match="lies in"):
        power.rates(rate, 0.5)
    with pytest.raises(ValueError, match="lies in"):
        power.rates_ratio(0.5, rate, null=1.1)
