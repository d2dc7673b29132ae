"""A real report beside the hand-made ones: the demo's audience, through every step, in every section."""

import pytest

import abstory
from abstory.analysis.posts import analyse
from abstory.cli.main import run
from abstory.decision import decide
from abstory.report.page import Page


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


@pytest.fixture(scope="session")
def calendar_of_posts(reels, posted):
    """The page of a calendar: 16 posts, of which `buy` does better."""
    experiment = reels()
    data = posted(
        experiment, lambda slot, v: {"views": 1000, "completions": 400 + 90 * (v == "buy") + len(slot.id) % 7}
    )
    result = analyse(experiment, data, as_of_us=experiment.closes_us + 3_600_000_000)
    return Page(result, decide(experiment, result), "24h")


PAGES = ("ship", "wait", "keep", "invalid", "no data", "review", "undetermined", "many", "unbounded")


@pytest.fixture(params=[*PAGES, "launched", "calendar_of_posts"])
def page(request, pages):
    """Each hand-made page in turn, the demo's, and a calendar's."""
    return pages[request.param] if request.param in pages else request.getfixturevalue(request.param)
