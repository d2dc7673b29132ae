"""Stories with a publication time, end to end: who counts, when, and what the report says of their hours."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

FILE = """\
version: 1
key: teasers
schedule: {start: 2025-11-03, end: 2025-11-10}
stories:
  - {id: teaser-1, published: "2025-11-03T18:00:00Z"}
lifetime: 24h
factors: {cta: [none, shop_now]}
metrics: {primary: [{name: cta_rate, mde: 10%}]}
analysis: {window: 24h, window_ends_with_story: true}
decision: {min_runtime: 1d, min_per_variant: 1000}
"""
UP = datetime(2025, 11, 3, 18, tzinfo=UTC)
RATES = {"none": 0.20, "shop_now": 0.30}


def rows():
    """A viewer a minute over 26 hours: an hour before the story is up, its day, and an hour after it is gone."""
    draw = np.random.default_rng(20251103)
    for minute in range(-60, 25 * 60):
        for variant, rate in RATES.items():
            viewer, at = f"{variant}-{minute}", UP + timedelta(minutes=minute)
            exposure = f"teasers,{viewer},{variant},{at.isoformat()},teaser-1"
            clicks = [f"{viewer},teaser-1,cta_click,{(at + timedelta(seconds=9)).isoformat()}"] * (draw.random() < rate)
            yield exposure, clicks


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stories")
    (folder / "experiments").mkdir()
    (folder / "experiments" / "teasers.yaml").write_text(FILE)
    found = list(rows())
    seen = "\n".join(["experiment,viewer_id,variant,ts,story_id", *(row for row, _ in found)])
    end = f"other,teaser-1,view,{(UP + timedelta(hours=30)).isoformat()}"
    did = "\n".join(["viewer_id,story_id,event,ts", *(c for _, clicks in found for c in clicks), end])
    (folder / "exposures.csv").write_text(seen + "\n")
    (folder / "events.csv").write_text(did + "\n")
    from abstory.cli.main import run

    assert run(["-C", str(folder), "-q", "ingest", str(folder / "exposures.csv"), str(folder / "events.csv")]) == 0
    return folder


def told(call, folder, *more):
    code, text, errors = call("-C", folder, "report", "teasers", "--json", *more)
    assert (code, errors) == (0, "")
    return json.loads(text)


def test_exposures_outside_the_life_of_the_story_are_left_out_and_warned_of(call, folder):
    report = told(call, folder)
    assert [arm["viewers"] for arm in report["variants"]] == [1440, 1440]  # a minute each, over 24 hours
    check = next(c for c in report["data"]["checks"] if c["id"] == "off_air")
    assert (check["status"], check["figures"]["exposures"]) == ("warn", 240)  # an hour before, one after, two variants
    assert check["said"] == "240 exposures (7.69%) outside the life of their story"


def test_while_the_story_is_live_its_windows_are_open_and_the_page_says_how_long(call, folder):
    live = (UP + timedelta(hours=18)).isoformat()
    report = told(call, folder, "--as-of", live)
    assert [arm["viewers"] for arm in report["variants"]] == [0, 0]
    assert report["airtimes"] == [
        {
            "story": "teaser-1",
            "published": "2025-11-03T18:00:00Z",
            "ends": "2025-11-04T18:00:00Z",
            "live": True,
            "hours_left": 6,
        }
    ]
    _, page, _ = call("-C", folder, "report", "teasers", "--as-of", live)
    assert "\nSTORY teaser-1 live, 6 h left: 0% of viewers mature\n" in page


def test_a_story_that_has_ended_makes_every_viewer_mature(call, folder):
    code, page, _ = call("-C", folder, "report", "teasers")
    assert code == 0
    assert "\nSTORY 1 of 1 story ended: 100% of viewers mature\n" in page


def test_the_effect_is_told_by_hour_and_the_last_hour_is_the_whole(call, folder):
    report = told(call, folder)
    (accrual,) = report["accruals"]
    assert (accrual["metric"], accrual["variant"], accrual["reading"]) == ("cta_rate", "shop_now", "always valid")
    assert [(p["hour"], p["viewers"]) for p in accrual["points"]] == [(h, 120 * h) for h in range(1, 25)]
    whole = report["metrics"][0]["comparisons"][0]
    last = accrual["points"][-1]
    assert (last["difference"], last["lift"], last["p"]) == (whole["difference"], whole["lift"], whole["p"])


def test_the_page_draws_some_hours(call, folder):
    _, page, _ = call("-C", folder, "report", "teasers")
    section = page.partition("ACCRUAL  ")[2].partition("\n\n")[0]
    shown = [line.split()[0] for line in section.splitlines() if " h " in line[:8]]
    assert shown == ["1", "2", "3", "6", "12", "24"]
    assert all(len(line) <= 80 for line in page.splitlines())
    _, plain, _ = call("-C", folder, "--ascii", "--width", "60", "report", "teasers")
    assert plain.isascii()
    assert all(len(line) <= 60 for line in plain.splitlines())
