"""Laws that hold for every reading and every sample: no expected number, only what must be true."""

import math

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from abstory.stats import means, proportions
from abstory.stats.dunnett import Dunnett
from abstory.stats.estimate import Effect, Undetermined
from abstory.stats.moments import Sample, Tally
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import FixedHorizon, one_sided
from abstory.stats.sequential import AlwaysValid


class Patient(AlwaysValid):
    """Always valid without its burn-in, so that extremes are read too."""

    def lacks(self, arm):
        return ""


alphas = st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.3])
families = st.integers(1, 12)
fixed = st.builds(FixedHorizon, alphas)
always = st.builds(Patient, alphas, st.integers(1, 10**7))
bases = fixed | always
readings = (
    bases
    | st.builds(Bonferroni, bases, families)
    | st.builds(one_sided, bases)
    | st.builds(Bonferroni, st.builds(one_sided, bases), families)
)


@st.composite
def tallies(draw, most=10**7):
    n = draw(st.integers(1, most) | st.integers(1, 50))
    return Tally(n, draw(st.integers(0, n) | st.sampled_from([0, n, min(n, 1), max(0, n - 1)])))


def reals(low, high):
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


samples = st.builds(
    Sample, st.integers(2, 10**7), reals(-1e6, 1e9) | reals(0, 1) | st.just(0.0), reals(1e-12, 1e12) | st.just(0.0)
)


def decisions(effect, alpha):
    """What interval, p, lift and |T| say of a null of no effect."""
    said = [effect.difference.interval.excludes(0.0), effect.p_value < alpha]
    said.append(abs(effect.statistic) > effect.critical)
    if not isinstance(effect.lift, Undetermined):
        said.append(effect.lift.interval.excludes(0.0))
    return said


def assert_sound(effect, alpha):
    assert len(set(decisions(effect, alpha))) == 1
    assert 0 <= effect.p_value <= 1
    for estimate in (effect.difference, effect.lift):
        if isinstance(estimate, Undetermined):
            continue
        low, high = estimate.interval.low, estimate.interval.high
        slack = 1e-9 * max(1.0, abs(estimate.value))
        assert low <= high
        assert low - slack <= estimate.value <= high + slack


def exact_is_cheap(*arms):
    """Boschloo on thousands of tables costs a tenth of a second: keep to the small, and to what Fisher takes."""
    tables = math.prod(arm.n + 1 for arm in arms)
    return tables <= 100 or tables > 40_000


@settings(max_examples=80, deadline=None)
@given(tallies(), tallies(), always | st.builds(Bonferroni, always, families))
@example(Tally(10, 0), Tally(10, 0), Patient(0.05, 100))
@example(Tally(10, 10), Tally(10, 0), Patient(0.05, 100))
@example(Tally(1, 0), Tally(1, 1), Patient(0.05, 1))
def test_rates_speak_with_one_voice_at_every_look(treatment, control, reading):
    assume(exact_is_cheap(treatment, control))
    assert_sound(proportions.compare(treatment, control, reading), reading.alpha)


@settings(max_examples=80, deadline=None)
@given(tallies(3000), tallies(3000), fixed | st.builds(Bonferroni, fixed, families))
@example(Tally(10, 10), Tally(10, 0), FixedHorizon(0.05))
@example(Tally(12, 1), Tally(15, 7), FixedHorizon(0.05))
@example(Tally(10, 5), Tally(10, 0), FixedHorizon(0.05))
def test_rates_speak_with_one_voice_at_a_fixed_horizon(treatment, control, reading):
    assume(exact_is_cheap(treatment, control))
    assert_sound(proportions.compare(treatment, control, reading), reading.alpha)


@settings(max_examples=400, deadline=None)
@given(samples, samples, readings)
def test_means_speak_with_one_voice(treatment, control, reading):
    effect = means.compare(treatment, control, reading)
    assume(isinstance(effect, Effect))
    assert_sound(effect, reading.alpha)


@settings(max_examples=25, deadline=None)
@given(samples, samples, st.lists(reals(0, 0.99), min_size=1, max_size=6), alphas)
def test_means_speak_with_one_voice_under_dunnett(treatment, control, lambdas, alpha):
    reading = Dunnett(alpha, tuple(lambdas))
    effect = means.compare(treatment, control, reading)
    assume(isinstance(effect, Effect))
    assert_sound(effect, alpha)


@given(readings, st.integers(2, 10**8), st.just(math.inf) | reals(1, 1e6))
def test_p_crosses_alpha_at_the_critical_value(reading, n, df):
    critical = reading.critical(n, df)
    assert reading.p_value(critical, n, df) >= reading.alpha
    assert reading.p_value(math.nextafter(critical, math.inf), n, df) < reading.alpha
    assert reading.p_value(-critical * 1.001, n, df) < reading.alpha
    assert reading.p_value(critical * 0.999, n, df) > reading.alpha


@given(readings, st.integers(2, 10**8), reals(0, 30), reals(0, 30))
def test_p_falls_as_the_statistic_grows(reading, n, one, other):
    small, large = sorted((one, other))
    assert reading.p_value(large, n, math.inf) <= reading.p_value(small, n, math.inf)


@settings(max_examples=25, deadline=None)
@given(tallies(), tallies(), always)
def test_swapping_rates_changes_signs_and_inverts_ratios(treatment, control, reading):
    assume(exact_is_cheap(treatment, control))
    there = proportions.compare(treatment, control, reading)
    back = proportions.compare(control, treatment, reading)
    assert there.difference.value == -back.difference.value
    assert there.difference.interval.low == -back.difference.interval.high
    assert there.statistic == -back.statistic
    assert there.p_value == back.p_value
    if isinstance(there.lift, Undetermined) or isinstance(back.lift, Undetermined):
        return
    assert (1 + there.lift.interval.low) * (1 + back.lift.interval.high) == pytest.approx(1, rel=1e-6)


@given(samples, samples, always)
def test_swapping_means_changes_signs_and_inverts_ratios(treatment, control, reading):
    there, back = means.compare(treatment, control, reading), means.compare(control, treatment, reading)
    assume(isinstance(there, Effect))
    assert there.difference.value == -back.difference.value
    assert there.difference.interval.low == -back.difference.interval.high
    assert there.p_value == back.p_value
    if isinstance(there.lift, Undetermined) or isinstance(back.lift, Undetermined):
        return
    assume(-0.999 < there.lift.interval.low < 1e3)  # beyond, 1 + lift has lost its digits
    assert (1 + there.lift.interval.low) * (1 + back.lift.interval.high) == pytest.approx(1, rel=1e-5)


@given(samples, samples, always, st.sampled_from([2.0**-10, 0.5, 4.0, 2.0**20]))
def test_another_unit_scales_the_difference_and_leaves_the_lift(treatment, control, reading, scale):
    def scaled(arm):
        return Sample(arm.n, arm.mean * scale, arm.variance * scale * scale)

    plain = means.compare(treatment, control, reading)
    other = means.compare(scaled(treatment), scaled(control), reading)
    assume(isinstance(plain, Effect))
    assert other.difference.value == plain.difference.value * scale
    assert other.p_value == pytest.approx(plain.p_value, rel=1e-9)
    if not isinstance(plain.lift, Undetermined):
        assert other.lift.interval.low == pytest.approx(plain.lift.interval.low, rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(tallies(), tallies(), reals(0.5, 6))
def test_no_value_inside_the_interval_is_rejected_and_none_outside_is_kept(treatment, control, critical):
    interval = proportions.score_interval_difference(treatment, control, critical)
    for end, outwards in ((interval.low, -1), (interval.high, 1)):
        width = max(interval.high - interval.low, 1e-12)
        inside, outside = end - outwards * 0.01 * width, end + outwards * 0.01 * width
        if abs(inside) < 1:
            assert abs(proportions.score_test(treatment, control, null=inside)) <= critical * (1 + 1e-6)
        if abs(outside) < 1:
            assert abs(proportions.score_test(treatment, control, null=outside)) >= critical * (1 - 1e-6)


@given(tallies(), tallies(), reals(0.5, 6))
def test_an_inner_interval_lies_inside_an_outer_one(treatment, control, critical):
    inner = proportions.score_interval_ratio(treatment, control, critical)
    outer = proportions.score_interval_ratio(treatment, control, critical * 1.1)
    assert outer.low <= inner.low <= inner.high <= outer.high
