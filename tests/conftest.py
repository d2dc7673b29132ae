"""What every test may ask for."""

import os
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption("--update-docs", action="store_true", help="Write the output shown in the docs anew.")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """No setting of the machine changes an answer."""
    for name in [name for name in os.environ if name.startswith("ABSTORY_")]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def root():
    """The repository."""
    return Path(__file__).parent.parent
