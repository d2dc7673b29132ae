"""A small project with data, loaded through the public commands once for all tests that only read it."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from abstory.cli.main import run

CTA = """\
version: 1
key: cta
title: Does "Shop now" keep them?
schedule: {start: 2025-11-01, end: 2025-11-15, timezone: Europe/Berlin}
factors: {cta: [none, shop_now, swipe_up]}
metrics:
  primary: {name: watched_12s, mde: 5%}
  secondary: [engagement_rate, watch_seconds]
  guardrails: [{name: hide_rate, margin: 100%}]
decision: {min_runtime: 2d, min_per_variant: 500}
"""
FIRST = datetime(2025, 11, 1, tzinfo=UTC)
WATCHED = {"none": 40, "shop_now": 52, "swipe_up": 41}
"""Viewers of a hundred who stay to second 12."""


def stamp(minutes, seconds=0):
    return (FIRST + timedelta(minutes=minutes, seconds=seconds)).isoformat()


def exposures(count):
    """A viewer of each variant every six minutes."""
    for n in range(count):
        for variant in WATCHED:
            yield f"cta,{variant}-{n},{variant},{stamp(6 * n)}"


def events(count):
    """One view a viewer, a like of every tenth, a hide of every fortieth; all variants alike but for the watch time."""
    for n in range(count):
        for variant, stays in WATCHED.items():
            yield f"{variant}-{n},launch,view,{stamp(6 * n, 1)},{15000 if n % 100 < stays else 1000 * (n % 11)}"
            if n % 10 == 3:
                yield f"{variant}-{n},launch,like,{stamp(6 * n, 2)},"
            if n % 40 == 7:
                yield f"{variant}-{n},launch,hide,{stamp(6 * n, 3)},"
    # Somebody outside the experiment: by then every window is closed.
    yield f"somebody,launch,view,{stamp(15 * 24 * 60)},1000"


def write(path, head, rows):
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(path)


def declare(folder, name="cta", text=CTA):
    (folder / "experiments").mkdir(parents=True, exist_ok=True)
    (folder / "experiments" / f"{name}.yaml").write_text(text, encoding="utf-8")


def load(folder, seen, happened):
    seen = write(folder / "exposures.csv", "experiment,viewer_id,variant,ts", seen)
    happened = write(folder / "events.csv", "viewer_id,story_id,event,ts,watch_ms", happened)
    assert run(["-C", str(folder), "-q", "ingest", seen, happened]) == 0


@pytest.fixture(scope="session")
def loaded(tmp_path_factory):
    """The project; copied before a test writes to it."""
    folder = tmp_path_factory.mktemp("loaded")
    declare(folder)
    load(folder, exposures(2000), events(2000))
    return folder


@pytest.fixture
def project(loaded, tmp_path):
    """A copy of the project of one's own."""
    return shutil.copytree(loaded, tmp_path / "project")


@pytest.fixture
def call(capsys):
    """Run the command line; its exit code, stdout and stderr."""

    def call(*arguments):
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call
