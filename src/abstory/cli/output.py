"""Where words go: data on stdout, everything else on stderr, nothing that a terminal would obey."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from abstory.cli.settings import Settings
    from abstory.errors import AbstoryError


def harmless(text: str) -> str:
    """`text` with control, escape and bidi characters shown as `\\xNN` or `\\uNNNN` instead of obeyed."""
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"} else _shown(char)
        for char in text
    )


def _shown(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004


def say_error(error: AbstoryError) -> None:
    """One line, and a hint where there is one, on stderr."""
    click.echo(harmless(f"abstory: {error.message}"), err=True)
    if error.hint:
        click.echo(harmless(f"  hint: {error.hint}"), err=True)


def note(settings: Settings, text: str) -> None:
    """Advice on stderr, unless quiet."""
    if not settings.quiet:
        click.echo(harmless(text), err=True)


def console(settings: Settings, *, stderr: bool = False) -> Console:
    """A console by the global flags; 80 columns where there is no terminal."""
    import sys

    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = settings.width or (None if stream.isatty() else 80)
    force = {"always": True, "never": False}.get(settings.color)
    return Console(
        stderr=stderr,
        width=width,
        force_terminal=force,
        no_color=True if settings.color == "never" else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )
