"""`abstory gate KEY`: the verdict as an exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abstory.cli import output, reading
from abstory.cli.completion import keys
from abstory.cli.settings import Settings
from abstory.errors import NotWritable
from abstory.face.gating import Asked, ask

if TYPE_CHECKING:
    from abstory.results import GateReport


@click.command("gate")
@click.argument("key", shell_complete=keys)
@click.option("--variant", default=None, metavar="V", help="Ask about this treatment only.")
@click.option("--require", type=click.Choice(["ship", "not-worse"]), default="ship", help="What must be shown.")
@click.option("--max-age", default=None, metavar="AGE", help="Refuse data older than this, such as 24h.")
@click.option("--as-of", default=None, metavar="TIME", help="Everything up to then is loaded: read as of it.")
@click.option("--json", "as_json", is_flag=True, help="The gate/1 document.")
@click.option("--junit", type=click.Path(path_type=Path), default=None, metavar="FILE", help="JUnit XML beside it.")
@click.option("--github", is_flag=True, help="Annotate a GitHub Actions run, with summary and outputs of the step.")
@click.pass_obj
def command(settings: Settings, /, **options: object) -> int:
    """Answer a pipeline: may the experiment KEY ship?

    Leaves with 0 ship, 3 no, 4 undecided, 5 data not to be trusted, 6 database trouble, 2 a wrong call. Every call is
    written to the decision ledger; where the database cannot be written the answer is still given, and says so.
    """
    return run(settings, options)


def run(settings: Settings, options: dict[str, object]) -> int:
    """The command on parsed options."""
    from abstory import spec

    experiment = spec.find(settings.project, str(options["key"]))
    answer = ask(experiment, _asked(options), lambda writable: reading.store(settings, writable=writable))
    report, recorded = answer.report, answer.recorded
    _beside(report, options)
    if options["as_json"]:
        from abstory.report.gate import document
        from abstory.report.json import written

        output.write(written(document(report, recorded=recorded), output.look(settings)))
    else:
        from abstory.report.gate import lines

        output.show(settings, lines(report, output.look(settings)))
    if not recorded:
        output.note(settings, "abstory: the database cannot be written, so this look is not in the decision ledger")
    return int(report.exit_code)


def _asked(options: dict[str, object]) -> Asked:
    words = {name: str(told) for name in ("variant", "require", "max_age", "as_of") if (told := options[name])}
    return Asked.of(**words)


def _beside(report: GateReport, options: dict[str, object]) -> None:
    """What else is written of the answer, before it is said: a pipeline that sees it may read them."""
    if isinstance(file := options["junit"], Path):
        from abstory.report import junit

        output.write_file(file, junit.render(report))
    if options["github"]:
        from abstory.report import github

        _append("GITHUB_STEP_SUMMARY", github.summary(report))
        _append("GITHUB_OUTPUT", github.outputs(report))
        click.echo(github.annotation(report), err=bool(options["as_json"]))


def _append(variable: str, text: str) -> None:
    """To the file a runner names in that variable; nothing where it names none."""
    if not (named := os.environ.get(variable)):
        return
    try:
        with Path(named).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise NotWritable(f"{named} ({variable}) cannot be written: {error.strerror}") from None
