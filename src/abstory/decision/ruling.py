"""The verdict: INVALID, then KEEP, SHIP, KEEP for want of an effect worth having, REVIEW, and WAIT for the rest.

The rule is that of Schultzberg, Ankargren & Frånberg (2024, arXiv 2402.11609, sections 3 and 4): ship when at least
one primary metric is shown better, no metric is shown worse, every guardrail is shown to hold, and the data can be
trusted. `do_no_harm` asks of the primaries only that each is shown not to be worse by its MDE (without an MDE: better).
A file's own ordered rules take the place of all this, but for INVALID and `novelty: hold`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from abstory import digits
from abstory.decision.ordered import ordered
from abstory.decision.remaining import days_left
from abstory.decision.standing import Case, Line, Standing
from abstory.errors import UsageError
from abstory.experiment import Experiment
from abstory.experiment.clauses import Rule
from abstory.metrics import Direction
from abstory.results import ExperimentResult, Fading, Looking, Reads, Ruling, Status, Verdict
from abstory.stats.estimate import Interval, Undetermined
from abstory.stats.trend import FLAG_P

DO_NO_HARM = "do_no_harm"
SHOWN_VARIANTS = 3


def decide(experiment: Experiment, result: ExperimentResult, *, rule: str | tuple[Rule, ...] | None = None) -> Verdict:
    """What to do with the whole experiment.

    Args:
        experiment: the declared rule.
        result: of its analysis.
        rule: `clear_win`, `do_no_harm` or ordered rules; None for the file's own.

    Returns:
        SHIP of the treatment with the highest lower bound of the first primary where several may ship; KEEP where
        every treatment is ruled out; REVIEW where one needs a person; else WAIT, as the leading treatment stands.
    """
    case = Case(experiment, result, rule or experiment.decision.rule)
    if stopped := _unreadable(result, None):
        return stopped
    standings = [Standing.of(result, variant.name) for variant in experiment.treatments]
    verdicts = {standing.variant: _ruling(case, standing) for standing in standings}
    winners = [s for s in standings if verdicts[s.variant].ruling is Ruling.SHIP]
    if winners:
        best = max(winners, key=lambda standing: standing.low)
        return _flattered(verdicts[best.variant], best, standings)
    return _together(verdicts, standings)


def decide_for(
    experiment: Experiment, result: ExperimentResult, variant: str, *, rule: str | tuple[Rule, ...] | None = None
) -> Verdict:
    """What to do with one treatment, whatever the others do.

    Raises:
        UsageError: `variant` is the control, or not of this experiment.
    """
    _known(experiment, variant)
    case = Case(experiment, result, rule or experiment.decision.rule)
    return _unreadable(result, variant) or _ruling(case, Standing.of(result, variant))


def leader(standings: Sequence[Standing]) -> Standing:
    """The treatment whose first primary looks best so far; the first declared one where nothing is known."""
    return max(standings, key=lambda standing: standing.hope)


def may_be(line: Line) -> str:
    """A guardrail's bound beside what is allowed, as in `hide_rate could be +18.1%, allowed +20%`."""
    bound, margin = line.comparison.bound, line.limit
    if bound is None or isinstance(bound, Undetermined) or margin is None:
        return f"guardrail {line}"
    allowed = digits.declared(margin, upward=line.result.outcome.metric.direction is Direction.DECREASE)
    return f"guardrail {line.name} could be {line.change(bound)}, allowed {allowed}"


def _known(experiment: Experiment, variant: str) -> None:
    names = [v.name for v in experiment.treatments]
    if variant == experiment.control.name:
        raise UsageError(f"{variant} is the control of {experiment.key}", hint=f"ask about one of {', '.join(names)}")
    if variant not in names:
        raise UsageError(f"{experiment.key} has no variant {variant}", hint=f"it has {', '.join(names)}")


def _unreadable(result: ExperimentResult, variant: str | None) -> Verdict | None:
    if not result.trusted:
        failed = [check for check in result.checks if check.status is Status.FAIL]
        return Verdict(Ruling.INVALID, variant, tuple(f"{c.said}: {c.advice}" if c.advice else c.said for c in failed))
    if not result.viewers and not any(arm.immature for arm in result.arms):
        return Verdict(Ruling.NO_DATA, variant, ("no exposure in the schedule yet",))
    return None


def _ruling(case: Case, standing: Standing) -> Verdict:
    tests = (_by_rules, _inconclusive) if isinstance(case.rule, tuple) else _PRECEDENCE
    found = (test(case, standing) for test in tests)
    return _held(case, next((verdict for verdict in found if verdict), None) or _wait(case, standing))


def _held(case: Case, verdict: Verdict) -> Verdict:
    """What `novelty: hold` makes of a ship whose effect is shown to wear off: wait, or at the end ask a person."""
    fading = case.fading(verdict.variant) if verdict.ruling is Ruling.SHIP else ()
    if not fading:
        return verdict
    told = tuple(map(fades, fading))
    return Verdict(Ruling.REVIEW if case.over else Ruling.WAIT, verdict.variant, (*told, *verdict.reasons))


def fades(told: Fading) -> str:
    """As in `held: the effect on cta_rate fades with the day of first exposure (p=0.0021)`."""
    return f"held: the effect on {told.metric} fades with the {told.by} ({digits.p_said(told.p_value, FLAG_P)})"


def _by_rules(case: Case, standing: Standing) -> Verdict | None:
    return ordered(case, standing, case.rule) if isinstance(case.rule, tuple) else None


def _harmed(case: Case, standing: Standing) -> Verdict | None:
    if not standing.harms:
        return None
    return Verdict(Ruling.KEEP, case.result.control, tuple(map(_harm, standing.harms)))


def _harm(line: Line) -> str:
    if line.reads is Reads.HARMED and line.limit:
        return f"guardrail {line} is beyond the allowed {line.limit.text}"
    return f"{line} is worse"


def _ships(case: Case, standing: Standing) -> Verdict | None:
    if not _deserves(case, standing) or standing.conflicts or standing.unsafe or not case.ready(standing.variant):
        return None
    held = ("guardrails hold",) if standing.guardrails else ()
    return Verdict(Ruling.SHIP, standing.variant, (*map(str, standing.winning or standing.deciding), *held))


def _deserves(case: Case, standing: Standing) -> bool:
    if case.rule != DO_NO_HARM:
        return bool(standing.winning)
    return bool(standing.deciding) and all(line.not_worse for line in standing.deciding)


def _futile(case: Case, standing: Standing) -> Verdict | None:
    small = standing.deciding and all(line.too_small or line.equivalent for line in standing.deciding)
    if case.rule == DO_NO_HARM or not small or not case.ready(standing.variant):
        return None
    return Verdict(Ruling.KEEP, case.result.control, tuple(map(_too_small, standing.deciding)))


def _too_small(line: Line) -> str:
    if line.equivalent:
        return f"equivalent: {line}, at 1 − 2 alpha inside ±{line.band}"
    mde = line.limit.text if line.limit else ""
    if line.within:
        return f"no effect of the size looked for: {line} lies inside ±{mde}"
    return f"no effect worth having: {line} stays below the MDE of {mde}"


def _conflicts(case: Case, standing: Standing) -> Verdict | None:
    """Good enough to ship, and something that more viewers will not settle stands against it."""
    ready = case.ready(standing.variant)
    if ready and _deserves(case, standing) and standing.conflicts:
        return _review(standing, [*standing.winning, *(f"{line} is worse" for line in standing.conflicts)])
    full = case.over or (ready and case.experiment.schedule is None)
    if full and _deserves(case, standing):
        return _review(standing, [*standing.winning, *map(may_be, standing.unsafe), *_short(case, standing)])
    if ready and not standing.deciding:
        return _review(standing, [*standing.primaries, "no primary metric can be compared, more data or not"])
    return None


def _inconclusive(case: Case, standing: Standing) -> Verdict | None:
    """The schedule is over: what the file says under `otherwise`."""
    if not case.over:
        return None
    missed = "no rule holds at the end" if isinstance(case.rule, tuple) else "not shown better by the end"
    reasons = (f"{missed}: {_list(standing.primaries)}", *_short(case, standing))
    if case.experiment.decision.otherwise == "review":
        return _review(standing, reasons)
    return Verdict(Ruling.KEEP, case.result.control, reasons)


def _review(standing: Standing, reasons: Iterable[object]) -> Verdict:
    return Verdict(Ruling.REVIEW, standing.variant, tuple(map(str, reasons)))


def _wait(case: Case, standing: Standing) -> Verdict:
    unclear = [_beside_mde(line) for line in standing.primaries]
    unsafe = [may_be(line) for line in standing.unsafe]
    against = [f"{line} is worse" for line in standing.conflicts]
    reasons = (*unclear, *unsafe, *against, *_short(case, standing), *_looked(case))
    return Verdict(Ruling.WAIT, standing.variant, reasons, days_left(case, standing))


def _looked(case: Case) -> Iterable[str]:
    """After a planned look that did not decide: the next one."""
    if case.looking and case.looking.look:
        yield f"look {case.looking.look.number} of {case.looking.planned} is taken"
        yield from filter(None, (_next_look(case.looking),))


def _beside_mde(line: Line) -> str:
    return f"{line}, MDE {digits.declared(line.limit, upward=True)}" if line.limit and line.good else str(line)


def _short(case: Case, standing: Standing) -> tuple[str, ...]:
    """What is missing of the declared minimum."""
    declared, viewers = case.experiment.decision, case.viewers(standing.variant)
    runtime = f"{digits.days(case.runtime_us)} of {digits.days(declared.min_runtime.us)} run"
    people = f"{viewers:,} of {declared.min_per_variant:,} {case.result.units} per variant"
    missing = ((runtime, not case.long_enough), (_next_look(case.looking) or people, not case.enough(standing.variant)))
    return tuple(text for text, short in missing if short)


def _next_look(looking: Looking | None) -> str:
    """Where the next planned look lies; empty without such looks."""
    if looking is None or looking.next_at is None:
        return ""
    if looking.seen >= looking.next_at:
        return "a planned look is due, and abstory gate takes it"
    return f"the next of {looking.planned} looks is due at {looking.next_at:,} viewers"


def _list(lines: Iterable[Line]) -> str:
    return "; ".join(map(str, lines))


def _flattered(verdict: Verdict, best: Standing, standings: Sequence[Standing]) -> Verdict:
    rivals = [s.variant for s in standings if s is not best and _overlap(best, s)]
    if not rivals:
        return verdict
    said = f"best of {len(standings)}, so likely flattered: its interval overlaps with that of {_some(rivals)}"
    return replace(verdict, reasons=(*verdict.reasons, said))


def _overlap(one: Standing, other: Standing) -> bool:
    a, b = one.primaries[0].good, other.primaries[0].good
    return a is None or b is None or _meet(a.interval, b.interval)


def _meet(a: Interval, b: Interval) -> bool:
    return a.low <= b.high and b.low <= a.high


def _together(verdicts: dict[str, Verdict], standings: Sequence[Standing]) -> Verdict:
    """One verdict of several treatments, none of which ships; of those that wait, the leading one speaks."""
    rulings = {verdict.ruling for verdict in verdicts.values()}
    if rulings == {Ruling.KEEP}:
        return replace(verdicts[leader(standings).variant], reasons=_named(verdicts))
    if Ruling.REVIEW in rulings:
        return Verdict(Ruling.REVIEW, None, _named({n: v for n, v in verdicts.items() if v.ruling is Ruling.REVIEW}))
    first = leader([s for s in standings if verdicts[s.variant].ruling is Ruling.WAIT]).variant
    verdict = verdicts[first]
    return replace(verdict, variant=None, reasons=_named({first: verdict}, several=len(verdicts) > 1))


def _named(verdicts: dict[str, Verdict], *, several: bool | None = None) -> tuple[str, ...]:
    """The reasons, each with its treatment's name where there are several; no more treatments than are read."""
    if not (len(verdicts) > 1 if several is None else several):
        return next(iter(verdicts.values())).reasons
    shown = list(verdicts.items())[:SHOWN_VARIANTS]
    rest = len(verdicts) - len(shown)
    reasons = tuple(f"{name}: {'; '.join(verdict.reasons)}" for name, verdict in shown)
    return (*reasons, f"and {rest} more") if rest else reasons


def _some(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN_VARIANTS
    return ", ".join(names[:SHOWN_VARIANTS]) + (f" and {rest} more" if rest > 0 else "")


_PRECEDENCE: tuple[Callable[[Case, Standing], Verdict | None], ...] = (
    _harmed,
    _ships,
    _futile,
    _conflicts,
    _inconclusive,
)
