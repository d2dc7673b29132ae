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
