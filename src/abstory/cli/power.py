"""`abstory power KEY`: how many viewers it needs, and how many days."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

import click

from abstory.cli import output, reading
from abstory.cli.completion import keys
from abstory.cli.settings import Settings
from abstory.errors import UsageError

if TYPE_CHECKING:
    from abstory.experiment import Experiment, Outcome, Size
    from abstory.planning import Baseline, Question, Seen

_Told = TypeVar("_Told")
_NUMBER = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(%?)")


@click.command("power")
@click.argument("key", shell_complete=keys)
@click.option("--baseline", "baselines", multiple=True, metavar="[METRIC=]VALUE", help="Of control: 4.5%, or 6.2.")
@click.option("--sd", "deviations", multiple=True, metavar="[METRIC=]VALUE", help="Standard deviation per viewer.")
@click.option("--daily", type=click.FloatRange(min=1), metavar="VIEWERS", help="New eligible ones a day.")
@click.option("--mde", "mdes", multiple=True, metavar="[METRIC=]SIZE", help="What if it were this: 2% or 0.5pp.")
@click.option("--power", default=None, metavar="SHARE", help="What if it were this: 90%.")
@click.option("--r2", "explained", multiple=True, metavar="[METRIC=]SHARE", help="Of variance, by covariates: 30%.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Plan for this primary or guardrail only.")
@click.option("--json", "as_json", is_flag=True, help="The power/1 document.")
@click.pass_obj
def command(settings: Settings, /, **options: object) -> None:
    """Say how many viewers the experiment KEY needs, and how many days.

    Alpha, power, MDEs, margins, looks, multiplicity and weights are the file's. What control is like comes from
    --baseline, or from the exposures stored so far, all variants pooled. Without METRIC= an option means the first
    primary.
    """
    run(settings, options)


def run(settings: Settings, options: Mapping[str, object]) -> None:
    """The command on parsed options."""
    from abstory import planning, spec
    from abstory.report import power
    from abstory.report.json import written

    experiment = spec.find(settings.project, str(options["key"]))
    told = _told(experiment, options)
    question = _complete(settings, told)
    if missing := planning.without_baseline(question):
        raise _unknown(missing)
    plan, look = planning.plan(question), output.look(settings)
    if options["as_json"]:
        output.write(written(power.document(plan), look))
    else:
        output.show(settings, power.lines(plan, look))


def _told(experiment: Experiment, options: Mapping[str, object]) -> Question:
    from abstory.planning import Question

    daily, power = options["daily"], options["power"]
    return Question(
        experiment,
        _baselines(experiment, options),
        daily * experiment.traffic.share / 10_000 if isinstance(daily, float) else None,
        mdes=_by_metric(experiment, options["mdes"], "--mde", _size),
        power=_share("--power", str(power)) if power is not None else None,
        explained=_by_metric(experiment, options["explained"], "--r2", _share),
        only=_only(experiment, options["metrics"]),
    )


def _complete(settings: Settings, question: Question) -> Question:
    """The question, with what the stored data say where nothing was told."""
    from dataclasses import replace

    from abstory import planning

    complete = question.entering is not None and not planning.without_baseline(question)
    if complete or not settings.database.exists():
        return question
    found = _seen(settings, question.experiment)
    entering = found.entering if question.entering is None else question.entering
    return replace(question, baselines={**found.baselines, **question.baselines}, entering=entering)


def _seen(settings: Settings, experiment: Experiment) -> Seen:
    from abstory import planning

    with reading.store(settings) as store:
        return planning.seen(experiment, store, now_us=reading.now_us())


def _baselines(experiment: Experiment, options: Mapping[str, object]) -> dict[str, Baseline]:
    means = _by_metric(experiment, options["baselines"], "--baseline", _number)
    deviations = _by_metric(experiment, options["deviations"], "--sd", _number)
    if alone := [name for name in deviations if name not in means]:
        raise UsageError(f"--sd of {alone[0]} has no --baseline beside it", hint=f"--baseline {alone[0]}=VALUE")
    return {name: _baseline(_outcome(experiment, name), value, deviations.get(name)) for name, value in means.items()}


def _baseline(outcome: Outcome, mean: str, deviation: str | None) -> Baseline:
    from abstory.experiment import Unit
    from abstory.planning import Baseline

    metric = outcome.metric
    values = [_in_unit(metric.name, text, rate=metric.unit is Unit.RATE) for text in (mean, deviation) if text]
    if metric.kind == "proportion":
        if deviation is not None:
            raise UsageError(f"{metric.name} is a share of viewers: its baseline says how it varies", hint="drop --sd")
        if not 0 < values[0] < 1:
            raise UsageError(f"--baseline {metric.name}={mean}: a share lies between 0% and 100%", hint="such as 4.5%")
        return Baseline.of_rate(values[0])
    if deviation is None:
        raise UsageError(f"{metric.name} is a {metric.kind}: how it varies is not in its baseline", hint=_ask(outcome))
    if not values[1] > 0:
        raise UsageError(f"--sd {metric.name}={deviation}: what does not vary cannot be planned", hint="above 0")
    return Baseline(values[0], values[1] ** 2)


def _by_metric(
    experiment: Experiment, texts: object, option: str, parse: Callable[[str, str], _Told]
) -> dict[str, _Told]:
    """`METRIC=VALUE`, or `VALUE` for the first primary."""
    first, found = experiment.outcomes[0].metric.name, dict[str, _Told]()
    for text in texts if isinstance(texts, tuple) else ():
        name, _, value = text.rpartition("=")
        name = _outcome(experiment, name).metric.name if name else first
        if name in found:
            raise UsageError(f"{option} is given twice for {name}", hint=f"{option} METRIC={value} for another metric")
        found[name] = parse(option, value)
    return found


def _number(option: str, text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"{option} {text} is not a number", hint="such as 4.5% for a rate, 6.2 for a mean")
    return text


def _in_unit(name: str, text: str, *, rate: bool) -> float:
    """A rate has its per cent sign, nothing else has one: nobody can know what a bare 0.5 of a rate means."""
    found = _NUMBER.fullmatch(text)
    number, sign = found.groups() if found else (text, "")
    if rate and not sign:
        shown = f"{float(number) * 100:g}%"
        raise UsageError(f"{name} is a rate: {text} needs its per cent sign", hint=f"{text}%, or {shown}?")
    if sign and not rate:
        raise UsageError(f"{name} is not a rate: {text} has no meaning for it", hint="a plain number, such as 6.2")
    return float(number) / (100 if sign else 1)


def _share(option: str, text: str) -> float:
    found = _NUMBER.fullmatch(text)
    value = float(found[1]) / 100 if found and found[2] else 0.0
    if not 0 < value < 1:
        raise UsageError(f"{option} {text} is not a share between 0% and 100%", hint="with its sign, such as 30%")
    return value


def _size(option: str, text: str) -> Size:
    from pydantic_core import PydanticCustomError

    from abstory.experiment import Size

    try:
        return Size.parse(text)
    except PydanticCustomError as error:
        hint = str((error.context or {}).get("hint", ""))
        raise UsageError(f"{option} {text}: {error.message()}", hint=hint) from None


def _only(experiment: Experiment, names: object) -> tuple[str, ...]:
    from abstory.experiment import Role

    some = tuple(names) if isinstance(names, tuple) else ()
    for name in some:
        if _outcome(experiment, name).role is Role.SECONDARY:
            raise UsageError(f"{name} is a secondary metric: nothing is decided by it", hint="make it a primary")
    return some


def _outcome(experiment: Experiment, name: str) -> Outcome:
    declared = {outcome.metric.name: outcome for outcome in experiment.outcomes}
    if name not in declared:
        from difflib import get_close_matches

        near = get_close_matches(name, list(declared), n=1)
        hint = f"did you mean {near[0]}?" if near else f"it declares {', '.join(declared)}"
        raise UsageError(f"{experiment.key} declares no metric {name}", hint=hint)
    return declared[name]


def _unknown(missing: Iterable[Outcome]) -> UsageError:
    some = list(missing)
    names = ", ".join(outcome.metric.name for outcome in some)
    asked = " ".join(map(_ask, some))
    return UsageError(
        f"no baseline is known of {names}: none was given, and no stored viewers show one",
        hint=f"say what control is like, as in {asked}",
    )


def _ask(outcome: Outcome) -> str:
    """What to type for one metric; the figures are an example."""
    from abstory.experiment import Unit

    name, rate = outcome.metric.name, outcome.metric.unit is Unit.RATE
    mean, deviation = ("4.5%", "30%") if rate else ("6.2", "5.1")
    spread = "" if outcome.metric.kind == "proportion" else f" --sd {name}={deviation}"
    return f"--baseline {name}={mean}{spread}"
