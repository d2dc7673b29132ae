"""What decided that a viewer takes part is kept with the exposure, as known before it, and serves as a segment."""

import duckdb
import pytest

from abstory import Experiment
from abstory.cli.main import run

FILE = """\
version: 1
key: cta
audience: {include: {country: [DE, FR], premium: [true]}, exclude: {country: [ES], surface: [feed]}}
factors: {cta: [none, shop]}
metrics: {primary: watched_3s}
"""
KNOWN = {"country": "DE", "premium": True, "surface": "stories", "mood": "good"}
AT = 1_700_000_000_000_000


@pytest.fixture
def project(tmp_path):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "cta.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path


def stored(project):
    with duckdb.connect(str(project / "abstory.duckdb"), read_only=True) as connection:
        exposed = connection.execute("SELECT viewer_id, exposed_at FROM exposures ORDER BY viewer_id").fetchall()
        rows = connection.execute("SELECT viewer_id, name, value, measured_at FROM attributes ORDER BY ALL").fetchall()
    times = dict(exposed)
    return [(viewer, name, value, times[viewer] - at) for viewer, name, value, at in rows]


def load(project, clock=lambda: AT):
    return Experiment.load(project / "experiments" / "cta.yaml", store=project / "abstory.duckdb", clock=clock)


def test_an_app_keeps_what_the_audience_asks_and_nothing_else(project):
    with load(project) as experiment:
        assert experiment.assign("v1", KNOWN).variant
        assert experiment.assign("v2", KNOWN | {"country": "ES"}).variant is None
        experiment.assign("v3", KNOWN).peek()
    assert stored(project) == [
        ("v1", "country", "DE", 1),
        ("v1", "premium", "true", 1),
        ("v1", "surface", "stories", 1),
    ]


def test_the_attributes_are_those_of_the_decision(project):
    told = dict(KNOWN)
    with load(project) as experiment:
        assigned = experiment.assign("v1", told)
        told["country"] = "FR"
        assert assigned.variant
    assert stored(project)[0] == ("v1", "country", "DE", 1)


def test_the_same_again_is_kept_once(project):
    for _ in range(2):
        with load(project) as experiment:
            assert experiment.assign("v1", KNOWN).variant
    assert len(stored(project)) == 3


def test_one_viewer_on_the_command_line(project):
    named = [word for name in ("country=FR", "premium=true", "surface=stories") for word in ("--attribute", name)]
    assert run(["-C", str(project), "-q", "assign", "cta", "v1", *named]) == 0
    assert [row[1:3] for row in stored(project)] == [("country", "FR"), ("premium", "true"), ("surface", "stories")]


def test_a_whole_file(project):
    source = project / "viewers.csv"
    rows = [
        "viewer_id,country,premium,surface,mood",
        "v1,DE,true,stories,x",
        "v2,FR,true,stories,y",
        "v3,DE,false,stories,",
    ]
    source.write_text("\n".join(rows), encoding="utf-8")
    asked = ["-C", str(project), "-q", "assign", "cta", "--input", str(source), "-o", str(project / "out.csv")]
    assert run([*asked, "--dry-run"]) == 0
    assert not (project / "abstory.duckdb").exists()
    assert run(asked) == 0
    assert stored(project) == [
        (viewer, name, value, 1)
        for viewer, country in (("v1", "DE"), ("v2", "FR"))
        for name, value in (("country", country), ("premium", "true"), ("surface", "stories"))
    ]


def test_an_audience_that_asks_nothing_keeps_nothing(project):
    file = project / "experiments" / "cta.yaml"
    file.write_text(FILE.replace(FILE.splitlines()[2] + "\n", ""), encoding="utf-8")
    with load(project) as experiment:
        assert experiment.assign("v1", KNOWN).variant
    assert stored(project) == []


def test_they_are_segments(project):
    with load(project) as experiment:
        for n in range(40):
            assert experiment.assign(f"v{n}", KNOWN | {"country": "DE" if n % 4 else "FR"}).variant
    report = load(project).report(by=["country"], as_of="2023-12-01T00:00:00Z")
    segments = report.result.segments.attributes[0].metrics[0].segments
    assert [(row.name, sum(row.viewers.values())) for row in segments] == [("DE", 30), ("FR", 10)]
    check = next(check for check in report.result.checks if check.id == "segment_srm")
    assert check.figures["attributes"] == "country, premium, surface"
