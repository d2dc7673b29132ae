"""`abstory schema`."""

from __future__ import annotations

import json

import click


@click.command()
def command() -> None:
    """Print the JSON Schema of the experiment file, for editors to complete from."""
    from abstory.spec.schema import schema

    click.echo(json.dumps(schema(), indent=2, sort_keys=True))
