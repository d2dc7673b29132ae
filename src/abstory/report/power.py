"""A plan before the experiment: lines for people, the `power/1` document for programs.

`power/1`: `abstory`, `experiment` {key, fingerprint}, `method` {reading, multiplicity, family, alpha, planned},
`power`, `power_each`, `what_if` {mde, power, explained, only}, `targets` [{metric, role, aim (find | hold), baseline
{mean, sd, viewers (null where told)}, size, power, critical, viewers}], `deciding`, `variants` [{variant, control,
weight, viewers}], `viewers`, `entering` (new viewers a day), `days`, `runtime_days`, `any_found`, `stopping` {chance,
viewers: the mean when looking daily}, `schedule` {days, viewers, short, chances}, `curve` [{days, viewers, smallest,
changes {metric: {difference, lift}}}], `advice` {min_per_variant, viewers} and `unplanned`. Fractions, not per cents;
null for unknown or none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.text import Text

from abstory import digits
from abstory.experiment import Role
from abstory.planning.plan import Plan, Point
from abstory.planning.target import Aim, Target
from abstory.report.json import Plain
from abstory.report.look import Look
from abstory.report.prose import listed, paragraph
from abstory.report.tables import Column, Drawing, lay

FORMAT = "power/1"
_BAR, _LONGEST = 6, 20
_KEPT = 3
_SHOWN = {Aim.FIND: "change that is found", Aim.HOLD: "loss that is ruled out"}


def lines(plan: Plan, look: Look) -> list[Text]:
    """What is needed, whether the schedule brings it, by which metric, what else would be seen, and how."""
    blocks = (_head(plan, look), _targets(plan, look), *_curves(plan, look), _foot(plan, look))
    return [line for at, block in enumerate(blocks) for line in ([Text()] if at else []) + block]


def document(plan: Plan) -> Plain:
    """The `power/1` document as plain values."""
    question, experiment, method = plan.question, plan.question.experiment, plan.method
    advice, with_it = plan.advised
    return {
        "abstory": FORMAT,
        "experiment": {"key": experiment.key, "fingerprint": experiment.fingerprint},
        "method": {
            "reading": method.reading,
            "multiplicity": method.multiplicity or None,
            "family": method.family,
            "alpha": method.alpha,
            "planned": method.planned,
        },
        "power": question.wanted,
        "power_each": plan.targets[0].power,
        "what_if": {
            "mde": {name: size.text for name, size in question.mdes.items()},
            "power": question.power,
            "explained": dict(question.explained),
            "only": list(question.only),
        },
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
    baseline = target.baseline
    return {
        "metric": target.name,
        "role": target.outcome.role.value,
        "aim": target.aim.value,
        "baseline": {"mean": baseline.mean, "sd": math.sqrt(baseline.variance), "viewers": baseline.viewers},
        "size": {"value": target.size.value, "relative": target.size.relative, "text": target.size.text},
        "power": target.power,
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
    changes = {name: _plain_change(plan, name, change) for name, change in point.changes.items()}
    return {"days": point.days, "viewers": point.viewers, "smallest": point.smallest, "changes": changes}


def _plain_change(plan: Plan, name: str, change: float) -> Plain | None:
    mean = _target(plan, name).baseline.mean
    return {"difference": change, "lift": change / mean if mean > 0 else None} if math.isfinite(change) else None


def _head(plan: Plan, look: Look) -> list[Text]:
    key, chance = look.say(plan.question.experiment.key), _percent(plan.question.wanted)
    asked = f"what it takes to ship, with a chance of {chance}, what has its MDE and harms nothing"
    return [
        *paragraph(look.plain(f"{key} · "), look.say(asked), look.width, style="bold"),
        *_what_if(plan, look),
        *_listed(look, "NEED   ", _needed(plan), style="bold green", joint=","),
        *_time(plan, look),
        *_warning(plan, look),
    ]


def _what_if(plan: Plan, look: Look) -> list[Text]:
    question = plan.question
    told = [f"mde of {name} {size.text}" for name, size in question.mdes.items()]
    told += [f"power {_percent(question.power)}"] if question.power else []
    told += [f"covariates explain {_percent(share)} of {name}" for name, share in question.explained.items()]
    told += [f"only {', '.join(question.only)}"] if question.only else []
    return _listed(look, "WHAT IF ", told, style="yellow", joint=",") if told else []


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
        return _listed(look, "TIME   ", ["give --daily VIEWERS for the days"])
    weeks = plan.runtime // 7
    told = [
        f"{_counted(plan.days, 'day')} of {digits.figures(entering)} new viewers a day",
        f"{_counted(weeks, 'whole week')}, and {experiment.analysis.window.text} until the last window closes",
    ]
    return _listed(look, "TIME   ", told, style="bold", joint=":")


def _warning(plan: Plan, look: Look) -> list[Text]:
    end = plan.at_end
    if not plan.short or end is None:
        return []
    weak = [f"{target.name} {_percent(chance)}" for target, chance in _chances(plan, end)]
    told = (
        f"the schedule's {_counted(plan.scheduled or 0, 'day')} bring {digits.count(end.viewers)} viewers, "
        f"{digits.count(end.smallest)} in the smallest variant; the chance there: {', '.join(weak)}; "
        f"run {plan.runtime} days, or look for a larger change"
    )
    return paragraph(look.plain("SHORT  "), look.say(told), look.width, style="bold yellow")


def _chances(plan: Plan, point: Point) -> Iterator[tuple[Target, float]]:
    found = plan.chances(point.viewers)
    return ((target, found[target.name]) for target in plan.targets)


def _targets(plan: Plan, look: Look) -> list[Text]:
    some = plan.targets
    rows = [
        Column("metric", tuple(look.say(t.name) for t in some)),
        Column("", tuple(t.outcome.role.value for t in some), drop=1, name="role"),
        Column("control", tuple(_baseline(t) for t in some), right=True),
        Column("to show", tuple(look.plain(_size(t)) for t in some)),
        Column("chance", tuple(_percent(t.power) for t in some), right=True, drop=2, name="chance"),
        Column("viewers", tuple(digits.count(sum(plan.arms_of(t).values())) for t in some), right=True),
    ]
    return list(lay(rows, look.width, look.plain("─")).lines)


def _baseline(target: Target) -> str:
    return digits.value(target.baseline.mean, target.outcome.metric.unit)


def _size(target: Target) -> str:
    said = digits.declared(target.size, upward=target.change > 0)
    return f"{said} found" if target.aim is Aim.FIND else f"within {said}"


def _curves(plan: Plan, look: Look) -> Iterator[list[Text]]:
    """The smallest change of each primary that is found with the planned chance, as the experiment grows."""
    for target in plan.targets:
        if target.outcome.role is Role.PRIMARY:
            title = f"the smallest {_SHOWN[target.aim]} with a chance of {_percent(target.power)}"
            lead = paragraph(f"{look.say(target.name)}: ", title, look.width, style="bold")
            yield [*lead, *lay(_columns(plan, target, look), look.width, look.plain("─")).lines]


def _columns(plan: Plan, target: Target, look: Look) -> list[Column | Drawing]:
    points, metric, mean = plan.curve, target.outcome.metric, target.baseline.mean
    found = [math.copysign(point.changes[target.name], target.change) for point in points]
    fits = [math.isfinite(change) for change in found]
    lifts = [digits.lift(c / mean) if ok and mean > 0 else digits.NOTHING for c, ok in zip(found, fits, strict=True)]
    steps = [digits.difference(c, metric.unit) if ok else "none" for c, ok in zip(found, fits, strict=True)]
    per = "per variant" if len(set(plan.arms.values())) == 1 else "smallest variant"
    days = [Column("days", tuple(digits.count(p.days or 0) for p in points), right=True)] if points[0].days else []
    return [
        *days,
        Column(per, tuple(digits.count(p.smallest) for p in points), right=True),
        Column("lift", tuple(map(look.plain, lifts)), right=True),
        Column("difference", tuple(map(look.plain, steps)), right=True, drop=2),
        _bars(found, look),
    ]


def _bars(found: list[float], look: Look) -> Drawing:
    largest = max((abs(change) for change in found if math.isfinite(change)), default=1.0)

    def draw(width: int) -> Column:
        shares = [abs(change) / largest if math.isfinite(change) else None for change in found]
        bars = ["" if share is None else "─" * round(share * (width - 1)) + "●" for share in shares]
        return Column("", tuple(map(look.plain, bars)))

    return Drawing(draw, _BAR, _LONGEST, drop=1)


def _foot(plan: Plan, look: Look) -> list[Text]:
    method, key = plan.method, look.say(plan.question.experiment.key)
    how = [method.reading, method.multiplicity, f"alpha {digits.fraction(method.alpha)}"]
    notes = [line for note in _notes(plan) for line in paragraph("     ", look.say(note), look.width)]
    commands = [_advice(plan), f"abstory validate {key}"]
    return [
        *_listed(look, "how: ", [part for part in how if part], style="dim", joint=","),
        *notes,
        *_listed(look, "next: ", commands, style="dim"),
    ]


def _advice(plan: Plan) -> str:
    advice, viewers = plan.advised
    declared = plan.question.experiment.decision.min_per_variant
    saves = f", which needs {digits.count(viewers)} viewers in all" if viewers < plan.total else ""
    return f"min_per_variant: {advice} under decision (now {declared}){saves}"


def _notes(plan: Plan) -> Iterator[str]:
    question, some = plan.question, plan.targets
    if len(some) > 1 and some[0].power > question.wanted:
        each = _percent(some[0].power)
        yield f"each test is given a chance of {each}, so that all of them together keep {_percent(question.wanted)}"
    yield _looked(plan)
    told = sorted({t.baseline.viewers for t in some if t.baseline.viewers})
    if told:
        yield f"control is what {digits.count(told[-1])} stored viewers show, all variants pooled: nothing is unblinded"
    if question.entering:
        yield "a viewer who returns is not new: daily viewers that repeat take longer"
    if (any_found := plan.any_found) is not None:
        yield f"if every treatment has the MDE, at least one is found with a chance of {_percent(any_found)}"
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
    when = _counted(math.ceil(total / entering), "day") if entering else f"{digits.count(round(total))} viewers in all"
    found = f"{target.name} is found after {when} on average, by the end with a chance of"
    return f"{said}: where the change is there, {found} {_percent(plan.stopping.chance)}"


def _target(plan: Plan, name: str) -> Target:
    return next(target for target in plan.targets if target.name == name)


def _counted(number: int, noun: str) -> str:
    return f"{digits.count(number)} {noun}{'' if number == 1 else 's'}"


def _percent(share: float) -> str:
    return digits.rate(share).replace(".0%", "%")


def _listed(look: Look, lead: str, parts: list[str], *, style: str = "", joint: str = " ·") -> list[Text]:
    said = [look.say(part) for part in parts]
    return listed(look.plain(lead), said, look.width, style=style, joint=look.plain(joint))
