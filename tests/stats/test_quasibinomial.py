"""Scatter beyond the binomial by one factor: R's glm lies in tests/oracles; here closed forms and plain weights beside."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from abstory.stats.estimate import Reason
from abstory.stats.moments import Tally
from abstory.stats.quasibinomial import quasibinomial

slot = st.integers(2, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1)))
arms = st.lists(slot, min_size=2, max_size=6)


def columns(treatment, control):
    return [Tally(*row) for row in treatment + control], [1] * len(treatment) + [0] * len(control)


@given(arms, arms)
def test_two_arms_have_a_closed_form(treatment, control):
    """Log odds of pooled rates, φ = Σ(x − n p)²/(n p q)/(k − 2), error √(φ Σ 1/(n p q))."""
    pooled = [sum(x for _, x in arm) / sum(n for n, _ in arm) for arm in (treatment, control)]
    chi2 = math.fsum(
        (x - n * p) ** 2 / (n * p * (1 - p))
        for arm, p in zip((treatment, control), pooled, strict=True)
        for n, x in arm
    )
    found = quasibinomial(*columns(treatment, control))
    df = len(treatment) + len(control) - 2
    if chi2 < 1e-9:
        assert found.reason is Reason.NO_VARIATION
        return
    t, c = (math.log(p / (1 - p)) for p in pooled)
    binomial = sum(
        1 / (sum(n for n, _ in arm) * p * (1 - p)) for arm, p in zip((treatment, control), pooled, strict=True)
    )
    assert found.dispersion == pytest.approx(chi2 / df, rel=1e-7)
    assert found.log_odds_ratio.value == pytest.approx(t - c, rel=1e-7, abs=1e-9)
    assert found.log_odds_ratio.standard_error == pytest.approx(math.sqrt(chi2 / df * binomial), rel=1e-7)
    assert found.log_odds_ratio.df == df


def test_blocks_are_plain_logistic_regression_with_weights():
    tallies = [Tally(50, 20), Tally(80, 40), Tally(20, 5), Tally(90, 33), Tally(40, 22), Tally(70, 30)]
    treated, blocks = [1, 0, 1, 0, 1, 0], ["a", "a", "b", "b", "c", "c"]
    design = np.column_stack([treated, *([b == own for b in blocks] for own in "abc")]).astype(float)
    weights = np.array([t.n for t in tallies], float)
    beside = GLM(np.array([t.mean for t in tallies]), design, family=Binomial(), var_weights=weights).fit()
    found = quasibinomial(tallies, treated, blocks)
    assert found.log_odds_ratio.value == pytest.approx(beside.params[0], rel=1e-6)
    assert found.dispersion == pytest.approx(beside.pearson_chi2 / 2, rel=1e-6)
    assert found.log_odds_ratio.standard_error == pytest.approx(
        beside.bse[0] * math.sqrt(beside.pearson_chi2 / 2), rel=1e-6
    )


@given(arms, arms, st.integers(2, 9))
def test_names_and_reach(treatment, control, times):
    """Other names turn the sign; k times the impressions at the same rates: φ is k times, T the same."""
    plain = quasibinomial(*columns(treatment, control))
    if not hasattr(plain, "dispersion"):
        return
    turned = quasibinomial(*columns(control, treatment))
    assert turned.log_odds_ratio.value == pytest.approx(-plain.log_odds_ratio.value, rel=1e-6, abs=1e-9)
    more = quasibinomial(*columns(*([(times * n, times * x) for n, x in arm] for arm in (treatment, control))))
    assert more.dispersion == pytest.approx(times * plain.dispersion, rel=1e-6)
    assert more.log_odds_ratio.standard_error == pytest.approx(plain.log_odds_ratio.standard_error, rel=1e-6)


def test_what_says_nothing_is_left_out():
    tallies, treated, blocks = [Tally(50, 20), Tally(80, 40), Tally(20, 5), Tally(90, 33)], [1, 0, 1, 0], [1, 1, 2, 2]
    plain = quasibinomial(tallies, treated, blocks)
    silent = [Tally(0, 0), Tally(30, 30), Tally(40, 40), Tally(20, 0)]
    assert quasibinomial(tallies + silent, [*treated, 1, 0, 1, 0], [*blocks, 1, 3, 3, 4]) == plain


def test_no_number_where_there_is_none():
    tallies = [Tally(50, 20), Tally(80, 40), Tally(20, 0), Tally(90, 33)]
    assert quasibinomial(tallies, [1] * 4).reason is Reason.TOO_FEW_SLOTS
    assert quasibinomial([], []).reason is Reason.TOO_FEW_SLOTS
    assert quasibinomial(tallies[:2], [1, 0]).reason is Reason.TOO_FEW_SLOTS
    assert quasibinomial(tallies, [0, 0, 1, 0]).reason is Reason.NO_VARIATION
    none = [Tally(10, 0), Tally(9, 4), Tally(10, 0), Tally(8, 8)]
    assert quasibinomial(none, [1, 0] * 2, [1, 1, 2, 2]).reason is Reason.NO_VARIATION
    alike = [Tally(10, 5), Tally(20, 10), Tally(40, 10), Tally(4, 1)]
    assert quasibinomial(alike, [1, 1, 0, 0]).reason is Reason.NO_VARIATION
    with pytest.raises(ValueError, match="zip"):
        quasibinomial(tallies, [1, 0])
