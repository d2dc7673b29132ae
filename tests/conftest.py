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
