"""`abstory calendar KEY`: which post is which variant."""

from __future__ import annotations

from pathlib import Path

import click

from abstory.cli import formats
from abstory.cli.completion import keys
from abstory.cli.settings import Settings
from abstory.report.calendar import FORMATS, SUFFIXES


@click.command("calendar")
@click.argument("key", shell_complete=keys)
@click.option("--json", "as_json", is_flag=True, help="The calendar/1 document; short for --format json.")
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default=None, help="How to write it.")
@click.option("-o", "file", type=click.Path(path_type=Path), default=None, help="Into a file; - is stdout.")
@click.pass_obj
def command(settings: Settings, /, key: str, **options: object) -> None:
    """Print the posting calendar of the experiment KEY: who posts which variant when.

    It is drawn by the key and the seed of the file, the same for ever, and needs no data. csv is a sheet to fill in
    with story_id and posted_at as you post, which `abstory ingest` then reads; ics is for calendar programs.
    """
    from abstory import spec
    from abstory.report.calendar import renderer, table
    from abstory.report.calendar.drawn import Drawn

    told = formats.chosen(options, SUFFIXES)
    drawn = Drawn.of(spec.find(settings.project, key))
    formats.deliver(
        settings,
        told,
        options["file"],
        lambda look: renderer(told)(drawn, look),
        lambda look: table.lines(drawn, look),
    )
