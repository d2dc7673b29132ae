"""Effects by day: the last is the whole, every one is what a report of that day would have said, none is withheld data."""

import pytest

from abstory.analysis import analyse, plan
from abstory.analysis.daily import daily
from abstory.experiment import DAY_US, Experiment
from abstory.stats.estimate import Effect
from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData, Span

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
FIRST = START // DAY_US
CLICKED = "any(cta_click)"
DAYS = {"none": [(400, 40), (380, 36), (410, 45)], "shop": [(390, 60), (405, 61), (402, 58)]}


def declared(**analysis):
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "schedule": {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"},
            "factors": {"cta": ["none", "shop"]},
            "metrics": {"primary": "cta_rate", "secondary": "save_rate"},
            "analysis": analysis,
        }
    )


def moments(n, clicks):
    return Moments(n, {CLICKED: clicks / n, "any(save)": 0.1}, {})


def arm(counts):
    days = {FIRST + at: moments(*one) for at, one in enumerate(counts)}
    whole = moments(sum(n for n, _ in counts), sum(x for _, x in counts))
    return ArmData(whole, 0, 0, whole, days=days)


def answer(upto=3):
    arms = {name: arm(counts[:upto]) for name, counts in DAYS.items()}
    exposed = {(FIRST + at, name): counts[at][0] for name, counts in DAYS.items() for at in range(upto)}
    return Answer(arms, {}, 0, 0, 0, 0, 0, 0, exposed)


def analysed(experiment, upto=3, at_day=10):
    as_of = START + at_day * DAY_US
    found = answer(upto)
    assert plan(experiment, as_of).measures
    return found, analyse(experiment, found, Span(START, as_of, as_of), as_of)


@pytest.mark.parametrize("upto", [1, 2, 3])
def test_every_day_is_what_a_report_of_that_day_says(upto):
    """Always valid and alone in its family, the experiment's own reading is the one the days are read by."""
    experiment = declared()
    found, result = analysed(experiment)
    (told,) = daily(experiment, found, result)
    _, then = analysed(experiment, upto)
    assert told.points[upto - 1].effect == then.metrics[0].comparisons[0].effect
    assert told.points[upto - 1].day == FIRST + upto - 1
    assert told.points[upto - 1].viewers == then.viewers


def test_a_fixed_horizon_is_told_by_day_by_wider_intervals():
    """Looking every day costs: the always-valid interval of the last day holds the fixed one."""
    experiment = declared(looks="fixed")
    found, result = analysed(experiment, at_day=20)
    (told,) = daily(experiment, found, result)
    fixed, always = result.metrics[0].comparisons[0].effect, told.points[-1].effect
    assert isinstance(fixed, Effect)
    assert always.difference.value == fixed.difference.value
    assert always.difference.interval.low < fixed.difference.interval.low
    assert always.difference.interval.high > fixed.difference.interval.high


def test_what_is_withheld_is_not_told_by_day():
    experiment = declared(looks="fixed")
    found, result = analysed(experiment, at_day=10)
    assert not isinstance(result.metrics[0].comparisons[0].effect, Effect)
    assert daily(experiment, found, result) == ()
