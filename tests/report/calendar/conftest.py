"""Calendars of several shapes, drawn from files."""

import pytest

from abstory.report.calendar.drawn import Drawn
from abstory.spec import check_bytes, load_file

BASE = """\
version: 1
key: posts
title: Which "hook"; with, a \\ and ünïcödé – 日本語のとても長いタイトルで行を折る
unit: slot
factors: {factors}
asset: "cuts/{{hook}}; take, two.mp4"
metrics: {{primary: [{{name: completion_rate, mde: 4%}}], guardrails: [{{name: exit_rate, margin: 20%}}]}}
calendar: {calendar}
"""
LONG = "a-hook-whose-name-goes-on-and-on-until-nobody-remembers"
SHAPES = {
    "pair": ("{hook: [none, question]}", '{start: 2026-11-23, weeks: 2, slots: {mon-wed: ["12:30", "18:30"]}}'),
    "shifted": (
        "{hook: [none, question]}",
        '{start: 2026-10-22, weeks: 1, timezone: Europe/Berlin, slots: {thu-mon: ["09:00"], mon: ["20:00"]}}',
    ),
    "accounts": (
        "{hook: [none, question, number]}",
        '{start: 2026-11-23, weeks: 1, slots: {mon-wed: ["12:30"]}, accounts: [de, fr, it, es, uk, us, pl], no_repeat: 3}',
    ),
    "turns": (
        "{hook: [none, question]}",
        '{start: 2026-11-23, weeks: 4, slots: {mon-wed: ["08:00", "20:00"]}, accounts: [de, fr, it], no_repeat: 2}',
    ),
    "long": (
        f"{{hook: [none, {LONG}]}}",
        f'{{start: 2026-11-23, weeks: 1, slots: {{mon-tue: ["08:00"]}}, accounts: [an-account-{LONG[:50]}, b]}}',
    ),
    "uneven": (
        "{hook: [none, question]}",
        '{start: 2026-11-23, weeks: 2, slots: {mon-wed: ["08:00"], sat: ["11:00"]}, block_by: weekday}',
    ),
}


@pytest.fixture(scope="session")
def drawn(root):
    """A calendar by the name of its shape; `reels` is the example."""

    def make(shape):
        if shape == "reels":
            return Drawn.of(load_file(root / "experiments" / "reels-slots-w48.yaml"))
        factors, calendar = SHAPES[shape]
        made, found = check_bytes(BASE.format(factors=factors, calendar=calendar).encode(), "posts.yaml")
        assert made is not None, found
        return Drawn.of(made)

    return make


@pytest.fixture(params=("reels", *SHAPES))
def every(drawn, request):
    """Each calendar in turn."""
    return drawn(request.param)
