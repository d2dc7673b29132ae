"""A plan on the page: every width, every character set, and the document."""

import json

import pytest
from rich.cells import cell_len

from abstory.experiment import Experiment
from abstory.experiment.looks import GroupSequential
from abstory.planning import Baseline, Question, plan
from abstory.report import power
from abstory.report.json import written
from abstory.report.look import Look

FILE = {
    "version": 1,
    "key": "launch",
    "schedule": {"start": "2026-11-02", "end": "2026-11-16"},
    "factors": {"filter": ["none", "warm"], "cta": ["none", "shop_now"]},
    "metrics": {
        "primary": [{"name": "engagement_rate", "mde": "5%"}, {"name": "watch_seconds", "mde": "2%"}],
        "guardrails": [{"name": "hide_rate", "margin": "20%"}, {"name": "report_rate", "margin": "0.05pp"}],
    },
    "decision": {"min_per_variant": 5000},
}
BASELINES = {
    "engagement_rate": Baseline.of_rate(0.045),
    "watch_seconds": Baseline(6.2, 26.0, 41_200),
    "hide_rate": Baseline.of_rate(0.006),
    "report_rate": Baseline.of_rate(0.001),
}


def planned(entering=20_000.0, **changes):
    return plan(Question(Experiment.model_validate(FILE | changes), BASELINES, entering))


def page(told, look=None):
    return [line.plain for line in power.lines(told, look or Look())]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("entering", [None, 20_000.0])
def test_no_line_is_wider_than_the_page(width, ascii_only, entering):
    lines = page(planned(entering), Look(width, ascii_only))
    assert max(map(cell_len, lines)) <= width
    assert all(line.isascii() for line in lines) or not ascii_only


def test_the_figures_are_those_of_the_plan():
    told = planned()
    text = " ".join(" ".join(page(told)).split())
    assert f"NEED {told.smallest:,} viewers per variant, {told.total:,} viewers in all" in text
    assert f"TIME {told.days} days of 20,000 new viewers a day: {told.runtime // 7} whole weeks" in text
    assert "the schedule's 14 days bring 280,000 viewers, 70,000 in the smallest variant" in text
    assert "each test is given a chance of 93.3%, so that all of them together keep 80%" in text
    assert "41,200 stored viewers" in text
    assert f"min_per_variant: {told.advised[0]} under decision (now 5000)" in text


def test_arms_of_unequal_weight_are_named():
    variants = {"plain": {"cta": "none", "weight": 3}, "new": {"cta": "new", "weight": 1}}
    told = planned(factors={"cta": ["none", "new"]}, variants=variants)
    assert f"NEED   plain {told.arms['plain']:,}, new {told.arms['new']:,}, " in "\n".join(page(told))


def test_a_fixed_reading_makes_no_promise_of_looking():
    text = " ".join(page(planned(analysis={"looks": "fixed"})))
    assert "the one look at the end" in text
    assert "looking daily" not in text


def test_planned_looks_count_together():
    experiment = Experiment.model_validate(FILE)
    analysis = experiment.analysis.model_copy(update={"looks": GroupSequential()})
    told = plan(Question(experiment.model_copy(update={"analysis": analysis}), BASELINES))
    text = " ".join(" ".join(page(told)).split())
    assert "the chance is that of all 5 looks together, the last at min_per_variant" in text
    assert "viewers in all on average, by the end with a chance of 93.3%" in text


@pytest.mark.parametrize("entering", [None, 20_000.0])
def test_the_document_is_plain_and_whole(entering):
    told = planned(entering)
    plain = json.loads(written(power.document(told), Look()))
    assert plain["abstory"] == "power/1"
    assert plain["power_each"] == pytest.approx(1 - 0.2 / 3)
    assert [t["metric"] for t in plain["targets"]] == list(BASELINES)
    assert plain["days"] == told.days
    first = plain["curve"][0]["changes"]["engagement_rate"]
    assert first["lift"] == pytest.approx(first["difference"] / 0.045)
    assert plain["schedule"]["days"] == 14
    assert (plain["schedule"]["viewers"] is None) is (entering is None)


def test_what_no_size_can_show_has_no_number():
    # A rate of 0.1% cannot fall far enough to be seen in a few hundred viewers.
    metrics = {"primary": [{"name": "report_rate", "mde": "99%", "direction": "decrease"}]}
    told = planned(20.0, metrics=metrics)
    plain = json.loads(written(power.document(told), Look()))
    assert plain["curve"][0]["changes"] == {"report_rate": None}
    assert any(line.split()[2:] == ["–", "none"] for line in page(told))
