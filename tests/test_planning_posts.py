"""Plans of calendars against simulation through the analysis of posts, closed forms and laws; baselines of stored posts."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import nct, t

from abstory.analysis import posts as analysis
from abstory.errors import UsageError
from abstory.experiment import HOUR_US, Size
from abstory.planning import Baseline, PostBaseline, Question, plan_posts
from abstory.planning.past_posts import FEWEST, seen_posts
from abstory.planning.posts import layouts
from abstory.planning.target import Aim
from abstory.results import Reads
from abstory.stats import redraws
from abstory.stats.slot_layout import Growth

RATE = PostBaseline(0.4, 0.06**2)
HIDES = PostBaseline(0.01, 0.003**2)
BASELINES = {"completion_rate": RATE, "hide_rate": HIDES, "watch_seconds": PostBaseline(6.2, 1.5**2)}
METRICS = {
    "primary": [{"name": "completion_rate", "mde": "10%"}],
    "guardrails": [{"name": "hide_rate", "margin": "30%"}],
}
ONE = {"primary": [{"name": "completion_rate", "mde": "10%"}]}


@pytest.fixture
def ask(reels):
    def ask(baselines=BASELINES, *, mdes=None, power=None, only=(), **changes):
        experiment = reels(**({"metrics": METRICS} | changes))
        return Question(experiment, baselines, mdes=mdes or {}, power=power, only=only)

    return ask


# Simulation: totals as a platform would give them, through the analysis and its own words.

VIEWS = 1e6


def posts_at(rng, means, scatter):
    """Of each post, its completions and hides: about means, by variant, as `scatter` draws them."""

    def totals(_, variant):
        rates = {name: scatter(rng, name, mean) for name, mean in means(variant).items()}
        return {"views": VIEWS} | {name: max(0.0, VIEWS * rate) for name, rate in rates.items()}

    return totals


def normally(rng, name, mean):
    return rng.normal(mean, {"completions": 0.06, "hides": 0.003}[name])


def beta_binomially(rng, name, mean):
    """Impressions of a correlation of .03, 2,000 of them."""
    spread = 1 / 0.03 - 1
    return rng.binomial(2000, rng.beta(mean * spread, (1 - mean) * spread)) / 2000


def shares_shown(experiment, posted, means, scatter, runs, *, at=0):
    """How often the treatment with that number is better on the primary, and holds on the guardrail if there is one."""
    rng, read = np.random.default_rng(20261123), []
    for _ in range(runs):
        data = posted(experiment, posts_at(rng, means, scatter))
        result = analysis.analyse(experiment, data, as_of_us=experiment.closes_us + HOUR_US)
        read.append([metric.comparisons[at].reads in {Reads.BETTER, Reads.HOLDS} for metric in result.metrics])
    return np.mean(read, axis=0)


@pytest.fixture
def few_draws(monkeypatch):
    """The same law of calendars, with 1,999 drawn beside the posted one where there are more than 2,000."""
    monkeypatch.setattr(redraws, "MOST_ENUMERATED", 2000)
    monkeypatch.setattr(redraws, "DRAWS", 1999)


def close(shown, wanted, runs):
    """Within Monte Carlo error, 3.5 of it, and a point and a half for what is normal only nearly."""
    return shown == pytest.approx(wanted, abs=3.5 * math.sqrt(max(0.09, wanted * (1 - wanted)) / runs) + 0.015)


# Weeks of one account with two posts of either variant, or of two accounts with one: 6, 12 or 24 posts a variant.
WEEKLY = {"accounts": ["brand_de"], "slots": {"mon-thu": ["12:30"]}}
PAIRS = {"accounts": ["brand_de", "brand_fr"], "slots": {"mon-tue": ["12:30"]}}
CALENDARS = {
    "6 posts": WEEKLY | {"weeks": 3},
    "6 posts in one block": WEEKLY | {"weeks": 3, "block_by": []},
    "12 posts": WEEKLY | {"weeks": 6},
    "12 posts in pairs": PAIRS | {"weeks": 6},
    "24 posts": WEEKLY | {"weeks": 12},
}


def at_80(ask, calendar, baselines=BASELINES):
    """A plan whose file declares the very sizes that its calendar shows with a chance of 80 %."""
    found, held = (
        t.detectable(t.layout.slots) for t in plan_posts(ask(baselines, calendar=calendar, power=0.6)).targets
    )
    metrics = {
        "primary": [{"name": "completion_rate", "mde": f"{100 * found:.6f}pp"}],
        "guardrails": [{"name": "hide_rate", "margin": f"{100 * held / baselines['hide_rate'].mean:.6f}%"}],
    }
    plan = plan_posts(ask(baselines, calendar=calendar, power=0.6, metrics=metrics))
    assert list(plan.chances.values()) == pytest.approx([0.8, 0.8], abs=0.01)
    return plan


def hold_to_simulation(plan, posted, runs, scatter=normally):
    find, hold = plan.targets

    def means(variant):
        moved = find.change * (variant == "buy")
        return {"completions": find.baseline.mean + moved, "hides": hold.baseline.mean}

    found, held = shares_shown(plan.question.experiment, posted, means, scatter, runs)
    assert close(found, plan.chances[find.name], runs)
    assert close(held, plan.chances[hold.name], runs)


@pytest.mark.usefixtures("few_draws")
@pytest.mark.parametrize("calendar", CALENDARS)
def test_the_chance_is_what_the_analysis_has(ask, posted, calendar):
    hold_to_simulation(at_80(ask, CALENDARS[calendar]), posted, 250)


@pytest.mark.long
@pytest.mark.parametrize("calendar", CALENDARS)
def test_the_chance_is_what_the_analysis_has_closely(ask, posted, calendar):
    hold_to_simulation(at_80(ask, CALENDARS[calendar]), posted, 300 if calendar == "24 posts" else 1500)


IMPRESSIONS = {
    "completion_rate": PostBaseline.of_impressions(0.4, icc=0.03, reach=2000),
    "hide_rate": PostBaseline.of_impressions(0.2, icc=0.03, reach=2000),
}


@pytest.mark.usefixtures("few_draws")
@pytest.mark.parametrize("calendar", ["6 posts", "12 posts"])
def test_impressions_that_go_together_have_the_chance_of_their_correlation(ask, posted, calendar):
    hold_to_simulation(at_80(ask, CALENDARS[calendar], IMPRESSIONS), posted, 250, beta_binomially)


@pytest.mark.long
@pytest.mark.parametrize("calendar", ["6 posts", "12 posts"])
def test_impressions_that_go_together_have_it_closely(ask, posted, calendar):
    hold_to_simulation(at_80(ask, CALENDARS[calendar], IMPRESSIONS), posted, 1500, beta_binomially)


RULED = {"accounts": ["brand_de", "brand_fr"], "weeks": 4, "slots": {"mon-sat": ["12:30"]}, "no_repeat": 2}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_a_rule_along_accounts_is_reckoned_with(ask, posted, seed):
    """Three variants that never repeat: slots are coupled, which costs draws and degrees of freedom."""
    plan = plan_posts(ask(factors={"cta": ["none", "buy", "see"]}, metrics=ONE, calendar=RULED | {"seed": seed}))
    target = plan.targets[0]
    free = dataclasses.replace(target.layout, contrasts=2 * 16 - 8)
    assert target.layout.df < 0.6 * free.df
    moved = target.detectable(16)
    sized = dataclasses.replace(target, size=Size.parse(f"{100 * moved:.6f}pp"))
    worst = min(layouts(plan.question.experiment).items(), key=lambda item: item[1].log_draws)[0]

    def means(variant):
        return {"completions": 0.4 + moved * (variant == worst)}

    at = [v.name for v in plan.question.experiment.treatments].index(worst)
    shown = shares_shown(plan.question.experiment, posted, means, normally, 400, at=at)
    assert shown == pytest.approx(sized.chance(16), abs=3.5 * math.sqrt(0.09 / 400) + 0.03)


@pytest.mark.usefixtures("few_draws")
def test_a_plan_for_steadier_posts_would_fail_the_simulation(ask, posted):
    plan = at_80(ask, CALENDARS["6 posts"])
    with pytest.raises(AssertionError):
        hold_to_simulation(dataclasses.replace(plan, targets=shrunken(plan)), posted, 250)


def shrunken(plan):
    """The same plan, made for posts that scatter by three quarters as much as they do."""
    return tuple(
        dataclasses.replace(t, baseline=dataclasses.replace(t.baseline, variance=t.baseline.variance * 0.56))
        for t in plan.targets
    )


# What a plan is made of.


def test_posts_in_closed_form(ask):
    """One block, two-sided .05, chance .8: the non-central t of scipy, with the first whole number of posts."""
    question = ask(metrics=ONE, calendar={"block_by": [], "weeks": 8})
    planned = plan_posts(question)

    def chance(k):
        df = 2 * (k - 1)
        return nct.sf(t.ppf(0.975, df), df, 0.04 / (0.06 * math.sqrt(2 / k)))

    assert planned.posts == next(k for k in range(2, 100) if chance(k) >= 0.8)
    assert planned.chances["completion_rate"] == pytest.approx(chance(32), abs=2e-4)
    assert planned.targets[0].layout.growth is Growth.SIZES


def test_blocks_cost_degrees_of_freedom(ask):
    free, weeks = (
        plan_posts(ask(metrics=ONE, calendar={"block_by": by, "weeks": 4})) for by in ([], ["account", "week"])
    )
    assert weeks.targets[0].layout.df == free.targets[0].layout.df - 7
    assert weeks.chances["completion_rate"] < free.chances["completion_rate"]


def test_the_example_of_the_methods(ask):
    """p = .4, ICC = .03, 20 posts of a variant seen by everybody: ± 7.5 points by the normal, 7.8 by Student's t."""
    calendar = {"accounts": ["brand_de"], "slots": {"mon-fri": ["11:00", "18:00"]}, "weeks": 4, "block_by": []}
    base = PostBaseline.of_impressions(0.4, icc=0.03, reach=1e12)
    planned = plan_posts(ask({"completion_rate": base}, metrics=ONE, calendar=calendar))
    assert planned.at_end.posts == 20
    assert planned.at_end.changes["completion_rate"] == pytest.approx(0.075, abs=0.004)


def test_reach_helps_only_down_to_the_floor(ask):
    def posts(reach):
        base = PostBaseline.of_impressions(0.4, icc=0.03, reach=reach)
        return plan_posts(ask({"completion_rate": base}, metrics=ONE)).targets[0]

    few, many = posts(100), posts(1e9)
    assert few.posts > many.posts
    assert few.endless.posts == many.endless.posts == many.posts
    assert few.endless.baseline.variance == pytest.approx(0.03 * 0.24)
    assert plan_posts(ask(metrics=ONE)).targets[0].endless is None


def test_power_is_shared_by_every_guardrail_and_alpha_by_every_treatment(ask):
    planned = plan_posts(ask(factors={"cta": ["none", "buy", "see", "get"]}))
    find, hold = planned.targets
    assert (find.power, hold.power) == (pytest.approx(0.9), pytest.approx(0.9))
    assert (find.level, hold.level) == (pytest.approx(0.05 / 3), pytest.approx(0.1))
    assert (find.aim, hold.aim) == (Aim.FIND, Aim.HOLD)
    assert planned.total == 4 * planned.posts
    assert planned.method.multiplicity == "Bonferroni over 3"


def test_do_no_harm_holds_the_primary(ask):
    planned = plan_posts(ask(decision={"rule": "do_no_harm", "min_per_variant": 4}))
    assert [target.aim for target in planned.targets] == [Aim.HOLD, Aim.HOLD]
    assert planned.targets[0].change < 0


def test_weeks_and_the_curve_go_together(ask):
    planned = plan_posts(ask(metrics=ONE))
    assert planned.weekly == 4
    assert planned.weeks == math.ceil(planned.posts / 4)
    assert planned.short is (planned.weeks > 2)
    by_week = {point.weeks: point for point in planned.curve}
    assert {2, planned.weeks} <= set(by_week)
    assert by_week[planned.weeks].changes["completion_rate"] <= 0.04 + 1e-9
    assert by_week[2] == planned.at_end
    changes = [point.changes["completion_rate"] for point in planned.curve]
    assert changes == sorted(changes, reverse=True)
    target = planned.targets[0]
    assert target.chance(target.posts) >= target.power > target.chance(target.posts - 1)


def test_never_fewer_than_the_gate_asks_for(ask):
    planned = plan_posts(
        ask(metrics=ONE, mdes={"completion_rate": Size.parse("90%")}, decision={"min_per_variant": 30})
    )
    assert planned.deciding.posts < planned.posts == 30


TINY = {"accounts": ["brand_de"], "weeks": 1, "slots": {"mon-sat": ["12:30"]}}


def test_three_against_three_can_never_be_shown(ask):
    """Of 20 calendars two are extreme: p >= .1. Two such weeks have 400."""
    planned = plan_posts(ask(metrics=ONE, calendar=TINY, mdes={"completion_rate": Size.parse("100%")}))
    target = planned.targets[0]
    assert planned.never == (target,)
    assert planned.chances["completion_rate"] == 0.0
    assert planned.at_end.changes["completion_rate"] == math.inf
    assert target.posts == 4
    assert plan_posts(ask(metrics=ONE, calendar=TINY | {"weeks": 2})).never == ()


def test_step_up_may_show_what_bonferroni_could_not(ask):
    """4 + 4 posts of two treatments: 2/70 is above .025 but below .05, which Hochberg asks of the last."""
    calendar = {"accounts": ["brand_de"], "weeks": 1, "slots": {"mon-sat": ["11:00", "18:00"]}}
    three = {"factors": {"cta": ["none", "buy", "see"]}, "metrics": ONE, "calendar": calendar}
    assert len(plan_posts(ask(**three)).never) == 1
    assert plan_posts(ask(**three, analysis={"multiplicity": "hochberg"})).never == ()


def test_variants_in_strict_turn_are_refused_whatever_the_length(ask):
    """Each of two accounts has two calendars, of eight or of fifty weeks alike; with six accounts there are 64."""
    with pytest.raises(
        UsageError, match=r"variants take turns, so only 4 calendars can be drawn, .* p is at least 0.5"
    ):
        plan_posts(ask(metrics=ONE, calendar={"no_repeat": 2}))
    many = {"no_repeat": 2, "accounts": [f"brand_{at}" for at in range(6)]}
    assert plan_posts(ask(metrics=ONE, calendar=many)).targets[0].layout.draws == 64


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mdes": {"completion_rate": Size.parse("200%")}}, "out of 0% to 100%"),
        ({"mdes": {"completion_rate": Size.parse("0.001%")}}, "more posts than there are"),
        ({"baselines": {}}, "no baseline is known of completion_rate"),
        ({"metrics": {"primary": ["completion_rate"]}}, "declares no mde"),
    ],
)
def test_what_cannot_be_planned_is_refused(ask, changes, said):
    base = PostBaseline.of_impressions(0.4, icc=0.03, reach=5000)
    with pytest.raises(UsageError, match=said):
        plan_posts(ask(**({"baselines": {"completion_rate": base}, "metrics": ONE} | changes)))


def test_baselines_of_viewers_are_no_baselines_of_posts(ask):
    with pytest.raises(ValueError, match="no posts"):
        plan_posts(ask({"completion_rate": Baseline(0.4, 0.24)}, metrics=ONE))


# What stored posts show.


def seen(experiment, source, data, **changes):
    store = SimpleNamespace(slots=lambda key, as_of_us: data)
    return seen_posts(experiment, source, store, **({"now_us": source.closes_us + HOUR_US} | changes))


def listed(values, views=2000):
    """Posts with these completion rates, in order."""
    rates = iter(values)
    return lambda *_: {"views": views, "completions": views * next(rates)}


def test_stored_posts_are_pooled_within_blocks(reels, posted):
    """16 posts in four blocks of four: numpy's mean, and the mean of the blocks' own variances."""
    rates = np.random.default_rng(3).uniform(0.3, 0.5, (4, 4)) + np.arange(4)[:, None] / 20
    source, asked = reels(key="old"), reels()
    found = seen(asked, source, posted(source, listed(rates.ravel())))
    base = found.baselines["completion_rate"]
    assert (found.source, base.source, base.measured) == ("old", "old", 16)
    assert base.mean == pytest.approx(rates.mean(), rel=1e-9)
    # Totals are stored in millionths.
    assert base.variance == pytest.approx(rates.var(axis=1, ddof=1).mean(), rel=1e-7)
    # Its correlation is the one that gives this very variance at this reach.
    assert base.reach == pytest.approx(2000)
    derived = PostBaseline.of_impressions(base.mean, icc=base.icc, reach=base.reach)
    assert derived.variance == pytest.approx(base.variance, rel=1e-9)


def test_which_variant_a_post_had_does_not_matter(reels, posted):
    values = np.random.default_rng(4).uniform(0.3, 0.5, 16)
    one, other = (reels(calendar={"seed": seed}) for seed in (1, 2))
    first, second = (seen(e, e, posted(e, listed(values))).baselines["completion_rate"] for e in (one, other))
    assert first == second


def test_posts_less_apart_than_chance_have_no_correlation(reels, posted):
    experiment = reels()
    found = seen(experiment, experiment, posted(experiment, listed([0.4, 0.401] * 8, views=20)))
    assert found.baselines["completion_rate"].icc is None


def test_what_is_not_known_has_its_reason(reels, posted):
    experiment = reels(metrics={"primary": ["completion_rate"], "secondary": ["hide_rate", "watch_seconds", "reach"]})

    def some(limit):
        """Posts with completions: the first so many."""
        left = iter(range(16))
        return lambda *_: {"views": 100, "hides": 1} | ({"completions": 40 + at} if (at := next(left)) < limit else {})

    # Two blocks of four need 2 + 6 posts, and there are one fewer.
    found = seen(experiment, experiment, posted(experiment, some(2 + FEWEST - 1)))
    assert found.baselines == {}
    assert found.reasons["completion_rate"] == "7 posts with a value in 2 blocks, where 8 are needed"
    assert found.reasons["hide_rate"] == "all posts are alike"
    assert found.reasons["watch_seconds"].startswith("0 posts with a value")
    assert "stored posts of reels show none: hide_rate: all posts are alike" in found.lacking(["hide_rate"])


def test_windows_that_are_open_are_left_out(reels, posted):
    experiment = reels()
    data = posted(experiment, listed(np.linspace(0.3, 0.5, 16)))
    half = experiment.start_us + 7 * 24 * HOUR_US
    assert seen(experiment, experiment, data, now_us=half).baselines["completion_rate"].measured == 8
