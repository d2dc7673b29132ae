"""The always-valid reading: its tuning, its algebra, and what peeking does to it."""

import math

import pytest

from abstory.stats.means import compare
from abstory.stats.moments import Sample, Tally
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import FixedHorizon, one_sided
from abstory.stats.sequential import AlwaysValid, mixture_critical, rho_squared


def test_the_tuning_at_five_per_cent():
    assert rho_squared(0.05, 1) == pytest.approx(7.936, abs=5e-4)  # statistics.md 5.1; confseq best_rho 12.60056
    assert 1 / rho_squared(0.05, 100) == pytest.approx(12.60056, abs=1e-5)


def test_the_price_of_looking_at_any_time():
    reading = AlwaysValid(0.05, 100_000)
    assert reading.critical(100_000, math.inf) == pytest.approx(3.03, abs=0.01)  # 1.55 fixed widths


def test_tuning_is_near_its_best_at_the_planned_size():
    best = mixture_critical(5000, rho_squared(0.05, 5000), 0.05)
    around = [mixture_critical(5000, rho_squared(0.05, planned), 0.05) for planned in range(1000, 20_000, 250)]
    assert best <= min(around) * 1.001


def test_a_level_changed_keeps_the_tuning_and_therefore_p():
    reading = AlwaysValid(0.05, 8000)
    for other in (reading.at(0.001), one_sided(reading), reading.at(0.2).at(0.01)):
        assert other.rho2 == reading.rho2
        assert other.p_value(2.7, 4000, math.inf) == reading.p_value(2.7, 4000, math.inf)
    assert Bonferroni(reading, 5).p_value(4.0, 4000, math.inf) == pytest.approx(
        5 * reading.p_value(4.0, 4000, math.inf)
    )


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_an_alpha_outside_its_domain_is_refused(alpha):
    for make in (FixedHorizon, lambda a: AlwaysValid(a, 100)):
        with pytest.raises(ValueError, match="alpha"):
            make(alpha)


@pytest.mark.parametrize("planned", [0, -5, math.nan])
def test_a_plan_of_nobody_is_refused(planned):
    with pytest.raises(ValueError, match="planned"):
        AlwaysValid(0.05, planned)


def test_burn_in_is_said_in_viewers():
    reading = AlwaysValid(0.05, 1000)
    assert reading.lacks(Sample(112, 1.0, 1.0)) == "112 of 200 viewers"
    assert reading.lacks(Sample(200, 1.0, 1.0)) == ""
    assert reading.lacks(Tally(200, 20)) == ""
    assert reading.lacks(Tally(200, 19)) == "19 of 20 successes"
    assert reading.lacks(Tally(200, 190)) == "10 of 20 failures"


def ever_wrong(reading, cumulated):
    """Share of experiments in which some look excluded the truth, a difference of zero."""
    return sum(any(crosses(reading, look) for look in looks) for looks in cumulated) / len(cumulated)


def crosses(reading, look):
    n, mean_t, mean_c, variance = look
    effect = compare(Sample(n, mean_t, variance), Sample(n, mean_c, variance), reading)
    return effect.difference.interval.excludes(0.0)


def test_peeking_twenty_times_breaks_the_fixed_reading_and_not_the_always_valid_one():
    import numpy as np

    # Sums of each day's 400 viewers an arm are drawn whole (normal, sd 3), so an experiment is 20 numbers an arm.
    rng = np.random.default_rng(20261123)
    runs, days, a_day = 1500, 20, 400
    sums = rng.normal(5.0 * a_day, 3.0 * math.sqrt(a_day), (2, runs, days)).cumsum(axis=2)
    n = a_day * np.arange(1, days + 1)
    means = sums / n
    cumulated = [[(int(n[d]), means[0, r, d], means[1, r, d], 9.0) for d in range(days)] for r in range(runs)]
    peeking = ever_wrong(FixedHorizon(0.05), cumulated)
    valid = ever_wrong(AlwaysValid(0.05, 2 * a_day * days), cumulated)
    # 20 equally spaced looks at 5 %: 0.248 (Armitage, McPherson & Rowe 1969, table 2); 6 Monte Carlo sd of slack
    assert abs(peeking - 0.248) < 6 * math.sqrt(0.248 * 0.752 / runs)
    assert valid <= 0.05
    assert valid > 0
