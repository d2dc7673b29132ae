"""What a valid file may still regret: warnings that need no data."""

from __future__ import annotations

from collections.abc import Iterator

from abstory.assignment.eligibility import canonical
from abstory.experiment import Experiment, Role
from abstory.experiment.definitions import meant
from abstory.experiment.draft import Fault, Path
from abstory.experiment.quantities import DAY_US, HOUR_US, Duration

ATTENTION_SECONDS = 15
FEWEST = 200


def lints(experiment: Experiment) -> tuple[Fault, ...]:
    """Every warning that an experiment earns, each with the field it is about."""
    return tuple(fault for lint in LINTS for fault in lint(experiment))


def _primaries(experiment: Experiment) -> Iterator[tuple[Path, str]]:
    for at, use in enumerate(experiment.metrics.primary):
        yield ("metrics", "primary", at), use.name


def _lengths(experiment: Experiment) -> list[float]:
    return [Duration.parse(level).seconds for level in experiment.factors.get("length", ())]


def _across_lengths(experiment: Experiment) -> Iterator[Fault]:
    lengths = set(_lengths(experiment))
    if len(lengths) < 2 or experiment.analysis.compare_across_lengths:
        return
    for outcome, (path, name) in zip(experiment.outcomes, _primaries(experiment), strict=False):
        if not outcome.metric.across_lengths:
            message = f"{name} cannot be compared between cuts of different length"
            yield Fault("W201", (*path, "name"), message, _fair(min(lengths)))


def _fair(shortest: float) -> str:
    return f"did you mean watched_{int(shortest)}s?" if shortest >= 1 else "compare a metric of actions instead"


def _attention(experiment: Experiment) -> Iterator[Fault]:
    for at, seconds in enumerate(_lengths(experiment)):
        if seconds > ATTENTION_SECONDS:
            message = f"longer than {ATTENTION_SECONDS} s: attention rarely lasts"
            yield Fault("W202", ("factors", "length", at), message, "try a shorter cut beside it")


def _mde(experiment: Experiment) -> Iterator[Fault]:
    for outcome, (path, name) in zip(experiment.outcomes, _primaries(experiment), strict=False):
        if outcome.role is Role.PRIMARY and outcome.mde is None:
            yield Fault("W203", path, f"the primary metric {name} has no MDE", "such as mde: 2%")


def _guardrail(experiment: Experiment) -> Iterator[Fault]:
    if not experiment.metrics.guardrails:
        harm = "exit_rate" if experiment.by_slot else "hide_rate"
        hint = f"such as guardrails: [{{name: {harm}, margin: 20%}}]"
        yield Fault("W204", ("metrics",), "no guardrail protects the audience", hint)


def _turned(experiment: Experiment) -> Iterator[Fault]:
    """A guardrail turned round holds off the improvement and lets the harm pass."""
    for at, use in enumerate(experiment.metrics.guardrails):
        plain = use.model_copy(update={"direction": None})
        own = meant(plain, experiment.metrics.define.get(use.name), by_slot=experiment.by_slot)
        if own and use.direction and use.direction != own.direction:
            message = f"{use.name} is good where it {own.direction}s: this guardrail lets harm pass"
            yield Fault("W210", ("metrics", "guardrails", at, "direction"), message, f"delete it, or {own.direction}")


def _few(experiment: Experiment) -> Iterator[Fault]:
    if experiment.decision.min_per_variant < FEWEST and not experiment.by_slot:
        message = f"fewer than {FEWEST} viewers a variant can hardly decide anything"
        yield Fault("W205", ("decision", "min_per_variant"), message, "such as 1000")


def _runtime(experiment: Experiment) -> Iterator[Fault]:
    days = (experiment.end_us - experiment.start_us) // DAY_US
    if experiment.schedule and experiment.decision.min_runtime.us > experiment.end_us - experiment.start_us:
        message = f"the schedule lasts {days} day{'' if days == 1 else 's'}, less than decision.min_runtime"
        end = ("calendar", "weeks") if experiment.by_slot else ("schedule", "end")
        yield Fault("W206", end, message, "lengthen the one or shorten the other")


def _twins(experiment: Experiment) -> Iterator[Fault]:
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for variant in experiment.variants:
        first = seen.setdefault(tuple(sorted(variant.creative.items())), variant.name)
        if first != variant.name:
            message = f"an A/A test? {variant.name} shows the same creative as {first}"
            yield Fault("W207", ("variants", variant.name), message, "if it is meant, leave it so; else change a level")


def _followers(experiment: Experiment) -> Iterator[Fault]:
    """New followers belong to a post only while no other post of the account could have brought them."""
    between = experiment.calendar.closest_us if experiment.calendar else None
    names = {outcome.metric.name for outcome in experiment.outcomes} & {"followers_gained", "follow_rate"}
    if between is None or between >= experiment.analysis.window.us or not names:
        return
    hours = f"{between / HOUR_US:.3g} h"
    message = f"posts {hours} apart share their new followers: {' and '.join(sorted(names))} cannot tell them apart"
    yield Fault("W208", ("analysis", "window"), message, f"post less often, or a window of at most {hours}")


def _undecidable(experiment: Experiment) -> Iterator[Fault]:
    """With so few calendars, chance alone could always have done as much."""
    if not experiment.by_slot:
        return
    from abstory.assignment.balance import undecidable

    if found := undecidable(experiment):
        least = min(one.smallest_p for one in found)
        names = ", ".join(one.variant for one in found) if len(found) < 4 else f"{len(found)} treatments"
        asked = f"less than {found[0].alpha:.2g} is asked"
        message = f"nothing can be shown of {names}: p is at least {least:.2g}, and {asked}"
        hint = "more weeks, times or accounts, larger blocks, or fewer variants"
        yield Fault("W209", ("calendar",), message, f"{hint}, or no_repeat: 1" if _restricted(experiment) else hint)


def _restricted(experiment: Experiment) -> bool:
    return experiment.calendar is not None and experiment.calendar.no_repeat > 1


def _nobody(experiment: Experiment) -> Iterator[Fault]:
    if not experiment.traffic.share:
        yield Fault("W211", ("traffic", "share"), "nobody takes part", "such as 10%: a share may grow later")


def _in_and_out(experiment: Experiment) -> Iterator[Fault]:
    """An exclusion wins, so what is included as well is never let in."""
    audience = experiment.audience
    for name, values in audience.exclude.items():
        included = {canonical(value, name) for value in audience.include.get(name, ())}
        for at, value in enumerate(values):
            if canonical(value, name) in included:
                message = f"{name} {canonical(value, name)} is both included and excluded, so it does not take part"
                yield Fault("W212", ("audience", "exclude", name, at), message, "delete one of the two")


def _vast(experiment: Experiment) -> Iterator[Fault]:
    for role in ("primary", "secondary", "guardrails"):
        for at, use in enumerate(getattr(experiment.metrics, role)):
            for field, size in (("mde", use.mde), ("margin", use.margin)):
                if size and size.value > 1:
                    message = f"{size.text} is more than any story changes {use.name}"
                    yield Fault(
                        "W213", ("metrics", role, at, field), message, "is a point missing, or a zero too many?"
                    )


def _unused(experiment: Experiment) -> Iterator[Fault]:
    metrics = experiment.metrics
    used = {use.name for use in (*metrics.primary, *metrics.secondary, *metrics.guardrails)}
    for name in metrics.define:
        if name not in used:
            yield Fault(
                "W214", ("metrics", "define", name), f"no metric uses {name}", "name it in a role, or delete it"
            )


LINTS = (
    _across_lengths,
    _attention,
    _mde,
    _guardrail,
    _turned,
    _few,
    _runtime,
    _twins,
    _followers,
    _undecidable,
    _nobody,
    _in_and_out,
    _vast,
    _unused,
)
"""Every lint, once; whether a design is underpowered needs a baseline rate, which no file declares."""
