"""`abstory doctor`: is everything there that the other commands need, and whose word is each setting?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from abstory.cli import output, reading
from abstory.cli.configuration import KEYS
from abstory.cli.settings import Settings
from abstory.errors import ExitCode, StoreError, StoreMissing

if TYPE_CHECKING:
    from abstory.report.doctor import Finding, Setting

SCARCE_BYTES = 1_000_000_000
"""Less free space than this is worth a word: a roll-up beyond the memory limit spills beside the database."""
_PACKAGES = ("duckdb", "polars", "numpy", "scipy", "pydantic", "rich")


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="The doctor/1 document.")
@click.pass_obj
def command(settings: Settings, /, *, as_json: bool) -> int:
    """Look at the database, the experiment files, the disk and the terminal; show where each setting comes from.

    Leaves with 6 where the database cannot be used, with 2 where an experiment file is invalid, else with 0.
    Nothing is written.
    """
    from abstory.report import doctor
    from abstory.report.json import written
    from abstory.results import Status

    database, files = list(_database(settings)), _files(settings)
    findings = [_versions(), *database, files, _disk(settings), _terminal(settings)]
    look = output.look(settings)
    if as_json:
        output.write(written(doctor.document(_settings(settings), findings), look))
    else:
        output.show(settings, doctor.lines(_settings(settings), findings, look))
    if any(one.status is Status.FAIL for one in database):
        return ExitCode.ENVIRONMENT
    return ExitCode.REFUSED if files.status is Status.FAIL else ExitCode.DONE


def _settings(settings: Settings) -> list[Setting]:
    from abstory.report.doctor import Setting

    values = {
        "db": str(settings.database),
        "wait": f"{settings.wait:g}s",
        "memory": settings.memory or "half of the machine",
        "color": settings.color,
        "ascii": "yes" if settings.ascii_only else "no",
        "width": str(settings.width) if settings.width else "the terminal's",
        "quiet": "yes" if settings.quiet else "no",
        "verbose": "yes" if settings.verbose else "no",
    }
    project = Setting("project", str(settings.project), settings.origins.get("project", "default"))
    told = (Setting(name, value, settings.origins.get(KEYS[name].option, "default")) for name, value in values.items())
    return [project, *told]


def _versions() -> Finding:
    from importlib.metadata import version

    from abstory.report.doctor import Finding
    from abstory.results import Status

    python = ".".join(map(str, sys.version_info[:3]))
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return Finding("versions", Status.OK, f"abstory {version('abstory')}, Python {python}, {packages}")


def _database(settings: Settings) -> Iterator[Finding]:
    from abstory import digits
    from abstory.report.doctor import Finding
    from abstory.results import Status
    from abstory.warehouse.health import health

    try:
        with reading.store(settings) as store:
            found = health(store)
    except StoreMissing:
        advice = "abstory ingest makes it, or an app that records an exposure"
        yield Finding("database", Status.UNKNOWN, f"{settings.database} is not there yet", advice)
        return
    except StoreError as error:
        yield Finding("database", Status.FAIL, error.message, error.hint)
        return
    size = settings.database.stat().st_size / 1e6
    yield Finding("database", Status.OK, f"{settings.database}, {size:,.1f} MB, schema {found.version}")
    held = ", ".join(f"{count:,} {table}" for table, count in found.rows.items() if table != "quarantine")
    yield Finding("rows", Status.OK, held.replace("_", " "))
    if found.quarantined:
        most = "; ".join(f"{count:,} x {reason}" for reason, count in list(found.quarantined.items())[:3])
        rows = sum(found.quarantined.values())
        yield Finding(
            "set aside",
            Status.WARN,
            f"{digits.counted(rows, 'row')}: {most}",
            "their files and reasons: docs/ingest.md",
        )


def _files(settings: Settings) -> Finding:
    from abstory import digits
    from abstory.report.doctor import Finding
    from abstory.results import Status
    from abstory.spec import files, survey

    loaded = survey(files(settings.project))
    broken = [one.path.name for one in loaded if one.experiment is None]
    folder = settings.project / "experiments"
    if not loaded:
        advice = "abstory new KEY writes one; -C names another project folder"
        return Finding("experiments", Status.UNKNOWN, f"no file in {folder}", advice)
    if broken:
        said = f"{len(broken)} of {digits.counted(len(loaded), 'file')} in {folder} invalid: {', '.join(broken[:3])}"
        return Finding("experiments", Status.FAIL, said, "abstory validate shows every error at its place")
    return Finding("experiments", Status.OK, f"{len(loaded)} valid in {folder}")


def _disk(settings: Settings) -> Finding:
    import os
    import shutil

    from abstory.report.doctor import Finding
    from abstory.results import Status

    folder = settings.database.resolve().parent
    if not folder.is_dir():
        return Finding("disk", Status.WARN, f"{folder} is not there", "it is made with the database")
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:,.1f} GB free in {folder}"
    if not os.access(folder, os.W_OK):
        return Finding("disk", Status.WARN, f"{said}, not writable", "reports can be read; nothing can be recorded")
    if free < SCARCE_BYTES:
        return Finding("disk", Status.WARN, said, "long roll-ups spill beside the database; make room")
    return Finding("disk", Status.OK, f"{said}, writable")


def _terminal(settings: Settings) -> Finding:
    from abstory.report.doctor import Finding
    from abstory.results import Status

    look = output.look(settings)
    where = "a terminal" if sys.stdout.isatty() else "no terminal"
    drawn = "ASCII only" if look.ascii_only else f"{sys.stdout.encoding}, draws ├─●─┤"
    return Finding("terminal", Status.OK, f"{where}, {look.width} columns, {drawn}")
