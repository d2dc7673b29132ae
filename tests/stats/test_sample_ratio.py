"""The split: exact tests beside scipy, and the sequential one under peeking."""

import pytest

from abstory.stats.sample_ratio import SampleRatio, binomial_p, share_intervals, srm_chisq, srm_sequential


@pytest.mark.parametrize(
    ("x", "n", "share"), [(0, 12, 0.5), (5, 8, 0.3), (2, 400, 0.01), (9, 9, 0.5), (3, 9, 1 / 3), (40, 100, 0.4)]
)
def test_the_binomial_test_is_scipys(x, n, share):
    from scipy.stats import binomtest

    assert binomial_p(x, n, share) == pytest.approx(binomtest(x, n, share).pvalue, rel=1e-9)


@pytest.mark.parametrize("n", [10**6, 10**7, 10**8, 10**9])
@pytest.mark.parametrize("errors", [-3.3, -1.1, 0.4, 2.6])
def test_the_binomial_test_of_equal_shares_is_twice_its_smaller_tail_however_many_viewers(n, errors):
    # Outcomes are as likely as their mirror image, so p = 2 P(X <= min(x, n − x)); tail by scipy's binom (Boost).
    from scipy.stats import binom

    x = n // 2 + round(errors * n**0.5 / 2)
    assert binomial_p(x, n, 0.5) == pytest.approx(2 * binom.cdf(min(x, n - x), n, 0.5), rel=1e-10)


def test_the_binomial_test_is_scipys_for_a_rare_share_of_many():
    from scipy.stats import binomtest

    for x in (99_000, 100_800):
        assert binomial_p(x, 10**8, 0.001) == pytest.approx(binomtest(x, 10**8, 0.001).pvalue, rel=1e-10)


def test_small_expected_counts_are_tested_exactly():
    from scipy.stats import binomtest

    assert srm_chisq([0, 8], [1, 1]) == SampleRatio(binomtest(0, 8, 0.5).pvalue, 1.0, "exact")
    three = srm_chisq([9, 0, 0], [1, 1, 1])
    assert three.method == "exact"
    assert three.p_value == pytest.approx(3 * min(binomtest(9, 9, 1 / 3).pvalue, binomtest(0, 9, 1 / 3).pvalue))


def test_chi_square_is_scipys():
    from scipy.stats import chisquare

    counts = [1020, 980, 1100, 940]
    assert srm_chisq(counts, [1, 1, 1, 1]).p_value == pytest.approx(chisquare(counts).pvalue, rel=1e-10)


def test_shares_need_not_sum_to_one_and_order_does_not_matter():
    assert srm_sequential([900, 2000], [1, 2]) == srm_sequential([900, 2000], [1 / 3, 2 / 3])
    assert srm_sequential([2000, 900], [2, 1]).p_value == pytest.approx(srm_sequential([900, 2000], [1, 2]).p_value)


def test_nobody_yet_is_no_alarm():
    assert srm_sequential([0, 0], [1, 1]) == SampleRatio(1.0, 0.0, "sequential")
    assert srm_chisq([0, 0, 0], [1, 1, 1]).p_value == 1


def test_an_empty_arm_alarms():
    assert srm_sequential([80, 0], [1, 1]).alarm
    assert srm_sequential([5000, 0, 5000], [1, 1, 1]).alarm


def test_a_rounding_in_a_huge_experiment_does_not_alarm():
    # 0.05 % off at 2e9 viewers is 22 standard deviations, and no problem of anybody's
    counts = [1_000_500_000, 999_500_000]
    for result in (srm_sequential(counts, [1, 1]), srm_chisq(counts, [1, 1])):
        assert result.p_value < 1e-9
        assert not result.alarm
    assert srm_chisq([1_002_000_000, 998_000_000], [1, 1]).alarm


def test_peeking_at_every_hundred_viewers_keeps_the_error():
    import numpy as np

    # an e-process exceeds 1/alpha ever with probability at most alpha (Ville 1939): at 0.1, over 40 looks
    rng = np.random.default_rng(7)
    runs, looks, a_look = 400, 40, 100
    arrived = rng.binomial(a_look, 0.5, (runs, looks)).cumsum(axis=1)
    ever = sum(
        any(srm_sequential([int(x), a_look * (k + 1) - int(x)], [1, 1]).p_value < 0.1 for k, x in enumerate(run))
        for run in arrived
    )
    assert ever / runs <= 0.1


def test_a_true_mismatch_is_found():
    assert srm_sequential([10_000, 9_000], [1, 1]).alarm
    assert not srm_sequential([10_000, 9_950], [1, 1]).alarm


def test_share_intervals_hold_the_shares_seen_and_stop_at_the_ends():
    low, high = share_intervals([0, 50], [50.0, 50.0], 0.05)
    assert low.low == 0
    assert high.high == 1
    assert low.high == pytest.approx(1 - high.low, abs=1e-9)
    for interval, count in zip(share_intervals([30, 50, 20], [10.0] * 3, 0.05), [30, 50, 20], strict=True):
        assert interval.low < count / 100 < interval.high
