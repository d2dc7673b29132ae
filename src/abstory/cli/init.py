"""`abstory init`."""

from __future__ import annotations

from pathlib import Path

import click

from abstory.cli.output import note
from abstory.cli.settings import Settings
from abstory.errors import NotWritable

README = """# Experiments

Each file in `experiments/` declares one experiment; `abstory validate` checks them all.
"""
IGNORED = """# data, not declarations
abstory.duckdb*
*.report.html
"""


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.pass_obj
def command(settings: Settings, directory: Path | None) -> None:
    """Make a project folder in DIRECTORY (default: the project folder); never overwrites."""
    root = settings.project / directory if directory else settings.project
    try:
        (root / "experiments").mkdir(parents=True, exist_ok=True)
        made = [_write(root / "README.md", README), _write(root / ".gitignore", IGNORED)]
    except OSError as error:
        raise NotWritable(f"{root}: {error.strerror}") from None
    for path in (root / "experiments", *filter(None, made)):
        click.echo(path)
    where = "" if root == Path() else f"-C {root} "
    note(settings, f"next: abstory {where}new my-first-test")


def _write(path: Path, text: str) -> Path | None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return None
    return path
