"""Posts of a calendar, simulated: both roads equal, what is planted as drawn, errors where they are promised.

Planted values are held to means of many draws, the correlation to its analysis of variance, power to a non-central t,
the test of all views to statsmodels.
"""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.assignment.calendar import calendar
from abstory.errors import UsageError
from abstory.metrics.totals import SLOT_METRICS
from abstory.results import Fate, Ruling
from abstory.simulate import posting, runs
from abstory.simulate.contrast import of_all_views
from abstory.simulate.design import Wish, mde
from abstory.simulate.feed import Feed, planted
from abstory.simulate.post_design import post_design
from abstory.simulate.posting import by_totals, post_run
from abstory.simulate.rates import summed
from abstory.simulate.runs import Road, agree, many, one
from abstory.stats.moments import Tally
from abstory.stats.slot_power import icc_anova

Z = 5
OTHERS = sorted(SLOT_METRICS.keys() - {"completion_rate", "engagement_rate", "exit_rate", "follow_rate"})
EVERYTHING = {
    "primary": [{"name": "completion_rate", "mde": "10%"}, {"name": "engagement_rate", "denominator": "reach"}],
    "secondary": [*OTHERS, {"name": "follow_rate", "denominator": "followers"}],
    "guardrails": [{"name": "exit_rate", "margin": "20%"}],
}
FOUR = {"cta": ["none", "buy", "save", "ask"]}
FOUR_A_DAY = {"daily": ["12:30", "15:30", "18:30", "21:30"]}


@pytest.mark.parametrize(
    ("changes", "feed"),
    [
        ({}, Feed()),
        ({"metrics": EVERYTHING}, Feed(luck=0.2, missed=0.1)),
        ({"factors": FOUR, "calendar": {"slots": FOUR_A_DAY, "no_repeat": 2}}, Feed()),
        ({"calendar": {"timezone": "Europe/Berlin", "start": "2026-10-19", "block_by": ["weekday"]}}, Feed(icc=0.0)),
        ({}, Feed(missed=0.85)),
    ],
    ids=["plain", "every metric", "four, no repeats", "clocks put back", "hardly any"],
)
def test_both_roads_give_the_same_results_to_the_last_bit(reels, changes, feed):
    made = post_design(reels(**changes), feed=feed, wish=Wish("completion_rate", 0.1, relative=True), draws=999)
    assert agree(made, 3)


def test_a_run_needs_no_more_than_a_verdict_looks_at(reels):
    made = post_design(reels(factors={"cta": ["none", "buy"], "filter": ["none", "warm"]}), draws=999)
    (bare,), (whole,) = by_totals(made, 3, whole=False), by_totals(made, 3)
    assert runs.fare(made, (bare,)) == runs.fare(made, (whole,))
    assert whole.factors
    assert not bare.factors
    assert bare.metrics == whole.metrics


def test_roads_that_differ_are_told_apart(reels, monkeypatch):
    monkeypatch.setattr(runs, "by_files", lambda design, run: by_totals(design, run + 1))
    assert not agree(post_design(reels()), 0)


def drawn(feed, count, variant="none"):
    """Totals of that many posts without luck."""
    return posting._totals(feed, [("main", "2026-11-23", variant)] * count, np.random.default_rng(11))


@pytest.mark.parametrize("nudge", [{}, {"reach": 1.4, "likes": 1.5, "completions": 0.8, "watch_seconds": 1.2}])
def test_every_metric_is_as_drawn(reels, nudge):
    feed = Feed(spread=0.6, nudges={"none": nudge})
    totals = drawn(feed, 40_000)
    for outcome in reels(metrics=EVERYTHING).outcomes:
        metric = outcome.metric
        values = sum(totals[name] for name in metric.above) / (totals[metric.below] if metric.below else 1)
        gap = values.mean() - planted(feed, "none", metric)
        assert abs(gap) <= Z * values.std() / math.sqrt(len(values)), metric.name


@pytest.mark.parametrize("icc", [0.0, 0.01, 0.03, 0.1])
def test_views_of_a_post_are_as_alike_as_told(icc):
    """The correlation's analysis of variance over 4,000 posts, by hand within a tenth of it."""
    totals = drawn(Feed(icc=icc, spread=0.3), 4000)
    found = icc_anova([Tally(int(n), int(x)) for n, x in zip(totals["views"], totals["completions"], strict=True)])
    assert found == pytest.approx(icc, rel=0.1, abs=1e-4)


def test_every_rate_scatters_by_the_same_share_of_itself():
    feed = Feed(reach=1e6, spread=0.0)
    totals = drawn(feed, 4000)
    for total in ("completions", "likes", "exits", "watch_seconds"):
        rates = totals[total] / totals["views"]
        assert rates.std() / rates.mean() == pytest.approx(feed.scatter, rel=0.06)


@given(
    groups=st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=30), size=st.floats(0, 0.9), seed=st.integers(0, 9)
)
def test_luck_averages_out_over_its_groups(groups, size, seed):
    factors = posting._luck(groups, size, np.random.default_rng(seed))
    levels = dict(zip(groups, factors, strict=True))
    assert [levels[name] for name in groups] == factors.tolist()
    assert np.mean(list(levels.values())) == pytest.approx(1)
    assert max(abs(factors - 1)) <= size


@pytest.mark.parametrize(
    ("metric", "size", "relative"),
    [
        ("completion_rate", 0.1, True),
        ("completion_rate", -0.02, False),
        ("engagement_rate", 0.3, True),
        ("watch_seconds", 0.5, False),
        ("impressions", 0.2, True),
        ("reach", -300, False),
        ("followers_gained", 0.5, True),
        ({"name": "share_rate", "denominator": "followers"}, 0.25, True),
    ],
)
def test_the_planted_effect_is_the_one_asked_for(reels, metric, size, relative):
    name = metric["name"] if isinstance(metric, dict) else metric
    experiment = reels(
        factors={"cta": ["none", "buy", "save"]},
        metrics={"primary": [metric]},
        calendar={"slots": {"mon-sat": ["09:30"]}},
    )
    made, (outcome,) = post_design(experiment, wish=Wish(name, size, relative)), experiment.outcomes
    base = made.truth(experiment.control, outcome.metric)
    for variant in experiment.treatments:
        aim = base * (1 + size) if relative else base + size
        assert made.truth(variant, outcome.metric) == pytest.approx(aim, rel=1e-9)
    assert base == planted(Feed(), "none", outcome.metric)


@pytest.mark.parametrize(
    ("wish", "feed", "said"),
    [
        (Wish("completion_rate", 2.0, relative=True), Feed(), "less effect"),
        (Wish("completion_rate", -1.0, relative=True), Feed(), "smaller effect"),
        (Wish("impressions", -0.9999, relative=True), Feed(), "smaller effect"),
        (Wish("share_rate", 0.1, relative=True), Feed(), "declares no metric share_rate"),
        (None, Feed(luck=0.6), "luck"),
        (None, Feed(icc=0.9), "icc"),
    ],
)
def test_what_cannot_be_simulated_is_refused(reels, wish, feed, said):
    metrics = {"primary": ["completion_rate", "impressions"], "secondary": ["watch_seconds"]}
    with pytest.raises(UsageError) as told:
        post_design(reels(metrics=metrics), wish=wish, feed=feed)
    assert said in f"{told.value.message} {told.value.hint}"


def test_every_run_has_a_calendar_of_its_own_law(reels):
    made = post_design(reels())
    labels = [tuple(variant for _, variant in calendar(post_run(made, run).experiment)) for run in range(30)]
    assert len(set(labels)) > 25  # 30 of 1,296 draws: 0.3 pairs are alike on average
    for one_run in labels:
        assert [Counter(one_run[at : at + 4])["buy"] for at in (0, 4, 8, 12)] == [2, 2, 2, 2]


def test_a_run_is_decided_by_its_number_and_processes_change_nothing(reels):
    made = post_design(reels())
    told = []
    alone = many(made, 30, told=told.append)
    assert many(made, 30, jobs=2) == alone
    assert sum(told) == 30
    assert one(made, 4, Road.FAST) == alone[4]
    hashes = {by_totals(post_design(reels(), seed=seed), run)[0].data_hash for seed in (0, 1) for run in (0, 1)}
    assert len(hashes) == 4


def test_missed_slots_are_skipped_whatever_their_variant(reels):
    made = post_design(reels(), feed=Feed(missed=0.25))
    fates = Counter((slot.fate, slot.variant) for run in range(60) for slot in by_totals(made, run)[0].posts)
    assert {fate for fate, _ in fates} == {Fate.READ, Fate.SKIPPED}
    for variant in ("none", "buy"):
        skipped, every = fates[Fate.SKIPPED, variant], 60 * 8
        assert abs(skipped - every / 4) <= Z * math.sqrt(every * 3 / 16)


def test_the_test_of_all_views_is_the_usual_z(reels):
    from statsmodels.stats.proportion import proportions_ztest

    (result,) = by_totals(post_design(reels()), 1)
    metric = SLOT_METRICS["completion_rate"]
    sums = {
        name: [sum(slot.totals[name] for slot in result.posts if slot.variant == arm) for arm in ("buy", "none")]
        for name in ("completions", "views")
    }
    z, _ = proportions_ztest(sums["completions"], sums["views"])
    assert of_all_views(result.posts, metric, ("buy", "none")) == pytest.approx(z, rel=1e-9)
    assert of_all_views(result.posts, SLOT_METRICS["impressions"], ("buy", "none")) is None


def test_drawing_again_keeps_its_promise_where_views_as_if_independent_do_not(reels):
    made = post_design(reels())
    found = summed(made, Road.FAST, many(made, 300))
    (fare,) = found.fares
    assert found.wrong.holds
    assert fare.apart.holds
    assert fare.covers_lift.holds
    assert found.untrusted.value <= 0.01
    # 4,100 views a post of ICC .03 multiply the error by 11: |z| > 1.96 is |z| > 0.18, which is in 86 % of draws.
    assert 0.75 < fare.misread.value < 0.95


def test_power_is_that_of_a_t_test_on_posts(reels):
    """20 posts an arm of equal reach, blocks of 10, against a non-central t: within 5 Monte Carlo errors and 3 points."""
    from scipy.stats import nct
    from scipy.stats import t as student

    experiment = reels(
        calendar={
            "weeks": 4,
            "slots": {"mon-fri": ["12:30"]},
            "accounts": ["brand_de", "brand_fr"],
            "block_by": ["week"],
        }
    )
    feed = Feed(spread=0.0, reach=5000)
    made = post_design(experiment, feed=feed, wish=Wish("completion_rate", 0.2, relative=True), draws=999)
    found = summed(made, Road.FAST, many(made, 300)).fares[0].apart
    views, rates = 1.25 * (feed.reach + 1), (0.4, 0.48)
    spread = [((p * feed.scatter) ** 2 * (1 - 1 / views) + p * (1 - p) / views) / 20 for p in rates]
    ncp, df = 0.08 / math.sqrt(sum(spread)), 40 - 4 - 1
    power = nct.sf(student.ppf(0.975, df), df, ncp)
    assert 0.5 < power < 0.95
    assert abs(found.value - power) <= Z * math.sqrt(power * (1 - power) / 300) + 0.03


def test_a_large_effect_ships(reels):
    experiment = reels(calendar={"weeks": 4})
    made = post_design(experiment, wish=Wish("completion_rate", 0.5, relative=True))
    assert {run.ruling for run in many(made, 20)} == {Ruling.SHIP}
    assert mde(experiment) == Wish("completion_rate", 0.05, relative=True)


@pytest.mark.long
@pytest.mark.parametrize("no_repeat", [1, 2])
def test_promises_hold_over_many_runs(reels, no_repeat):
    """1,000 runs of four variants, days and accounts of unequal luck, 5 % of slots missed."""
    changes = {"slots": FOUR_A_DAY, "no_repeat": no_repeat}
    made = post_design(reels(factors=FOUR, calendar=changes), feed=Feed(luck=0.2, missed=0.05), draws=1_999)
    found = summed(made, Road.FAST, many(made, 1000, jobs=2))
    assert found.wrong.holds
    assert all(fare.covers.holds and fare.covers_lift.holds for fare in found.fares)
