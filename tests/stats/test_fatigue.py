"""The change of an effect within viewers, against a regression with viewer intercepts clustered by viewer, and in simulation."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.fatigue import Repeats, slope_difference
from abstory.stats.moments import Moments
from abstory.stats.reading import FixedHorizon

READING = FixedHorizon(0.05)


def repeats(viewers):
    """From each viewer's whole numbers at their exposures, two or more."""
    rows = [
        (6 * sum((2 * n - len(v) - 1) * y for n, y in enumerate(v, 1)), len(v) * (len(v) ** 2 - 1)) for v in viewers
    ]
    sums = {"y": sum(c for c, _ in rows), "s": sum(d for _, d in rows)}
    products = {
        ("y", "y"): sum(c * c for c, _ in rows),
        ("s", "y"): sum(c * d for c, d in rows),
        ("s", "s"): sum(d * d for _, d in rows),
    }
    return Repeats(Moments.from_sums(len(rows), sums, products), "y", "s")


def regression(viewers):
    """Slope and its error by viewer, of y on n with an intercept a viewer (demeaned), as statsmodels has them."""
    who = np.repeat(np.arange(len(viewers)), [len(v) for v in viewers])
    y = np.concatenate([np.array(v) - np.mean(v) for v in viewers])
    n = np.concatenate([np.arange(len(v)) - (len(v) - 1) / 2 for v in viewers])
    fitted = sm.OLS(y, n).fit(cov_type="cluster", cov_kwds={"groups": who, "use_correction": False})
    small = len(viewers) / (len(viewers) - 1)
    return fitted.params[0], fitted.cov_params()[0, 0] * small


some = st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=6), min_size=20, max_size=40)


@settings(max_examples=50, deadline=None)
@given(some, some)
def test_the_difference_of_slopes_is_that_of_regressions_within_viewers(treatment, control):
    (slope_t, v_t), (slope_c, v_c) = regression(treatment), regression(control)
    found = slope_difference(repeats(treatment), repeats(control), READING)
    if isinstance(found, Undetermined):
        assert found.reason is Reason.NO_VARIATION
        return
    assert found.difference.value == pytest.approx(slope_t - slope_c, abs=1e-9)
    assert found.standard_error**2 == pytest.approx(v_t + v_c, rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(some, some, st.integers(-5, 5))
def test_a_viewers_own_level_does_not_matter_and_swapping_arms_changes_the_sign(treatment, control, level):
    found = slope_difference(repeats(treatment), repeats(control), READING)
    lifted = slope_difference(repeats([[y + level for y in v] for v in treatment]), repeats(control), READING)
    swapped = slope_difference(repeats(control), repeats(treatment), READING)
    if isinstance(found, Effect):
        assert lifted.statistic == pytest.approx(found.statistic)
        assert swapped.difference.value == pytest.approx(-found.difference.value)


def test_below_twenty_who_came_back_nothing_is_said():
    found = slope_difference(repeats([[1, 2]] * 19), repeats([[1, 2]] * 50), READING)
    assert found == Undetermined(Reason.TOO_FEW, "19 of 20 who came back")


def drawn(rng, n, fade):
    """Viewers of 2 to 5 exposures with a level of their own, and an effect that falls by `fade` an exposure."""
    return [
        list(rng.poisson(np.exp(rng.normal(0, 0.5)) + 2 - fade * np.arange(int(rng.integers(2, 6))))) for _ in range(n)
    ]


def test_it_errs_as_often_as_it_says_where_nothing_fades():
    rng = np.random.default_rng(20251127)
    runs = 300
    wrong = sum(
        slope_difference(repeats(drawn(rng, 120, 0)), repeats(drawn(rng, 120, 0)), READING).p_value < 0.05
        for _ in range(runs)
    )
    # Binomial(300, .05) lies in 4..30 with a chance of more than 99.9 %.
    assert 4 <= wrong <= 30


def test_it_finds_what_fades():
    rng = np.random.default_rng(7)
    found = slope_difference(repeats(drawn(rng, 800, 0.2)), repeats(drawn(rng, 800, 0)), READING)
    assert found.difference.interval.low < -0.2 < found.difference.interval.high
    assert found.p_value < 0.01
