"""Welch and Fieller at their edges; published cases lie in tests/oracles."""

import pytest

from abstory.stats import means
from abstory.stats.estimate import Reason
from abstory.stats.moments import Sample
from abstory.stats.reading import FixedHorizon
from abstory.stats.sequential import AlwaysValid

FIXED = FixedHorizon(0.05)


@pytest.mark.parametrize(
    ("t", "c", "reason"),
    [
        (Sample(0, 0.0, 0.0), Sample(9, 1.0, 1.0), Reason.NO_VIEWERS),
        (Sample(9, 1.0, 1.0), Sample(1, 1.0, 0.0), Reason.TOO_FEW),
        (Sample(9, 1.0, 0.0), Sample(9, 2.0, 0.0), Reason.NO_VARIATION),
    ],
)
def test_no_number_where_there_is_none(t, c, reason):
    assert means.compare(t, c, FIXED).reason is reason


def test_always_valid_waits_for_two_hundred():
    effect = means.compare(Sample(199, 1.0, 1.0), Sample(5000, 1.0, 1.0), AlwaysValid(0.05, 10_000))
    assert str(effect) == "too early to read (199 of 200 viewers)"


def test_one_arm_without_variation_is_fine():
    # scipy.stats.ttest_ind_from_stats beside it
    from scipy.stats import ttest_ind_from_stats

    effect = means.compare(Sample(10, 3.0, 0.0), Sample(12, 2.0, 4.0), FIXED)
    wanted = ttest_ind_from_stats(3.0, 0.0, 10, 2.0, 2.0, 12, equal_var=False)
    assert effect.statistic == pytest.approx(wanted.statistic, rel=1e-12)
    assert effect.p_value == pytest.approx(wanted.pvalue, rel=1e-9)


def test_no_lift_on_a_negative_or_indistinguishable_control():
    assert means.compare(Sample(50, 1.0, 1.0), Sample(50, -1.0, 1.0), FIXED).lift.reason is Reason.NEGATIVE_CONTROL
    for mean in (0.0, 0.1, 1e-300):
        effect = means.compare(Sample(50, 1.0, 1.0), Sample(50, mean, 1.0), FIXED)
        assert effect.lift.reason is Reason.CONTROL_NEAR_ZERO
        assert effect.difference.interval.excludes(0.0)
    assert means.compare(Sample(50, 1.0, 1.0), Sample(50, 1e-308, 0.0), FIXED).lift.reason is Reason.CONTROL_NEAR_ZERO


def test_tiny_variances_do_not_underflow_the_degrees_of_freedom():
    assert means.welch_df(Sample(10, 0.0, 1e-200), Sample(10, 0.0, 1e-200)) == pytest.approx(18, rel=1e-12)
    assert means.welch_df(Sample(10, 0.0, 1e200), Sample(10, 0.0, 1e200)) == pytest.approx(18, rel=1e-12)
