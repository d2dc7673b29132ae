"""A plan of a calendar before its first post: lines for people, the `power/1` document for programs.

`power/1` of posts has the keys of that of viewers (see `power`): `unit` is slot, what belongs to viewers is null, and
there are besides: `posts` (of each variant), `posts_in_all`, `weeks`; of a target `level` (two-sided, of one
comparison), `posts`, `reachable` (whether p < alpha can be with the declared calendar), `draws` (compared; more than
200,000 are sampled), and of its baseline `posts` (null where told), `icc`, `reach`, `source`; of the schedule and the
points of the curve `weeks` and `posts`; `floor` [{metric, sd, posts, change}], where reach is known, what is left when
everybody sees every post.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.text import Text

from abstory import digits
from abstory.planning.post_target import PostTarget
from abstory.planning.posts import MOST_WEEKS, PostPlan, PostPoint
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

_COARSE = 1000


def lines(plan: PostPlan, look: Look) -> list[Text]:
    """What is needed, whether the calendar has it, by which metric, what else would be seen, and how."""
    found = curves(plan.targets, look, lambda target: _columns(plan, target.name, look))
    key = plan.question.experiment.key
    commands = [*_advice(plan), f"abstory validate {key}", f"abstory calendar {key}"]
    return blocks([_head(plan, look), _targets(plan, look), *found, foot(plan.method, _notes(plan), commands, look)])


def document(plan: PostPlan) -> Plain:
    """The `power/1` document as plain values."""
    question, experiment = plan.question, plan.question.experiment
    return {
        **plain_question(question, plan.method, plan.targets[0].power),
        "targets": [_plain_target(plan, target) for target in plan.targets],
        "deciding": plan.deciding.name,
        "variants": [
            {"variant": v.name, "control": v.name == experiment.control.name, "weight": 1, "posts": plan.posts}
            for v in experiment.variants
        ],
        "posts": plan.posts,
        "posts_in_all": plan.total,
        "weeks": plan.weeks,
        "days": 7 * plan.weeks,
        "runtime_days": 7 * plan.weeks,
        **dict.fromkeys(("viewers", "entering", "any_found", "stopping", "advice")),
        "schedule": {
            "days": 7 * plan.calendar.weeks,
            "viewers": None,
            "weeks": plan.calendar.weeks,
            "posts": plan.at_end.posts,
            "short": plan.short,
            "chances": dict(plan.chances),
        },
        "curve": [_plain_point(plan, point) for point in plan.curve],
        "floor": [_plain_floor(plan, target) for target in plan.targets if target.endless],
        "unplanned": list(question.unplanned),
    }


def _plain_target(plan: PostPlan, target: PostTarget) -> Plain:
    told = target.baseline
    return {
        **plain_target(target),
        "baseline": {
            "mean": told.mean,
            "sd": math.sqrt(told.variance),
            "viewers": None,
            "posts": told.measured,
            "icc": told.icc,
            "reach": told.reach,
            "source": told.source,
        },
        "critical": None,
        "level": target.level,
        "viewers": None,
        "posts": {variant.name: target.posts for variant in plan.question.experiment.variants},
        "reachable": target not in plan.never,
        "draws": target.layout.draws,
    }


def _plain_point(plan: PostPlan, point: PostPoint) -> Plain:
    found = {name: plain_change(plan.target(name), change) for name, change in point.changes.items()}
    return {
        "days": 7 * point.weeks,
        "viewers": None,
        "smallest": None,
        "weeks": point.weeks,
        "posts": point.posts,
        "changes": found,
    }


def _plain_floor(plan: PostPlan, target: PostTarget) -> Plain:
    left = target.endless or target
    change = plain_change(target, left.detectable(plan.at_end.posts))
    return {"metric": target.name, "sd": math.sqrt(left.baseline.variance), "posts": left.posts, "change": change}


def _head(plan: PostPlan, look: Look) -> list[Text]:
    posts, total, window = plan.posts, plan.total, plan.question.experiment.analysis.window.text
    needed = [f"{digits.counted(posts, 'post')} per variant", f"{digits.count(total)} posts in all", _why(plan)]
    weekly = digits.counted(plan.calendar.size // plan.calendar.weeks, "post")
    time = [f"{digits.counted(plan.weeks, 'week')} of {weekly}", f"and {window} until the last window closes"]
    return [
        *asked(plan.question, look),
        *said(look, "NEED   ", needed, style="bold green", joint=","),
        *said(look, "TIME   ", time, style="bold", joint=","),
        *_declared(plan, look),
        *_unreachable(plan, look),
    ]


def _why(plan: PostPlan) -> str:
    return f"the most for {plan.deciding.name}" if plan.posts == plan.deciding.posts else "as min_per_variant asks"


def _declared(plan: PostPlan, look: Look) -> list[Text]:
    """Whether the calendar as declared is enough, and its chances."""
    end = plan.at_end
    chances = ", ".join(f"{name} {percent(chance)}" for name, chance in plan.chances.items())
    weeks, posts = digits.counted(end.weeks, "week"), digits.counted(end.posts, "post")
    told = f"with the calendar's {weeks} each variant has {posts}; the chance there"
    if not plan.short:
        return paragraph("ENOUGH ", look.say(f"{told}: {chances}"), look.width, style="bold green")
    longer = f"run {plan.weeks} weeks, post" if plan.weeks <= MOST_WEEKS else "post"
    advice = f"{longer} more often, or look for a larger change"
    return paragraph("SHORT  ", look.say(f"{told}: {chances}; {advice}"), look.width, style="bold yellow")


def _unreachable(plan: PostPlan, look: Look) -> list[Text]:
    lost = plan.never
    if not lost:
        return []
    names, fewest = ", ".join(target.name for target in lost), min(target.layout.draws for target in lost)
    told = (
        f"{names} can never be shown with the calendar as declared, whatever happens: it could have been drawn in "
        f"{digits.counted(fewest, 'way')} only, so p is at least {min(1.0, 2 / fewest):.2g}, "
        f"and {min(target.level for target in lost):.2g} is asked of one comparison"
    )
    return paragraph("NEVER  ", look.say(told), look.width, style="bold red")


def _targets(plan: PostPlan, look: Look) -> list[Text]:
    some = plan.targets
    rows: list[Column | Drawing] = [
        Column("metric", tuple(look.say(t.name) for t in some)),
        Column("", tuple(t.outcome.role.value for t in some), drop=1, name="role"),
        Column("control", tuple(baseline(t) for t in some), right=True),
        Column("sd", tuple(look.plain(_deviation(t)) for t in some), right=True, drop=3, name="sd"),
        Column("to show", tuple(look.plain(to_show(t)) for t in some)),
        Column("chance", tuple(percent(t.power) for t in some), right=True, drop=2, name="chance"),
        Column("per variant", tuple(digits.counted(t.posts, "post") for t in some), right=True),
    ]
    return table(rows, look)


def _deviation(target: PostTarget) -> str:
    return digits.difference(math.sqrt(target.baseline.variance), target.outcome.metric.unit).removeprefix("+")


def _columns(plan: PostPlan, name: str, look: Look) -> list[Column | Drawing]:
    points = plan.curve
    marks = {plan.weeks: "needed", plan.calendar.weeks: "declared"}
    return [
        Column("weeks", tuple(digits.count(point.weeks) for point in points), right=True),
        Column("per variant", tuple(digits.count(point.posts) for point in points), right=True),
        *changes(plan.target(name), [point.changes[name] for point in points], look),
        Column("", tuple(marks.get(point.weeks, "") for point in points), drop=3),
    ]


def _notes(plan: PostPlan) -> Iterator[str]:
    yield from shared(plan.question, plan.targets)
    yield "a post counts once, whatever its reach: sd is that of posts of one variant within a block"
    told = [target.name for target in plan.targets if not (target.baseline.measured or target.endless)]
    if told:
        yield f"{', '.join(told)}: mean and sd as told"
    for target in plan.targets:
        yield from _known(target)
    yield _drawn(plan)
    if len(plan.question.experiment.treatments) > 1:
        yield "the chance is that of each treatment"
    yield from (f"not planned for: {reason}" for reason in plan.question.unplanned)


def _known(target: PostTarget) -> Iterator[str]:
    """Where mean and sd come from that were not told, and what reach could still do."""
    told, left = target.baseline, target.endless
    if told.measured:
        posts, error = digits.counted(told.measured, "stored post"), percent(1 / math.sqrt(2 * told.measured))
        yield (
            f"{target.name}: {posts} of {told.source}, all variants pooled: nothing is unblinded; "
            f"an sd of so few is itself off by some {error}"
        )
    elif told.icc is not None and told.reach is not None:
        icc = digits.figures(told.icc).rstrip("0").rstrip(".") or "0"
        yield f"{target.name}: sd as an ICC of {icc} and a reach of {digits.figures(told.reach)} make it"
    if left:
        yield _floor(target, left)


def _floor(target: PostTarget, left: PostTarget) -> str:
    return (
        f"{target.name}: reach helps only down to ICC × p × q: seen by everybody, posts still have an sd of "
        f"{_deviation(left)} (now {_deviation(target)}), and {digits.counted(left.posts, 'post')} per variant are "
        f"needed (now {digits.count(target.posts)})"
    )


def _drawn(plan: PostPlan) -> str:
    layout = min((target.layout for target in plan.targets), key=lambda one: one.log_draws)
    if layout.sampled:
        return "the calendar could have been drawn in more than 200,000 ways: p can be as small as is asked"
    said = (
        f"the calendar could have been drawn in {digits.count(layout.draws)} ways: p is at least {2 / layout.draws:.2g}"
    )
    return f"{said}, and its steps are reckoned with" if layout.draws < _COARSE else said


def _advice(plan: PostPlan) -> Iterator[str]:
    if plan.short and plan.weeks <= MOST_WEEKS:
        yield f"weeks: {plan.weeks} under calendar (now {plan.calendar.weeks})"
