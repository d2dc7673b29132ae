"""Results made by hand: the renderers are told numbers, they never compute one."""

import dataclasses
import math
import types

import pytest

from abstory.experiment import Outcome, Role, Size
from abstory.metrics import built_in
from abstory.report.page import Page
from abstory.results import (
    ArmCount,
    Check,
    Comparison,
    Differing,
    ExperimentResult,
    Method,
    MetricResult,
    Reads,
    Ruling,
    Segmented,
    SegmentedMetric,
    SegmentResult,
    Segments,
    Status,
    Verdict,
)
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined
from abstory.warehouse.split import SegmentKind

NOON = 1_796_644_800_000_000  # 2026-12-07T12:00:00Z
TRUSTED = (
    Check("srm", Status.OK, "SRM p=0.99", figures={"p": 0.99}),
    Check("crossover", Status.OK, "0.01% saw >1 variant", figures={"share": 0.0001}),
    Check("age", Status.OK, "events 2 h old"),
    Check("drift", Status.OK, "file unchanged"),
)


def effect(control, lift, low, high, p):
    """An effect whose difference is its lift times control: consistent, and told rather than computed."""
    scaled = Estimate(control * lift, Interval(control * low, control * high))
    told = Estimate(lift, Interval(low, high))
    return Effect(control * (1 + lift), control, scaled, told, 1.0, p, 3.03, 0.002, "score")


def row(variant, control, numbers, reads, bound=None):
    if isinstance(numbers, Undetermined):
        return Comparison(variant, control, numbers, reads, bound)
    made = effect(control, *numbers)
    return Comparison(variant, made.treatment, made, reads, bound)


def metric(name, role, control, rows, *, mde=None, margin=None):
    sizes = [Size.parse(size) if size else None for size in (mde, margin)]
    return MetricResult(Outcome(built_in(name), role, *sizes), control, tuple(rows))


def result(arms, metrics, checks=TRUSTED, **changes):
    treatments = len(arms) - 1
    usual = ExperimentResult(
        key="launch-cta-w48",
        title=None,
        hypothesis=None,
        fingerprint="f" * 64,
        control=arms[0].variant,
        as_of_us=NOON,
        first_exposure_us=NOON - 14 * 86_400_000_000,
        day=14,
        days=14,
        arms=tuple(arms),
        metrics=tuple(metrics),
        checks=tuple(checks),
        method=Method("always valid", f"Bonferroni over {treatments}" * (treatments > 1), treatments, 0.05, 400_000),
        data_hash="d" * 64,
    )
    return dataclasses.replace(usual, **changes)


def arms(names, viewers=41_200, immature=0):
    return [ArmCount(name, viewers + 13 * at, immature, 4, 1 / len(names)) for at, name in enumerate(names)]


EIGHT = [f"{f}.{length}.{cta}" for f in ("none", "warm") for length in ("15s", "12s") for cta in ("none", "shop_now")]
LIFTS = [
    (0.010, -0.013, 0.033, 1.0),
    (0.021, -0.002, 0.044, 0.122),
    (0.048, 0.024, 0.071, 0.00001),
    (0.016, -0.006, 0.039, 0.375),
    (-0.031, -0.053, -0.009, 0.0017),
    (0.029, 0.006, 0.052, 0.0049),
    (0.065, 0.042, 0.088, 1e-9),
]


def read(lift):
    if lift[1] > 0:
        return Reads.BETTER
    return Reads.WORSE if lift[2] < 0 else Reads.UNCLEAR


def eight(**changes):
    primary = [row(v, 0.413, lift, read(lift)) for v, lift in zip(EIGHT[1:], LIFTS, strict=True)]
    engaged = [row(v, 0.0343, (0.077, 0.003, 0.156, 0.0401), Reads.BETTER) for v in EIGHT[1:]]
    followed = [row(v, 0.0061, (-0.02, -0.21, 0.18, 0.84), Reads.UNCLEAR) for v in EIGHT[1:]]
    hidden = [row(v, 0.0064, (-0.004, -0.16, 0.19, 0.97), Reads.HOLDS, 0.181) for v in EIGHT[1:]]
    metrics = [
        metric("watched_12s", Role.PRIMARY, 0.413, primary, mde="2%"),
        metric("engagement_rate", Role.SECONDARY, 0.0343, engaged),
        metric("follow_rate", Role.SECONDARY, 0.0061, followed),
        metric("hide_rate", Role.GUARDRAIL, 0.0064, hidden, margin="20%"),
    ]
    return result(arms(EIGHT), metrics, **changes)


def two(lift=(0.016, -0.006, 0.039, 0.375), reads=Reads.UNCLEAR, **changes):
    metrics = [
        metric("completion_rate", Role.PRIMARY, 0.413, [row("shop-now", 0.413, lift, reads)], mde="0.5pp"),
        metric("watch_seconds", Role.SECONDARY, 8.43, [row("shop-now", 8.43, (0.01, -0.02, 0.04, 0.5), Reads.UNCLEAR)]),
        metric(
            "report_rate",
            Role.GUARDRAIL,
            0.00052,
            [row("shop-now", 0.00052, (0.1, -0.4, 0.9, 0.8), Reads.NOT_SHOWN_SAFE, 0.00041)],
            margin="0.05pp",
        ),
    ]
    usual = {"key": "cta", "day": 5, "title": "Does \u201cShop now\u201d keep them?"} | changes
    return result(arms(["no-cta", "shop-now"], 2_150, 602), metrics, **usual)


def many():
    names = ["control", *(f"hook-{n:02}" for n in range(39))]
    lifts = [(n / 400 - 0.045, n / 400 - 0.075, n / 400 - 0.015, 0.5) for n in range(39)]
    rows = [row(v, 0.2, lift, read(lift)) for v, lift in zip(names[1:], lifts, strict=True)]
    return result(arms(names), [metric("share_rate", Role.PRIMARY, 0.2, rows, mde="5%")])


def early():
    unknown = Undetermined(Reason.TOO_EARLY, "12 of 200 viewers")
    rare = Undetermined(Reason.CONTROL_NEAR_ZERO)
    metrics = [
        metric("watched_12s", Role.PRIMARY, 0.41, [row("b", 0.5, unknown, Reads.UNKNOWN)], mde="2%"),
        metric("follow_rate", Role.SECONDARY, 0.0, [row("b", 0.0, rare, Reads.UNKNOWN)]),
        metric("hide_rate", Role.GUARDRAIL, 0.0, [row("b", 0.0, unknown, Reads.UNKNOWN, unknown)], margin="20%"),
    ]
    return result(arms(["a", "b"], 12, 1_204), metrics, day=1)


def mismatched():
    srm = Check(
        "srm",
        Status.FAIL,
        "SRM p<.001: control 52.1% of viewers, declared 50%",
        "find why one variant loses viewers (redirects, crashes, late logging) before reading anything",
        {"p": 1e-12},
    )
    return two(checks=(srm, *TRUSTED[1:]))


def empty():
    check = Check("outside_schedule", Status.WARN, "120 exposures outside the schedule", "check schedule: in the file")
    return result(arms(["a", "b"], 0), [], checks=(check,), first_exposure_us=None, day=3)


def unbounded():
    lone = Effect(
        0.002,
        0.0,
        Estimate(0.002, Interval(0.0004, 0.004)),
        Undetermined(Reason.CONTROL_NEAR_ZERO),
        3,
        0.01,
        2,
        0.001,
        "score",
    )
    rows = [
        Comparison("b", 0.002, lone, Reads.BETTER),
        row("c", 0.001, (2.5, 0.2, math.inf, 0.02), Reads.BETTER),
        row("d", 0.001, (0.00004, -0.5, 0.9, 0.9), Reads.UNCLEAR),
    ]
    return result(arms(["a", "b", "c", "d"]), [metric("save_rate", Role.PRIMARY, 0.001, rows)])


def segment(kind, name, viewers, control, told, reads=Reads.UNKNOWN):
    """The one treatment of `two` among the viewers of a segment."""
    made = metric("completion_rate", Role.PRIMARY, control, [row("shop-now", control, told, reads)], mde="0.5pp")
    return SegmentResult(SegmentKind(kind), name, {"no-cta": viewers, "shop-now": viewers + 7}, made)


def segments():
    """One attribute by which effects differ, one by which they do not, one with too few viewers to say."""
    followers = (
        segment("level", "existing", 1_402, 0.521, (0.011, -0.021, 0.043, 0.9), Reads.UNCLEAR),
        segment("level", "new", 611, 0.309, (0.162, 0.081, 0.243, 0.0004), Reads.BETTER),
        segment("unknown", "unknown", 137, 0.42, Undetermined(Reason.TOO_EARLY, "137 of 200 viewers")),
    )
    sources = (
        segment("level", "feed", 1_100, 0.4, (0.02, -0.03, 0.07, 0.8)),
        segment("level", "unknown", 750, 0.4, (0.01, -0.05, 0.07, 0.9)),
        segment("other", "other", 300, 0.4, (0.04, -0.09, 0.17, 0.9)),
    )
    countries = (segment("level", "DE", 2_150, 0.41, (0.016, -0.006, 0.039, 0.375)),)
    few = Undetermined(Reason.TOO_FEW, "1 of 2 segments with enough viewers")
    return Segments(
        (
            Segmented("follower", (_by(Differing(14.2, 1, 0.0002, 0.0006, 2, True), True, followers),), 0, 12),
            Segmented("source", (_by(Differing(0.8, 2, 0.67, 1.0, 3, True), False, sources),), 23, 0),
            Segmented("country", (_by(few, False, countries),), 0, 0),
        ),
        7,
        3,
        0.05 / 7,
    )


def _by(differing, named, told):
    return SegmentedMetric("completion_rate", differing, named, told)


WON = Verdict(Ruling.SHIP, "warm.12s.shop_now", ("watched_12s +6.5% (+4.2% to +8.8%)", "guardrails hold"))
PAGES = {
    "ship": Page(eight(), WON, "24h"),
    "wait": Page(two(), Verdict(Ruling.WAIT, None, ("the interval still holds both 0 and the MDE",), 12), "24h"),
    "keep": Page(
        two((-0.05, -0.08, -0.02, 0.0004), Reads.WORSE),
        Verdict(Ruling.KEEP, "no-cta", ("completion_rate is worse: −5.0% (−8.0% to −2.0%)",)),
        "24h",
    ),
    "invalid": Page(mismatched(), Verdict(Ruling.INVALID, None, ("sample ratio mismatch",)), "24h"),
    "no data": Page(
        empty(), Verdict(Ruling.NO_DATA, None, ("no exposures in the schedule: 120 lie outside it",)), "24h"
    ),
    "review": Page(
        two((0.05, 0.02, 0.08, 0.0004), Reads.BETTER, day=20),
        Verdict(Ruling.REVIEW, None, ("completion_rate is better, but report_rate is not shown safe",)),
        "24h",
    ),
    "undetermined": Page(early(), Verdict(Ruling.WAIT, None, ("too early to read",)), "24h"),
    "many": Page(many(), Verdict(Ruling.REVIEW, None, ("too many to say",)), "24h"),
    "segments": Page(two(segments=segments()), Verdict(Ruling.WAIT, None, ("look",), 12), "24h"),
    "unbounded": Page(unbounded(), Verdict(Ruling.REVIEW, None, ("look",)), "24h"),
}


@pytest.fixture(params=PAGES)
def page(request):
    """Each of the hand-made pages in turn."""
    return PAGES[request.param]


@pytest.fixture(scope="session")
def pages():
    """All hand-made pages by name."""
    return PAGES


@pytest.fixture(scope="session")
def made():
    """The makers above, for tests that make their own."""
    return types.SimpleNamespace(**globals())
