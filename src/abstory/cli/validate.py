"""`abstory validate`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abstory.cli.output import harmless, look, note
from abstory.cli.settings import Settings
from abstory.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from abstory.spec import Diagnostic, Loaded


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "style",
    type=click.Choice(["human", "concise", "github", "json"]),
    default="human",
    show_default=True,
    help="human shows the line with a caret; concise is a line each, for editors; github annotates a pull request; "
    "json is for programs.",
)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option("--assets", is_flag=True, help="Look for every cut that `asset` names, in the project folder.")
@click.option("--fix", is_flag=True, help="Put misspelt words right where only one can have been meant.")
@click.pass_obj
def command(settings: Settings, paths: tuple[Path, ...], style: str, *, strict: bool, assets: bool, fix: bool) -> int:
    """Check experiment files: every error and warning, each with its place.

    PATHS are files or folders; without any, the project's experiments folder.
    Leaves with 2 where a file has an error, else with 0.
    """
    from abstory.spec.render import rendered

    if fix:
        for path in _chosen(settings, paths):
            _fix(settings, path)
    loaded = _checked(settings, paths, assets=assets)
    found = [one for each in loaded for one in each.diagnostics]
    if found or style == "json":
        click.echo(harmless(rendered(found, style, width=look(settings).width)))
    failed = sum(1 for each in loaded if _fails(each.diagnostics, strict=strict))
    note(settings, _summary(loaded, found))
    return ExitCode.REFUSED if failed else ExitCode.DONE


def _fix(settings: Settings, path: Path) -> None:
    """Put the file's misspelt words right, whole or not at all; what cannot be read is told when it is checked."""
    from abstory.cli.output import write_bytes
    from abstory.spec.fix import fixed

    try:
        data = path.read_bytes()
    except OSError:
        return
    after, done = fixed(data, str(path))
    if done:
        write_bytes(path, after)
    for one in done:
        note(settings, f"fixed {path}:{one.line}:{one.column}: {one.found} is now {one.meant}")


def _chosen(settings: Settings, paths: tuple[Path, ...]) -> tuple[Path, ...]:
    from abstory.spec import files

    chosen = tuple(file for path in paths for file in _inside(path)) if paths else files(settings.project)
    if not chosen:
        where = ", ".join(map(str, paths)) or settings.project / "experiments"
        raise UsageError(f"no experiment files in {where}", hint="abstory new KEY writes one to start from")
    return chosen


def _checked(settings: Settings, paths: tuple[Path, ...], *, assets: bool) -> tuple[Loaded, ...]:
    from abstory.spec import survey, with_cuts

    loaded = survey(_chosen(settings, paths))
    return with_cuts(loaded, settings.project) if assets else loaded


def _inside(path: Path) -> Iterable[Path]:
    from abstory.spec import within

    return within(path) if path.is_dir() else (path,)


def _fails(found: Iterable[Diagnostic], *, strict: bool) -> bool:
    return any(strict or one.severity == "error" for one in found)


def _summary(loaded: tuple[Loaded, ...], found: list[Diagnostic]) -> str:
    errors = sum(1 for one in found if one.severity == "error")
    parts = (_counted(len(loaded), "file"), _counted(errors, "error"), _counted(len(found) - errors, "warning"))
    return ", ".join(parts)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
