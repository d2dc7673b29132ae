"""A calendar of posts through the commands anyone would type: validate, ingest, report, gate, status, export."""

import csv
import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from jsonschema import Draft202012Validator

from abstory.assignment.calendar import calendar
from abstory.report.schema import SCHEMAS
from abstory.spec import load_file

FILE = """\
version: 1
key: reels
unit: slot
factors: {cta: [none, buy]}
calendar: {start: 2025-11-03, weeks: 4, slots: {mon-thu: ["12:30"]}, accounts: [brand_de, brand_fr], seed: 7}
metrics:
  primary: [{name: completion_rate, mde: 5%}]
  secondary: [engagement_rate]
  guardrails: [{name: exit_rate, margin: 30%}]
"""


def instant(us):
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()


def written(folder, *, better=60, lost=0, wrong=False):
    """posts.csv and totals.csv: completions of 1,000 views, those of `buy` so many more."""
    experiment = load_file(folder / "experiments" / "reels.yaml")
    with (folder / "posts.csv").open("w") as one, (folder / "totals.csv").open("w") as other:
        posts, totals = csv.writer(one), csv.writer(other)
        posts.writerow(["experiment", "slot_id", "variant", "story_id", "posted_at"])
        totals.writerow(["story_id", "captured_at", "views", "completions", "likes", "shares", "exits"])
        for at, (slot, variant) in enumerate(calendar(experiment)):
            shown = {"none": "buy", "buy": "none"}.get(variant, variant) if wrong else variant
            posts.writerow(["reels", slot.id, shown, f"s{at}", instant(slot.scheduled_us + 60_000_000)])
            completions = 400 + better * ("buy" in variant) + at * 37 % 41
            if at >= lost:
                when = instant(slot.scheduled_us + 25 * 3_600_000_000)
                totals.writerow([f"s{at}", when, 1000, completions, 20 + at * 7 % 11, 3, 100 + at * 11 % 13])


@pytest.fixture
def reels(tmp_path, call):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "reels.yaml").write_text(FILE, encoding="utf-8")

    def reels(*arguments, **how):
        written(tmp_path, **how)
        assert call("-C", tmp_path, "ingest", tmp_path / "posts.csv", tmp_path / "totals.csv")[0] == 0
        return lambda *more: call("-C", tmp_path, *more)

    return reels


def test_the_file_is_valid(reels):
    code, out, err = reels()("validate")
    assert (code, out + err) == (0, "1 file, 0 errors, 0 warnings\n")


def test_a_report_of_posts(reels, snapshot):
    code, out, _ = reels()("report", "reels")
    assert code == 0
    assert out == snapshot


def test_nothing_is_cut_on_a_narrow_terminal(reels):
    _, out, _ = reels()("--width", "60", "--ascii", "report", "reels")
    assert out.isascii()
    assert max(map(len, out.splitlines())) <= 60


def test_a_winner_opens_the_gate_and_a_second_call_is_no_second_look(reels):
    run = reels()
    for _ in range(2):
        code, out, _ = run("gate", "reels")
        assert (code, out.splitlines()[0]) == (0, "OPEN  reels -> buy")
    assert run("ledger")[1].splitlines()[-1] == "reels: 2 calls, 1 look"


def test_totals_of_other_stories_are_no_new_data(reels, tmp_path):
    """They come in every day, of posts that have nothing to do with the calendar."""
    run = reels()
    run("gate", "reels")
    (tmp_path / "more.csv").write_text(
        "story_id,captured_at,views\nelsewhere,2025-12-24T12:00:00Z,9\n", encoding="utf-8"
    )
    assert run("ingest", tmp_path / "more.csv")[0] == 0
    run("gate", "reels")
    assert run("ledger")[1].splitlines()[-1] == "reels: 2 calls, 1 look"


def test_no_effect_does_not_open_it(reels):
    assert reels(better=0)("gate", "reels")[0] in {3, 4}


def test_posts_that_were_not_read_close_it(reels):
    code, out, _ = reels(lost=4)("gate", "reels")
    assert code == 5
    assert "4 of 32 posts without totals of after the window" in out


def test_posts_of_the_wrong_variant_close_it(reels):
    code, out, _ = reels(wrong=True)("report", "reels")
    assert code == 0
    assert "INVALID" in out
    assert "32 posts of 32 of another variant than was drawn" in out


def test_status_counts_posts(reels):
    run = reels()
    assert "32 posts" in run("status")[1]
    told = json.loads(run("status", "--json")[1])["experiments"][0]
    assert (told["unit"], told["viewers"], told["ruling"], told["variant"]) == ("post", 32, "SHIP", "buy")


def test_the_document_keeps_to_its_schema(reels):
    document = json.loads(reels()("report", "reels", "--json")[1])
    Draft202012Validator(SCHEMAS["report"]()).validate(document)
    assert document["experiment"]["unit"] == "post"
    assert len(document["posts"]) == 32
    assert {post["fate"] for post in document["posts"]} == {"read"}


def test_export_has_every_post(reels, tmp_path):
    assert reels()("export", "reels", "-o", tmp_path / "out")[0] == 0
    posts = pl.read_csv(tmp_path / "out" / "posts.csv")
    assert posts["completions"].len() == 32
    assert set(posts["variant"]) == {"none", "buy"}


def test_before_the_end_nothing_is_said(reels):
    _, out, _ = reels()("report", "reels", "--as-of", "2025-11-20")
    assert "WAIT" in out
    assert "withheld until the declared end" in out
    assert "p adj" not in out


def test_what_was_loaded_later_was_not_known_then(reels):
    run = reels()
    assert "32 posts" in run("report", "reels", "--as-of", "2025-11-30")[1]
    code, out, _ = run("report", "reels", "--as-of", "2025-11-30", "--known-then")
    assert code == 0
    assert "NO DATA" in out


def test_there_are_no_segments_of_posts(reels):
    code, _, err = reels()("report", "reels", "--by", "country")
    assert code == 2
    assert "randomises posts" in err


def test_the_page_shows_every_post(reels, tmp_path):
    assert reels()("report", "reels", "-o", tmp_path / "report.html")[0] == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count('class="post"') == 32
    assert "32 posts" in page
    assert "viewer" not in page.partition("<details")[0].lower()
    assert len(page.encode()) < 100_000


def test_a_viewer_has_no_variant(reels):
    code, _, err = reels()("assign", "reels", "viewer-1")
    assert code == 2
    assert "randomises posts" in err


class TestFactors:
    """Two factors of two levels: what each of them does, from all posts."""

    @pytest.fixture
    def crossed(self, tmp_path, reels):
        (tmp_path / "experiments" / "reels.yaml").write_text(
            FILE.replace("{cta:", "{filter: [none, warm], cta:"), encoding="utf-8"
        )
        return reels()

    def test_a_section_of_their_own(self, crossed, snapshot):
        code, out, _ = crossed("report", "reels")
        assert code == 0
        assert "FACTORS  completion_rate: buy adds" in out
        assert "viewer" not in out
        assert out == snapshot

    @pytest.mark.parametrize("width", [60, 80, 100])
    def test_nothing_is_cut(self, crossed, width):
        _, out, _ = crossed("--width", str(width), "--ascii", "report", "reels", "--all")
        assert out.isascii()
        assert max(map(len, out.splitlines())) <= width
        assert out.count("FACTORS") == 3

    def test_the_document_has_them(self, crossed):
        document = json.loads(crossed("report", "reels", "--json")[1])
        Draft202012Validator(SCHEMAS["report"]()).validate(document)
        first = document["factors"][0]
        assert (first["metric"], first["weights"], first["family"]) == ("completion_rate", "overlap", 2)
        assert {one["factor"]: one["reads"] for one in first["effects"]} == {"filter": "unclear", "cta": "better"}
        assert {one["method"] for one in first["effects"]} == {"rerandomisation"}

    def test_the_page_has_them(self, crossed, tmp_path):
        assert crossed("report", "reels", "-o", tmp_path / "report.html")[0] == 0
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert "Factors: completion_rate" in page
        assert "cta: buy vs none" in page
        assert "viewer" not in page.partition("<details")[0].lower()

    def test_before_the_end_nothing_is_said_of_them(self, crossed):
        _, out, _ = crossed("report", "reels", "--as-of", "2025-11-20")
        assert "FACTORS" not in out
