"""Checks by day of first exposure: the split, an effect that wears off, and events that are not there yet."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.multitest import multipletests

from abstory.experiment import DAY_US, Experiment
from abstory.quality import Evidence, checks
from abstory.results import Status
from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData

FIRST = 19_676  # 2023-11-15
CTA, WATCH = "any(cta_click)", "sum_watch(view)"


def declared(metric="cta_rate", **fields):
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "factors": {"cta": ["none", "shop"]},
            "metrics": {"primary": metric},
            "schedule": {"start": "2023-11-15", "end": "2023-12-15"},
            **fields,
        }
    )


def answer(shown=None, **days):
    """`days` by variant: the moments of each day."""
    arms = {}
    for name, own in days.items():
        pooled = sum(own.values(), start=Moments(0, {}, {}))
        arms[name] = ArmData(pooled, 0, 0, pooled, 0, pooled.n, own)
    counts = shown or {(day, name): m.n for name, own in days.items() for day, m in own.items()}
    return Answer(arms, {}, 0, 0, 0, 0, 0, 0, counts)


def found(name, data, *, at=FIRST + 40, experiment=None):
    return next(c for c in checks(Evidence(experiment or declared(), data, {}, as_of_us=at * DAY_US)) if c.id == name)


def rates(n, successes):
    return {FIRST + i: Moments(n, {CTA: x / n}, {}) for i, x in enumerate(successes)}


def split(pairs):
    return {
        (FIRST + i, name): n for i, both in enumerate(pairs) for name, n in zip(("none", "shop"), both, strict=True)
    }


PAIRS = [(500, 510), (480, 520), (430, 580), (505, 495), (500, 500)]


def test_the_day_a_split_broke_is_named():
    check = found("daily_srm", answer(split(PAIRS), none=rates(10, [1]), shop=rates(10, [1])))
    p = multipletests([stats.chisquare(pair).pvalue for pair in PAIRS], method="holm")[1]
    assert check.figures == {"days": 5, "off": 1, "p": pytest.approx(p.min(), rel=1e-9)}
    assert (check.status, "2023-11-17" in check.said) == (Status.WARN, True)


def test_a_running_day_is_not_tested_nor_one_too_small():
    small = answer(split([(500, 500), (15, 3), (100, 700)]), none=rates(10, [1]), shop=rates(10, [1]))
    assert found("daily_srm", small, at=FIRST + 2).figures["days"] == 1
    assert found("daily_srm", small, at=FIRST + 2).status is Status.OK
    assert found("daily_srm", small, at=FIRST + 3).status is Status.WARN


@pytest.mark.parametrize("count", [4, 400])
def test_many_days_with_one_at_chance_are_no_alarm(count):
    # One day at p = .0005: Holm over 4 days alarms not (.002), nor over 400.
    off = round(1000 + stats.norm.isf(0.0005 / 2) * math.sqrt(2000) / 2)
    pairs = [(off, 2000 - off)] + [(1000, 1000)] * (count - 1)
    assert stats.chisquare(pairs[0]).pvalue < 0.001
    data = answer(split(pairs), none=rates(10, [1]), shop=rates(10, [1]))
    assert found("daily_srm", data, at=FIRST + 500).status is Status.OK


def test_an_effect_that_wears_off_is_seen():
    none, shop = [100] * 10, [200, 190, 180, 165, 150, 140, 130, 120, 110, 100]
    check = found("novelty", answer(none=rates(1000, none), shop=rates(1000, shop)))
    # statsmodels beside: weighted least squares on the days' differences, errors known (scale 1), variances within.
    n = 1000
    within = [np.mean([x / n * (1 - x / n) * n / (n - 1) for x in arm]) for arm in (shop, none)]
    effects = np.array(shop) / n - np.array(none) / n
    error = math.sqrt(sum(within) / n)
    line = WLS(effects, np.column_stack([np.ones(10), np.arange(10)]), weights=np.full(10, error**-2))
    slope, se = line.fit().params[1], math.sqrt(line.fit().normalized_cov_params[1, 1])
    assert check.figures["slope"] == pytest.approx(slope, rel=1e-9)
    assert check.figures["p"] == pytest.approx(2 * stats.norm.sf(abs(slope / se)), rel=1e-9)
    assert check.figures["late"] == pytest.approx(effects[5:].mean(), rel=1e-9)
    assert check.figures["pooled"] == pytest.approx(effects.mean(), rel=1e-9)
    assert check.status is Status.WARN
    assert "fades" in check.said


def test_a_steady_effect_four_days_and_few_outcomes_are_no_novelty():
    steady = answer(none=rates(1000, [100] * 8), shop=rates(1000, [130, 128, 131, 130, 129, 132, 130, 131]))
    assert found("novelty", steady).status is Status.OK
    four = answer(none=rates(1000, [100] * 4), shop=rates(1000, [300, 200, 150, 100]))
    assert found("novelty", four).figures["comparisons"] == 0
    rare = answer(none=rates(1000, [0] * 6), shop=rates(1000, [9, 0, 0, 0, 0, 0]))
    assert found("novelty", rare).figures["comparisons"] == 0


@pytest.mark.parametrize("looks", ["fixed", {"group_sequential": {"looks": 5}}])
def test_a_fixed_horizon_and_planned_looks_do_not_tell_the_effect_before_the_end(looks):
    data = answer(none=rates(1000, [100] * 6), shop=rates(1000, [300, 200, 150, 120, 110, 100]))
    check = found("novelty", data, experiment=declared(analysis={"looks": looks}))
    assert check.status is Status.WARN
    assert "pooled" not in check.figures


def test_a_metric_of_length_is_not_compared_over_days():
    experiment = declared("completion_rate", factors={"length": ["15s", "30s"]})
    days = {FIRST + i: Moments(1000, {"completed()": x}, {}) for i, x in enumerate([0.1, 0.2, 0.3, 0.4, 0.5])}
    flat = {FIRST + i: Moments(1000, {"completed()": 0.1}, {}) for i in range(5)}
    assert found("novelty", answer(**{"15s": flat, "30s": days}), experiment=experiment).figures["comparisons"] == 0


def watched(means):
    return {FIRST + i: Moments(1000, {WATCH: m}, {(WATCH, WATCH): 4e6}) for i, m in enumerate(means)}


@pytest.mark.parametrize(("last", "status"), [(8000, Status.OK), (6500, Status.OK), (5000, Status.WARN)])
def test_a_last_day_with_far_less_logged(last, status):
    data = answer(none=watched([8000, 8100, 7900, last]), shop=watched([8000, 8000, 8000, last]))
    check = found("late", data, experiment=declared("watch_seconds"))
    # 5 s is 62 % of 8 s and, at 2 s / sqrt(2000), far beyond five errors; 6.5 s is 81 %.
    assert check.status is status
    assert check.figures == {"last": pytest.approx(last / 1000), "before": pytest.approx(8.0)}


def test_a_day_with_open_windows_is_not_held_against_it():
    data = answer(none=watched([8000, 8100, 7900, 1000]), shop=watched([8000, 8000, 8000, 1000]))
    assert found("late", data, at=FIRST + 4, experiment=declared("watch_seconds")).status is Status.OK
    assert found("late", data, at=FIRST + 5, experiment=declared("watch_seconds")).status is Status.WARN


def test_nothing_by_day_is_said_not_guessed():
    empty = answer(none={}, shop={})
    assert found("novelty", empty).said == "too few days to see effects wear off"
    assert found("late", empty).said == "too few days to see events come late"
    assert found("daily_srm", empty).said == "no complete day to hold the split to"
