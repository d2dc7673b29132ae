"""The gate: a verdict and the checks behind it, as one outcome that a pipeline can act on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from abstory import digits
from abstory.decision.ruling import DO_NO_HARM, decide, decide_for, fades, leader, may_be
from abstory.decision.standing import Case, Line, Standing
from abstory.experiment import Experiment
from abstory.results import (
    ExperimentResult,
    GateCheck,
    GateOutcome,
    GateReport,
    Look,
    Looking,
    Reads,
    Require,
    Ruling,
    Status,
    Verdict,
    crossed,
)
from abstory.stats.estimate import Estimate, Undetermined

_OUTCOMES = {
    Ruling.SHIP: GateOutcome.OPEN,
    Ruling.KEEP: GateOutcome.CLOSED,
    Ruling.INVALID: GateOutcome.UNTRUSTED,
}
_STATUSES = {
    Reads.BETTER: Status.OK,
    Reads.HOLDS: Status.OK,
    Reads.WORSE: Status.FAIL,
    Reads.HARMED: Status.FAIL,
}
_SHOWN_FIRST = ("srm", "crossover", "unread", "as_drawn", "age")


def gate(
    experiment: Experiment,
    result: ExperimentResult,
    *,
    variant: str | None = None,
    require: Require = Require.SHIP,
    now_us: int | None = None,
    max_age_us: int | None = None,
) -> GateReport:
    """Answer a pipeline.

    Args:
        experiment: the declared rule.
        result: of its analysis.
        variant: the treatment asked about; None for the experiment as a whole.
        require: SHIP asks the file's own rule; NOT_WORSE asks `do_no_harm` of it.
        now_us: the clock, for `max_age_us`.
        max_age_us: how old the last stored event may be at `now_us`; older data leave the gate untrusted.

    Raises:
        UsageError: `variant` is the control, or not of this experiment.
    """
    rule = DO_NO_HARM if require is Require.NOT_WORSE else experiment.decision.rule
    verdict = decide_for(experiment, result, variant, rule=rule) if variant else decide(experiment, result, rule=rule)
    looked_at = _looked_at(experiment, result, variant, verdict)
    case = Case(experiment, result, rule)
    fresh = tuple(_age(result, now_us, max_age_us))
    return GateReport(
        experiment=experiment.key,
        fingerprint=result.fingerprint,
        as_of_us=result.as_of_us,
        data_hash=result.data_hash,
        asked=variant,
        variant=looked_at,
        recommended=verdict.variant if verdict.ruling is Ruling.SHIP else None,
        require=require,
        outcome=_outcome(verdict, fresh),
        verdict=verdict,
        look=_look(result),
        unit=result.unit,
        checks=(_data(result), *fresh, *_lines(case, Standing.of(result, looked_at))),
    )


def _looked_at(experiment: Experiment, result: ExperimentResult, asked: str | None, verdict: Verdict) -> str:
    if asked:
        return asked
    if verdict.ruling is Ruling.SHIP and verdict.variant:
        return verdict.variant
    return leader([Standing.of(result, v.name) for v in experiment.treatments]).variant


def _look(result: ExperimentResult) -> Look | None:
    """The planned look that this call took, with what has crossed by now, to be kept."""
    looking = result.method.looking
    if looking is None or looking.look is None or not looking.new:
        return None
    return replace(looking.look, crossed=crossed(result))


def _outcome(verdict: Verdict, fresh: tuple[GateCheck, ...]) -> GateOutcome:
    if any(check.status is Status.FAIL for check in fresh):
        return GateOutcome.UNTRUSTED
    return _OUTCOMES.get(verdict.ruling, GateOutcome.UNDECIDED)


def _data(result: ExperimentResult) -> GateCheck:
    failed = [check for check in result.checks if check.status is Status.FAIL]
    shown = failed or [check for check in result.checks if check.id in _SHOWN_FIRST]
    text = ", ".join(check.said for check in shown) or "nothing to check"
    figures: dict[str, float | int | str | None] = {check.id: str(check.status) for check in result.checks}
    known = Status.OK if result.viewers else Status.UNKNOWN
    return GateCheck("data", Status.FAIL if failed else known, text, figures)


def _age(result: ExperimentResult, now_us: int | None, allowed: int | None) -> Iterator[GateCheck]:
    if allowed is None or now_us is None:
        return
    if result.data_end_us is None:
        yield GateCheck("age", Status.UNKNOWN, "no event stored", {"age_us": None, "threshold": allowed})
        return
    age = now_us - result.data_end_us
    text = f"newest data {digits.age(age)} old, allowed {digits.age(allowed)}"
    yield GateCheck("age", Status.FAIL if age > allowed else Status.OK, text, {"age_us": age, "threshold": allowed})


def _lines(case: Case, standing: Standing) -> Iterator[GateCheck]:
    yield _runtime(case, standing.variant)
    yield from (_primary(case, line) for line in standing.primaries)
    yield from (GateCheck("secondary", Status.FAIL, f"{line} is worse", _figures(line)) for line in standing.conflicts)
    yield from (_guardrail(line) for line in standing.guardrails)
    yield from _novelty(case, standing.variant)


def _runtime(case: Case, variant: str) -> GateCheck:
    declared, viewers = case.experiment.decision, case.viewers(variant)
    longer = ">=" if case.long_enough else "<"
    more = ">=" if viewers >= declared.min_per_variant else "<"
    text = f"{digits.days(case.runtime_us)} {longer} {digits.days(declared.min_runtime.us)}"
    units = case.result.units
    people = _looks(case.looking) if case.looking else f"{viewers:,} {more} {declared.min_per_variant:,} {units}"
    status = Status.OK if case.ready(variant) else Status.UNKNOWN
    return GateCheck("runtime", status, f"{text}, {people}", {"runtime_us": case.runtime_us, "viewers": viewers})


def _novelty(case: Case, variant: str) -> Iterator[GateCheck]:
    """One line a fading effect, or that none does; nothing where the file does not hold for it."""
    fading = case.fading(variant)
    for told in fading:
        figures: dict[str, float | int | str | None] = {"metric": told.metric, "by": told.by, "p": told.p_value}
        yield GateCheck("novelty", Status.UNKNOWN, fades(told).removeprefix("held: "), figures)
    if not fading and case.experiment.decision.novelty == "hold":
        yield GateCheck("novelty", Status.OK, "no primary effect is shown to fade", {})


def _looks(looking: Looking) -> str:
    if looking.look is None:
        return f"{looking.taken} of {looking.planned} looks taken, {looking.seen:,} of {looking.viewers:,} viewers"
    return f"look {looking.look.number} of {looking.planned} at {digits.rate(looking.look.share)} of the plan"


def _primary(case: Case, line: Line) -> GateCheck:
    status = _STATUSES.get(line.reads, Status.UNKNOWN)
    if case.rule == DO_NO_HARM and line.not_worse and status is Status.UNKNOWN:
        status = Status.OK
    beside = f", MDE {digits.declared(line.limit, upward=True)}" if line.limit else ""
    return GateCheck("primary", status, f"{line}{beside}", _figures(line))


def _guardrail(line: Line) -> GateCheck:
    text = may_be(line).removeprefix("guardrail ")
    bound = line.comparison.bound
    known = None if isinstance(bound, Undetermined) else bound
    return GateCheck("guardrail", _STATUSES.get(line.reads, Status.UNKNOWN), text, _figures(line) | {"bound": known})


def _figures(line: Line) -> dict[str, float | int | str | None]:
    found = line.estimate
    return {
        "metric": line.name,
        "reads": str(line.reads),
        "scale": line.scale,
        "estimate": found.value if isinstance(found, Estimate) else None,
        "low": found.interval.low if found else None,
        "high": found.interval.high if found else None,
        "p": line.comparison.p_value,
        "threshold": line.limit.value if line.limit else None,
    }
