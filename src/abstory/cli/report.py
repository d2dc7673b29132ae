"""`abstory report KEY`: what happened, and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abstory.cli import formats, reading
from abstory.cli.completion import keys
from abstory.cli.settings import Settings
from abstory.errors import UsageError
from abstory.report import FORMATS, SUFFIXES

if TYPE_CHECKING:
    from rich.text import Text

    from abstory.analysis.beliefs import Belief
    from abstory.experiment import Experiment
    from abstory.report.look import Look
    from abstory.report.page import Page
    from abstory.results import ExperimentResult


@click.command("report")
@click.argument("key", shell_complete=keys)
@click.option("--json", "as_json", is_flag=True, help="The report/1 document; short for --format json.")
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default=None, help="How to write it.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Only this metric, over all variants.")
@click.option("--by", multiple=True, metavar="ATTRIBUTE", help="By segment too, such as country: exploratory.")
@click.option("--as-of", default=None, metavar="TIME", help="As it stood then: ISO 8601 with an offset, or a date.")
@click.option("--known-then", is_flag=True, help="With --as-of: without the rows that arrived only after it.")
@click.option("--all", "everything", is_flag=True, help="Every variant, and every check of the data.")
@click.option("--bayes", is_flag=True, help="Beside the verdict: chances, losses and credible intervals, with priors.")
@click.option("-o", "file", type=click.Path(path_type=Path), default=None, help="Into a file; - is stdout.")
@click.pass_obj
def command(settings: Settings, /, **options: object) -> None:
    """Say what happened in the experiment KEY, and what to do.

    The order is what to do, whether to trust it, how much per variant, whether it is safe, how it was computed and
    what to type next. Leaves with 0 whatever the verdict: a pipeline asks `abstory gate`.
    """
    run(settings, options)


def run(settings: Settings, options: dict[str, object]) -> None:
    """The command on parsed options."""
    from abstory import spec
    from abstory.report import renderer

    told = formats.chosen(options, SUFFIXES)
    experiment, source = spec.find_with_text(settings.project, str(options["key"]))
    page = replace(page_of(settings, experiment, options), source=source)
    formats.deliver(
        settings,
        told,
        options["file"],
        lambda look: renderer(told)(page, look),
        lambda look: _lines(page, look),
    )


def _lines(page: Page, look: Look) -> list[Text]:
    from abstory.report.terminal import lines

    return lines(page, look)


def page_of(settings: Settings, experiment: Experiment, options: dict[str, object]) -> Page:
    """What the store holds of it, analysed and ruled on as the options ask."""
    from abstory import decision
    from abstory.report.page import Page

    only = _known(experiment, options["metrics"])
    now = reading.now_us()
    if options["known_then"] and not options["as_of"]:
        raise UsageError("--known-then needs an instant", hint="such as --as-of 2026-11-30 --known-then")
    as_of = reading.instant(str(options["as_of"]), experiment, now=now) if options["as_of"] else None
    with reading.store(settings) as store:
        known_then = bool(options["known_then"])
        result = reading.analysed(store, experiment, now=now, as_of_us=as_of, known_then=known_then)
        result = reading.described(store, experiment, result, known_us=as_of if known_then else None)
        verdict = decision.decide(experiment, result)
        result = reading.segmented(store, experiment, result, _names(options["by"]), only)
    window = experiment.analysis.window.text
    beliefs = _beliefs(result) if options["bayes"] else ()
    return Page(result, verdict, window, only, everything=bool(options["everything"]), beliefs=beliefs)


def _beliefs(result: ExperimentResult) -> tuple[Belief, ...]:
    from abstory.analysis.beliefs import beliefs

    return beliefs(result)


def _known(experiment: Experiment, asked: object) -> tuple[str, ...]:
    declared = [outcome.metric.name for outcome in experiment.outcomes]
    names = _names(asked)
    for name in names:
        if name not in declared:
            from difflib import get_close_matches

            near = get_close_matches(name, declared, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it declares {', '.join(declared)}"
            raise UsageError(f"{experiment.key} declares no metric {name}", hint=hint)
    return names


def _names(asked: object) -> tuple[str, ...]:
    return tuple(asked) if isinstance(asked, tuple) else ()
