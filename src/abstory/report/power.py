"""A plan before the experiment: lines for people, the `power/1` document for programs.

`power/1`: `abstory`, `experiment` {key, fingerprint}, `unit` (viewer; for slot see `post_power`), `method` {reading,
multiplicity, family, alpha, planned}, `power`, `power_each`, `what_if` {mde, power, explained, only}, `targets`
[{metric, role, aim (find | hold), baseline {mean, sd, viewers (null where told)}, size, power, critical, viewers}],
`deciding`, `variants` [{variant, control, weight, viewers}], `viewers`, `entering` (new viewers a day), `days`,
`runtime_days`, `any_found`, `stopping` {chance, viewers: the mean when looking daily}, `schedule` {days, viewers,
short, chances}, `curve` [{days, viewers, smallest, changes {metric: {difference, lift}}}], `advice` {min_per_variant,
viewers} and `unplanned`. Fractions, not per cents; null for unknown or none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.text import Text

from abstory import digits
from abstory.planning.plan import Plan, Point
from abstory.planning.target import Target
from abstory.report.json import Plain
from abstory.report.look import Look
from abstory.report.planned import (
    asked,
    baseline,
    blocks,
    changes,
    curves,
    foot,
    percent,
    plain_change,
    plain_question,
    plain_target,
    said,
    shared,
    table,
    to_show,
)
from abstory.report.prose import paragraph
from abstory.report.tables import Column, Drawing

_KEPT = 3


def lines(plan: Plan, look: Look) -> list[Text]:
    """What is needed, whether the schedule brings it, by which metric, what else would be seen, and how."""
    found = curves(plan.targets, look, lambda target: _columns(plan, target, look))
    commands = [_advice(plan), f"abstory validate {plan.question.experiment.key}"]
    return blocks([_head(plan, look), _targets(plan, look), *found, foot(plan.method, _notes(plan), commands, look)])


def document(plan: Plan) -> Plain:
    """The `power/1` document as plain values."""
    question, experiment = plan.question, plan.question.experiment
    advice, with_it = plan.advised
    return {
        **plain_question(question, plan.method, plan.targets[0].power),
        "targets": [_plain_target(plan, target) for target in plan.targets],
        "deciding": plan.deciding.name,
        "variants": [
            {"variant": v.name, "control": v.name == experiment.control.name, "weight": v.weight, "viewers": viewers}
            for v, viewers in zip(experiment.variants, plan.arms.values(), strict=True)
        ],
        "viewers": plan.total,
        "entering": question.entering,
        "days": plan.days,
        "runtime_days": plan.runtime,
        "any_found": plan.any_found,
        "stopping": _plain_stopping(plan),
        "schedule": _plain_schedule(plan),
        "curve": [_plain_point(plan, point) for point in plan.curve],
        "advice": {"min_per_variant": advice, "viewers": with_it},
        "unplanned": list(question.unplanned),
    }


def _plain_target(plan: Plan, target: Target) -> Plain:
    told = target.baseline
    return {
        **plain_target(target),
        "baseline": {"mean": told.mean, "sd": math.sqrt(told.variance), "viewers": told.measured},
        "critical": target.critical(min(target.ratios.values()))(target.control)[0],
        "viewers": plan.arms_of(target),
    }


def _plain_schedule(plan: Plan) -> Plain | None:
    if plan.scheduled is None:
        return None
    end = plan.at_end
    chances = plan.chances(end.viewers) if end else None
    return {"days": plan.scheduled, "viewers": end and end.viewers, "short": plan.short, "chances": chances}


def _plain_stopping(plan: Plan) -> Plain | None:
    told = plan.stopping
    return {"chance": told.chance, "viewers": plan.in_all(told.viewers)} if told else None


def _plain_point(plan: Plan, point: Point) -> Plain:
    changes = {name: plain_change(_target(plan, name), change) for name, change in point.changes.items()}
    return {"days": point.days, "viewers": point.viewers, "smallest": point.smallest, "changes": changes}


def _head(plan: Plan, look: Look) -> list[Text]:
    return [
        *asked(plan.question, look),
        *said(look, "NEED   ", _needed(plan), style="bold green", joint=","),
        *_time(plan, look),
        *_warning(plan, look),
    ]


def _needed(plan: Plan) -> list[str]:
    arms, each = plan.arms, digits.count
    if len(set(arms.values())) == 1:
        per = [f"{each(plan.smallest)} viewers per variant"]
    else:
        per = [f"{name} {each(viewers)}" for name, viewers in list(arms.items())[:_KEPT]]
        per += [f"{len(arms) - _KEPT} more"] if len(arms) > _KEPT else []
    return [*per, f"{each(plan.total)} viewers in all", f"the most for {plan.deciding.name}"]


def _time(plan: Plan, look: Look) -> list[Text]:
    entering, experiment = plan.question.entering, plan.question.experiment
    if entering is None or plan.days is None or plan.runtime is None:
        return said(look, "TIME   ", ["give --daily VIEWERS for the days"])
    weeks = plan.runtime // 7
    told = [
        f"{digits.counted(plan.days, 'day')} of {digits.figures(entering)} new viewers a day",
        f"{digits.counted(weeks, 'whole week')}, and {experiment.analysis.window.text} until the last window closes",
    ]
    return said(look, "TIME   ", told, style="bold", joint=":")


def _warning(plan: Plan, look: Look) -> list[Text]:
    end = plan.at_end
    if not plan.short or end is None:
        return []
    weak = [f"{target.name} {percent(chance)}" for target, chance in _chances(plan, end)]
    told = (
        f"the schedule's {digits.counted(plan.scheduled or 0, 'day')} bring {digits.count(end.viewers)} viewers, "
        f"{digits.count(end.smallest)} in the smallest variant; the chance there: {', '.join(weak)}; "
        f"run {plan.runtime} days, or look for a larger change"
    )
    return paragraph(look.plain("SHORT  "), look.say(told), look.width, style="bold yellow")


def _chances(plan: Plan, point: Point) -> Iterator[tuple[Target, float]]:
    found = plan.chances(point.viewers)
    return ((target, found[target.name]) for target in plan.targets)


def _targets(plan: Plan, look: Look) -> list[Text]:
    some = plan.targets
    rows: list[Column | Drawing] = [
        Column("metric", tuple(look.say(t.name) for t in some)),
        Column("", tuple(t.outcome.role.value for t in some), drop=1, name="role"),
        Column("control", tuple(baseline(t) for t in some), right=True),
        Column("to show", tuple(look.plain(to_show(t)) for t in some)),
        Column("chance", tuple(percent(t.power) for t in some), right=True, drop=2, name="chance"),
        Column("viewers", tuple(digits.count(sum(plan.arms_of(t).values())) for t in some), right=True),
    ]
    return table(rows, look)


def _columns(plan: Plan, target: Target, look: Look) -> list[Column | Drawing]:
    points = plan.curve
    per = "per variant" if len(set(plan.arms.values())) == 1 else "smallest variant"
    days = [Column("days", tuple(digits.count(p.days or 0) for p in points), right=True)] if points[0].days else []
    return [
        *days,
        Column(per, tuple(digits.count(p.smallest) for p in points), right=True),
        *changes(target, [point.changes[target.name] for point in points], look),
    ]


def _advice(plan: Plan) -> str:
    advice, viewers = plan.advised
    declared = plan.question.experiment.decision.min_per_variant
    saves = f", which needs {digits.count(viewers)} viewers in all" if viewers < plan.total else ""
    return f"min_per_variant: {advice} under decision (now {declared}){saves}"


def _notes(plan: Plan) -> Iterator[str]:
    question, some = plan.question, plan.targets
    yield from shared(question, some)
    yield _looked(plan)
    told = sorted({t.baseline.measured for t in some if t.baseline.measured})
    if told:
        yield f"control is what {digits.count(told[-1])} stored viewers show, all variants pooled: nothing is unblinded"
    if question.entering:
        yield "a viewer who returns is not new: daily viewers that repeat take longer"
    if (any_found := plan.any_found) is not None:
        yield f"if every treatment has the MDE, at least one is found with a chance of {percent(any_found)}"
    yield from (f"not planned for: {reason}" for reason in question.unplanned)


def _looked(plan: Plan) -> str:
    looks, target = plan.question.experiment.analysis.looks, plan.deciding
    if looks == "fixed":
        return "the chance is that of the one look at the end"
    said = f"the chance is that of all {len(target.looks)} looks together, the last at min_per_variant"
    if not target.looks:
        said = "the chance is that of the look at the end; looking daily often decides earlier"
    if plan.stopping is None:
        return said
    total, entering = plan.in_all(plan.stopping.viewers), plan.question.entering
    when = (
        digits.counted(math.ceil(total / entering), "day")
        if entering
        else f"{digits.count(round(total))} viewers in all"
    )
    found = f"{target.name} is found after {when} on average, by the end with a chance of"
    return f"{said}: where the change is there, {found} {percent(plan.stopping.chance)}"


def _target(plan: Plan, name: str) -> Target:
    return next(target for target in plan.targets if target.name == name)
