"""What options say of metrics: `METRIC=VALUE`, or `VALUE` for the first primary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from abstory.errors import UsageError

if TYPE_CHECKING:
    from abstory.experiment import Experiment, Outcome, Size

_Told = TypeVar("_Told")
_NUMBER = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(%?)")


def by_metric(
    experiment: Experiment, texts: object, option: str, parse: Callable[[str, str], _Told]
) -> dict[str, _Told]:
    """`METRIC=VALUE`, or `VALUE` for the first primary."""
    first, found = experiment.outcomes[0].metric.name, dict[str, _Told]()
    for text in texts if isinstance(texts, tuple) else ():
        name, _, value = text.rpartition("=")
        name = outcome(experiment, name).metric.name if name else first
        if name in found:
            raise UsageError(f"{option} is given twice for {name}", hint=f"{option} METRIC={value} for another metric")
        found[name] = parse(option, value)
    return found


def number(option: str, text: str) -> str:
    """A number as it was typed."""
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"{option} {text} is not a number", hint="such as 4.5% for a rate, 6.2 for a mean")
    return text


def share(option: str, text: str) -> float:
    """A share with its per cent sign, in (0, 1)."""
    found = _NUMBER.fullmatch(text)
    value = float(found[1]) / 100 if found and found[2] else 0.0
    if not 0 < value < 1:
        raise UsageError(f"{option} {text} is not a share between 0% and 100%", hint="with its sign, such as 30%")
    return value


def size(option: str, text: str) -> Size:
    """A size as the file writes it."""
    from pydantic_core import PydanticCustomError

    from abstory.experiment import Size

    try:
        return Size.parse(text)
    except PydanticCustomError as error:
        hint = str((error.context or {}).get("hint", ""))
        raise UsageError(f"{option} {text}: {error.message()}", hint=hint) from None


def pairs(
    experiment: Experiment, options: Mapping[str, object]
) -> Iterator[tuple[Outcome, tuple[str, float], tuple[str, float] | None]]:
    """What `--baseline` says of each metric and, beside it, `--sd`, each as typed and in the metric's unit."""
    means = by_metric(experiment, options["baselines"], "--baseline", number)
    deviations = by_metric(experiment, options["deviations"], "--sd", number)
    if alone := [name for name in deviations if name not in means]:
        raise UsageError(f"--sd of {alone[0]} has no --baseline beside it", hint=f"--baseline {alone[0]}=VALUE")
    for name, text in means.items():
        found, beside = outcome(experiment, name), deviations.get(name)
        yield found, (text, _in_unit(found, text)), (beside, _in_unit(found, beside)) if beside else None


def varying(name: str, deviation: tuple[str, float]) -> float:
    """The variance of a standard deviation above 0."""
    text, value = deviation
    if not value > 0:
        raise UsageError(f"--sd {name}={text}: what does not vary cannot be planned", hint="above 0")
    return value**2


def foreign(options: Mapping[str, object], names: Mapping[str, str], unit: str, why: str) -> None:
    """Refuse options that have a meaning for the other unit only: by their name among `options`, as they are typed."""
    if given := [typed for name, typed in names.items() if options[name] not in {None, ()}]:
        raise UsageError(f"{given[0]} belongs to unit: {unit}: {why}", hint=f"drop {given[0]}")


def only(experiment: Experiment, names: object) -> tuple[str, ...]:
    """Metrics that something is decided by."""
    from abstory.experiment import Role

    some = tuple(names) if isinstance(names, tuple) else ()
    for name in some:
        if outcome(experiment, name).role is Role.SECONDARY:
            raise UsageError(f"{name} is a secondary metric: nothing is decided by it", hint="make it a primary")
    return some


def outcome(experiment: Experiment, name: str) -> Outcome:
    """A declared metric in its role."""
    declared = {one.metric.name: one for one in experiment.outcomes}
    if name not in declared:
        from difflib import get_close_matches

        near = get_close_matches(name, list(declared), n=1)
        hint = f"did you mean {near[0]}?" if near else f"it declares {', '.join(declared)}"
        raise UsageError(f"{experiment.key} declares no metric {name}", hint=hint)
    return declared[name]


def _in_unit(outcome: Outcome, text: str) -> float:
    """A rate has its per cent sign, nothing else has one: nobody can know what a bare 0.5 of a rate means."""
    from abstory.experiment import Unit

    name, rate = outcome.metric.name, outcome.metric.unit is Unit.RATE
    found = _NUMBER.fullmatch(text)
    digits, sign = found.groups() if found else (text, "")
    if rate and not sign:
        shown = f"{float(digits) * 100:g}%"
        raise UsageError(f"{name} is a rate: {text} needs its per cent sign", hint=f"{text}%, or {shown}?")
    if sign and not rate:
        raise UsageError(f"{name} is not a rate: {text} has no meaning for it", hint="a plain number, such as 6.2")
    return float(digits) / (100 if sign else 1)
