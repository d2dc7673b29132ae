"""What the environment and the global flags say, once, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """Global options of one run.

    Attributes:
        project: the project folder.
        database: the DuckDB file.
        wait: seconds to wait for a locked database.
        memory: the engine's memory limit as it takes it, such as `1GB`; None for half the machine.
        color: `auto`, `always` or `never`.
        ascii_only: no character beyond ASCII in tables.
        width: columns; None for the terminal's own (80 in a pipe).
        quiet, verbose: how much is said on stderr.
        origins: where each option's value came from: a flag, a variable of the environment, a file, or our default.
    """

    project: Path
    database: Path
    wait: float
    memory: str | None
    color: str
    ascii_only: bool
    width: int | None
    quiet: bool
    verbose: bool
    origins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_options(cls, options: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
        """From the root command's options."""
        project: Path = options["project"]
        database: Path = options["db"] or project / "abstory.duckdb"
        return cls(
            project=project,
            database=database,
            wait=seconds(options["wait"]),
            memory=options["memory"],
            color=options["color"],
            ascii_only=options["ascii_only"],
            width=options["width"],
            quiet=options["quiet"],
            verbose=options["verbose"],
            origins=origins,
        )


def seconds(text: str) -> float:
    """`30s`, `2m` or `0s` as seconds. Raises click.BadParameter otherwise."""
    import re

    import click

    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", text)
    if not found:
        raise click.BadParameter("write a number with a unit, such as 30s", param_hint="--wait")
    return float(found[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[found[2]]
