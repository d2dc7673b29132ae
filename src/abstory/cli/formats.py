"""What `--format`, `--json` and `-o` ask for together, and the answer on its way there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from abstory.cli import output
from abstory.cli.settings import Settings
from abstory.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from abstory.report.look import Look

TABLE = "table"


def chosen(options: Mapping[str, object], suffixes: Mapping[str, str]) -> str:
    """The format asked for: --json, --format, or the suffix of the file; a table otherwise.

    Args:
        options: of the command: `as_json`, `style` and `file`.
        suffixes: to formats.

    Raises:
        UsageError: two of them disagree, or only a suffix is given that no format has.
    """
    file = options["file"]
    suffix = suffixes.get(file.suffix.lower()) if isinstance(file, Path) else None
    asked = {str(told) for told in ("json" if options["as_json"] else None, options["style"]) if told}
    if len(asked) > 1:
        raise UsageError(f"--json and --format {options['style']} disagree", hint="give one of them")
    if isinstance(file, Path) and file.suffix and not suffix and not asked:
        hint = f"one of {', '.join(suffixes)}, or say --format"
        raise UsageError(f"no format is written as {file.suffix}", hint=hint)
    return next(iter(asked), suffix or TABLE)


def deliver(
    settings: Settings,
    told: str,
    file: object,
    render: Callable[[Look], str | bytes],
    lines: Callable[[Look], Iterable[Text]],
) -> None:
    """What was rendered, into the file or on stdout.

    Args:
        settings: of the call.
        told: the format.
        file: a path; `-` and None are stdout.
        render: in that format.
        lines: of a table, with its colours, for a terminal.
    """
    from abstory.report.look import Look

    if isinstance(file, Path) and str(file) != "-":
        output.write_file(file, render(Look(settings.width or 80, settings.ascii_only)))
        output.note(settings, f"wrote {file}")
    elif told == TABLE:
        output.show(settings, lines(output.look(settings)))
    else:
        _write(render(output.look(settings)))


def _write(content: str | bytes) -> None:
    if isinstance(content, str):
        output.write(content)
    else:
        output.send(content)
