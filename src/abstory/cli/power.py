"""`abstory power KEY`: how many viewers it needs, and how many days; or how many posts, and how many weeks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import click

from abstory.cli import output, reading, told
from abstory.cli.completion import keys
from abstory.cli.settings import Settings
from abstory.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from abstory.experiment import Experiment, Outcome
    from abstory.planning import Baseline, Question, Seen
    from abstory.report.json import Plain
    from abstory.report.look import Look

_POSTS_ONLY = {"correlations": "--icc", "reach": "--reach", "past": "--past"}


class Answer(NamedTuple):
    """A plan, ready to be written for people or for programs."""

    lines: Callable[[Look], list[Text]]
    document: Callable[[], Plain]


@click.command("power")
@click.argument("key", shell_complete=keys)
@click.option("--baseline", "baselines", multiple=True, metavar="[METRIC=]VALUE", help="Of control: 4.5%, or 6.2.")
@click.option(
    "--sd", "deviations", multiple=True, metavar="[METRIC=]VALUE", help="Standard deviation, of viewers or of posts."
)
@click.option("--daily", type=click.FloatRange(min=1), metavar="VIEWERS", help="New eligible ones a day.")
@click.option("--mde", "mdes", multiple=True, metavar="[METRIC=]SIZE", help="What if it were this: 2% or 0.5pp.")
@click.option("--power", default=None, metavar="SHARE", help="What if it were this: 90%.")
@click.option("--r2", "explained", multiple=True, metavar="[METRIC=]SHARE", help="Of variance, by covariates: 30%.")
@click.option("--icc", "correlations", multiple=True, metavar="[METRIC=]VALUE", help="Of views of one post: 0.03.")
@click.option("--reach", type=click.FloatRange(min=1), metavar="VIEWS", help="Of a post, beside --icc.")
@click.option("--past", metavar="KEY", shell_complete=keys, help="Posts of this calendar show what control is like.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Plan for this primary or guardrail only.")
@click.option("--json", "as_json", is_flag=True, help="The power/1 document.")
@click.pass_obj
def command(settings: Settings, /, **options: object) -> None:
    """Say how many viewers the experiment KEY needs, and how many days; of a calendar, how many posts and weeks.

    Alpha, power, MDEs, margins, looks, multiplicity and weights are the file's. What control is like comes from
    --baseline, or from the exposures stored so far, all variants pooled. Of posts it takes --sd, or --icc with --reach,
    beside it, or comes from the posts stored so far. Without METRIC= an option means the first primary.
    """
    run(settings, options)


def run(settings: Settings, options: Mapping[str, object]) -> None:
    """The command on parsed options."""
    from abstory import spec
    from abstory.report.json import written

    experiment, look = spec.find(settings.project, str(options["key"])), output.look(settings)
    answer = (_posts if experiment.by_slot else _viewers)(settings, experiment, options)
    if options["as_json"]:
        output.write(written(answer.document(), look))
    else:
        output.show(settings, answer.lines(look))


def _posts(settings: Settings, experiment: Experiment, options: Mapping[str, object]) -> Answer:
    from abstory import planning
    from abstory.cli import told_posts
    from abstory.report import post_power

    plan = planning.plan_posts(told_posts.question(settings, experiment, options))
    return Answer(lambda look: post_power.lines(plan, look), lambda: post_power.document(plan))


def _viewers(settings: Settings, experiment: Experiment, options: Mapping[str, object]) -> Answer:
    from abstory import planning
    from abstory.report import power

    told.foreign(options, _POSTS_ONLY, "slot", "here viewers are randomised")
    question = _complete(settings, _told(experiment, options))
    if missing := planning.without_baseline(question):
        raise _unknown(missing)
    plan = planning.plan(question)
    return Answer(lambda look: power.lines(plan, look), lambda: power.document(plan))


def _told(experiment: Experiment, options: Mapping[str, object]) -> Question:
    from abstory.planning import Question

    daily, power = options["daily"], options["power"]
    return Question(
        experiment,
        _baselines(experiment, options),
        daily * experiment.traffic.share / 10_000 if isinstance(daily, float) else None,
        mdes=told.by_metric(experiment, options["mdes"], "--mde", told.size),
        power=told.share("--power", str(power)) if power is not None else None,
        explained=told.by_metric(experiment, options["explained"], "--r2", told.share),
        only=told.only(experiment, options["metrics"]),
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
    pairs = told.pairs(experiment, options)
    return {outcome.metric.name: _baseline(outcome, mean, deviation) for outcome, mean, deviation in pairs}


def _baseline(outcome: Outcome, mean: tuple[str, float], deviation: tuple[str, float] | None) -> Baseline:
    from abstory.planning import Baseline

    metric, (text, value) = outcome.metric, mean
    if metric.kind == "proportion":
        if deviation is not None:
            raise UsageError(f"{metric.name} is a share of viewers: its baseline says how it varies", hint="drop --sd")
        if not 0 < value < 1:
            raise UsageError(f"--baseline {metric.name}={text}: a share lies between 0% and 100%", hint="such as 4.5%")
        return Baseline.of_rate(value)
    if deviation is None:
        raise UsageError(f"{metric.name} is a {metric.kind}: how it varies is not in its baseline", hint=_ask(outcome))
    return Baseline(value, told.varying(metric.name, deviation))


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
