"""`abstory simulate` from the command line: what it prints, what it leaves alone, what it refuses."""

import json
import re

import pytest

from abstory.cli.main import run

FILE = """\
version: 1
key: warm-grade
schedule: {start: 2026-11-02, end: 2026-11-06}
factors: {filter: [none, warm]}
metrics:
  primary: {name: watched_12s, mde: 20%}
  secondary: [watch_seconds]
decision: {min_runtime: 2d, min_per_variant: 500}
"""
WITHOUT = FILE.replace("{name: watched_12s, mde: 20%}", "watched_12s").replace("warm-grade", "no-mde")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "warm-grade.yaml").write_text(FILE, encoding="utf-8")
    (tmp_path / "experiments" / "no-mde.yaml").write_text(WITHOUT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def simulate(folder, capsys):
    def call(*arguments):
        code = run(["-C", str(folder), "simulate", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_a_page_for_people_and_nothing_written(folder, simulate):
    before = sorted(folder.rglob("*"))
    code, out, err = simulate("warm-grade", "--runs", "20")
    assert (code, err) == (0, "")
    assert "20 runs of 1,250 viewers over 5 daily looks, always valid" in out
    assert "no effect (A/A)" in out
    assert max(map(len, out.splitlines())) <= 80
    assert sorted(folder.rglob("*")) == before


def test_the_planted_mde_is_found_more_often_than_nothing_is(simulate):
    def shipped(*arguments):
        code, out, _ = simulate("warm-grade", "--runs", "40", "--viewers", "8000", "--json", *arguments)
        assert code == 0
        document = json.loads(out)
        assert document["runs"] == 40
        return document["rulings"].get("SHIP", {"hits": 0})["hits"]

    # 20 % of 42 % with 4,000 a variant: more than 7 standard errors.
    assert shipped("--truth", "mde") == 40
    assert shipped("--effect", "watched_12s=+20%") == 40
    assert shipped() <= 8  # binomial(40, 0.05) goes beyond it with probability 0.0003
    assert shipped("--effect", "watched_12s=-2pp") == 0


def test_the_same_seed_says_the_same(simulate):
    first, again, other = (simulate("warm-grade", "--runs", "5", "--json", "--seed", seed) for seed in "112")
    assert first == again
    assert first[1] != other[1]


def test_rows_go_through_the_store(simulate):
    code, out, _ = simulate("warm-grade", "--rows", "--runs", "2", "--viewers", "1500", "--days", "2")
    assert code == 0
    assert re.search(r"as\s+rows\s+through\s+assignment,\s+store\s+and\s+analysis", out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "nowhere"),
        (("warm-grade", "--truth", "mde", "--effect", "watched_12s=+5%"), "--truth and --effect disagree"),
        (("warm-grade", "--effect", "watched_12s=5"), "METRIC=+5%"),
        (("warm-grade", "--effect", "share_rate=+5%"), "declares no metric share_rate"),
        (("warm-grade", "--effect", "watched_12s=+900%"), "smaller effect"),
        (("no-mde", "--truth", "mde"), "declares no MDE"),
        (("warm-grade", "--runs", "0"), "--runs"),
    ],
)
def test_what_cannot_be_done_is_refused(simulate, arguments, said):
    code, out, err = simulate(*arguments)
    assert (code, out) == (2, "")
    assert said in err


POSTS = """\
version: 1
key: reels
unit: slot
factors: {cta: [none, buy]}
calendar:
  start: 2026-11-23
  weeks: 2
  slots: {mon-thu: ["12:30", "18:30"]}
metrics:
  primary: {name: completion_rate, mde: 50%}
  secondary: [impressions]
"""


@pytest.fixture
def reels(folder):
    (folder / "experiments" / "reels.yaml").write_text(POSTS, encoding="utf-8")
    return folder


def test_posts_have_a_page_of_their_own_words(reels, simulate):
    before = sorted(reels.rglob("*"))
    code, out, err = simulate("reels", "--runs", "40", "--missed", "10%", "--luck", "20%", "--icc", "2.5%")
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    assert "40 runs of 16 posts, each run with a calendar of its own, one look at its end" in said
    assert "(ICC 0.025); days and accounts up to 20% better or worse; 10% of slots missed" in said
    assert "all views as if independent, for contrast" in said
    assert not re.search("viewers|day |daily|decided", said)
    assert max(map(len, out.splitlines())) <= 80
    assert sorted(reels.rglob("*")) == before


def test_the_document_says_what_is_of_posts_and_what_is_not(reels, simulate):
    posts, viewers = (json.loads(simulate(key, "--runs", "3", "--json")[1]) for key in ("reels", "warm-grade"))
    assert posts["design"] == {
        "unit": "post",
        "viewers": None,
        "posts": 16,
        "looks": 1,
        "seed": 0,
        "draws": 4999,
        "feed": {"reach": 2000, "spread": 1.0, "icc": 0.03, "luck": 0.0, "missed": 0.0},
        "planted": None,
    }
    assert posts["days"] == {"p10": None, "p50": None, "p90": None}
    one, other = posts["comparisons"][0], viewers["comparisons"][0]
    assert one["fixed_test_rejects_at_any_look"] is other["test_of_all_views_rejects"] is None
    assert one["test_of_all_views_rejects"]["of"] == other["fixed_test_rejects_at_any_look"]["of"] == 3
    assert posts["comparisons"][1]["test_of_all_views_rejects"] is None
    assert (viewers["design"]["unit"], viewers["design"]["posts"], viewers["design"]["feed"]) == ("viewer", None, None)


def test_a_large_planted_effect_of_posts_ships(reels, simulate):
    for asked in (("--truth", "mde"), ("--effect", "completion_rate=+50%")):
        _, out, _ = simulate("reels", "--runs", "10", "--icc", "0.01", "--json", *asked)
        assert json.loads(out)["rulings"]["SHIP"]["hits"] == 10


def test_files_and_totals_lead_to_the_same(reels, simulate):
    fast, rows = (json.loads(simulate("reels", "--runs", "4", "--json", road)[1]) for road in ("--fast", "--rows"))
    assert (fast.pop("road"), rows.pop("road")) == ("moments", "rows")
    assert fast == rows


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reels", "--viewers", "100"), "--viewers is of viewers, which reels does not randomise"),
        (("warm-grade", "--icc", "3%"), "--icc is of posts, which warm-grade does not randomise"),
        (("reels", "--icc", "3"), "write a share up to 0.5, such as 0.03 or 3%"),
        (("reels", "--missed", "95%"), "write a share up to 0.9"),
        (("reels", "--effect", "completion_rate=+300%"), "rates beyond 100%"),
        (("reels", "--effect", "like_rate=+5%"), "declares no metric like_rate"),
    ],
)
def test_what_cannot_be_done_with_posts_is_refused(reels, simulate, arguments, said):
    code, out, err = simulate(*arguments)
    assert (code, out) == (2, "")
    assert said in err
