"""What options and stored posts say of a calendar that is to be planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from abstory.cli import reading, told
from abstory.errors import UsageError

if TYPE_CHECKING:
    from abstory.cli.settings import Settings
    from abstory.experiment import Experiment, Outcome
    from abstory.planning import PostBaseline, Question
    from abstory.planning.past_posts import SeenPosts

_VIEWERS_ONLY = {"daily": "--daily", "explained": "--r2"}
_OTHER = "or --icc 0.03 --reach 5000 for the sd of a rate, or --past KEY for the posts of another calendar"


def question(settings: Settings, experiment: Experiment, options: Mapping[str, object]) -> Question:
    """What is asked, with what stored posts show of metrics that no option speaks of.

    Raises:
        UsageError: options that do not fit, or a metric of which nothing is known.
    """
    from dataclasses import replace

    from abstory import planning

    told.foreign(options, _VIEWERS_ONLY, "viewer", "here the calendar says when is posted")
    asked = planning.Question(
        experiment,
        _baselines(experiment, options),
        mdes=told.by_metric(experiment, options["mdes"], "--mde", told.size),
        power=told.share("--power", str(options["power"])) if options["power"] is not None else None,
        only=told.only(experiment, options["metrics"]),
    )
    if not planning.without_baseline(asked):
        return asked
    found = _seen(settings, experiment, options["past"])
    asked = replace(asked, baselines={**(found.baselines if found else {}), **asked.baselines})
    if missing := planning.without_baseline(asked):
        raise _unknown(missing, found)
    return asked


def _seen(settings: Settings, experiment: Experiment, past: object) -> SeenPosts | None:
    """What the stored posts of an experiment show: of another one that was named, or its own."""
    from abstory import spec
    from abstory.planning.past_posts import seen_posts

    source = experiment if past is None else spec.find(settings.project, str(past))
    if past is None and not settings.database.exists():
        return None
    with reading.store(settings) as store:
        return seen_posts(experiment, source, store, now_us=reading.now_us())


def _baselines(experiment: Experiment, options: Mapping[str, object]) -> dict[str, PostBaseline]:
    pairs = {outcome.metric.name: (outcome, mean, sd) for outcome, mean, sd in told.pairs(experiment, options)}
    correlations, reach = _correlations(experiment, options), options["reach"]
    if (bare := _bare(options)) is not None:
        correlations = {name: bare for name, pair in pairs.items() if _scatterless(*pair)} | correlations
    if alone := [name for name in correlations if name not in pairs]:
        raise UsageError(f"--icc of {alone[0]} has no --baseline beside it", hint=f"--baseline {alone[0]}=40%")
    return {
        name: _told(outcome, mean, deviation)
        if name not in correlations
        else _derived(outcome, mean, deviation, correlations[name], reach)
        for name, (outcome, mean, deviation) in pairs.items()
    }


def _bare(options: Mapping[str, object]) -> float | None:
    """An `--icc` that names no metric: of every rate whose scatter nothing else tells."""
    texts = options["correlations"]
    return (
        next((_correlation("--icc", text) for text in texts if "=" not in text), None)
        if isinstance(texts, tuple)
        else None
    )


def _scatterless(outcome: Outcome, _mean: object, deviation: object) -> bool:
    from abstory.experiment import Unit

    return outcome.metric.unit is Unit.RATE and deviation is None


def _correlations(experiment: Experiment, options: Mapping[str, object]) -> dict[str, float]:
    """What `--icc` says, and nothing without a reach beside it."""
    found, reach = told.by_metric(experiment, options["correlations"], "--icc", _correlation), options["reach"]
    if found and reach is None:
        raise UsageError("--icc has no --reach beside it: how many views a post has", hint="such as --reach 5000")
    if reach is not None and not found:
        raise UsageError("--reach has no --icc beside it: how alike the views of one post are", hint="--icc 0.03")
    return found


def _correlation(option: str, text: str) -> float:
    typed = told.number(option, text)
    if typed.endswith("%") or not float(typed) <= 1:
        raise UsageError(f"{option} {text} is not a correlation from 0 to 1", hint="such as 0.03")
    return float(typed)


def _told(outcome: Outcome, mean: tuple[str, float], deviation: tuple[str, float] | None) -> PostBaseline:
    from abstory.planning import PostBaseline

    name = outcome.metric.name
    if deviation is None:
        raise UsageError(
            f"how posts scatter about {name}={mean[0]} is not in its baseline", hint=f"{_ask(outcome)}, {_OTHER}"
        )
    return PostBaseline(mean[1], told.varying(name, deviation))


def _derived(outcome: Outcome, mean: tuple[str, float], deviation: object, icc: float, reach: object) -> PostBaseline:
    from abstory.experiment import Unit
    from abstory.planning import PostBaseline

    name, (text, rate) = outcome.metric.name, mean
    if outcome.metric.unit is not Unit.RATE:
        raise UsageError(f"{name} is no rate: --icc does not say how it scatters", hint=_ask(outcome))
    if deviation is not None:
        raise UsageError(f"--sd and --icc both say how {name} scatters", hint="drop one of them")
    if not 0 < rate < 1:
        raise UsageError(f"--baseline {name}={text}: a share lies between 0% and 100%", hint="such as 4.5%")
    return PostBaseline.of_impressions(rate, icc=icc, reach=float(str(reach)))


def _unknown(missing: Iterable[Outcome], found: SeenPosts | None) -> UsageError:
    some = list(missing)
    names, asked = ", ".join(outcome.metric.name for outcome in some), " ".join(map(_ask, some))
    seen = "no posts are stored" if found is None else found.lacking(outcome.metric.name for outcome in some)
    return UsageError(
        f"no baseline is known of {names}: none was given, and {seen}",
        hint=f"say how posts of control are and scatter, as in {asked}; {_OTHER}",
    )


def _ask(outcome: Outcome) -> str:
    """What to type for one metric; the figures are an example."""
    from abstory.experiment import Unit

    name, rate = outcome.metric.name, outcome.metric.unit is Unit.RATE
    mean, deviation = ("40%", "6%") if rate else ("6.2", "1.5")
    return f"--baseline {name}={mean} --sd {name}={deviation}"
