"""A real report beside the hand-made ones: the demo's audience, through every step, in every section."""

import pytest

import abstory
from abstory.cli.main import run


@pytest.fixture(scope="session")
def launched(tmp_path_factory):
    """The page of the demo's experiment."""
    folder = tmp_path_factory.mktemp("launched")
    run(["-C", str(folder), "-q", "demo", "demo", "--viewers", "20000"])
    file = folder / "demo" / "experiments" / "launch-cta.yaml"
    return abstory.load(file, store=folder / "demo" / "abstory.duckdb").report().page


@pytest.fixture(
    params=["ship", "wait", "keep", "invalid", "no data", "review", "undetermined", "many", "unbounded", "launched"]
)
def page(request, pages):
    """Each hand-made page in turn, and the demo's."""
    return pages[request.param] if request.param in pages else request.getfixturevalue(request.param)
