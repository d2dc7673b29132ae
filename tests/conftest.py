"""What every test may ask for."""

import logging
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A machine at work is slow, which says nothing of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption("--update-docs", action="store_true", help="Write the output shown in the docs anew.")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path_factory):
    """No setting of the machine changes an answer, and nothing is remembered from another test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    for name in [name for name in os.environ if name.startswith("ABSTORY_")]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    yield
    # Steps are told until the process ends, and all tests are one process.
    told = logging.getLogger("abstory")
    told.handlers, told.level = [], logging.NOTSET


@pytest.fixture(scope="session")
def root():
    """The repository."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def reels():
    """An experiment of posts: two accounts of 8 slots in four blocks, cta none and buy, each account's weeks apart."""
    from abstory.experiment import Experiment

    calendar = {
        "start": "2026-11-23",
        "weeks": 2,
        "slots": {"mon-thu": ["12:30"]},
        "accounts": ["brand_de", "brand_fr"],
        "seed": 7,
    }

    def reels(**changes):
        fields = {
            "version": 1,
            "key": "reels",
            "unit": "slot",
            "factors": {"cta": ["none", "buy"]},
            "metrics": {"primary": [{"name": "completion_rate", "mde": "5%"}]},
            "calendar": calendar | changes.pop("calendar", {}),
        }
        return Experiment.model_validate(fields | changes)

    return reels


@pytest.fixture(scope="session")
def posted():
    """What a store would know of a calendar: totals of every post by its slot and variant, read 5 min after its window."""
    from abstory.assignment.calendar import calendar
    from abstory.warehouse.slots import Post, SlotData, TotalReading

    minutes = 60_000_000

    def posted(experiment, totals, *, as_of_us=None, shown=lambda slot, variant: variant):
        posts, readings, window = [], [], experiment.analysis.window.us
        for at, (slot, variant) in enumerate(calendar(experiment)):
            found = totals(slot, variant)
            story, when = (None, None) if found is None else (f"story-{at:03}", slot.scheduled_us + 2 * minutes)
            posts.append(Post(slot.id, shown(slot, variant), story, when))
            captured = slot.scheduled_us + window + 7 * minutes
            for name, value in (found or {}).items():
                readings.append(TotalReading(story, captured, name, round(value * 1_000_000), None))
        end = as_of_us or experiment.closes_us + 60 * minutes
        kept = [one for one in readings if one.captured_us <= end]
        known = [post for post in posts if post.posted_us is None or post.posted_us <= end]
        return SlotData(tuple(sorted(known, key=lambda post: post.slot_id)), tuple(kept))

    return posted
