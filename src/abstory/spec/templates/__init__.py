"""Experiment files to start from."""

from __future__ import annotations

from datetime import date, timedelta
from importlib.resources import files

TEMPLATES = ("ab", "factorial")
DAYS = 14


def filled(template: str, key: str, start: date) -> str:
    """A template as a valid file: `key` must be one, the schedule is two weeks from `start`."""
    text = files(__package__).joinpath(f"{template}.yaml").read_text(encoding="utf-8")
    blanks = {"{key}": key, "{start}": start.isoformat(), "{end}": (start + timedelta(days=DAYS)).isoformat()}
    for blank, value in blanks.items():
        text = text.replace(blank, value)
    return text
