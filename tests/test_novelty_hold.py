"""`novelty: hold`: an effect that is shown to wear off does not ship; and what counts as wearing off."""

import numpy as np
import pytest

from abstory.analysis import analyse
from abstory.decision import decide, gate
from abstory.errors import ExitCode
from abstory.experiment import DAY_US, Experiment
from abstory.results import GateOutcome, Ruling, Status
from abstory.stats.moments import Moments, pair
from abstory.warehouse.base import Answer, ArmData, Span
from abstory.warehouse.parts import SPACING, Occasions

FIRST = 19_676  # 2023-11-15
START = FIRST * DAY_US
CLICK = "any(cta_click)"
NOW, OVER = START + 12 * DAY_US, START + 40 * DAY_US


def declared(novelty="hold", **decision):
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "schedule": {"start": "2023-11-15", "end": "2023-12-15"},
            "factors": {"cta": ["none", "shop"]},
            "metrics": {"primary": {"name": "cta_rate", "mde": "10%"}},
            "decision": {"min_per_variant": 1000, "novelty": novelty, **decision},
        }
    )


def lines(slope, n=3000):
    """Viewers of two exposures each, 6 (y2 - y1) over 6, with a standard deviation of 0.5 about `slope`."""
    keys = {(CLICK, CLICK): 9.0, pair(CLICK, SPACING): 0.0, (SPACING, SPACING): 0.0}
    return Occasions(Moments(n, {CLICK: 6 * slope, SPACING: 6.0}, keys), {1: Moments(n, {CLICK: 0.3}, {})})


def arm(rates, occasions=None):
    days = {FIRST + day: Moments(1000, {CLICK: rate}, {}) for day, rate in enumerate(rates)}
    whole = sum(days.values(), start=Moments(0, {}, {}))
    return ArmData(whole, 0, 0, whole, days=days, occasions=occasions)


STEADY = [0.25] * 10
WORN = list(np.linspace(0.32, 0.205, 10).round(3))


def result(experiment, rates, *, at=NOW, slope=None):
    occasions = (None, None) if slope is None else (lines(0.0), lines(slope))
    arms = {"none": arm([0.2] * 10, occasions[0]), "shop": arm(rates, occasions[1])}
    answer = Answer(arms, {}, 0, 0, 0, 0, 0, 0, {(FIRST + d, name): 1000 for d in range(10) for name in arms})
    return analyse(experiment, answer, Span(START, START + 10 * DAY_US, at), at)


def test_a_steady_effect_ships_whatever_the_file_says():
    for novelty in ("warn", "hold"):
        experiment = declared(novelty)
        found = result(experiment, STEADY, slope=0.0)
        assert found.fading == ()
        assert decide(experiment, found).ruling is Ruling.SHIP


@pytest.mark.parametrize(
    ("how", "by"), [({"rates": WORN}, "day of first exposure"), ({"rates": STEADY, "slope": -0.1}, "exposure")]
)
def test_a_fading_effect_ships_only_where_the_file_does_not_hold(how, by):
    assert decide(declared("warn"), result(declared("warn"), **how)).ruling is Ruling.SHIP
    experiment = declared()
    found = result(experiment, **how)
    assert [(one.metric, one.variant, one.by) for one in found.fading] == [("cta_rate", "shop", by)]
    verdict = decide(experiment, found)
    assert (verdict.ruling, verdict.variant) == (Ruling.WAIT, None)
    assert verdict.reasons[0].startswith(f"held: the effect on cta_rate fades with the {by} (p<")


def test_at_the_end_a_person_decides():
    experiment = declared()
    verdict = decide(experiment, result(experiment, WORN, at=OVER))
    assert verdict.ruling is Ruling.REVIEW


def test_an_effect_that_grows_is_not_held():
    experiment = declared()
    found = result(experiment, WORN[::-1], slope=0.1)
    assert found.fading == ()
    assert decide(experiment, found).ruling is Ruling.SHIP


def test_ordered_rules_are_held_too():
    experiment = declared(rule=[{"if": "primary better", "then": "ship"}])
    assert decide(experiment, result(experiment, STEADY)).ruling is Ruling.SHIP
    assert decide(experiment, result(experiment, WORN)).ruling is Ruling.WAIT


def test_the_gate_says_what_holds_it():
    experiment = declared()
    held, free = (gate(experiment, result(experiment, rates)) for rates in (WORN, STEADY))
    assert (held.outcome, held.exit_code) == (GateOutcome.UNDECIDED, ExitCode.UNDECIDED)
    line = next(check for check in held.checks if check.id == "novelty")
    assert (line.status, line.figures["metric"]) == (Status.UNKNOWN, "cta_rate")
    assert free.outcome is GateOutcome.OPEN
    assert next(check for check in free.checks if check.id == "novelty").status is Status.OK
    plain = gate(declared("warn"), result(declared("warn"), WORN))
    assert not [check for check in plain.checks if check.id == "novelty"]


def test_what_came_later_leaves_fingerprints_of_older_files_alone():
    plain = {"version": 1, "key": "a", "factors": {"cta": ["none", "x"]}, "metrics": {"primary": "cta_rate"}}
    told = Experiment.model_validate(plain | {"decision": {"novelty": "warn"}})
    assert told.fingerprint == Experiment.model_validate(plain).fingerprint
    held = Experiment.model_validate(plain | {"decision": {"novelty": "hold"}})
    assert held.fingerprint != told.fingerprint
