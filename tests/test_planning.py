"""Plans against simulation through the real comparisons, closed forms and laws; baselines of a real store."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.stats import norm, wishart

from abstory import planning
from abstory.analysis import adjustment
from abstory.analysis.words import guards, reads
from abstory.errors import UsageError
from abstory.experiment import Experiment, Role, Size
from abstory.experiment.looks import GroupSequential
from abstory.metrics import Direction
from abstory.planning import Baseline, Question, plan
from abstory.planning.baselines import expected
from abstory.planning.target import Aim
from abstory.results import Reads
from abstory.stats.covariates import Arms
from abstory.stats.moments import Moments, pair
from abstory.stats.tails import two_sided_quantile

WEIGHTED = {
    "control": {"cta": "none", "weight": 2},
    "one": {"cta": "one", "weight": 1},
    "two": {"cta": "two", "weight": 1},
    "three": {"cta": "three", "weight": 1},
}


def declare(**changes):
    usual = {
        "version": 1,
        "key": "cta",
        "factors": {"cta": ["none", "shop_now"]},
        "metrics": {
            "primary": [{"name": "engagement_rate", "mde": "10%"}],
            "guardrails": [{"name": "hide_rate", "margin": "30%"}],
        },
        "decision": {"min_per_variant": 20_000, "min_runtime": "7d"},
    }
    return Experiment.model_validate(usual | changes)


BASELINES = {
    "engagement_rate": Baseline.of_rate(0.1),
    "hide_rate": Baseline.of_rate(0.02),
    "watch_seconds": Baseline(6.2, 5.1**2),
    "likes_per_view": Baseline(0.3, 0.8**2),
}


def ask(**changes):
    keep = {k: changes.pop(k) for k in ("entering", "mdes", "power", "explained", "only", "baselines") if k in changes}
    return Question(declare(**changes), keep.pop("baselines", BASELINES), **keep)


# Simulation: the same moments that a store would give, through the metric's own comparison and the analysis' own word.


def drawn(metric, baseline, n, draws, rng):
    """Moments of `n` viewers, `draws` times: binomial counts; normal means with chi-square variances."""
    names = [measure.name for measure in metric.measures]
    if metric.kind == "proportion":
        for x in rng.binomial(n, baseline.mean, draws):
            yield Moments(n, {names[0]: int(x) / n}, {})
        return
    means = rng.normal(baseline.mean, math.sqrt(baseline.variance / n), draws)
    variances = baseline.variance * rng.chisquare(n - 1, draws) / (n - 1)
    for mean, variance in zip(means, variances, strict=True):
        yield expected(metric, Baseline(float(mean), float(variance)), n)


def share_shown(planned, target, draws):
    """How often the analysis shows what the target is about, at the size planned for it alone."""
    rng, metric = np.random.default_rng(20261123), target.outcome.metric
    arms, experiment = planned.arms_of(target), planned.question.experiment
    treatment = min(target.ratios, key=target.ratios.get)
    truth = target.baseline
    if target.aim is Aim.FIND:
        moved = truth.mean + target.change
        truth = Baseline.of_rate(moved) if metric.kind == "proportion" else dataclasses.replace(truth, mean=moved)
    controls = drawn(metric, target.baseline, arms[experiment.control.name], draws, rng)
    treatments = drawn(metric, truth, arms[treatment], draws, rng)
    effects = [metric.effect(t, c, target.reading) for t, c in zip(treatments, controls, strict=True)]
    if target.outcome.role is Role.GUARDRAIL:
        return sum(guards(effect, target.outcome) is Reads.HOLDS for effect in effects) / draws
    return sum(reads(effect, metric.direction) is Reads.BETTER for effect in effects) / draws


MEANS = {
    "primary": [{"name": "watch_seconds", "mde": "4%"}],
    "guardrails": [{"name": "likes_per_view", "margin": "5%"}],
    "define": {"likes_per_view": {"kind": "ratio", "numerator": {"count": "like"}, "denominator": {"count": "view"}}},
}
FIXED = {
    "schedule": {"start": "2026-11-02", "end": "2026-11-16"},
    "analysis": {"looks": "fixed", "multiplicity": "dunnett"},
}
DESIGNS = {
    "always valid": {},
    "tuned to too few": {"decision": {"min_per_variant": 500}},
    "several, always valid": {"variants": WEIGHTED, "factors": {"cta": ["none", "one", "two", "three"]}},
    "several, Dunnett": {"variants": WEIGHTED, "factors": {"cta": ["none", "one", "two", "three"]}, **FIXED},
    "means": {"metrics": MEANS},
    "means, once": {"metrics": MEANS, **FIXED},
    "a decrease, in points": {
        "metrics": {
            "primary": [{"name": "exit_rate", "mde": "3pp"}],
            "guardrails": [{"name": "engagement_rate", "margin": "2pp"}],
        }
    },
}


def hold_to_simulation(design, draws):
    baselines = BASELINES | {"exit_rate": Baseline.of_rate(0.3)}
    planned = plan(ask(baselines=baselines, **DESIGNS[design]))
    for target in planned.targets:
        assert target.power == pytest.approx(0.9)
        error = math.sqrt(0.9 * 0.1 / draws)
        # Beside the Monte Carlo error, one part in 300 for what is normal only in the limit.
        assert share_shown(planned, target, draws) == pytest.approx(0.9, abs=3.5 * error + 0.003), target.name


@pytest.mark.parametrize("design", DESIGNS)
def test_the_planned_power_is_what_the_analysis_has(design):
    hold_to_simulation(design, 1500)


@pytest.mark.long
@pytest.mark.parametrize("design", DESIGNS)
def test_the_planned_power_is_what_the_analysis_has_closely(design):
    hold_to_simulation(design, 20_000)


def with_covariate(metric, baseline, n, explained, draws, rng):
    """Moments of y and a covariate that explains so much of its variance: normal means, Wishart covariances."""
    y, shared = metric.measures[0], math.sqrt(explained * baseline.variance)
    sigma = np.array([[baseline.variance, shared], [shared, 1.0]])
    means = rng.multivariate_normal([baseline.mean, 0.0], sigma / n, draws)
    spreads = wishart.rvs(n - 1, sigma / (n - 1), draws, rng)
    pairs = {(y.name, y.name): (0, 0), pair(y.name, "x"): (0, 1), ("x", "x"): (1, 1)}
    scaled = np.diag([1 / y.scale, 1.0])
    for (mean, x), spread in zip(means, spreads, strict=True):
        stored = scaled @ spread @ scaled
        yield Moments(n, {y.name: mean / y.scale, "x": x}, {key: stored[at] for key, at in pairs.items()})


def hold_covariates_to_simulation(changes, draws):
    question = ask(metrics=MEANS, only=("watch_seconds",), explained={"watch_seconds": 0.4}, **changes)
    planned = plan(question)
    target, rng = planned.targets[0], np.random.default_rng(20261127)
    arms, metric, base = planned.arms_of(target), target.outcome.metric, target.baseline
    moved = dataclasses.replace(base, mean=base.mean + target.change)
    treatment = min(target.ratios, key=target.ratios.get)
    pairs = zip(
        with_covariate(metric, moved, arms[treatment], 0.4, draws, rng),
        with_covariate(metric, base, arms[question.experiment.control.name], 0.4, draws, rng),
        strict=True,
    )
    effects = [adjustment.effect(metric, Arms(t, c), ["x"], target.reading) for t, c in pairs]
    assert all(effect.removed == pytest.approx(0.4, abs=0.1) for effect in effects)
    shown = sum(reads(effect, metric.direction) is Reads.BETTER for effect in effects) / draws
    assert shown == pytest.approx(target.power, abs=3.5 * math.sqrt(target.power * (1 - target.power) / draws) + 0.003)


ADJUSTED = {
    "always valid": {},
    "once": FIXED,
    "once, unequal": {
        **FIXED,
        "variants": {"a": {"cta": "none", "weight": 4}, "b": {"cta": "shop_now", "weight": 1}},
    },
}


@pytest.mark.parametrize("design", ADJUSTED)
def test_what_covariates_explain_is_what_the_analysis_saves(design):
    hold_covariates_to_simulation(ADJUSTED[design], 600)


@pytest.mark.long
@pytest.mark.parametrize("design", ADJUSTED)
def test_what_covariates_explain_is_what_the_analysis_saves_closely(design):
    hold_covariates_to_simulation(ADJUSTED[design], 20_000)


@pytest.mark.parametrize("spending", ["pocock", "obrien_fleming"])
def test_planned_looks_have_their_power_together(spending):
    draws, question = 1500, ask()
    analysis = question.experiment.analysis.model_copy(update={"looks": GroupSequential(looks=3, spending=spending)})
    experiment = question.experiment.model_copy(update={"analysis": analysis})
    planned = plan(dataclasses.replace(question, experiment=experiment))
    target = planned.targets[0]
    assert [share for share, _ in target.looks] == pytest.approx([1 / 3, 2 / 3, 1])
    n, rng, metric = math.ceil(target.control / 3), np.random.default_rng(5), target.outcome.metric
    name, rates = metric.measures[0].name, (target.baseline.mean + target.change, target.baseline.mean)
    counts = [rng.binomial(n, rate, (draws, 3)).cumsum(axis=1) for rate in rates]
    found, stopped = 0, 0
    for draw in range(draws):
        for look, (_, reading) in enumerate(target.looks):
            total = n * (look + 1)
            arms = [Moments(total, {name: int(arm[draw, look]) / total}, {}) for arm in counts]
            better = reads(metric.effect(*arms, reading), metric.direction) is Reads.BETTER
            if better or look == 2:
                found, stopped = found + better, stopped + total
                break
    assert found / draws == pytest.approx(0.9, abs=3.5 * math.sqrt(0.09 / draws) + 0.003)
    assert planned.stopping.viewers == pytest.approx(stopped / draws, rel=0.03)
    assert planned.total > plan(ask(**FIXED)).total


def test_too_few_viewers_would_fail_the_simulation():
    planned = plan(ask())
    target = dataclasses.replace(planned.targets[0], power=0.85)
    assert share_shown(planned, target, 1500) < 0.9 - 3.5 * math.sqrt(0.09 / 1500)


# What a plan is made of.


def test_one_look_at_two_means_in_closed_form():
    question = ask(
        metrics={"primary": [{"name": "watch_seconds", "mde": "1%"}]}, **FIXED, decision={"min_per_variant": 1000}
    )
    n = 2 * ((two_sided_quantile(0.05, math.inf) + norm.ppf(0.8)) * 5.1 / 0.062) ** 2
    assert plan(question).arms == {"none": pytest.approx(n, abs=3), "shop_now": pytest.approx(n, abs=3)}


def test_every_guardrail_takes_its_part_of_beta():
    more = {**ask().experiment.metrics.model_dump(mode="json", exclude_none=True)}
    more["guardrails"] = [*more["guardrails"], {"name": "exit_rate", "margin": "10%"}]
    assert [t.power for t in plan(ask()).targets] == pytest.approx([0.9, 0.9])
    baselines = BASELINES | {"exit_rate": Baseline.of_rate(0.3)}
    three = plan(ask(metrics=more, baselines=baselines)).targets
    assert [t.power for t in three] == pytest.approx([1 - 0.2 / 3] * 3)


def test_do_no_harm_holds_every_primary_to_its_mde():
    planned = plan(ask(decision={"rule": "do_no_harm", "min_per_variant": 20_000}))
    assert [target.aim for target in planned.targets] == [Aim.HOLD, Aim.HOLD]
    assert planned.targets[0].change < 0
    assert planned.any_found is None
    # At the planned size the margin that can be held is the MDE itself.
    first = plan(ask(decision={"rule": "do_no_harm", "min_per_variant": 20_000}, only=("engagement_rate",)))
    assert first.point(first.total).changes["engagement_rate"] == pytest.approx(0.01, rel=1e-3)


def test_the_metric_that_needs_most_decides():
    planned = plan(ask())
    needs = [max(planned.arms_of(target).values()) for target in planned.targets]
    assert max(planned.arms.values()) == max(needs)
    assert planned.arms_of(planned.deciding) == planned.arms


def test_weights_are_kept():
    arms = plan(ask(**DESIGNS["several, Dunnett"])).arms
    assert arms["control"] == pytest.approx(2 * arms["one"], abs=1)
    assert arms["one"] == arms["two"] == arms["three"]


def test_several_treatments_take_more_than_one():
    assert plan(ask(**DESIGNS["several, always valid"])).smallest > 0.7 * plan(ask()).smallest
    one, three = plan(ask()), plan(ask(factors={"cta": ["none", "one", "two", "three"]}))
    assert three.arms["none"] > one.arms["none"]
    assert 0.9 < three.any_found <= 1


def test_looking_daily_costs_viewers():
    once, daily = plan(ask(**FIXED)), plan(ask())
    assert 1.5 < daily.total / once.total < 2.2


def test_the_advice_is_what_the_plan_then_needs():
    planned = plan(ask(decision={"min_per_variant": 500}))
    advice, total = planned.advised
    tuned = plan(ask(decision={"min_per_variant": advice}))
    assert tuned.total == total < planned.total
    assert 0.9 * advice < tuned.smallest <= advice


def test_covariates_take_viewers_away():
    question = ask(only=("engagement_rate",), **FIXED)
    less = dataclasses.replace(question, explained={"engagement_rate": 0.3})
    assert plan(less).total == pytest.approx(0.7 * plan(question).total, abs=2)


def test_what_if_replaces_the_files_own():
    question = ask(mdes={"engagement_rate": Size.parse("20%")}, power=0.95, only=("engagement_rate",))
    target = plan(question).targets[0]
    assert (target.size.text, target.power) == ("20%", 0.95)


@pytest.mark.parametrize("direction", list(Direction))
def test_both_directions_look_the_good_way(direction):
    metrics = {
        "primary": [{"name": "engagement_rate", "mde": "10%", "direction": direction.value}],
        "guardrails": [{"name": "hide_rate", "margin": "30%", "direction": direction.value}],
    }
    found, held = plan(ask(metrics=metrics)).targets
    good = 1 if direction is Direction.INCREASE else -1
    assert found.change == pytest.approx(good * 0.01)
    assert held.change == pytest.approx(-good * 0.006)


def test_a_metric_tied_to_length_is_planned_where_lengths_agree():
    factors = {"length": ["15s", "12s"], "cta": ["none", "shop_now"]}
    metrics = {"primary": [{"name": "completion_rate", "mde": "3%"}, {"name": "engagement_rate", "mde": "10%"}]}
    planned = plan(
        ask(factors=factors, metrics=metrics, baselines=BASELINES | {"completion_rate": Baseline.of_rate(0.4)})
    )
    assert set(planned.targets[0].ratios) == {"15s.shop_now"}
    assert len(planned.targets[1].ratios) == 3
    only_length = ask(factors={"length": ["15s", "12s"]}, metrics=metrics)
    assert only_length.unplanned == ("completion_rate: no treatment can be compared with control on it",)


def test_an_effect_so_large_that_the_reading_itself_needs_more():
    # 20 successes with a chance of 90% take (1.2816 + √(1.2816² + 80))²/4 = 26.6 expected ones.
    planned = plan(ask(mdes={"engagement_rate": Size.parse("800%")}, only=("engagement_rate",), power=0.9))
    root = (norm.ppf(0.9) + math.sqrt(norm.ppf(0.9) ** 2 + 80)) / 2
    assert planned.smallest == math.ceil(root**2 / 0.1)
    assert plan(ask(mdes={"watch_seconds": Size.parse("900%")}, metrics=MEANS, only=("watch_seconds",))).smallest == 200


# Time.


def test_days_are_whole_weeks_and_never_below_the_declared_runtime():
    planned = plan(ask())
    slow, quick = plan(ask(entering=planned.total / 30.0)), plan(ask(entering=1e9))
    assert (slow.days, slow.runtime) == (30, 35)
    assert (quick.days, quick.runtime) == (1, 7)
    assert planned.days is planned.runtime is planned.at_end is None


def test_a_schedule_that_is_too_short_is_told():
    schedule = {"start": "2026-11-02", "end": "2026-11-16"}
    total = plan(ask()).total
    short, enough = plan(ask(schedule=schedule, entering=total / 20)), plan(ask(schedule=schedule, entering=total / 14))
    assert (short.short, enough.short) == (True, False)
    assert short.at_end.viewers == math.floor(14 * total / 20)
    assert (
        short.chances(short.at_end.viewers)["engagement_rate"] < 0.9 <= enough.chances(total)["engagement_rate"] + 1e-4
    )


def test_the_curve_passes_through_the_plan():
    planned = plan(ask(only=("engagement_rate",)))
    by_size = {point.viewers: point.changes["engagement_rate"] for point in planned.curve}
    assert by_size[planned.total] == pytest.approx(0.01, rel=1e-3)
    assert list(by_size.values()) == sorted(by_size.values(), reverse=True)


def test_the_curve_counts_weeks_where_traffic_is_known():
    schedule = {"start": "2026-11-02", "end": "2026-11-23"}
    planned = plan(ask(schedule=schedule, entering=plan(ask()).total / 30))
    days = [point.days for point in planned.curve]
    assert {21, 35} <= set(days)
    assert all(day % 7 == 0 for day in days)
    assert days == sorted(set(days))
    assert len(days) == 7


def test_looking_daily_decides_earlier_than_the_end():
    planned = plan(ask(entering=plan(ask()).total / 30, decision={"min_per_variant": 500}, only=("engagement_rate",)))
    told = planned.stopping
    assert planned.targets[0].power < told.chance < 1
    assert told.viewers < planned.targets[0].control
    # With a minimum as large as the plan no day is left on which it could be decided earlier.
    late = plan(ask(entering=plan(ask()).total / 30, decision={"min_per_variant": 10**6}))
    assert late.stopping is None


# Refusals.


def test_every_missing_baseline_is_named():
    question = ask(baselines={})
    assert [o.metric.name for o in planning.without_baseline(question)] == ["engagement_rate", "hide_rate"]
    with pytest.raises(UsageError, match="engagement_rate, hide_rate"):
        plan(question)


def test_a_primary_without_an_mde():
    metrics = {"primary": ["engagement_rate"]}
    with pytest.raises(UsageError, match="engagement_rate: it declares no mde"):
        plan(ask(metrics=metrics))
    assert plan(ask(metrics=metrics, mdes={"engagement_rate": Size.parse("5%")})).total


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mdes": {"engagement_rate": Size.parse("900%")}}, "out of 0% to 100%"),
        ({"mdes": {"engagement_rate": Size.parse("95pp")}}, "out of 0% to 100%"),
        ({"baselines": BASELINES | {"engagement_rate": Baseline(1.0, 0.1)}}, "nothing varies"),
        ({"mdes": {"engagement_rate": Size.parse("0.000001%")}}, "more viewers than there are"),
        ({"metrics": MEANS, "baselines": BASELINES | {"watch_seconds": Baseline(-1.0, 2.0)}}, "no size"),
    ],
)
def test_impossible_changes_are_refused(changes, said):
    with pytest.raises(UsageError, match=said):
        plan(ask(**changes))
