"""`abstory power` of a calendar, end to end: told, derived and stored baselines, what if, refusals."""

import csv
import json
import random
from datetime import datetime, timedelta

import pytest

from abstory.cli.main import run
from abstory.errors import ExitCode

REELS = """\
version: 1
key: {key}
unit: slot
factors: {{cta: [none, buy]}}
calendar:
  start: {start}
  weeks: 2
  slots: {{mon-thu: ["12:30"]}}
  accounts: [brand_de, brand_fr]
metrics:
  primary: [{{name: completion_rate, mde: 10%}}]
  guardrails: [{{name: hide_rate, margin: 30%}}]
"""
TOLD = ("--baseline", "40%", "--sd", "6%", "--baseline", "hide_rate=1%", "--sd", "hide_rate=0.3%")
DERIVED = ("--baseline", "40%", "--icc", "0.03", "--reach", "5000", "--metric", "completion_rate")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Two calendars: one of last spring, posted and read, and one that is yet to come."""
    folder = tmp_path_factory.mktemp("posts")
    (folder / "experiments").mkdir()
    for key, start in (("spring", "2026-03-02"), ("autumn", "2030-09-02")):
        text = REELS.format(key=key, start=start)
        (folder / "experiments" / f"{key}.yaml").write_text(text, encoding="utf-8")
    sheet = folder / "sheet.csv"
    assert run(["-C", str(folder), "-q", "calendar", "spring", "-o", str(sheet)]) == 0
    fill(sheet, folder / "totals.csv")
    assert run(["-C", str(folder), "-q", "ingest", str(sheet), str(folder / "totals.csv")]) == 0
    return folder


def fill(sheet, totals):
    """Every post goes up at its time, and is read two days later: some 40 % of 2,000 views are completed."""
    source = random.Random(5)  # noqa: S311
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for at, row in enumerate(rows):
        row |= {"story_id": f"s{at}", "posted_at": row["scheduled_at"]}
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with totals.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["story_id", "captured_at", "views", "completions", "hides"])
        for row in rows:
            read = datetime.fromisoformat(row["scheduled_at"]) + timedelta(days=2)
            writer.writerow([row["story_id"], read.isoformat(), 2000, source.randrange(700, 901), source.randrange(20)])


def refused(call, project, *options, key="autumn"):
    code, out, errors = call("-C", project, "power", key, *options)
    assert (code, out) == (ExitCode.REFUSED, "")
    return errors


def told(call, project, *options, key="autumn"):
    code, out, errors = call("-C", project, "power", key, "--json", *options)
    assert (code, errors) == (ExitCode.DONE, "")
    return json.loads(out)


def test_a_plan(stored, call):
    code, out, errors = call("-C", stored, "power", "autumn", *TOLD)
    assert (code, errors) == (ExitCode.DONE, "")
    lines = out.splitlines()
    assert lines[0].startswith("autumn · ")
    assert [line.split()[0] for line in lines if line[:1].isupper()] == ["NEED", "TIME", "SHORT"]
    assert "how: calendar drawn again, alpha .05" in out


def test_the_document(stored, call):
    plan = told(call, stored, *TOLD)
    assert (plan["abstory"], plan["unit"]) == ("power/1", "slot")
    assert [t["baseline"]["sd"] for t in plan["targets"]] == pytest.approx([0.06, 0.003])
    assert plan["posts_in_all"] == 2 * plan["posts"]


def test_a_correlation_and_a_reach_stand_in_for_a_deviation(stored, call):
    (target,) = told(call, stored, *DERIVED)["targets"]
    assert target["baseline"]["sd"] ** 2 == pytest.approx(0.24 * (1 + 4999 * 0.03) / 5000)
    assert (target["baseline"]["icc"], target["baseline"]["reach"]) == (0.03, 5000)


def test_what_if(stored, call):
    usual, other = told(call, stored, *TOLD), told(call, stored, *TOLD, "--mde", "20%", "--power", "90%")
    assert other["what_if"]["mde"] == {"completion_rate": "20%"}
    assert other["posts"] < usual["posts"]


def test_posts_of_another_calendar(stored, call):
    plan = told(call, stored, "--past", "spring")
    base = plan["targets"][0]["baseline"]
    assert (base["posts"], base["source"], base["reach"]) == (16, "spring", 2000)
    assert 0.35 <= base["mean"] <= 0.45
    # Uniform over 10 points: a standard deviation of 2.9.
    assert base["sd"] == pytest.approx(0.1 / 12**0.5, rel=0.5)
    assert "16 stored posts of spring" in call("-C", stored, "power", "autumn", "--past", "spring")[1]


def test_its_own_posts_need_no_word(stored, call):
    own = told(call, stored, key="spring")
    assert own["targets"][0]["baseline"] == told(call, stored, "--past", "spring")["targets"][0]["baseline"]


def test_what_is_told_goes_before_what_is_stored(stored, call):
    plan = told(call, stored, "--past", "spring", "--baseline", "30%", "--sd", "5%")
    assert [t["baseline"]["source"] for t in plan["targets"]] == [None, "spring"]


def test_the_store_is_left_alone_when_all_is_told(stored, call, tmp_path):
    (tmp_path / "experiments").mkdir()
    text = (stored / "experiments" / "autumn.yaml").read_text("utf-8")
    (tmp_path / "experiments" / "autumn.yaml").write_text(text, encoding="utf-8")
    assert "none was given, and no posts are stored" in refused(call, tmp_path)
    (tmp_path / "abstory.duckdb").write_bytes(b"not a database")
    assert told(call, tmp_path, *TOLD)["posts"] == told(call, stored, *TOLD)["posts"]
    assert call("-C", tmp_path, "power", "autumn")[0] == ExitCode.ENVIRONMENT


def test_all_that_is_missing_is_asked_for_at_once(stored, call):
    errors = refused(call, stored)
    assert "no baseline is known of completion_rate, hide_rate" in errors
    assert "stored posts of autumn show none: completion_rate: 0 posts with a value" in errors
    assert "--baseline completion_rate=40% --sd completion_rate=6% --baseline hide_rate=40%" in errors
    assert "--icc 0.03 --reach 5000" in errors
    assert "--past KEY" in errors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--baseline", "40%"), "how posts scatter about completion_rate=40% is not in its baseline"),
        (("--baseline", "0.4", "--sd", "6%"), "needs its per cent sign"),
        (("--baseline", "40%", "--sd", "0%"), "what does not vary cannot be planned"),
        (("--sd", "6%"), "no --baseline beside it"),
        (("--icc", "0.03", "--reach", "5000"), "--icc of completion_rate has no --baseline beside it"),
        (("--baseline", "40%", "--icc", "0.03"), "--icc has no --reach"),
        (("--baseline", "40%", "--sd", "6%", "--reach", "5000"), "--reach has no --icc"),
        (("--baseline", "40%", "--icc", "3%", "--reach", "5000"), "not a correlation from 0 to 1"),
        (("--baseline", "40%", "--icc", "1.5", "--reach", "5000"), "not a correlation from 0 to 1"),
        (("--baseline", "40%", "--sd", "6%", "--icc", "0.03", "--reach", "5000"), "--sd and --icc both say"),
        (("--baseline", "100%", "--icc", "0.03", "--reach", "5000"), "between 0% and 100%"),
        (("--reach", "0.5"), "--reach"),
        (("--daily", "600"), "--daily belongs to unit: viewer"),
        (("--r2", "30%"), "--r2 belongs to unit: viewer"),
        (("--past", "winter"), "winter"),
        ((*DERIVED, "--mde", "300%"), "out of 0% to 100%"),
    ],
)
def test_refusals(stored, call, options, said):
    assert said in refused(call, stored, *options)


def test_a_mean_has_no_correlation(stored, call, tmp_path):
    (tmp_path / "experiments").mkdir()
    text = (stored / "experiments" / "autumn.yaml").read_text("utf-8").replace("completion_rate", "watch_seconds")
    (tmp_path / "experiments" / "autumn.yaml").write_text(text, encoding="utf-8")
    only = ("--metric", "watch_seconds")
    assert "is no rate" in refused(call, tmp_path, "--baseline", "6.2", "--icc", "0.03", "--reach", "5000", *only)
    assert "--baseline watch_seconds=6.2 --sd watch_seconds=1.5" in refused(call, tmp_path, *only)
    assert told(call, tmp_path, "--baseline", "6.2", "--sd", "1.5", *only)["posts"] > 4


def test_an_icc_without_a_name_is_that_of_every_rate_told(stored, call):
    rates = ("--baseline", "40%", "--baseline", "hide_rate=1%", "--icc", "0.03", "--reach", "5000")
    assert [t["baseline"]["icc"] for t in told(call, stored, *rates)["targets"]] == [0.03, 0.03]
    own = told(call, stored, *rates, "--sd", "hide_rate=0.3%")["targets"]
    assert [t["baseline"]["icc"] for t in own] == [0.03, None]


@pytest.mark.parametrize("option", [("--icc", "0.03"), ("--reach", "5000"), ("--past", "spring")])
def test_what_belongs_to_posts_is_no_option_of_viewers(project, call, option):
    code, _, errors = call("-C", project, "power", "cta", *option)
    assert code == ExitCode.REFUSED
    assert f"{option[0]} belongs to unit: slot" in errors


def test_viewers_are_no_past_of_posts(project, call):
    text = REELS.format(key="autumn", start="2030-09-02")
    (project / "experiments" / "autumn.yaml").write_text(text, encoding="utf-8")
    assert "cta randomises viewers" in refused(call, project, "--past", "cta")
