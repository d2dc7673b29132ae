"""Results: the few things that values know about themselves."""

from dataclasses import FrozenInstanceError, replace

import pytest

from abstory.errors import ExitCode
from abstory.experiment import Outcome, Role
from abstory.metrics import BUILT_IN
from abstory.results import (
    ArmCount,
    Check,
    Comparison,
    ExperimentResult,
    GateOutcome,
    Method,
    MetricResult,
    Reads,
    Status,
)
from abstory.stats.estimate import Reason, Undetermined

UNKNOWN = Undetermined(Reason.NO_VIEWERS)
METRIC = MetricResult(
    Outcome(BUILT_IN["cta_rate"], Role.PRIMARY, None, None),
    0.1,
    (Comparison("shop", UNKNOWN, UNKNOWN, Reads.UNKNOWN), Comparison("more", 0.1, UNKNOWN, Reads.UNKNOWN)),
)
RESULT = ExperimentResult(
    key="cta",
    title=None,
    hypothesis=None,
    fingerprint="a" * 64,
    control="none",
    as_of_us=1,
    first_exposure_us=None,
    day=1,
    days=None,
    arms=(ArmCount("none", 3, 1, 0, 0.5), ArmCount("shop", 4, 0, 0, 0.5)),
    metrics=(METRIC,),
    checks=(Check("srm", Status.WARN, "x"), Check("age", Status.UNKNOWN, "y")),
    method=Method("always valid", "", 1, 0.05, 2000),
)


def test_a_gates_outcome_is_an_exit_code():
    # report.md's fixed table: 0 open, 3 closed, 4 undecided, 5 not to be trusted.
    assert [(o.value, o.exit_code) for o in GateOutcome] == [
        ("open", ExitCode.DONE),
        ("closed", ExitCode.CLOSED),
        ("undecided", ExitCode.UNDECIDED),
        ("untrusted", ExitCode.UNTRUSTED),
    ]
    assert [int(o.exit_code) for o in GateOutcome] == [0, 3, 4, 5]


def test_viewers_are_the_analysed_ones():
    assert RESULT.viewers == 7


def test_only_a_failed_check_takes_the_trust():
    assert RESULT.trusted
    assert not replace(RESULT, checks=(*RESULT.checks, Check("drift", Status.FAIL, "z"))).trusted


def test_a_comparison_by_its_treatment():
    assert METRIC.against("more") is METRIC.comparisons[1]
    with pytest.raises(KeyError):
        METRIC.against("none")


def test_results_do_not_change():
    with pytest.raises(FrozenInstanceError):
        RESULT.key = "other"
