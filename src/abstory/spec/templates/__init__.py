"""Experiment files to start from."""

from __future__ import annotations

from datetime import date, timedelta
from importlib.resources import files

TEMPLATES = ("ab", "factorial", "calendar")
DAYS = 14


def filled(template: str, key: str, today: date) -> str:
    """A template as a valid file.

    Args:
        template: one of `TEMPLATES`.
        key: a valid one.
        today: a schedule is two weeks from here; a calendar begins on the first Monday after.
    """
    text = files(__package__).joinpath(f"{template}.yaml").read_text(encoding="utf-8")
    days = {"start": today, "end": today + timedelta(days=DAYS), "monday": today + timedelta(7 - today.weekday())}
    for blank, value in {"key": key, **{name: day.isoformat() for name, day in days.items()}}.items():
        text = text.replace(f"{{{blank}}}", value)
    return text
