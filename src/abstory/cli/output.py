"""Where words go: data on stdout, everything else on stderr, nothing that a terminal would obey."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from abstory.report.harmless import harmless

if TYPE_CHECKING:
    from logging import LogRecord

    from rich.console import Console
    from rich.text import Text

    from abstory.cli.settings import Settings
    from abstory.errors import AbstoryError
    from abstory.report.look import Look

_NARROWEST, _USUAL = 40, 80

__all__ = [
    "console",
    "harmless",
    "look",
    "note",
    "say_error",
    "send",
    "show",
    "tell_steps",
    "write",
    "write_bytes",
    "write_file",
]


def say_error(error: AbstoryError) -> None:
    """One line, and a hint where there is one, on stderr."""
    click.echo(harmless(f"abstory: {error.message}"), err=True)
    if error.hint:
        click.echo(harmless(f"  hint: {error.hint}"), err=True)


def note(settings: Settings, text: str) -> None:
    """Advice on stderr, unless quiet."""
    if not settings.quiet:
        click.echo(harmless(text), err=True)


def tell_steps(configured_by: Path | None) -> None:
    """From now on every step is told on stderr, with the seconds since the start: what `-v` asks for."""
    import logging

    log, handler = logging.getLogger("abstory"), logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(relativeCreated)7.0f ms  %(message)s"))
    handler.addFilter(_made_harmless)
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.info("settings from flags, environment and %s", configured_by or "no file")


def _made_harmless(record: LogRecord) -> bool:
    record.msg, record.args = harmless(record.getMessage()), ()
    return True


def look(settings: Settings) -> Look:
    """Width and characters of stdout; ASCII where the stream cannot write anything else."""
    from abstory.report.look import Look

    return Look(_width(settings), settings.ascii_only or not _draws(sys.stdout.encoding))


def console(settings: Settings, *, stderr: bool = False) -> Console:
    """A console by the global flags; 80 columns where there is no terminal. A flag beats NO_COLOR."""
    from rich.console import Console

    forced = {"always": True, "never": False}.get(settings.color)
    return Console(
        stderr=stderr,
        width=_width(settings, stderr=stderr),
        force_terminal=forced,
        # A terminal that does not say what it can still gets colour when the flag says so.
        color_system="standard" if forced else "auto",
        no_color={"always": False, "never": True}.get(settings.color),
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def show(settings: Settings, lines: Iterable[Text]) -> None:
    """Laid-out lines on stdout as they are: no wrapping, colour only where it is wanted."""
    out = console(settings)
    # Not printed by rich itself: at a closed pipe it leaves with a code of its own.
    with out.capture() as drawn:
        for line in lines:
            out.print(line, no_wrap=True, overflow="ignore", crop=False)
    write(drawn.get())


def write(text: str) -> None:
    """Finished text on stdout."""
    # Whatever escapes are in it are our own colours, wanted by then.
    click.echo(text, nl=False, color=True)


def send(content: bytes) -> None:
    """A file's bytes on stdout. Raises UsageError where that is a terminal."""
    from abstory.errors import UsageError

    if sys.stdout.isatty():
        raise UsageError("a terminal cannot show this format", hint="-o FILE keeps it, or send it into a pipe")
    click.echo(content, nl=False)


def write_file(path: Path, text: str | bytes) -> None:
    """As `write_bytes`; a text is written in UTF-8."""
    write_bytes(path, text if isinstance(text, bytes) else text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """A whole file or none: written beside, then renamed.

    Raises:
        NotWritable: the folder or the disk does not take it, or the path is no regular file.
    """
    from abstory.errors import NotWritable

    target = path.resolve()
    if target.exists() and not target.is_file():
        raise NotWritable(f"{path} is not a regular file", hint="-o - writes to stdout")
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        _put(beside, target, data)
    except OSError as error:
        raise NotWritable(f"{path} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):  # a folder that takes nothing gives nothing back either
            beside.unlink(missing_ok=True)


def _put(beside: Path, target: Path, data: bytes) -> None:
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(target)


def _width(settings: Settings, *, stderr: bool = False) -> int:
    if settings.width:
        return settings.width
    stream = sys.stderr if stderr else sys.stdout
    if not stream.isatty():
        return _USUAL
    import shutil

    return max(_NARROWEST, shutil.get_terminal_size((_USUAL, 24)).columns)


def _draws(encoding: str | None) -> bool:
    try:
        "─│┊●−".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
