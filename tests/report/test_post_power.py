"""A plan of posts on the page: every width, every character set, every sentence, and the document."""

import json
import math

import pytest
from rich.cells import cell_len

from abstory.experiment import Size
from abstory.planning import PostBaseline, Question, plan_posts
from abstory.report import post_power, power
from abstory.report.json import written
from abstory.report.look import Look

METRICS = {
    "primary": [{"name": "completion_rate", "mde": "10%"}],
    "guardrails": [{"name": "hide_rate", "margin": "30%"}],
}
BASELINES = {
    "completion_rate": PostBaseline.of_impressions(0.4, icc=0.03, reach=5000),
    "hide_rate": PostBaseline(0.01, 0.003**2, 24, source="spring"),
}


@pytest.fixture
def planned(reels):
    def planned(*, baselines=BASELINES, mdes=None, power=None, only=(), **changes):
        question = Question(
            reels(**({"metrics": METRICS} | changes)), baselines, mdes=mdes or {}, power=power, only=only
        )
        return plan_posts(question)

    return planned


def page(told, look=None):
    return [line.plain for line in post_power.lines(told, look or Look())]


def text_of(told):
    return " ".join(" ".join(page(told)).split())


TINY = {"accounts": ["brand_de"], "weeks": 1, "slots": {"mon-sat": ["12:30"]}}
LONG = {"weeks": 50}


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("calendar", [{}, TINY, LONG])
def test_no_line_is_wider_than_the_page(planned, width, ascii_only, calendar):
    lines = page(planned(calendar=calendar), Look(width, ascii_only))
    assert max(map(cell_len, lines)) <= width
    assert all(line.isascii() for line in lines) or not ascii_only


def test_the_figures_are_those_of_the_plan(planned):
    told = planned()
    text = text_of(told)
    chances = ", ".join(f"{name} {100 * chance:.3g}%" for name, chance in told.chances.items())
    assert f"NEED {told.posts} posts per variant, {told.total} posts in all, the most for completion_rate" in text
    assert f"TIME {told.weeks} weeks of 8 posts, and 24h until the last window closes" in text
    assert f"SHORT with the calendar's 2 weeks each variant has 8 posts; the chance there: {chances}; run" in text
    assert f"next: weeks: {told.weeks} under calendar (now 2) · abstory validate reels · abstory calendar reels" in text


def test_where_figures_come_from_is_said(planned):
    text = text_of(planned())
    assert "completion_rate: sd as an ICC of 0.03 and a reach of 5,000 make it" in text
    # √(.03 · .4 · .6) = 8.49 points.
    assert (
        "reach helps only down to ICC × p × q: seen by everybody, posts still have an sd of 8.49 pp (now 8.51" in text
    )
    # A standard deviation of 24 posts is off by 1/√48 = 14.4%.
    assert "hide_rate: 24 stored posts of spring, all variants pooled: nothing is unblinded" in text
    assert "off by some 14.4%" in text
    told = {name: PostBaseline(base.mean, base.variance) for name, base in BASELINES.items()}
    assert "completion_rate, hide_rate: mean and sd as told" in text_of(planned(baselines=told))


def test_enough_is_said_too(planned):
    told = planned(calendar=LONG)
    text = text_of(told)
    assert "ENOUGH with the calendar's 50 weeks each variant has 200 posts" in text
    assert "SHORT" not in text
    assert "under calendar" not in text
    assert any(line.endswith("declared") for line in page(told))
    assert any(line.endswith("needed") for line in page(told))


def test_what_can_never_be_shown(planned):
    text = text_of(planned(calendar=TINY))
    assert "NEVER completion_rate, hide_rate can never be shown with the calendar as declared" in text
    assert "drawn in 20 ways only, so p is at least 0.1, and 0.05 is asked of one comparison" in text
    assert "NEVER" not in text_of(planned())


def test_so_few_calendars_that_steps_matter(planned):
    assert "drawn in 400 ways: p is at least 0.005, and its steps are reckoned with" in text_of(
        planned(calendar=TINY | {"weeks": 2})
    )
    assert "drawn in 1,296 ways: p is at least 0.0015 " in text_of(planned())
    assert "in more than 200,000 ways" in text_of(planned(calendar=LONG))


def test_longer_than_any_calendar(planned):
    told = planned(mdes={"completion_rate": Size.parse("2%")})
    assert told.weeks > 53
    assert "; post more often, or look for a larger change" in text_of(told)
    assert "under calendar" not in text_of(told)


def test_what_if_and_several_treatments(planned):
    told = planned(mdes={"completion_rate": Size.parse("20%")}, power=0.9, only=("completion_rate",))
    assert "WHAT IF mde of completion_rate 20%, power 90%, only completion_rate" in text_of(told)
    four = planned(factors={"cta": ["none", "buy", "see", "get"]})
    assert "the chance is that of each treatment" in text_of(four)
    assert "Bonferroni over 3" in text_of(four)


def test_the_gate_may_ask_for_more(planned):
    told = planned(decision={"min_per_variant": 1000})
    assert "NEED 1,000 posts per variant, 2,000 posts in all, as min_per_variant asks" in text_of(told)


def test_the_document_is_plain_and_has_the_keys_of_viewers(planned):
    told = planned()
    plain = json.loads(written(post_power.document(told), Look()))
    assert (plain["abstory"], plain["unit"]) == ("power/1", "slot")
    find, hold = plain["targets"]
    assert find["baseline"]["icc"] == 0.03
    assert find["baseline"]["sd"] == pytest.approx(math.sqrt(0.24 * (1 + 4999 * 0.03) / 5000))
    assert (hold["baseline"]["posts"], hold["baseline"]["source"]) == (24, "spring")
    assert set(find["posts"].values()) == {told.posts}
    assert (find["level"], hold["level"], find["draws"], find["reachable"]) == (0.05, 0.1, 1296, True)
    assert plain["schedule"] == {
        "days": 14,
        "viewers": None,
        "weeks": 2,
        "posts": 8,
        "short": True,
        "chances": dict(told.chances),
    }
    (floor,) = plain["floor"]
    assert floor["sd"] == pytest.approx(math.sqrt(0.03 * 0.24))
    assert floor["posts"] <= find["posts"]["buy"]
    assert {point["weeks"] for point in plain["curve"]} >= {2, told.weeks}
    assert plain["curve"][0]["changes"]["completion_rate"]["difference"] == told.curve[0].changes["completion_rate"]


def test_a_reader_of_viewers_plans_finds_every_key(planned):
    from abstory.experiment import Experiment
    from abstory.planning import Baseline, plan

    fields = {"version": 1, "key": "cta", "factors": {"cta": ["none", "buy"]}, "metrics": METRICS}
    rates = {"completion_rate": Baseline.of_rate(0.4), "hide_rate": Baseline.of_rate(0.01)}
    viewers = power.document(plan(Question(Experiment.model_validate(fields), rates)))
    posts = post_power.document(planned())
    assert viewers["unit"] == "viewer"
    assert set(viewers) <= set(posts)
    for name in ("targets", "curve"):
        assert set(viewers[name][0]) <= set(posts[name][0]), name
    assert set(viewers["targets"][0]["baseline"]) <= set(posts["targets"][0]["baseline"])


def test_nothing_that_can_be_seen_has_no_number(planned):
    told = planned(calendar=TINY)
    rows = [line for line in page(told) if line.endswith("declared")]
    assert rows
    assert all("none" in row for row in rows)
    plain = post_power.document(told)
    assert plain["curve"][0]["changes"]["completion_rate"] is None
    assert plain["targets"][0]["reachable"] is False
