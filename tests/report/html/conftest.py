"""A real report beside the hand-made ones: the demo's audience, through every step, in every section."""

import pytest

import abstory
from abstory.cli.main import run


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The demo's folder, with what is known of its viewers in the store."""
    folder = tmp_path_factory.mktemp("launched")
    run(["-C", str(folder), "-q", "demo", "demo", "--viewers", "20000"])
    rows = (folder / "demo" / "viewers.csv").read_text(encoding="utf-8").splitlines()[1:]
    told = [
        f"{viewer},country,{country},2025-01-01T00:00:00Z" for viewer, country, _ in (row.split(",") for row in rows)
    ]
    (folder / "known.csv").write_text("\n".join(["viewer_id,name,value,ts", *told]), encoding="utf-8")
    assert run(["-C", str(folder / "demo"), "-q", "ingest", str(folder / "known.csv")]) == 0
    return folder / "demo"


@pytest.fixture(scope="session")
def launched(demo):
    """The page of the demo's experiment."""
    return abstory.load(demo / "experiments" / "launch-cta.yaml", store=demo / "abstory.duckdb").report().page


@pytest.fixture(
    params=["ship", "wait", "keep", "invalid", "no data", "review", "undetermined", "many", "unbounded", "launched"]
)
def page(request, pages):
    """Each hand-made page in turn, and the demo's."""
    return pages[request.param] if request.param in pages else request.getfixturevalue(request.param)
