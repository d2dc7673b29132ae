"""Planned looks: which is due, who takes it, what is shown in between, and what it costs in errors."""

import json

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from abstory.analysis import Looks, analyse, run
from abstory.decision import decide, gate
from abstory.experiment import DAY_US, Experiment
from abstory.ledger import entry, taken
from abstory.results import AsOf, GateOutcome, Look, Reads, Ruling
from abstory.stats.estimate import Reason
from abstory.stats.group_sequential import critical_at
from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData, Span

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
CLOSED = START + 15 * DAY_US
CTA = "any(cta_click)"


def declared(*, looks=5, spending="obrien_fleming", treatments=1, per_variant=10_000, **fields):
    base = {
        "version": 1,
        "key": "cta",
        "schedule": {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"},
        "factors": {"cta": ["none", "shop", "more"][: treatments + 1]},
        "metrics": {"primary": [{"name": "cta_rate", "mde": "2%"}]},
        "analysis": {"looks": {"group_sequential": {"looks": looks, "spending": spending}}},
        "decision": {"min_per_variant": per_variant, "min_runtime": "1d"},
    }
    return Experiment.model_validate(base | fields)


class Shelf:
    """A warehouse where every day brings `daily` viewers to each variant, and clicks as told by day."""

    def __init__(self, experiment, clicks, daily=1000):
        self.experiment, self.clicks, self.daily, self.asked = experiment, clicks, daily, 0

    def span(self, key):
        return Span(START, CLOSED - DAY_US - 1, CLOSED + DAY_US)

    def fingerprints(self, key):
        return {}

    def roll_up(self, question):
        self.asked += 1
        days = min((question.as_of_us - START) // DAY_US, 14)
        arms = {}
        for variant in self.experiment.variants:
            n = self.daily * days
            moments = Moments(n, {CTA: sum(self.clicks[variant.name][:days]) / n if n else 0.0}, {})
            arms[variant.name] = ArmData(moments, 0, 0, moments)
        by_day = {(START // DAY_US + day, name): self.daily for day in range(days) for name in arms}
        return Answer(arms, {}, 0, 0, 0, 0, 0, 0, by_day)


class Ledger:
    """The gate as the command line asks it, with a ledger of its own."""

    def __init__(self, experiment, shelf):
        self.experiment, self.shelf, self.rows = experiment, shelf, []

    def look(self, day, *, take=True):
        at = START + day * DAY_US
        found = run(self.experiment, self.shelf, now_us=at, as_of_us=at, looks=Looks(taken(self.rows), take))
        report = gate(self.experiment, found)
        if take:
            self.rows.append(entry(report, asked_at_us=at, asked_by="ci"))
        return found, report


def even(rate=0.1, *, lift=0.0, daily=1000):
    return {"none": [round(rate * daily)] * 14, "shop": [round(rate * (1 + lift) * daily)] * 14}


def office(clicks=None, **fields):
    experiment = declared(**fields)
    return Ledger(experiment, Shelf(experiment, clicks or even()))


def shares(ledger):
    return [look.share for look in taken(ledger.rows)]


def test_a_look_is_due_each_time_another_fifth_of_the_plan_is_there():
    ledger = office()
    for day in range(1, 12):
        ledger.look(day)
    assert shares(ledger) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_a_late_look_uses_its_own_share_and_takes_the_place_of_those_it_missed():
    ledger = office()
    for day in (3, 7, 7, 9, 14):
        ledger.look(day)
    assert shares(ledger) == pytest.approx([0.3, 0.7, 0.9, 1.4])


def test_before_the_first_look_nothing_is_said():
    found, report = office().look(1)
    (comparison,) = found.metrics[0].comparisons
    assert comparison.effect.reason is Reason.BETWEEN_LOOKS
    assert comparison.value == 0.1
    assert report.outcome is GateOutcome.UNDECIDED
    assert "the next of 5 looks is due at 4,000 viewers" in report.verdict.reasons
    assert report.verdict.days_left == 1
    assert report.look is None


def test_a_report_takes_no_look_and_says_that_one_is_due():
    ledger = office(even(lift=0.5))
    found, report = ledger.look(5, take=False)
    assert found.metrics[0].comparisons[0].effect.reason is Reason.BETWEEN_LOOKS
    assert "a planned look is due, and abstory gate takes it" in report.verdict.reasons
    assert report.look is None


def test_between_looks_the_last_one_stands():
    ledger = office(even(lift=0.02))
    first, answer = ledger.look(2)
    later, again = ledger.look(3)
    assert first.method.looking.new
    assert not later.method.looking.new
    assert later.metrics == first.metrics
    assert (later.as_of_us, later.as_of_from) == (first.as_of_us, AsOf.LAST_LOOK)
    assert (answer.outcome, again.outcome) == (GateOutcome.UNDECIDED, GateOutcome.UNDECIDED)
    assert shares(ledger) == pytest.approx([0.2])


def test_a_decision_at_a_look_stands_when_more_data_come():
    clicks = even(lift=0.5)
    clicks["shop"] = [160, 160, *[60] * 12]  # z = 5.7 at the first look, against 4.88
    ledger = office(clicks)
    answers = [ledger.look(day)[1] for day in (2, 3)]
    assert [answer.outcome for answer in answers] == [GateOutcome.OPEN] * 2


def test_no_look_is_slipped_in_before_one_that_was_taken():
    ledger = office()
    for day in (2, 6):
        ledger.look(day)
    found, _ = ledger.look(4)
    assert found.method.looking.look.share == pytest.approx(0.2)
    assert shares(ledger) == pytest.approx([0.2, 0.6])


def test_the_end_of_the_schedule_is_the_last_look_however_few_came():
    ledger = office(per_variant=100_000, decision={"min_per_variant": 100_000, "min_runtime": "1d"})
    ledger.look(15)
    assert shares(ledger) == [1.0]
    assert ledger.look(15)[1].verdict.ruling is Ruling.KEEP  # the end, without a win


def test_no_look_before_the_minimum_runtime():
    ledger = office(decision={"min_per_variant": 10_000, "min_runtime": "7d"})
    for day in (2, 5):
        ledger.look(day)
    assert shares(ledger) == []
    ledger.look(7)
    assert shares(ledger) == pytest.approx([0.7])


def test_the_boundary_is_that_of_the_looks_in_the_ledger():
    ledger = office()
    for day in (2, 5):
        found, _ = ledger.look(day)
    assert found.metrics[0].comparisons[0].effect.critical == critical_at((0.2, 0.5), 0.05, "obrien_fleming")


def test_several_comparisons_share_alpha_by_bonferroni():
    ledger = office({**even(), "more": [100] * 14}, treatments=2)
    found, _ = ledger.look(2)
    criticals = {c.effect.critical for c in found.metrics[0].comparisons}
    assert criticals == {critical_at((0.2,), 0.025, "obrien_fleming")}
    assert found.method.multiplicity == "Bonferroni over 2"


def test_unequal_weights_plan_for_the_smallest_variant():
    cells = {"none": {"cta": "none", "weight": 3}, "shop": {"cta": "shop", "weight": 1}}
    experiment = declared(variants=cells, per_variant=1000)
    found = run(experiment, Shelf(experiment, even()), now_us=START + DAY_US, as_of_us=START + DAY_US)
    assert found.method.looking.viewers == 4000


def test_untrusted_data_spend_no_look():
    experiment = declared()
    shelf = Shelf(experiment, even())
    shelf.fingerprints = lambda key: {"f" * 64: 9}
    ledger = Ledger(experiment, shelf)
    assert ledger.look(2)[1].outcome is GateOutcome.UNTRUSTED
    assert taken(ledger.rows) == ()


def test_the_look_that_stops_is_corrected_for_those_before():
    ledger = office(even(lift=0.12), spending="pocock")
    for day in (2, 4, 6, 8):
        found, report = ledger.look(day)
        (comparison,) = found.metrics[0].comparisons
        if comparison.at_stop:
            break
    assert comparison.reads is Reads.BETTER
    stop, effect = comparison.at_stop, comparison.effect
    # Stage-wise: the estimate is drawn towards 0, the interval still leaves it out, p is at most what was spent.
    assert 0 < stop.difference.interval.low < stop.difference.value < effect.difference.value
    assert stop.p_value < 0.05
    assert stop.lift.value == pytest.approx(stop.difference.value / 0.1, rel=1e-9)
    assert json.loads(entry(report, asked_at_us=1, asked_by="ci").document)["look"]["crossed"] == ["cta_rate shop"]
    assert ledger.look(day)[0].metrics == found.metrics  # asked again, it is the same look
    found, _ = ledger.look(day + 2)
    assert found.metrics[0].comparisons[0].at_stop is None  # it has stopped before


@pytest.mark.parametrize(("multiplicity", "level"), [("holm", 0.025), ("bh", 0.05), ("none", 0.05)])
def test_a_stop_is_corrected_at_the_level_of_its_interval(multiplicity, level):
    looks = {"looks": {"group_sequential": {"looks": 5}}, "multiplicity": multiplicity}
    strong = {**even(lift=0.6), "more": [160] * 14}
    found, _ = office(strong, treatments=2, analysis=looks).look(2)
    for comparison in found.metrics[0].comparisons:
        # A first look has nothing before it: stage-wise is then the plain test, at the level its interval has.
        effect, stop = comparison.effect, comparison.at_stop
        error = effect.difference.value / effect.statistic
        low = effect.difference.value - norm.isf(level / 2) * error
        assert stop.difference.interval.low == pytest.approx(low, rel=1e-6)
        assert stop.p_value == pytest.approx(2 * norm.sf(effect.statistic) * 0.05 / level, rel=1e-6)


def test_the_last_look_corrects_what_never_crossed():
    ledger = office()
    for day in (2, 4, 6, 8, 10):
        found, _ = ledger.look(day)
    (comparison,) = found.metrics[0].comparisons
    assert comparison.reads is Reads.UNCLEAR
    assert comparison.at_stop.p_value > 0.9
    assert comparison.at_stop.difference.interval.low < 0 < comparison.at_stop.difference.interval.high


def test_a_guardrail_is_bounded_at_every_look():
    metrics = {"primary": "cta_rate", "guardrails": [{"name": "hide_rate", "margin": "20%"}]}
    experiment = declared(metrics=metrics)
    moments = Moments(2000, {CTA: 0.1, "any(hide)": 0.1}, {})
    arms = {name: ArmData(moments, 0, 0, moments) for name in ("none", "shop")}
    answer = Answer(arms, {}, 0, 0, 0, 0, 0, 0, {(19_676, name): 2000 for name in arms})
    found = analyse(experiment, answer, Span(START, START, CLOSED), Look(0.2, START + 2 * DAY_US))
    (guard,) = found.metrics[1].comparisons
    assert guard.effect.critical == critical_at((0.2,), 0.1, "obrien_fleming")
    assert decide(experiment, found).ruling in {Ruling.WAIT, Ruling.KEEP}


@pytest.mark.long
@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_looking_costs_no_false_positives(spending):
    """A/A through run, gate and ledger at daily looks, 1,500 runs.

    The share with a word at any look has a nominal .05; it is held to lie in the exact 99.9 % interval, which for 1,500
    runs reaches about ±.019 around it. A fixed test at each of the looks would give .14 (Armitage et al. 1969).
    """
    experiment, draws = declared(spending=spending), np.random.default_rng(len(spending))
    runs, false = 1500, 0
    for _ in range(runs):
        clicks = {name: draws.binomial(1000, 0.1, 14).tolist() for name in ("none", "shop")}
        ledger = Ledger(experiment, Shelf(experiment, clicks))
        words = [ledger.look(day)[0].metrics[0].comparisons[0].reads for day in (2, 4, 5, 6, 8, 10)]
        false += any(word in {Reads.BETTER, Reads.WORSE} for word in words)
    reach = binomtest(false, runs).proportion_ci(0.999, method="exact")
    assert reach.low <= 0.05 <= reach.high


def test_where_the_exact_test_speaks_a_stop_is_not_corrected_by_the_score():
    # 5 and 1 of 8: the score, 2.0, lies beyond the last look's 1.97; Boschloo's p, about .07, does not.
    experiment = declared(looks=2, per_variant=8)
    clicks = {"none": [1, 1, 0, 1, 1, 1, 0, 0] + [0] * 6, "shop": [0, 1] + [0] * 12}
    ledger = Ledger(experiment, Shelf(experiment, clicks, daily=1))
    for day in (4, 8):
        found, _ = ledger.look(day)
    (comparison,) = found.metrics[0].comparisons
    assert found.method.looking.look.last
    assert comparison.effect.p_value > 0.05
    assert abs(comparison.effect.statistic) > critical_at((0.5, 1.0), 0.05, "obrien_fleming")
    assert comparison.at_stop is None
