"""The root command, and the one place where an exception becomes an exit code."""

from __future__ import annotations

import errno
import importlib
import sys
from pathlib import Path
from typing import NoReturn

import click
from click.core import ParameterSource

from abstory.cli import streams
from abstory.cli.configuration import defaults, source
from abstory.cli.settings import Settings
from abstory.errors import AbstoryError, ExitCode, UsageError

COMMANDS = {
    "demo": "A simulated audience through the whole product, in a fresh folder.",
    "init": "Make a project folder.",
    "new": "Write a commented experiment file.",
    "validate": "Check experiment files: every error and lint, with its place.",
    "power": "How many viewers or posts it needs, and how long that takes.",
    "calendar": "Which post is which variant, for experiments with organic posts.",
    "schema": "Print the JSON Schema of the experiment file.",
    "simulate": "The declared design, many times, on an audience whose truth is known.",
    "assign": "Say which variant a viewer gets, or a whole file of viewers.",
    "ingest": "Load events, exposures or attributes from CSV, JSONL or Parquet.",
    "status": "One line an experiment.",
    "report": "What happened, and what to do.",
    "gate": "The verdict as an exit code.",
    "export": "The data behind the report, as tables in a folder.",
    "ledger": "Who asked the gate, when, of which data, and what it said.",
    "doctor": "Health of the database, the files and the terminal, and where each setting comes from.",
    "completion": "Completion of commands, options and keys for your shell.",
}
"""Every command with its help line, in the order of use; each is `command` in the module of its name."""

_ANYWHERE = {"demo", "init", "schema", "completion"}
"""The commands that make a folder, or look at none."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"abstory.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"No such command '{args[0]}'.{hint}", ctx)
        return super().resolve_command(ctx, args)


def _configured(ctx: click.Context, _: click.Parameter, project: Path) -> Path:
    """Eager: the other options' defaults are those of the project's own file."""
    ctx.default_map = defaults(project)
    return project


def _origin(ctx: click.Context, name: str) -> str:
    """Where an option's value came from, as a user would look for it."""
    option = next(one for one in root.params if one.name == name)
    match ctx.get_parameter_source(name):
        case ParameterSource.COMMANDLINE:
            return option.opts[-1]
        case ParameterSource.ENVIRONMENT:
            return f"ABSTORY_{option.opts[-1].lstrip('-').upper()}"
        case ParameterSource.DEFAULT_MAP:
            return str(source(ctx.params["project"]))
        case _:
            return "default"


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ABSTORY"},
    epilog="Exit codes: 0 done or ship, 2 refused input, 3 gate closed, 4 undecided, 5 untrusted data, 6 environment.",
)
@click.option(
    "-C",
    "--project",
    type=click.Path(path_type=Path),
    default=Path(),
    is_eager=True,
    callback=_configured,
    help="Project folder.",
)
@click.option("--db", type=click.Path(path_type=Path), default=None, help="Database file  [default: abstory.duckdb]")
@click.option("--wait", default="0s", help="How long to wait for a locked database, such as 30s.")
@click.option("--memory", default=None, help="Memory limit of the engine, such as 1GB  [default: half the machine]")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colour.")
@click.option("--ascii", "ascii_only", is_flag=True, envvar="ABSTORY_ASCII", help="Only ASCII characters.")
@click.option("--width", type=click.IntRange(40, 400), default=None, help="Columns to draw in.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no advice.")
@click.option("-v", "--verbose", is_flag=True, help="Say more; show tracebacks of unexpected failures.")
@click.version_option(package_name="abstory", prog_name="abstory")
@click.pass_context
def root(ctx: click.Context, /, **options: object) -> None:
    """A/B testing for short-form video stories: which story to post, told honestly."""
    project = ctx.params["project"]
    if not project.is_dir() and ctx.invoked_subcommand not in _ANYWHERE:
        raise UsageError(f"there is no project folder {project}", hint="-C names the folder that holds experiments/")
    ctx.obj = Settings.from_options(options, {name: _origin(ctx, name) for name in options})
    if options["verbose"]:
        from abstory.cli.output import tell_steps

        tell_steps(source(project))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with one of the fixed exit codes."""
    streams.fill()
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code, never an exception."""
    try:
        outcome = root.main(args=arguments, prog_name="abstory", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as left:
        # Click's own ways out: after a completion with 0, at a closed pipe with a code that would read as a bug.
        return ExitCode.DONE if left.code == 0 else _failed(BrokenPipeError())
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 the last place where a failure can be given its exit code
        return _failed(error)
    return outcome if isinstance(outcome, int) else ExitCode.DONE


_UNWRITTEN = {errno.ENOSPC: "no space left to write to", errno.EBADF: "stdout is closed"}


def _failed(error: BaseException) -> int:
    match error:
        case KeyboardInterrupt() | click.exceptions.Abort():
            return ExitCode.INTERRUPTED
        case click.ClickException():
            error.show(sys.stderr)
            return ExitCode.REFUSED
        case AbstoryError():
            return _tell(error)
        case BrokenPipeError():
            # Quiet, but never 0: a reader that went away must not read as an open gate.
            streams.silence()
            return ExitCode.ENVIRONMENT
        case OSError(errno=number) if number in _UNWRITTEN:
            streams.silence()
            click.echo(f"abstory: {_UNWRITTEN[number]}", err=True)
            return ExitCode.ENVIRONMENT
        case _:
            return _bug(error)


def _tell(error: AbstoryError) -> int:
    from abstory.cli.output import say_error

    say_error(error)
    return error.exit_code


def _bug(error: BaseException) -> int:
    if "-v" in sys.argv or "--verbose" in sys.argv:
        import traceback

        traceback.print_exc()
    kind = type(error).__name__
    click.echo(f"abstory: unexpected failure ({kind}): a bug of ours; run again with -v to see where.", err=True)
    return ExitCode.BUG
