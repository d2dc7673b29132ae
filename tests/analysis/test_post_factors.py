"""What factors do to posts: against calendars counted out by hand, the comparison of two variants, and laws.

A block of the calendar here has four slots, one of each combination; where nothing forbids a repeat, a draw exchanges
the two levels of a factor beside each level of the other one: a coin for each of 8 pairs.
"""

import itertools
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.analysis import post_factors, posts
from abstory.assignment.calendar import calendar, drawn
from abstory.report.factors import sentences
from abstory.results import Reads
from abstory.stats.cluster_robust import slot_contrast
from abstory.stats.estimate import Effect, Reason, Undetermined

HOUR = 3_600_000_000
FACTORS = {"filter": ["none", "warm"], "cta": ["none", "buy"]}
LONG = {"weeks": 4, "slots": {"mon-thu": ["12:30", "18:30"]}}


@pytest.fixture
def declared(reels):
    """Two factors of two levels, four posts a week on each of two accounts."""

    def declared(**changes):
        return reels(**({"factors": FACTORS} | changes))

    return declared


def rates(seed=1, *, warm=0.0, buy=0.0, both=0.0, noise=0.02):
    """Totals of a post: a rate that levels raise, alone or only together."""
    source = random.Random(seed)  # noqa: S311

    def totals(_, variant):
        raised = warm * ("warm" in variant) + buy * ("buy" in variant) + both * (variant == "warm.buy")
        return {"views": 1000, "completions": 1000 * (0.4 + raised + source.uniform(-noise, noise))}

    return totals


def read(experiment, data, **changes):
    return posts.analyse(experiment, data, **({"as_of_us": experiment.closes_us + HOUR} | changes))


def told(result, factor, level=None, metric=0):
    effects = result.factors[metric].effects
    return next(one for one in effects if one.factor == factor and level in (None, one.level))


def by_coins(experiment, data, at):
    """Difference and central p of a factor where every pair of a block is a coin, by going through all of them."""
    value = {
        one.slot.id: one.value(experiment.outcomes[0].metric) for one in posts.posted(experiment, data, as_of_us=2**62)
    }
    pairs = {}
    for slot, variant in calendar(experiment):
        levels = variant.split(".")
        first = ("none", "none")[at]
        pairs.setdefault((slot.block, levels[1 - at]), {})[levels[at] != first] = value[slot.id]
    gaps = [pair[True] - pair[False] for pair in pairs.values()]
    sums = [
        sum(sign * gap for sign, gap in zip(signs, gaps, strict=True))
        for signs in itertools.product((1, -1), repeat=len(gaps))
    ]
    more, less = (sum(side * s >= side * sum(gaps) - 1e-12 for s in sums) for side in (1, -1))
    return sum(gaps) / len(gaps), min(1.0, 2 * min(more, less) / len(sums))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("at", "factor"), [(0, "filter"), (1, "cta")])
def test_difference_and_p_are_those_counted_out(declared, posted, seed, at, factor):
    experiment = declared(analysis={"multiplicity": "none"})
    data = posted(experiment, rates(seed, warm=0.01))
    difference, p = by_coins(experiment, data, at)
    effect = told(read(experiment, data), factor).effect
    assert effect.difference.value == pytest.approx(difference, rel=1e-9)
    assert effect.p_value == pytest.approx(p, abs=1e-12)


def test_factors_share_alpha_among_themselves(declared, posted):
    shared, alone = declared(), declared(analysis={"multiplicity": "none"})
    data = posted(shared, rates(2, warm=0.01))
    one, other = read(shared, data), read(alone, data)
    assert (one.factors[0].family, other.factors[0].family) == (2, 1)
    for factor in FACTORS:
        plain = told(other, factor).effect.p_value
        assert told(one, factor).effect.p_value == pytest.approx(min(1.0, 2 * plain))


def test_primaries_are_one_family_and_a_secondary_another(declared, posted):
    metrics = {"primary": ["completion_rate", "like_rate"], "secondary": "share_rate"}
    experiment, source = declared(metrics=metrics), random.Random(4)  # noqa: S311
    data = posted(
        experiment,
        lambda *_: {"views": 1000} | {name: source.randrange(300, 500) for name in ("completions", "likes", "shares")},
    )
    result = read(experiment, data)
    assert [(one.outcome.metric.name, one.family, one.tests) for one in result.factors] == [
        ("completion_rate", 4, 2),
        ("like_rate", 4, 2),
        ("share_rate", 2, 1),
    ]


def test_a_factor_says_more_than_a_variant_does(declared, posted):
    """The same effect from all posts and from half of them: an error some √2 times smaller."""
    experiment = declared(calendar=LONG)
    result = read(experiment, posted(experiment, rates(3, warm=0.02, buy=0.01)))
    factor = told(result, "filter").effect
    variant = next(one for one in result.metrics[0].comparisons if one.variant == "warm.none").effect
    assert factor.difference.value == pytest.approx(0.02, abs=0.006)
    assert variant.standard_error / factor.standard_error == pytest.approx(math.sqrt(2), rel=0.25)
    warm, buy = (told(result, name).effect.lift.value for name in FACTORS)
    assert sentences(result.factors[0]) == [f"warm adds {warm:.1%}, buy adds {buy:.1%}, each whatever the others"]


@pytest.mark.parametrize("no_repeat", [1, 2, 3])
def test_beside_one_level_it_is_the_comparison_of_two_variants(declared, posted, no_repeat):
    experiment = declared(calendar={"no_repeat": no_repeat}, analysis={"multiplicity": "none"})
    result = read(experiment, posted(experiment, rates(5, warm=0.03)))
    asked = asking(experiment, result)
    simple = asked.effect("filter", "warm", asked.base, (("cta", "none"),))
    variant = next(one for one in result.metrics[0].comparisons if one.variant == "warm.none")
    assert simple.effect == variant.effect


def asking(experiment, result):
    """What `post_factors` would ask of the first primary."""
    from abstory.analysis.factor_cells import layout
    from abstory.analysis.factor_terms import Terms
    from abstory.analysis.redrawing import Draws
    from abstory.stats.factorial_layout import saturated

    draws = Draws(experiment.calendar, result.posts, tuple(one.outcome.metric for one in result.metrics))
    return post_factors.Asked(Terms(experiment, result.metrics[0].outcome, saturated(layout(experiment)), None), draws)


@pytest.mark.parametrize("no_repeat", [1, 2])
def test_naming_the_levels_the_other_way_round_turns_the_effect(declared, posted, no_repeat):
    rule = {"no_repeat": no_repeat}
    one = declared(calendar=LONG | rule)
    other = declared(calendar=LONG | rule, factors={"filter": ["warm", "none"], "cta": ["none", "buy"]})
    data = posted(one, rates(6, warm=0.01))
    mine, turned = (told(read(experiment, data), "filter").effect for experiment in (one, other))
    assert turned.p_value == mine.p_value
    assert turned.difference.value == pytest.approx(-mine.difference.value)
    assert turned.difference.interval.low == pytest.approx(-mine.difference.interval.high)
    assert 1 + turned.lift.value == pytest.approx(1 / (1 + mine.lift.value))


@given(
    seed=st.integers(0, 10_000),
    warm=st.sampled_from([0.0, 0.01, 0.03]),
    both=st.sampled_from([0.0, 0.03]),
    alpha=st.sampled_from([5, 10, 20]),
    no_repeat=st.sampled_from([1, 2]),
)
@settings(max_examples=30)
def test_interval_lift_word_and_p_are_one(reels, posted, seed, warm, both, alpha, no_repeat):
    experiment = reels(factors=FACTORS, analysis={"alpha": f"{alpha}%"}, calendar={"no_repeat": no_repeat})
    result = read(experiment, posted(experiment, rates(seed, warm=warm, both=both)))
    shown = [*result.factors[0].effects, *(one for test in result.factors[0].interactions for one in test.simple)]
    for one in shown:
        if isinstance(one.effect, Effect):
            beyond = one.effect.p_value < alpha / 100
            assert one.effect.difference.interval.excludes(0.0) is beyond
            assert one.effect.lift.interval.excludes(0.0) is beyond
            assert (one.reads is not Reads.UNCLEAR) is beyond


@pytest.mark.parametrize("no_repeat", [1, 2])
def test_a_factor_that_does_nothing_is_named_no_more_often_than_alpha(declared, posted, no_repeat):
    """Beside another one that does a lot, and not alike in all slots; 250 seeds, bound at 99.9% of the binomial: 42."""
    alpha, wrong, seen = 0.1, 0, 0
    source = random.Random(9)  # noqa: S311
    slots = [slot.id for slot, _ in calendar(declared())]
    plain, bought = ({one: source.gauss(0.4, 0.05) for one in slots}, {one: source.gauss(0.2, 0.1) for one in slots})
    for seed in range(250):
        experiment = declared(
            calendar={"seed": seed, "no_repeat": no_repeat}, analysis={"alpha": "10%", "multiplicity": "none"}
        )

        def totals(slot, variant):
            return {"views": 1000, "completions": 1000 * (plain[slot.id] + bought[slot.id] * ("buy" in variant))}

        effect = told(read(experiment, posted(experiment, totals)), "filter").effect
        seen, wrong = seen + isinstance(effect, Effect), wrong + (isinstance(effect, Effect) and effect.p_value < alpha)
    assert seen > 200
    assert 5 <= wrong <= 42


def test_nothing_is_shown_before_the_end(declared, posted):
    experiment = declared()
    halfway = experiment.start_us + 8 * 24 * HOUR
    result = read(experiment, posted(experiment, rates(warm=0.1), as_of_us=halfway), as_of_us=halfway)
    assert {one.effect.reason for one in result.factors[0].effects} == {Reason.BEFORE_END}
    assert {one.statistic.reason for one in result.factors[0].interactions} == {Reason.BEFORE_END}
    assert {one.means for one in result.factors[0].interactions} == {()}
    assert list(post_factors.notes(result.factors)) == []


def test_untrusted_data_withhold_factors_too(declared, posted):
    experiment = declared()
    result = read(experiment, posted(experiment, rates(warm=0.1), shown=lambda *_: "warm.buy"))
    assert {one.effect.reason for one in result.factors[0].effects} == {Reason.UNTRUSTED}


def test_totals_counted_in_two_ways_have_no_factors(declared, posted):
    experiment = declared()
    data = posted(experiment, rates(warm=0.1))
    (first, *rest) = data.readings
    result = read(experiment, replace(data, readings=(replace(first, definition="new"), *rest)))
    assert {one.effect.reason for one in result.factors[0].effects} == {Reason.DEFINITIONS}


def test_length_is_no_factor_of_what_depends_on_length(declared, posted):
    experiment = declared(factors={"length": ["15s", "8s"], "cta": ["none", "buy"]})
    result = read(experiment, posted(experiment, rates(2, buy=0.05)))
    length = told(result, "length")
    assert (length.effect.reason, length.reads) == (Reason.NOT_COMPARABLE, Reads.DESCRIPTIVE)
    assert told(result, "cta").reads is Reads.BETTER
    assert (result.factors[0].interactions, result.factors[0].family) == ((), 1)


def test_one_factor_says_no_more_than_its_variants(reels, posted):
    for levels in (["none", "buy"], ["8s", "15s", "30s", "60s"]):
        experiment = reels(factors={"length" if "8s" in levels else "cta": levels})
        assert read(experiment, posted(experiment, rates())).factors == ()


def scattered(kind, rng, posts=32):
    """Values of posts that nothing was done to."""
    if kind == "long tails":
        return rng.lognormal(0, 1.5, posts)
    if kind == "no variance":
        return rng.standard_t(2, posts)
    steps = rng.normal(size=posts)
    if kind == "normal":
        return steps
    return np.array(list(itertools.accumulate(steps, lambda before, step: 0.8 * before + step)))


class TestDependence:
    """Whether one factor changes what another one does."""

    def test_an_effect_at_one_level_only_is_found_and_said(self, declared, posted):
        experiment = declared(calendar=LONG)
        result = read(experiment, posted(experiment, rates(7, both=0.06)))
        (test,) = result.factors[0].interactions
        assert test.found
        assert (test.df, len(test.simple), test.odds_p) == (1, 4, None)
        assert test.parts[0].levels == (("filter", "warm"), ("cta", "buy"))
        assert test.parts[0].estimate.value == pytest.approx(0.06, abs=0.02)
        assert told(result, "filter").differs_by == ("cta",)
        alone = {dict(one.given).get("cta"): one.effect for one in test.simple if one.factor == "filter"}
        assert sentences(result.factors[0]) == [f"warm adds {alone['buy'].lift.value:.1%} only with buy"]
        assert any("HC2" in note for note in result.method.notes)

    def test_its_p_is_that_of_statsmodels_regression(self, declared, posted):
        from scipy.stats import t
        from statsmodels.api import OLS

        experiment = declared(calendar=LONG)
        result = read(experiment, posted(experiment, rates(8, warm=0.02, buy=0.01)))
        metric = experiment.outcomes[0].metric
        blocks = sorted({one.slot.block for one in result.posts})
        rows = [
            [("warm" in one.variant) * ("buy" in one.variant), "warm" in one.variant, "buy" in one.variant]
            + [one.slot.block == name for name in blocks]
            for one in result.posts
        ]
        fitted = OLS([one.value(metric) for one in result.posts], np.array(rows, dtype=float)).fit(cov_type="HC2")
        (test,) = result.factors[0].interactions
        assert test.parts[0].estimate.value == pytest.approx(fitted.params[0])
        assert test.statistic == pytest.approx((fitted.params[0] / fitted.bse[0]) ** 2)
        # In a balanced calendar Satterthwaite's degrees of freedom are the residual ones.
        assert test.p_value == pytest.approx(2 * t.sf(math.sqrt(test.statistic), fitted.df_resid))
        assert [round(cell.value, 9) for cell in test.means] == [
            round(np.mean([one.value(metric) for one in result.posts if one.variant == name]), 9)
            for name in ("none.none", "none.buy", "warm.none", "warm.buy")
        ]

    @pytest.mark.parametrize("kind", ["normal", "long tails", "no variance", "one after the other"])
    def test_it_is_found_no_more_often_than_alpha_where_effects_add_up(self, kind):
        """Both factors do a lot: 200 calendars of 32 posts; 99.9% of the binomial at .05 is 21."""
        rng, wrong = np.random.default_rng(3), 0
        accounts = {name: [f"{name}{at // 8}" for at in range(16)] for name in "ab"}
        blocks = [*accounts["a"], *accounts["b"]]
        for seed in range(200):
            labels = drawn(f"s{seed}", ["nn", "nb", "wn", "wb"], accounts, no_repeat=2)
            cells = [*labels["a"], *labels["b"]]
            values = scattered(kind, rng) + np.array([2.0 * (cell[0] == "w") - 3 * (cell[1] == "b") for cell in cells])
            found = slot_contrast(values.tolist(), cells, blocks, {"nn": 1.0, "nb": -1.0, "wn": -1.0, "wb": 1.0})
            wrong += found.p_value < 0.05
        assert wrong <= 21

    def test_it_may_be_declared_away(self, declared, posted):
        experiment = declared(analysis={"interactions": "none"})
        result = read(experiment, posted(experiment, rates(2, warm=0.05)))
        assert result.factors[0].interactions == ()
        assert "whatever" not in " ".join(sentences(result.factors[0]))
        assert not any("HC2" in note for note in result.method.notes)


class TestCombinations:
    """Which variants are exchanged, where there are other than two by two."""

    def test_each_of_three_levels_against_the_first(self, declared, posted):
        """Two levels at a time, the posts of the third stay as they are; p by drawing all of 2^8 coins."""
        experiment = declared(
            factors={"filter": ["none", "warm", "cold"], "cta": ["none", "buy"]},
            calendar={"slots": {"mon-sat": ["12:30"]}},
            analysis={"multiplicity": "none"},
        )
        result = read(experiment, posted(experiment, rates(3, warm=0.03)))
        assert [(one.factor, one.level) for one in result.factors[0].effects] == [
            ("filter", "warm"),
            ("filter", "cold"),
            ("cta", "buy"),
        ]
        assert asking(experiment, result).pairs("filter", "cold") == (
            ("cold.none", "none.none"),
            ("cold.buy", "none.buy"),
        )
        metric, blocks = experiment.outcomes[0].metric, sorted({one.slot.block for one in result.posts})
        value = {(one.slot.block, one.variant): one.value(metric) for one in result.posts}
        gaps = [
            value[block, f"cold.{cta}"] - value[block, f"none.{cta}"] for block in blocks for cta in ("none", "buy")
        ]
        sums = np.array(list(itertools.product((1, -1), repeat=8))) @ gaps
        p = 2 * min(np.mean(sums >= sum(gaps) - 1e-12), np.mean(sums <= sum(gaps) + 1e-12))
        assert told(result, "filter", "cold").effect.difference.value == pytest.approx(np.mean(gaps))
        assert told(result, "filter", "cold").effect.p_value == pytest.approx(min(1, p))
        (test,) = result.factors[0].interactions
        assert (test.df, len(test.parts), len(test.means)) == (2, 2, 6)

    def test_a_combination_without_posts_leaves_no_average(self, declared, posted):
        experiment = declared(calendar=LONG)
        plain = rates(4)
        data = posted(
            experiment,
            lambda slot, variant: plain(slot, variant) if variant != "warm.buy" else {"views": 0, "completions": 0},
        )
        result = read(experiment, data)
        assert {(one.effect.reason, one.effect.detail) for one in result.factors[0].effects} == {
            (Reason.TOO_FEW_SLOTS, "warm.buy and none.buy share no block"),
            (Reason.TOO_FEW_SLOTS, "warm.buy and warm.none share no block"),
        }
        assert result.factors[0].interactions[0].statistic == Undetermined(Reason.TOO_FEW_SLOTS, "none of warm.buy")
        away = declared(calendar=LONG, analysis={"interactions": "none", "multiplicity": "none"})
        alone = next(one for one in read(away, data).metrics[0].comparisons if one.variant == "warm.none")
        assert told(read(away, data), "filter").effect == alone.effect

    def test_a_missed_post_takes_its_partner_along(self, declared, posted):
        """Where a block has one of each, a post without its partner tells nothing; the rest is the mean of the gaps."""
        experiment = declared()
        first = next(iter(calendar(experiment)))
        plain = rates(5)
        data = posted(experiment, lambda slot, variant: None if slot.id == first.slot.id else plain(slot, variant))
        result = read(experiment, data)
        metric, value = experiment.outcomes[0].metric, {}
        for one in result.posts:
            value.setdefault((one.slot.block, one.variant.split(".")[1]), {})[one.variant.split(".")[0]] = one.value(
                metric
            )
        gaps = [both["warm"] - both["none"] for both in value.values() if None not in both.values()]
        assert len(gaps) == 7
        assert told(result, "filter").effect.difference.value == pytest.approx(np.mean(gaps))

    def test_a_fraction_has_no_two_variants_that_differ_in_one_factor(self, declared, posted):
        variants = {
            "a": {"filter": "none", "music": "off", "cta": "none"},
            "b": {"filter": "warm", "music": "on", "cta": "none"},
            "c": {"filter": "warm", "music": "off", "cta": "buy"},
            "d": {"filter": "none", "music": "on", "cta": "buy"},
        }
        experiment = declared(
            factors={"filter": ["none", "warm"], "music": ["off", "on"], "cta": ["none", "buy"]}, variants=variants
        )
        result = read(experiment, posted(experiment, rates(6)))
        assert {one.effect.reason for one in result.factors[0].effects} == {Reason.ALIASED}
        assert told(result, "music").effect.detail == "no two variants differ in music alone"
        assert any("no two variants differ in music alone" in note for note in result.method.notes)

    def test_two_variants_of_one_creative_are_exchanged_with_a_partner_each(self, declared, posted):
        variants = {
            name: {"filter": f, "cta": c}
            for name, f, c in (
                ("a", "none", "none"),
                ("a2", "none", "none"),
                ("b", "warm", "none"),
                ("c", "none", "buy"),
                ("d", "warm", "buy"),
            )
        }
        experiment = declared(variants=variants, calendar={"slots": {"mon-fri": ["12:30"]}})
        result = read(experiment, posted(experiment, rates(6)))
        assert asking(experiment, result).pairs("filter", "warm") == (("b", "a"), ("d", "c"))
        assert isinstance(told(result, "filter").effect, Effect)
