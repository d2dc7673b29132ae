"""The verdict table, its precedence, and what a gate makes of it; every result is made by hand."""

from dataclasses import replace
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.decision import decide, decide_for, gate
from abstory.errors import ExitCode, UsageError
from abstory.experiment import DAY_US, HOUR_US, Experiment
from abstory.results import (
    ArmCount,
    Check,
    Comparison,
    ExperimentResult,
    GateOutcome,
    Method,
    MetricResult,
    Reads,
    Require,
    Ruling,
    Status,
)
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
OVER = START + 15 * DAY_US
MIDWAY = START + 8 * DAY_US


def declared(*, guardrail=True, secondary=True, treatments=1, mde="2%", **fields):
    levels = ["none", "shop", "more", "swipe"][: treatments + 1]
    metrics = {"primary": [{"name": "cta_rate", "mde": mde} if mde else {"name": "cta_rate"}]}
    if secondary:
        metrics["secondary"] = ["save_rate"]
    if guardrail:
        metrics["guardrails"] = [{"name": "hide_rate", "margin": "20%"}]
    base = {
        "version": 1,
        "key": "cta",
        "schedule": {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"},
        "factors": {"cta": levels},
        "metrics": metrics,
    }
    return Experiment.model_validate(base | fields)


def effect(low, value, high):
    """An effect of a control at 10 %: only its intervals and p are looked at."""
    lift = Estimate(value, Interval(low, high))
    difference = Estimate(value / 10, Interval(low / 10, high / 10))
    p = 0.01 if lift.interval.excludes(0.0) else 0.5
    return Effect(0.1 * (1 + value), 0.1, difference, lift, 0.0, p, 2.0, 0.01, "score")


def word(low, high):
    if low <= 0 <= high:
        return Reads.UNCLEAR
    return Reads.BETTER if low > 0 else Reads.WORSE


BETTER, CLEAR_LOSS, UNCLEAR, SMALL, INSIDE = (
    (0.02, 0.06, 0.1),
    (-0.1, -0.06, -0.02),
    (-0.03, 0.01, 0.05),
    (-0.05, -0.02, 0.01),
    (-0.01, 0.0, 0.01),
)
HOLDS, OPEN, HARM = (-0.1, 0.0, 0.1), (-0.1, 0.1, 0.3), (0.25, 0.4, 0.55)
GUARDS = {HOLDS: Reads.HOLDS, OPEN: Reads.NOT_SHOWN_SAFE, HARM: Reads.HARMED}


def line(variant, ends):
    if isinstance(ends, Undetermined):
        reads = Reads.DESCRIPTIVE if ends.reason is Reason.NOT_COMPARABLE else Reads.UNKNOWN
        return Comparison(variant, 0.1, ends, reads)
    return Comparison(variant, 0.1, effect(*ends), word(ends[0], ends[2]))


def guard(variant, ends):
    if isinstance(ends, Undetermined):
        return Comparison(variant, 0.1, ends, Reads.UNKNOWN, ends)
    return Comparison(variant, 0.1, effect(*ends), GUARDS[ends], ends[2])


def found(experiment, *, primary=(UNCLEAR,), secondary=UNCLEAR, guardrail=HOLDS, at=MIDWAY, viewers=5000, checks=()):
    names = [v.name for v in experiment.treatments]
    rows = {
        "primary": [line(name, ends) for name, ends in zip(names, primary, strict=True)],
        "secondary": [line(name, secondary) for name in names],
        "guardrail": [guard(name, guardrail) for name in names],
    }
    everyone = [v.name for v in experiment.variants]
    return ExperimentResult(
        key=experiment.key,
        title=None,
        hypothesis=None,
        fingerprint=experiment.fingerprint,
        control=experiment.control.name,
        as_of_us=at,
        first_exposure_us=START if viewers else None,
        day=8,
        days=14,
        arms=tuple(ArmCount(name, viewers, 0, 0, 1 / len(everyone)) for name in everyone),
        metrics=tuple(MetricResult(o, 0.1, tuple(rows[o.role])) for o in experiment.outcomes),
        checks=(Check("srm", Status.OK, "SRM p=0.99"), *checks),
        method=Method("always valid", "", 1, 0.05, 2000),
        data_end_us=at,
        exposures_by_day={(START // DAY_US + day, name): viewers // 8 for day in range(8) for name in everyone},
        data_hash="d" * 64,
    )


def ruled(experiment=None, **facts):
    experiment = experiment or declared()
    return decide(experiment, found(experiment, **facts))


FAILED = (Check("drift", Status.FAIL, "the file changed", "restore it"),)
REVIEWED = {"decision": {"otherwise": "review"}}

TABLE = [
    # each ruling, by the words of statistics.md section 10
    ("better, all holds", {}, {"primary": [BETTER]}, Ruling.SHIP),
    ("worse", {}, {"primary": [CLEAR_LOSS]}, Ruling.KEEP),
    ("harmed", {}, {"guardrail": HARM}, Ruling.KEEP),
    ("below the MDE", {}, {"primary": [SMALL]}, Ruling.KEEP),
    ("unclear", {}, {}, Ruling.WAIT),
    ("nobody", {}, {"viewers": 0}, Ruling.NO_DATA),
    ("untrusted", {}, {"checks": FAILED}, Ruling.INVALID),
    # precedence
    ("untrusted beats no data", {}, {"checks": FAILED, "viewers": 0}, Ruling.INVALID),
    ("untrusted beats harm", {}, {"checks": FAILED, "guardrail": HARM}, Ruling.INVALID),
    ("harm beats ship", {}, {"primary": [BETTER], "guardrail": HARM}, Ruling.KEEP),
    ("harm needs no runtime", {}, {"primary": [CLEAR_LOSS], "at": START + HOUR_US, "viewers": 50}, Ruling.KEEP),
    ("ship beats futile", {}, {"primary": [(0.001, 0.005, 0.01)]}, Ruling.SHIP),
    ("futile beats the end", REVIEWED, {"primary": [SMALL], "at": OVER}, Ruling.KEEP),
    # what holds a winner back
    ("too short", {}, {"primary": [BETTER], "at": START + 6 * DAY_US}, Ruling.WAIT),
    ("too few", {}, {"primary": [BETTER], "viewers": 999}, Ruling.WAIT),
    ("just enough", {}, {"primary": [BETTER], "viewers": 1000, "at": START + 7 * DAY_US}, Ruling.SHIP),
    ("the last hour is a whole one", {}, {"primary": [BETTER], "at": START + 7 * DAY_US - 60_000_000}, Ruling.SHIP),
    ("guardrail open, running", {}, {"primary": [BETTER], "guardrail": OPEN}, Ruling.WAIT),
    ("guardrail open, over", {}, {"primary": [BETTER], "guardrail": OPEN, "at": OVER}, Ruling.REVIEW),
    ("guardrail open, no end", {"schedule": None}, {"primary": [BETTER], "guardrail": OPEN}, Ruling.REVIEW),
    ("guardrail unknown", {}, {"primary": [BETTER], "guardrail": Undetermined(Reason.TOO_EARLY)}, Ruling.WAIT),
    ("conflict", {}, {"primary": [BETTER], "secondary": CLEAR_LOSS}, Ruling.REVIEW),
    ("conflict, too few", {}, {"primary": [BETTER], "secondary": CLEAR_LOSS, "viewers": 999}, Ruling.WAIT),
    ("better and too few by the end", {}, {"primary": [BETTER], "viewers": 999, "at": OVER}, Ruling.REVIEW),
    # what does not close it early
    ("small but too few", {}, {"primary": [SMALL], "viewers": 999}, Ruling.WAIT),
    ("small without MDE", {"mde": None}, {"primary": [SMALL]}, Ruling.WAIT),
    ("too early", {}, {"primary": [Undetermined(Reason.TOO_EARLY)]}, Ruling.WAIT),
    ("before the end", {}, {"primary": [Undetermined(Reason.BEFORE_END)]}, Ruling.WAIT),
    ("not comparable", {}, {"primary": [Undetermined(Reason.NOT_COMPARABLE)]}, Ruling.REVIEW),
    # the end
    ("inconclusive, keep", {}, {"at": OVER}, Ruling.KEEP),
    ("inconclusive, review", REVIEWED, {"at": OVER}, Ruling.REVIEW),
    ("unclear and a secondary worse, running", {}, {"secondary": CLEAR_LOSS}, Ruling.WAIT),
]


@pytest.mark.parametrize(("fields", "facts", "ruling"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_verdict_table(fields, facts, ruling):
    experiment = declared(**fields)
    result = found(experiment, **facts)
    assert decide(experiment, result).ruling is ruling
    assert decide_for(experiment, result, "shop").ruling is ruling


def test_one_primary_worse_keeps_control_whatever_another_says():
    experiment = declared(metrics={"primary": ["cta_rate", "save_rate"]})
    result = found(experiment, primary=[BETTER])
    ends = {"cta_rate": BETTER, "save_rate": CLEAR_LOSS}
    metrics = tuple(replace(m, comparisons=(line("shop", ends[m.outcome.metric.name]),)) for m in result.metrics)
    assert decide(experiment, replace(result, metrics=metrics)).ruling is Ruling.KEEP
    assert decide(experiment, result).ruling is Ruling.SHIP


@pytest.mark.parametrize("small", [0, 1])
def test_the_smaller_arm_must_reach_the_minimum(small):
    experiment = declared()
    result = found(experiment, primary=[BETTER])
    arms = tuple(replace(arm, viewers=999 if at == small else 5000) for at, arm in enumerate(result.arms))
    verdict = decide(experiment, replace(result, arms=arms))
    assert verdict.ruling is Ruling.WAIT
    assert "999 of 1,000 viewers per variant" in verdict.reasons


def alike(experiment):
    """The primary reads equivalent: its interval at 1 − 2 alpha lies inside the declared margin, which is all of it."""
    result = found(experiment, primary=[UNCLEAR])
    (one,) = result.metrics[0].comparisons
    primary = replace(result.metrics[0], comparisons=(replace(one, reads=Reads.EQUIVALENT),))
    return replace(result, metrics=(primary, *result.metrics[1:]))


def test_shown_equivalent_is_no_effect_worth_having_and_no_harm():
    primary = {"primary": [{"name": "cta_rate", "margin": "6%"}]}
    experiment = declared(metrics=primary)
    verdict = decide(experiment, alike(experiment))
    assert verdict.ruling is Ruling.KEEP
    assert verdict.reasons[0].endswith("inside ±6%")
    harmless = declared(metrics=primary, decision={"rule": "do_no_harm"})
    assert decide(harmless, alike(harmless)).ruling is Ruling.SHIP


NO_HARM = {"decision": {"rule": "do_no_harm"}}


@pytest.mark.parametrize(
    ("fields", "facts", "ruling"),
    [
        ({}, {"primary": [INSIDE]}, Ruling.SHIP),
        ({}, {"primary": [UNCLEAR]}, Ruling.WAIT),
        ({}, {"primary": [SMALL]}, Ruling.WAIT),
        ({}, {"primary": [INSIDE], "guardrail": OPEN}, Ruling.WAIT),
        ({}, {"primary": [INSIDE], "secondary": CLEAR_LOSS}, Ruling.REVIEW),
        ({}, {"primary": [CLEAR_LOSS]}, Ruling.KEEP),
        ({"mde": None}, {"primary": [INSIDE]}, Ruling.WAIT),
        ({"mde": None}, {"primary": [BETTER]}, Ruling.SHIP),
    ],
)
def test_do_no_harm_ships_what_is_not_worse_by_its_mde(fields, facts, ruling):
    assert ruled(declared(**fields, **NO_HARM), **facts).ruling is ruling


def test_the_sentences_of_a_winner():
    verdict = ruled(primary=[BETTER])
    assert (verdict.variant, verdict.reasons) == ("shop", ("cta_rate +6.0% (+2.0% to +10.0%)", "guardrails hold"))


def test_no_effect_is_said_only_where_the_interval_lies_inside_the_mde():
    assert ruled(primary=[INSIDE]).reasons[0].startswith("no effect of the size looked for")
    assert ruled(primary=[SMALL]).reasons[0].startswith("no effect worth having")
    assert ruled(at=OVER).reasons[0].startswith("not shown better by the end")


def test_keep_names_the_control_and_what_speaks_for_it():
    verdict = ruled(guardrail=HARM)
    assert verdict.variant == "none"
    assert verdict.reasons == ("guardrail hide_rate +40.0% (+25.0% to +55.0%) is beyond the allowed 20%",)


def test_invalid_says_what_failed_and_what_to_do():
    assert ruled(checks=FAILED).reasons == ("the file changed: restore it",)


def test_windows_still_open_are_waited_for():
    experiment = declared()
    result = found(experiment, viewers=0, primary=[Undetermined(Reason.NO_VIEWERS)])
    result = replace(result, arms=tuple(replace(arm, immature=5) for arm in result.arms))
    assert decide(experiment, result).ruling is Ruling.WAIT


# --- several treatments


@pytest.mark.parametrize(
    ("primary", "ruling", "variant"),
    [
        ([BETTER, (0.03, 0.05, 0.07), UNCLEAR], Ruling.SHIP, "more"),  # the higher lower bound, not the higher estimate
        ([UNCLEAR, CLEAR_LOSS, BETTER], Ruling.SHIP, "swipe"),
        ([CLEAR_LOSS, SMALL, CLEAR_LOSS], Ruling.KEEP, "none"),
        ([CLEAR_LOSS, UNCLEAR, SMALL], Ruling.WAIT, None),
    ],
)
def test_several_treatments(primary, ruling, variant):
    verdict = ruled(declared(treatments=3), primary=primary)
    assert (verdict.ruling, verdict.variant) == (ruling, variant)


def test_a_winner_among_overlapping_ones_is_flattered():
    near = ruled(declared(treatments=3), primary=[BETTER, (0.03, 0.05, 0.07), UNCLEAR])
    assert near.reasons[-1] == "best of 3, so likely flattered: its interval overlaps with that of shop, swipe"
    apart = ruled(declared(treatments=2), primary=[(0.5, 0.6, 0.7), UNCLEAR])
    assert apart.reasons[-1] == "guardrails hold"


def test_reasons_name_the_treatment_where_there_are_several():
    verdict = ruled(declared(treatments=3), primary=[CLEAR_LOSS] * 3)
    assert [reason.split(":")[0] for reason in verdict.reasons] == ["shop", "more", "swipe"]


intervals = st.tuples(st.floats(-0.2, 0.2), st.floats(0.001, 0.2)).map(lambda at: (at[0] - at[1], at[0], at[0] + at[1]))


@given(
    primary=st.lists(intervals, min_size=3, max_size=3, unique_by=(itemgetter(0), itemgetter(1))),
    order=st.permutations([0, 1, 2]),
    at=st.sampled_from([MIDWAY, OVER]),
)
def test_the_order_of_treatments_does_not_matter(primary, order, at):
    experiment = declared(treatments=3)
    names = ["none", *(["shop", "more", "swipe"][place] for place in order)]
    turned = declared(treatments=3, variants={name: {"cta": name} for name in names})
    one = ruled(experiment, primary=primary, at=at)
    other = ruled(turned, primary=[primary[place] for place in order], at=at)
    assert (one.ruling, one.variant, one.days_left) == (other.ruling, other.variant, other.days_left)


@given(primary=intervals, at=st.sampled_from([MIDWAY, OVER]))
def test_a_mirrored_metric_gives_the_same_verdict(primary, at):
    less = {"primary": [{"name": "cta_rate", "mde": "2%", "direction": "decrease"}]}
    mirror = (-primary[2], -primary[1], -primary[0])
    up, down = declared(metrics={"primary": [{"name": "cta_rate", "mde": "2%"}]}), declared(metrics=less)
    turned = found(down, primary=[mirror], at=at)
    swapped = {Reads.BETTER: Reads.WORSE, Reads.WORSE: Reads.BETTER}
    metrics = tuple(
        replace(m, comparisons=tuple(replace(c, reads=swapped.get(c.reads, c.reads)) for c in m.comparisons))
        for m in turned.metrics
    )
    mirrored = decide(down, replace(turned, metrics=metrics))
    straight = ruled(up, primary=[primary], at=at)
    assert (straight.ruling, straight.variant, straight.days_left) == (
        mirrored.ruling,
        mirrored.variant,
        mirrored.days_left,
    )


@given(primary=intervals, guardrail=st.sampled_from([HOLDS, OPEN, HARM]), at=st.integers(START, OVER + DAY_US))
def test_ship_means_all_its_conditions(primary, guardrail, at):
    if ruled(primary=[primary], guardrail=guardrail, at=at).ruling is Ruling.SHIP:
        assert primary[0] > 0
        assert guardrail == HOLDS
        assert at - START > 7 * DAY_US - HOUR_US


# --- days left


def test_days_left_by_the_width_that_is_needed():
    # Half-width .04 about .01: separates from 0 or .02 at .01, so 16 times the viewers. 10,000 at 1,250 a day: 120 days.
    # The schedule's last window closes 7 days on, where a verdict falls in any case.
    assert ruled(declared(schedule=None), primary=[UNCLEAR]).days_left == 120
    assert ruled(primary=[UNCLEAR]).days_left == 7


def test_days_left_of_a_minimum():
    # 999 viewers per variant, 124 a day each: one more day; the runtime needs one more as well.
    assert ruled(primary=[BETTER], viewers=999).days_left == 1
    assert ruled(primary=[BETTER], at=START + 5 * DAY_US).days_left == 2


def test_days_left_of_a_guardrail():
    # Bound .3, estimate .1: half-width .2, room .1 to the margin of .2: 4 times the viewers, 24 days more of 10,000.
    assert ruled(declared(), primary=[BETTER], guardrail=OPEN).days_left == 7
    open_ended = declared(schedule={"start": "2023-11-15", "end": "2024-11-15", "timezone": "UTC"})
    assert ruled(open_ended, primary=[BETTER], guardrail=OPEN).days_left == 24


def test_days_left_that_cannot_be_told():
    early = [Undetermined(Reason.TOO_EARLY)]
    assert ruled(declared(schedule=None), primary=early).days_left is None
    assert ruled(primary=early).days_left == 7
    # 8 viewers each, 1 a day each: 992 days to the 1,000 of `min_per_variant`; with 7 each and none a day, never.
    assert ruled(declared(schedule=None), primary=[(-0.04, 0.0, 0.04)], viewers=8).days_left == 992
    assert ruled(declared(schedule=None), primary=[(-0.04, 0.0, 0.04)], viewers=7).days_left is None
    assert ruled(declared(schedule=None, mde=None), primary=[(-0.04, 0.0, 0.04)]).days_left is None


# --- the gate


@pytest.mark.parametrize(
    ("facts", "outcome", "code"),
    [
        ({"primary": [BETTER]}, GateOutcome.OPEN, 0),
        ({"primary": [CLEAR_LOSS]}, GateOutcome.CLOSED, 3),
        ({}, GateOutcome.UNDECIDED, 4),
        ({"primary": [BETTER], "secondary": CLEAR_LOSS}, GateOutcome.UNDECIDED, 4),
        ({"viewers": 0}, GateOutcome.UNDECIDED, 4),
        ({"checks": FAILED}, GateOutcome.UNTRUSTED, 5),
    ],
)
def test_the_gates_outcome(facts, outcome, code):
    experiment = declared()
    report = gate(experiment, found(experiment, **facts))
    assert (report.outcome, report.exit_code) == (outcome, ExitCode(code))
    assert report.recommended == ("shop" if code == 0 else None)


def test_the_gates_lines():
    experiment = declared()
    report = gate(experiment, found(experiment, secondary=CLEAR_LOSS, guardrail=OPEN), variant="shop")
    assert [(check.id, check.status, check.text) for check in report.checks] == [
        ("data", Status.OK, "SRM p=0.99"),
        ("runtime", Status.OK, "8 d >= 7 d, 5,000 >= 1,000 viewers"),
        ("primary", Status.UNKNOWN, "cta_rate +1.0% (−3.0% to +5.0%), MDE +2%"),
        ("secondary", Status.FAIL, "save_rate −6.0% (−10.0% to −2.0%) is worse"),
        ("guardrail", Status.UNKNOWN, "hide_rate could be +30.0%, allowed +20%"),
    ]
    primary = report.checks[2].figures
    assert primary == {
        "metric": "cta_rate",
        "reads": "unclear",
        "scale": "lift",
        "estimate": 0.01,
        "low": -0.03,
        "high": 0.05,
        "p": 0.5,
        "threshold": 0.02,
    }
    assert report.checks[4].figures["bound"] == 0.3


def test_the_gate_does_not_call_data_ok_of_which_there_are_none():
    experiment = declared()
    assert gate(experiment, found(experiment, viewers=0)).checks[0].status is Status.UNKNOWN
    assert gate(experiment, found(experiment)).checks[0].status is Status.OK


def test_a_gate_for_one_variant_is_not_opened_by_another():
    experiment = declared(treatments=2)
    result = found(experiment, primary=[BETTER, UNCLEAR])
    assert gate(experiment, result).variant == "shop"
    assert gate(experiment, result, variant="shop").outcome is GateOutcome.OPEN
    other = gate(experiment, result, variant="more")
    assert (other.outcome, other.asked, other.variant) == (GateOutcome.UNDECIDED, "more", "more")


def test_not_worse_asks_less():
    experiment = declared()
    result = found(experiment, primary=[INSIDE])
    assert gate(experiment, result).outcome is GateOutcome.CLOSED
    report = gate(experiment, result, require=Require.NOT_WORSE)
    assert report.outcome is GateOutcome.OPEN
    assert next(check.status for check in report.checks if check.id == "primary") is Status.OK


@pytest.mark.parametrize(("age", "code"), [(24 * HOUR_US, 0), (24 * HOUR_US + 1, 5)])
def test_stale_data_leave_the_gate_untrusted(age, code):
    experiment = declared()
    report = gate(experiment, found(experiment, primary=[BETTER]), now_us=MIDWAY + age, max_age_us=24 * HOUR_US)
    assert report.exit_code == code
    assert report.checks[1].id == "age"


@pytest.mark.parametrize("variant", ["none", "shopp"])
def test_a_gate_asks_about_a_treatment(variant):
    experiment = declared()
    with pytest.raises(UsageError, match=variant) as refused:
        gate(experiment, found(experiment), variant=variant)
    assert "shop" in refused.value.hint
