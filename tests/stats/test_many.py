"""Comparisons in arrays: each is held to the one made alone, and to scipy on the viewers' own values."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Arms, adjust_pooled
from abstory.stats.dunnett import Dunnett
from abstory.stats.estimate import Effect, Estimate, Reason, Undetermined
from abstory.stats.exact_sequence import AnytimeT
from abstory.stats.many import Joint, Samples, adjusted, compare_many, join, ratios
from abstory.stats.means import compare
from abstory.stats.moments import Moments, Sample
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.ratios import ratio_sample
from abstory.stats.reading import FixedHorizon
from abstory.stats.sequential import AlwaysValid

READINGS = st.sampled_from(
    [
        FixedHorizon(0.05),
        AlwaysValid(0.05, 20_000),
        Bonferroni(FixedHorizon(0.1), 7),
        Bonferroni(AlwaysValid(0.05, 9), 3),
        AnytimeT(0.05, 300),
        Dunnett(0.05, (0.5, 0.7)),
    ]
)
UNITS = st.one_of(st.integers(0, 3), st.integers(150, 500), st.integers(10**5, 10**7))
SAMPLES = st.builds(
    Sample,
    UNITS,
    st.integers(-50_000, 50_000).map(lambda mean: mean / 1000),
    st.one_of(st.just(0.0), st.floats(1e-6, 1e4)),
    st.one_of(st.just(0.0), st.floats(-1e6, 1e6)),
)


@st.composite
def moments(draw):
    """Of y and x, as many units as there may be; their covariance within what their variances allow."""
    n, yy, xx = draw(UNITS), *(draw(st.one_of(st.just(0.0), st.floats(1e-3, 1e3))) for _ in range(2))
    yx = draw(st.floats(-0.99, 0.99)) * math.sqrt(yy * xx)
    means = {name: draw(st.integers(-9000, 9000)) / 1000 for name in ("y", "x")}
    return Moments(n, means, {("y", "y"): yy, ("x", "y"): yx, ("x", "x"): xx})


def pairs(of):
    return st.lists(st.tuples(of, of), min_size=1, max_size=5)


def ratio_alone(treatment, control, reading):
    found = [ratio_sample(arm, "y", "x") for arm in (treatment, control)]
    lacking = [arm for arm in found if isinstance(arm, Undetermined)]
    return lacking[0] if lacking else compare(*found, reading)


def adjusted_alone(treatment, control, reading):
    found = adjust_pooled(Arms(treatment, control), "y", "x")
    return found if isinstance(found, Undetermined) else compare_adjusted(found, reading, method="cuped")


def numbers(effect):
    found = (effect.treatment, effect.control, effect.difference, effect.lift, effect.statistic, effect.p_value)
    found += (effect.critical, effect.standard_error, effect.skewness)
    for part in found:
        if isinstance(part, Estimate):
            yield from (part.value, part.interval.low, part.interval.high)
        elif not isinstance(part, Undetermined):
            yield part


def alike(many, alone):
    """The same answer: numbers but for rounding, words exactly."""
    assert type(many) is type(alone)
    if isinstance(alone, Undetermined):
        assert many == alone
        return
    assert many.method == alone.method
    if isinstance(alone.lift, Undetermined):
        assert many.lift == alone.lift
    assert list(numbers(many)) == pytest.approx(list(numbers(alone)), rel=1e-8, abs=1e-10)


@given(pairs(SAMPLES), READINGS)
@settings(max_examples=300)
def test_means_are_compared_as_each_alone(arms, reading):
    found = compare_many(Samples.of(arms), reading)
    assert len(found) == len(arms)
    for many, (treatment, control) in zip(found, arms, strict=True):
        alike(many, compare(treatment, control, reading))


@given(pairs(moments()), READINGS)
@settings(max_examples=300)
def test_ratios_are_compared_as_each_alone(arms, reading):
    found = compare_many(ratios(Joint.of(arms, "y", "x")), reading)
    for many, (treatment, control) in zip(found, arms, strict=True):
        alike(many, ratio_alone(treatment, control, reading))


@given(pairs(moments()), READINGS)
@settings(max_examples=300)
def test_adjusted_means_are_compared_as_each_alone(arms, reading):
    found = compare_many(adjusted(Joint.of(arms, "y", "x")), reading)
    for many, (treatment, control) in zip(found, arms, strict=True):
        alike(many, adjusted_alone(treatment, control, reading))


def viewers(seed):
    """Values of two arms: y leans on x, which is above 0."""
    rng = np.random.default_rng(seed)
    arms = []
    for n, gain in ((240, 0.4), (310, 0.0)):
        x = rng.gamma(4, 1, n)
        arms.append({"y": 2 + gain + 0.7 * x + rng.normal(0, 1, n), "x": x})
    return arms


def of_values(arm):
    covariance = np.cov(arm["y"], arm["x"])
    keys = {("y", "y"): covariance[0, 0], ("x", "y"): covariance[0, 1], ("x", "x"): covariance[1, 1]}
    return Moments(len(arm["y"]), {name: values.mean() for name, values in arm.items()}, keys)


def linearised(arm):
    ratio = arm["y"].mean() / arm["x"].mean()
    return ratio + (arm["y"] - ratio * arm["x"]) / arm["x"].mean()


def cuped(arms):
    y, x = (np.concatenate([arm[name] for arm in arms]) for name in ("y", "x"))
    slope = np.polyfit(x, y, 1)[0]
    return [arm["y"] - slope * (arm["x"] - x.mean()) for arm in arms]


def test_each_kind_is_scipy_s_welch_of_the_viewers_values():
    # scipy's ttest_ind on the values; on linearised values (delta method); on values less the fitted slope (CUPED)
    draws = [viewers(seed) for seed in range(12)]
    moments_of = [tuple(of_values(arm) for arm in arms) for arms in draws]
    joint = Joint.of(moments_of, "y", "x")
    means = Samples.of([(t.sample("y"), c.sample("y")) for t, c in moments_of])
    found = compare_many(join(means, ratios(joint), adjusted(joint)), FixedHorizon(0.05))
    values = [[arm["y"] for arm in arms] for arms in draws]
    values += [[linearised(arm) for arm in arms] for arms in draws] + [cuped(arms) for arms in draws]
    tests = [ttest_ind(*arms, equal_var=False) for arms in values]
    assert found.columns.p_value == pytest.approx([test.pvalue for test in tests], rel=1e-9)
    ends = np.array([test.confidence_interval() for test in tests])
    assert pytest.approx(ends, rel=1e-9) == np.array([found.columns.low, found.columns.high]).T
    assert found.alone == {}
    assert set(found.methods) == {"welch", "cuped"}


def test_what_is_joined_is_what_its_parts_are():
    plain, skewed = Sample(300, 5.0, 4.0), Sample(40_000, 5.0, 4.0, 900.0)
    nobody = Moments(0, {"y": 0.0, "x": 0.0}, {("y", "y"): 0.0, ("x", "y"): 0.0, ("x", "x"): 0.0})
    somebody = Moments(500, {"y": 2.0, "x": 3.0}, {("y", "y"): 1.0, ("x", "y"): 0.2, ("x", "x"): 1.0})
    joint = Joint.of([(somebody, somebody), (somebody, nobody)], "y", "x")
    parts = [
        Samples.of([(plain, plain)]),
        ratios(joint),
        Samples.of([(skewed, plain), (plain, skewed)]),
        adjusted(joint),
    ]
    reading = AlwaysValid(0.05, 5000)
    whole = list(compare_many(join(*parts), reading))
    assert whole == [effect for part in parts for effect in compare_many(part, reading)]
    assert [effect.reason for effect in whole if isinstance(effect, Undetermined)] == [
        Reason.NO_VIEWERS,
        Reason.TOO_SKEWED,
        Reason.TOO_SKEWED,
        Reason.TOO_FEW,
    ]


@given(pairs(SAMPLES), READINGS)
def test_columns_hold_what_the_effects_say(arms, reading):
    found = compare_many(Samples.of(arms), reading)
    for at, effect in enumerate(found):
        column = [float(column[at]) for column in found.columns]
        if isinstance(effect, Undetermined):
            assert all(math.isnan(value) for value in column)
            continue
        lifted = isinstance(effect.lift, Estimate)
        assert [value for value in column if not math.isnan(value)] == list(numbers(effect))
        assert lifted == (not math.isnan(found.columns.lift[at]))


@given(pairs(SAMPLES), READINGS)
def test_every_answer_says_one_thing(arms, reading):
    for effect in compare_many(Samples.of(arms), reading):
        if isinstance(effect, Effect):
            apart = abs(effect.statistic) > effect.critical
            assert apart == (effect.p_value < reading.alpha) == effect.difference.interval.excludes(0.0)
            if isinstance(effect.lift, Estimate):
                assert effect.lift.interval.excludes(0.0) == apart


def test_at_the_very_border_one_comparison_decides():
    # T is z(0.975) but for the last bits: where an array's rounding could part p from the interval
    critical = FixedHorizon(0.05).critical(0, 2e8)
    arms = [
        (Sample(10**8, 1 + math.nextafter(critical, far) * math.sqrt(2e-8), 1.0), Sample(10**8, 1.0, 1.0))
        for far in (0, 9)
    ]
    found = compare_many(Samples.of(arms), FixedHorizon(0.05))
    assert sorted(found.alone) == [0, 1]
    assert [found.alone[at] for at in (0, 1)] == [compare(*pair_, FixedHorizon(0.05)) for pair_ in arms]


def test_effects_are_had_by_place_as_from_any_sequence():
    arms = [(Sample(300, 5.0 + at, 4.0), Sample(300, 5.0, 4.0)) for at in range(3)]
    found = compare_many(Samples.of(arms), FixedHorizon(0.05))
    assert [found[at] for at in (0, 1, 2)] == list(found) == [found[at] for at in (-3, -2, -1)]
    with pytest.raises(IndexError):
        found[3]
