"""`abstory schema`."""

from __future__ import annotations

import json
from typing import Any

import click

OF = ("experiment", "report", "gate", "calendar")


@click.command()
@click.option(
    "--of",
    "document",
    type=click.Choice(OF),
    default=OF[0],
    show_default=True,
    help="The experiment file, or what --json prints.",
)
def command(document: str) -> None:
    """Print a JSON Schema: of the experiment file, for editors to complete from, or of what programs read."""
    click.echo(json.dumps(made(document), indent=2, sort_keys=True))


def made(document: str) -> dict[str, Any]:
    """The schema of one of `OF`."""
    if document == OF[0]:
        from abstory.spec.schema import schema

        return schema()
    from abstory.report.schema import SCHEMAS

    return SCHEMAS[document]()
