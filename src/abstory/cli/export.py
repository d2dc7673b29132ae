"""`abstory export KEY`: the data behind the report, for whoever wants to reckon on."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abstory.cli import output
from abstory.cli.completion import keys
from abstory.cli.settings import Settings

if TYPE_CHECKING:
    from abstory.report.page import Page
    from abstory.report.rows import Rows

FORMATS = ("csv", "parquet", "json")


@click.command("export")
@click.argument("key", shell_complete=keys)
@click.option(
    "-o", "folder", type=click.Path(path_type=Path), required=True, metavar="DIR", help="A folder that is new or empty."
)
@click.option(
    "--format", "style", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True, help="Of the tables."
)
@click.option("--as-of", default=None, metavar="TIME", help="As it stood then: ISO 8601 with an offset, or a date.")
@click.pass_obj
def command(settings: Settings, key: str, folder: Path, style: str, as_of: str | None) -> None:
    """Write the data behind the report of the experiment KEY into a folder.

    Comparisons, moments of every metric and variant, exposures by day and the checks of the data, a table each, and
    the whole report as report.json. No viewer is in any of them. All of it is written, or nothing.
    """
    from abstory import spec
    from abstory.cli import report

    experiment = spec.find(settings.project, key)
    asked: dict[str, object] = {str(option.name): None for option in report.command.params} | {"as_of": as_of}
    written(folder, files(report.page_of(settings, experiment, asked), style))
    output.note(settings, f"wrote {folder}")


def files(page: Page, style: str) -> dict[str, bytes]:
    """Every file by its name."""
    from abstory.report.json import render
    from abstory.report.look import Look
    from abstory.report.rows import tables

    told = {f"{table.name}.{style}": _written(table, style) for table in tables(page)}
    return told | {"report.json": render(page, Look()).encode()}


def _written(table: Rows, style: str) -> bytes:
    from abstory.report import csv, parquet

    if style == "parquet":
        return parquet.written(table)
    if style == "json":
        return (json.dumps(table.records(), indent=2, allow_nan=False, default=str) + "\n").encode()
    return csv.written(table).encode()


def written(folder: Path, contents: Mapping[str, bytes]) -> None:
    """A whole folder or none: filled beside, then renamed.

    Raises:
        NotWritable: there is something in it, or the disk does not take it.
    """
    from abstory.errors import NotWritable

    target = folder.resolve()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise NotWritable(f"{folder} is not an empty folder", hint="name a new one; nothing is overwritten")
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        _fill(beside, contents)
        if target.exists():
            target.rmdir()
        beside.replace(target)
    except OSError as error:
        raise NotWritable(f"{folder} cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _fill(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
