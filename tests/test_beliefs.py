"""The Bayesian view beside a result: its numbers against scipy's, and that it never touches the verdict."""

import dataclasses

import pytest
from scipy.integrate import quad
from scipy.stats import beta

from abstory.analysis import analyse
from abstory.analysis.beliefs import LIFT_PRIOR, RATE_PRIOR, beliefs
from abstory.decision import decide
from abstory.experiment import DAY_US, Experiment
from abstory.report.json import document
from abstory.report.look import Look
from abstory.report.page import Page
from abstory.report.terminal import render
from abstory.results import Check, Status
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData, Span

START = 1_700_006_400_000_000
END = START + 14 * DAY_US
VIEW = "sum_watch(view)"


def found(*, clicks=(100, 130), watch=(8000.0, 8400.0), n=1000, less=False, checks=None, at=END + DAY_US):
    primary = {"name": "cta_rate", "direction": "decrease" if less else "increase"}
    experiment = Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "schedule": {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"},
            "factors": {"cta": ["none", "shop"]},
            "metrics": {"primary": primary, "secondary": "watch_seconds"},
            "analysis": {"looks": "fixed"},
        }
    )
    (measure,) = next(o.metric for o in experiment.outcomes if o.metric.name == "watch_seconds").measures
    arms = {}
    for name, clicked, mean in zip(("none", "shop"), clicks, watch, strict=True):
        moments = Moments(
            n, {"any(cta_click)": clicked / n, measure.name: mean}, {(measure.name, measure.name): 16_000_000.0}
        )
        arms[name] = ArmData(moments, 0, 0, moments)
    answer = Answer(arms, {}, 0, 0, 0, 0, 0, 0, {(19_676, name): n for name in arms})
    result = analyse(experiment, answer, Span(START, END - 1, END + 2 * DAY_US), at)
    return experiment, dataclasses.replace(result, checks=checks or result.checks)


def test_a_rate_by_its_beta_posteriors():
    told, _ = beliefs(found()[1])
    t, c = beta(131, 871), beta(101, 901)
    chance = quad(lambda x: t.pdf(x) * c.cdf(x), 0.05, 0.25, epsabs=1e-12)[0]
    loss = quad(lambda x: t.cdf(x) * c.sf(x), 0, 1, points=[0.05, 0.1, 0.13, 0.2], epsabs=1e-14)[0]
    assert (told.metric, told.scale, told.prior) == ("cta_rate", "difference", RATE_PRIOR)
    assert told.posterior.chance == pytest.approx(chance, rel=1e-6)
    assert told.posterior.loss_shipping == pytest.approx(loss, rel=1e-6)
    assert told.posterior.mean == pytest.approx(t.mean() - c.mean(), rel=1e-12)


def test_a_mean_by_a_normal_lift():
    # Precision 1/v + 1/.1²: lift .05, v = (16/1000)/8² (1 + 1.05²) by the delta method.
    told = beliefs(found()[1])[1]
    v = 16 / 1000 / 64 * (1 + 1.05**2)
    assert (told.scale, told.prior) == ("lift", LIFT_PRIOR)
    assert told.posterior.mean == pytest.approx(0.05 / v / (1 / v + 100), rel=1e-9)


def test_less_is_better_where_it_is():
    up, down = beliefs(found()[1])[0].posterior, beliefs(found(less=True)[1])[0].posterior
    assert up.chance + down.chance == pytest.approx(1)
    assert (up.loss_shipping, up.loss_keeping) == (down.loss_keeping, down.loss_shipping)
    assert (up.mean, up.interval) == (down.mean, down.interval)


def test_what_the_reading_withholds_is_not_believed_either():
    told = beliefs(found(at=END)[1])
    assert {belief.posterior.reason for belief in told} == {Reason.BEFORE_END}


def test_the_view_is_a_section_of_its_own_and_no_part_of_the_verdict():
    experiment, result = found()
    verdict = decide(experiment, result)
    with_view, without = (Page(result, verdict, beliefs=view) for view in (beliefs(result), ()))
    text, plain = render(with_view, Look(80)), render(without, Look(80))
    assert "BELIEF cta_rate: beside the verdict, not part of it. Prior: Beta(1, 1) on" in text
    assert "BELIEF" not in plain
    assert [line for line in plain.splitlines() if line not in text.splitlines()] == []
    told = document(with_view)
    assert told["verdict"] == document(without)["verdict"]
    assert [one["metric"] for one in told["beliefs"]] == ["cta_rate", "watch_seconds"]
    assert "beliefs" not in document(without)


def test_not_knowing_is_said():
    _, result = found(at=END)
    told = document(Page(result, decide(*found(at=END)), beliefs=beliefs(result)))["beliefs"][0]
    assert told["chance_better"] is None
    assert told["belief_unknown"]["reason"] == Reason.BEFORE_END.value


def test_untrusted_data_show_no_belief():
    checks = (Check("drift", Status.FAIL, "the file changed"),)
    experiment, result = found(checks=checks)
    metrics = tuple(
        dataclasses.replace(
            m,
            comparisons=tuple(dataclasses.replace(c, effect=Undetermined(Reason.UNTRUSTED)) for c in m.comparisons),
        )
        for m in result.metrics
    )
    result = dataclasses.replace(result, metrics=metrics)
    assert "BELIEF" not in render(Page(result, decide(experiment, result), beliefs=beliefs(result)), Look(80))
