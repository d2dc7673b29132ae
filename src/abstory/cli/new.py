"""`abstory new`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from abstory.cli.output import note
from abstory.cli.settings import Settings
from abstory.errors import NotWritable, UsageError


@click.command()
@click.argument("key")
@click.option(
    "--template",
    type=click.Choice(["ab", "factorial", "calendar"]),
    default="ab",
    show_default=True,
    help="ab tests one attribute, factorial several at once, calendar one with organic posts.",
)
@click.pass_obj
def command(settings: Settings, key: str, template: str) -> None:
    """Write a commented experiment file for KEY into the project's experiments folder; never overwrites.

    KEY names the experiment for ever: 1 to 64 of a-z, 0-9, _ and -.
    """
    path = settings.project / "experiments" / f"{_name(key)}.yaml"
    _write(path, _text(template, key))
    click.echo(path)
    note(settings, f"next: edit it, then abstory validate {path}")


def _name(key: str) -> str:
    import re

    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", key):
        raise UsageError(
            f"{key[:64]!r} cannot be a key", hint="1 to 64 of a-z, 0-9, _ and -, beginning with a letter or digit"
        )
    return key


def _text(template: str, key: str) -> str:
    from abstory.spec import check_bytes
    from abstory.spec.templates import filled

    text = filled(template, key, datetime.now(UTC).date())
    if check_bytes(text.encode(), key)[0] is None:
        raise UsageError(f"{key!r} reads as something else in YAML", hint="choose a key with a letter in it")
    return text


def _write(path: Path, text: str) -> None:
    try:
        _folder(path.parent)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists; nothing was written", hint="choose another key") from None
    except OSError as error:
        raise NotWritable(f"{path}: {error.strerror}") from None


def _folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotWritable(f"{path} is not a folder") from None
