"""`abstory report --by`, end to end: attributes in, exploratory segments out, and what is refused."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from abstory.cli.main import run
from abstory.errors import ExitCode

FIRST = datetime(2025, 11, 1, tzinfo=UTC)
BEFORE, AFTER = "2025-10-01T00:00:00Z", "2025-12-01T00:00:00Z"


def told(count):
    """Of every viewer whether they follow; of every third their country, of some of them from after the exposure."""
    for n in range(count):
        for variant in ("none", "shop_now", "swipe_up"):
            viewer = f"{variant}-{n}"
            yield f"{viewer},follower,{'new' if n % 100 < 46 else 'existing'},{BEFORE}"
            if n % 3 == 0:
                yield f"{viewer},country,{'DE' if n % 2 else 'FR'},{BEFORE if n < 1500 else AFTER}"
            yield f"{viewer},mood,good,{(FIRST + timedelta(minutes=6 * n)).isoformat()}"


@pytest.fixture(scope="module")
def known(loaded, tmp_path_factory):
    """The project with attributes."""
    folder = shutil.copytree(loaded, tmp_path_factory.mktemp("known") / "project")
    file = folder / "attributes.csv"
    file.write_text("\n".join(["viewer_id,name,value,ts", *told(2000), ""]), encoding="utf-8")
    assert run(["-C", str(folder), "-q", "ingest", str(file)]) == 0
    return folder


def test_a_section_for_every_attribute(known, call):
    code, page, errors = call("-C", known, "report", "cta", "--by", "follower", "--by", "country")
    assert (code, errors) == (ExitCode.DONE, "")
    assert "SEGMENTS  watched_12s by follower of shop_now: exploratory, 2 of 10 comparisons" in page
    assert "SEGMENTS  watched_12s by country of shop_now: exploratory, 3 of 10 comparisons" in page
    assert all(len(line) <= 80 for line in page.splitlines())


def test_segments_sum_to_the_whole(known, call):
    _, text, _ = call("-C", known, "report", "cta", "--by", "country", "--by", "follower", "--json")
    document = json.loads(text)
    for attribute in document["segments"]["attributes"]:
        for arm in document["variants"]:
            rows = attribute["metrics"][0]["segments"]
            assert sum(row["viewers"][arm["variant"]] for row in rows) == arm["viewers"]
    country, follower = document["segments"]["attributes"]
    # every third of 2,000 viewers a variant, the even ones in FR; those from the 1,500th on are measured too late
    assert [(row["segment"], row["kind"], row["viewers"]["none"]) for row in country["metrics"][0]["segments"]] == [
        ("DE", "level", 250),
        ("FR", "level", 250),
        ("unknown", "unknown", 1500),
    ]
    assert country["measured_after_exposure"] == 3 * 167
    # new viewers are numbers 0 to 45 of a hundred: the first 40 of them stay on control, all of them on shop_now
    new = next(row for row in follower["metrics"][0]["segments"] if row["segment"] == "new")
    assert new["control"] == pytest.approx(40 / 46)
    assert new["comparisons"][0]["value"] == pytest.approx(1.0)
    # where all of them stay there is no variance to weigh a difference by
    assert follower["metrics"][0]["heterogeneity_unknown"]["reason"] == "no variation"
    assert follower["metrics"][0]["named"] is False
    assert country["metrics"][0]["heterogeneity"]["df"] == 4


def test_nothing_else_of_the_report_moves(known, call):
    _, plain, _ = call("-C", known, "report", "cta", "--json")
    _, by, _ = call("-C", known, "report", "cta", "--json", "--by", "follower")
    plain, by = json.loads(plain), json.loads(by)
    assert "segments" not in plain
    for part in ("verdict", "metrics", "variants", "data_hash"):
        assert plain[part] == by[part]


def test_another_metric(known, call):
    _, page, _ = call("-C", known, "report", "cta", "--by", "follower", "--metric", "hide_rate")
    assert "SEGMENTS  hide_rate by follower" in page
    assert "watched_12s" not in page.split("SEGMENTS")[1].split("how:")[0]


def test_as_it_stood_then(known, call):
    _, text, _ = call("-C", known, "report", "cta", "--json", "--by", "follower", "--as-of", "2025-11-04")
    rows = json.loads(text)["segments"]["attributes"][0]["metrics"][0]["segments"]
    assert sum(row["viewers"]["none"] for row in rows) == 471


@pytest.mark.parametrize(
    ("name", "hint"), [("folower", "did you mean follower?"), ("platform", "stored are country, follower, mood")]
)
def test_an_attribute_nobody_has(known, call, name, hint):
    code, out, errors = call("-C", known, "report", "cta", "--by", name)
    assert (code, out) == (ExitCode.REFUSED, "")
    assert f"no attribute {name} is stored" in errors
    assert hint in errors


def test_a_value_from_the_exposure_on_is_refused(known, call):
    code, out, errors = call("-C", known, "report", "cta", "--by", "mood")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "every value of mood was measured at or after its viewer's first exposure" in errors


def test_the_split_of_segments_is_a_check_of_every_report(known, call):
    file = known / "experiments" / "cta.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "audience: {include: {country: [DE, FR]}}\n", encoding="utf-8")
    try:
        _, page, _ = call("-C", known, "report", "cta", "--json")
    finally:
        file.write_text(text, encoding="utf-8")
    check = next(c for c in json.loads(page)["data"]["checks"] if c["id"] == "segment_srm")
    assert check["said"] == "split as declared in each of 3 segments"
    assert check["figures"]["attributes"] == "country"


def test_from_python(known):
    import abstory

    launch = abstory.Experiment.load(known / "experiments" / "cta.yaml", store=known / "abstory.duckdb")
    segments = launch.report(by=["follower"]).result.segments
    assert [row.name for row in segments.attributes[0].metrics[0].segments] == ["existing", "new"]
