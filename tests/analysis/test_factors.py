"""Factors of a declared experiment: which contrasts are read, at which level, and what is said of them.

Numbers come from closed forms over the cells (unweighted means, differences of differences), from statsmodels on rows
built to have those cells, and from laws.
"""

import itertools

import numpy as np
import pytest

from abstory.analysis import analyse
from abstory.analysis.factor_contrasts import Question
from abstory.analysis.factors import factors, notes
from abstory.experiment import Experiment
from abstory.report.factors import sentences
from abstory.results import Reads
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Moments, pair
from abstory.warehouse.base import Answer, ArmData, Span

START = 1_700_006_400_000_000
DAY = 86_400_000_000
END = START + 14 * DAY
SCHEDULE = {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"}
CTA, HIDE = "any(cta_click)", "any(hide)"
FACTORS = {"filter": ["none", "warm"], "length": ["15s", "12s"], "cta": ["none", "shop"]}


def declared(factors=None, metrics="cta_rate", **fields):
    fields.setdefault("analysis", {"looks": "fixed"})
    plain = {"version": 1, "key": "f", "schedule": SCHEDULE, "metrics": {"primary": metrics}, **fields}
    return Experiment.model_validate(plain if "variants" in fields else {**plain, "factors": factors or FACTORS})


def arm(n, **rates):
    names = {"cta": CTA, "hide": HIDE}
    moments = Moments(n, {names[name]: (round(n * rate) / n if n else 0.0) for name, rate in rates.items()}, {})
    return ArmData(moments, 0, 0, moments)


def read(experiment, arms, *, at=END + DAY, **more):
    days = {(19_676, name): data.moments.n for name, data in arms.items()}
    answer = Answer(arms, {}, 0, 0, 0, 0, 0, 0, days)
    return analyse(experiment, answer, Span(START + 1, END - 1, END + 2 * DAY), at, **more)


def alone(experiment, arms):
    """Without the checks of data quality, which refuse a split that was not declared."""
    return factors(Question(experiment, {name: data.moments for name, data in arms.items()}))


def cells(rate, n=4000, experiment=None):
    """Every variant of the full factorial with `rate(filter, length, cta)`."""
    experiment = experiment or declared()
    return {v.name: arm(n, cta=rate(*v.creative.values())) for v in experiment.variants}


def plain(f, length, c):
    return 0.3 + 0.04 * (f == "warm") + 0.02 * (length == "12s") + 0.03 * (c == "shop")


def only_with_shop(f, length, c):
    return 0.3 + 0.06 * (f == "warm" and c == "shop")


def told(found, factor, level=None):
    first = found[0] if isinstance(found, tuple) else found.factors[0]
    return next(e for e in first.effects if e.factor == factor and level in (None, e.level))


def test_a_main_effect_is_the_mean_over_the_others_whatever_their_sizes():
    experiment, rng = declared(), np.random.default_rng(3)
    arms = {v.name: arm(int(rng.integers(1000, 9000)), cta=plain(*v.creative.values())) for v in experiment.variants}
    found = told(alone(experiment, arms), "filter")
    warm, none = (
        np.mean([data.moments.means[CTA] for name, data in arms.items() if name.split(".")[0] == level])
        for level in ("warm", "none")
    )
    assert found.effect.difference.value == pytest.approx(warm - none, abs=1e-12)
    assert found.effect.lift.value == pytest.approx(warm / none - 1, abs=1e-12)
    errors = [data.moments.means[CTA] * (1 - data.moments.means[CTA]) / data.moments.n for data in arms.values()]
    assert found.effect.standard_error == pytest.approx(np.sqrt(sum(errors) / 16), rel=1e-12)
    assert (found.reads, found.reference, found.differs_by) == (Reads.BETTER, "none", ())


def test_nothing_depends_on_anything_when_effects_add_up():
    result = read(declared(), cells(plain))
    first = result.factors[0]
    assert [one.factors for one in first.interactions] == [("filter", "length"), ("filter", "cta"), ("length", "cta")]
    assert (first.found, first.tests, first.family) == ((), 3, 3)
    assert sentences(first) == ["warm adds 12.3%, 12s adds 6.0%, shop adds 9.1%, each whatever the others"]
    assert [part.estimate.value for one in first.interactions for part in one.parts] == pytest.approx(
        [0, 0, 0], abs=5e-4
    )


def test_an_effect_at_one_level_only_is_found_and_said():
    result = read(declared(), cells(only_with_shop))
    first = result.factors[0]
    assert [one.factors for one in first.found] == [("filter", "cta")]
    assert told(result, "filter").differs_by == ("cta",)
    assert told(result, "length").differs_by == ()
    given = {(e.factor, dict(e.given)["cta" if e.factor == "filter" else "filter"]): e for e in first.found[0].simple}
    assert given["filter", "shop"].effect.difference.value == pytest.approx(0.06)
    assert given["filter", "none"].effect.difference.value == pytest.approx(0, abs=1e-9)
    assert given["filter", "none"].reads is Reads.UNCLEAR
    assert sentences(first) == ["warm adds 20.0% only with shop"]
    part = first.found[0].parts[0]
    assert part.levels == (("filter", "warm"), ("cta", "shop"))
    assert part.estimate.value == pytest.approx(0.06)


def test_interactions_may_be_declared_away_or_asked_for_to_any_order():
    none = read(declared(analysis={"looks": "fixed", "interactions": "none"}), cells(only_with_shop)).factors[0]
    assert (none.interactions, none.tests) == ((), 0)
    assert "whatever" not in " ".join(sentences(none))
    every = read(declared(analysis={"looks": "fixed", "interactions": "all"}), cells(only_with_shop)).factors[0]
    assert [one.factors for one in every.interactions][-1] == ("filter", "length", "cta")
    assert every.tests == 4


def test_holm_runs_over_the_interactions_of_all_primaries():
    experiment = declared(metrics=["cta_rate", "hide_rate"])
    arms = {v.name: arm(4000, cta=plain(*v.creative.values()), hide=0.2) for v in experiment.variants}
    first, second = read(experiment, arms).factors
    from statsmodels.stats.multitest import multipletests

    p = [one.p_value for one in (*first.interactions, *second.interactions)]
    adjusted = [one.p_adjusted for one in (*first.interactions, *second.interactions)]
    assert adjusted == pytest.approx(list(multipletests(p, method="holm")[1]))
    assert (first.tests, first.family) == (6, 6)


def test_a_secondary_has_a_family_of_its_own():
    experiment = Experiment.model_validate(
        {
            "version": 1,
            "key": "f",
            "schedule": SCHEDULE,
            "factors": FACTORS,
            "analysis": {"looks": "fixed"},
            "metrics": {"primary": "cta_rate", "secondary": "hide_rate"},
        }
    )
    arms = {v.name: arm(4000, cta=plain(*v.creative.values()), hide=0.2) for v in experiment.variants}
    assert [one.family for one in read(experiment, arms).factors] == [3, 3]


def test_unbalanced_observed_weights_are_the_audience_that_was_met():
    # With warm mostly shown beside shop, the observed effect of length is that of the mix; closed form over cells.
    levels = {"filter": ["none", "warm"], "length": ["15s", "12s"]}
    sizes = {"none.15s": 1000, "none.12s": 3000, "warm.15s": 3000, "warm.12s": 1000}
    rates = {"none.15s": 0.30, "none.12s": 0.31, "warm.15s": 0.35, "warm.12s": 0.45}
    arms = {name: arm(sizes[name], cta=rates[name]) for name in sizes}
    looks = {"looks": "fixed", "factor_weights": "observed"}
    observed = alone(declared(levels, analysis=looks), arms)
    equal = alone(declared(levels), arms)
    assert told(equal, "length").effect.difference.value == pytest.approx((0.01 + 0.10) / 2)
    assert told(observed, "length").effect.difference.value == pytest.approx(0.5 * 0.01 + 0.5 * 0.10)
    filter_ = told(observed, "filter").effect.difference.value
    assert filter_ == pytest.approx(0.5 * 0.05 + 0.5 * 0.14)
    assert [observed[0].weights, equal[0].weights] == ["observed", "equal"]
    assert "as they were met" in next(iter(notes(observed)))


def test_the_weights_are_part_of_the_fingerprint_only_where_they_are_not_the_default():
    usual = declared()
    assert usual.fingerprint == declared(analysis={"looks": "fixed", "factor_weights": "equal"}).fingerprint
    assert usual.fingerprint != declared(analysis={"looks": "fixed", "factor_weights": "observed"}).fingerprint


def test_an_empty_cell_is_named_and_the_rest_still_told():
    arms = cells(plain) | {"warm.12s.shop": arm(0, cta=0)}
    first = alone(declared(), arms)[0]
    assert {e.effect.reason for e in first.effects} == {Reason.EMPTY_CELL}
    assert first.effects[0].effect.detail == "warm.12s.shop"
    assert all(one.statistic.reason is Reason.EMPTY_CELL for one in first.interactions)
    assert first.found == ()


def test_with_interactions_declared_away_the_additive_model_fills_an_empty_cell():
    arms = cells(plain) | {"warm.12s.shop": arm(0, cta=0)}
    found = alone(declared(analysis={"looks": "fixed", "interactions": "none"}), arms)
    assert told(found, "filter").effect.difference.value == pytest.approx(0.04, abs=1e-6)
    assert found[0].model == "additive"
    assert any("as declared" in note for note in notes(found))


def test_a_fraction_names_what_it_cannot_tell():
    variants = {
        "a": {"filter": "none", "music": "off", "cta": "none"},
        "b": {"filter": "warm", "music": "on", "cta": "none"},
        "c": {"filter": "warm", "music": "off", "cta": "shop"},
        "d": {"filter": "none", "music": "on", "cta": "shop"},
    }
    experiment = declared(variants=variants)
    found = read(
        experiment, {name: arm(4000, cta=0.3 + 0.05 * (v["filter"] == "warm")) for name, v in variants.items()}
    )
    first = found.factors[0]
    assert told(found, "filter").aliases == (("music", "cta"),)
    assert told(found, "filter").effect.difference.value == pytest.approx(0.05)
    assert first.interactions == ()
    assert first.untold == (("filter", "music"), ("filter", "cta"), ("music", "cta"))
    assert "whatever" not in " ".join(sentences(first))


def test_factors_that_always_go_together_are_not_told_apart():
    variants = {"a": {"filter": "none", "cta": "none"}, "b": {"filter": "warm", "cta": "shop"}}
    first = read(declared(variants=variants), {"a": arm(4000, cta=0.3), "b": arm(4000, cta=0.4)}).factors[0]
    by = {e.factor: e for e in first.effects}
    assert by["filter"].aliases[0] == ("cta",)
    assert by["cta"].effect.reason is Reason.ALIASED
    assert "filter" in by["cta"].effect.detail


def test_length_is_no_factor_of_what_depends_on_length():
    experiment = declared(metrics=["completion_rate"], story="s")
    measure = experiment.outcomes[0].metric.measures[0].name
    arms = {}
    for v in experiment.variants:
        moments = Moments(
            4000, {measure: 0.4 + 0.2 * (v.creative["length"] == "12s") + 0.04 * (v.creative["filter"] == "warm")}, {}
        )
        arms[v.name] = ArmData(moments, 0, 0, moments)
    found = read(experiment, arms)
    length = told(found, "length")
    assert (length.effect.reason, length.reads) == (Reason.NOT_COMPARABLE, Reads.DESCRIPTIVE)
    assert told(found, "filter").effect.difference.value == pytest.approx(0.04)
    assert [one.factors for one in found.factors[0].interactions] == [("filter", "cta")]
    assert found.factors[0].family == 2


def test_ordered_lengths_have_a_slope_and_a_test_of_what_it_leaves():
    # closed form: least squares over three level means, weights (x − x̄)/Σ(x − x̄)²
    levels = {"length": ["10s", "20s", "40s"], "cta": ["none", "shop"]}
    straight = {"10s": 0.30, "20s": 0.32, "40s": 0.36}
    bent = {"10s": 0.30, "20s": 0.40, "40s": 0.32}
    for rates, fits in ((straight, True), (bent, False)):
        experiment = declared(levels)
        arms = {v.name: arm(5000, cta=rates[v.creative["length"]]) for v in experiment.variants}
        trend = read(experiment, arms).factors[0].trends[0]
        slope = np.polyfit([10, 20, 40], list(rates.values()), 1)[0]
        assert trend.slope.effect.difference.value == pytest.approx(slope)
        assert trend.slope.effect.lift.value == pytest.approx(slope / 0.30)
        assert (trend.lack_of_fit > 0.05) is fits
        assert trend.slope.level == "per second"


def test_one_unordered_factor_says_no_more_than_its_variants():
    experiment = declared({"cta": ["none", "shop", "follow"]})
    assert read(experiment, {name: arm(4000, cta=0.3) for name in ("none", "shop", "follow")}).factors == ()


def test_an_a_a_pair_of_one_creative_is_one_cell():
    variants = {
        name: {"filter": f, "cta": c}
        for name, f, c in (
            ("a", "none", "none"),
            ("a2", "none", "none"),
            ("b", "warm", "none"),
            ("c", "none", "shop"),
            ("d", "warm", "shop"),
        )
    }
    rates = {"a": 0.30, "a2": 0.32, "b": 0.36, "c": 0.33, "d": 0.38}
    found = read(declared(variants=variants), {name: arm(4000, cta=rate) for name, rate in rates.items()})
    assert told(found, "filter").effect.difference.value == pytest.approx((0.36 - 0.31 + 0.38 - 0.33) / 2)


def test_a_cell_where_nobody_did_is_flagged_and_noted():
    arms = cells(lambda f, length, c: 0.1 * (f == "warm"))
    found = read(declared(), arms)
    assert len(found.factors[0].flagged) == 4
    assert any("cautious" in note for note in notes(found.factors))
    assert isinstance(told(found, "filter").effect, Effect)


@pytest.mark.parametrize(
    ("analysis", "at", "reason"),
    [
        ({"looks": "fixed"}, END - DAY, Reason.BEFORE_END),
        ({"looks": {"group_sequential": {"looks": 3}}}, END + DAY, Reason.BETWEEN_LOOKS),
    ],
)
def test_factors_wait_where_variants_wait(analysis, at, reason):
    found = read(declared(analysis=analysis), cells(plain), at=at)
    assert {e.effect.reason for e in found.factors[0].effects} == {reason}
    assert {one.statistic.reason for one in found.factors[0].interactions} == {reason}
    assert list(notes(found.factors)) == []


def test_untrusted_data_withhold_factors_too():
    arms = cells(plain) | {"warm.12s.shop": arm(6000, cta=0.4)}
    found = read(declared(), arms)
    assert not found.trusted
    assert {e.effect.reason for e in found.factors[0].effects} == {Reason.UNTRUSTED}


@pytest.mark.parametrize("looks", ["fixed", "always_valid"])
def test_word_interval_and_p_are_one_statement(looks):
    rng = np.random.default_rng(11)
    experiment = declared(analysis={"looks": looks})
    for _ in range(30):
        arms = {v.name: arm(3000, cta=float(rng.uniform(0.28, 0.34))) for v in experiment.variants}
        for one in read(experiment, arms).factors[0].effects:
            apart = one.effect.difference.interval.excludes(0.0)
            assert apart == (one.effect.p_value < 0.05) == one.effect.lift.interval.excludes(0.0)
            assert (one.reads in {Reads.BETTER, Reads.WORSE}) == apart


def test_covariates_narrow_the_factors_too():
    # Lin by cell on rows with a covariate that tells half the variance: the error shrinks by about √(1 − R²).
    experiment = declared(
        {"filter": ["none", "warm"], "cta": ["none", "shop"]},
        metrics="watch_seconds",
        analysis={"looks": "fixed", "covariates": ["before"]},
    )
    from abstory.analysis import adjustment

    own = experiment.outcomes[0].metric.measures[0].name
    before, known = adjustment.regressors(experiment)
    rng, arms = np.random.default_rng(5), {}
    for at, v in enumerate(experiment.variants):
        x = rng.normal(10_000_000, 2_000_000, 3000)
        y = 8000 + 300 * at + (x - 1e7) / 2000 + rng.normal(0, 1000, 3000)
        columns = {own: y, before: x, known: np.ones(3000)}
        table = np.cov(list(columns.values()))
        names = list(columns)
        covariances = {pair(a, b): table[i, j] for i, a in enumerate(names) for j, b in enumerate(names)}
        after = adjustment.measures(experiment)[2].name
        moments = Moments(3000, {n: float(c.mean()) for n, c in columns.items()} | {after: 0.0}, covariances)
        arms[v.name] = ArmData(moments, 0, 0, moments)
    adjusted = read(experiment, arms)
    bare = declared({"filter": ["none", "warm"], "cta": ["none", "shop"]}, metrics="watch_seconds")
    unadjusted = read(bare, arms)
    ratio = told(adjusted, "filter").effect.standard_error / told(unadjusted, "filter").effect.standard_error
    assert ratio == pytest.approx(np.sqrt(0.5), rel=0.05)
    assert adjusted.factors[0].adjusted
    assert not unadjusted.factors[0].adjusted


def test_two_levels_with_opposite_effects_are_both_said():
    arms = cells(lambda f, length, c: 0.3 + (0.05 if c == "shop" else -0.05) * (f == "warm"))
    first = read(declared(), arms).factors[0]
    assert sentences(first) == ["warm takes 16.7% with cta none and adds 16.7% with shop"]


def test_no_more_than_alpha_of_null_experiments_show_an_interaction_or_a_main_effect():
    # 500 experiments in which nothing does anything, three pairs by Holm and three effects by Bonferroni:
    # family-wise at most 5%; the bound is the 99.9% binomial one about 25 of 500.
    rng, experiment = np.random.default_rng(20261127), declared()
    names = [v.name for v in experiment.variants]
    false = {"interaction": 0, "main": 0}
    for _ in range(500):
        arms = {name: arm(800, cta=x / 800) for name, x in zip(names, rng.binomial(800, 0.2, len(names)), strict=True)}
        first = alone(experiment, arms)[0]
        false["interaction"] += bool(first.found)
        false["main"] += any(e.reads in {Reads.BETTER, Reads.WORSE} for e in first.effects)
    assert all(8 <= count <= 42 for count in false.values()), false


def test_looking_every_day_keeps_the_level_for_interactions_too():
    # 100 null experiments looked at 8 times each, at always-valid bounds: ever wrong in at most alpha of them.
    rng = np.random.default_rng(7)
    experiment = declared(analysis={"looks": "always_valid"})
    names = [v.name for v in experiment.variants]
    ever = 0
    for _ in range(100):
        seen = np.zeros(len(names), dtype=int)
        wrong = False
        for day in range(1, 9):
            seen += rng.binomial(300, 0.2, len(names))
            arms = {name: arm(300 * day, cta=x / (300 * day)) for name, x in zip(names, seen, strict=True)}
            first = alone(experiment, arms)[0]
            wrong = wrong or bool(first.found) or any(e.reads in {Reads.BETTER, Reads.WORSE} for e in first.effects)
        ever += wrong
    assert ever <= 100 * 2 * 0.05 + 1


def test_every_effect_or_its_reason_is_there_for_every_metric():
    experiment = declared(metrics=["cta_rate", "hide_rate"])
    arms = {v.name: arm(50, cta=0.5, hide=0.0) for v in experiment.variants}
    for one in read(experiment, arms).factors:
        assert len(one.effects) == 3
        assert all(isinstance(e.effect, Effect | Undetermined) for e in one.effects)


def test_three_levels_by_two_have_every_contrast():
    levels = {"filter": ["none", "warm", "cold"], "cta": ["none", "shop"]}
    experiment = declared(levels)
    rates = dict(zip(itertools.product(*levels.values()), (0.3, 0.31, 0.35, 0.45, 0.33, 0.34), strict=True))
    arms = {v.name: arm(5000, cta=rates[tuple(v.creative.values())]) for v in experiment.variants}
    first = read(experiment, arms).factors[0]
    assert [(e.factor, e.level) for e in first.effects] == [("filter", "warm"), ("filter", "cold"), ("cta", "shop")]
    test = first.interactions[0]
    assert (test.df, len(test.parts), len(test.means)) == (2, 2, 6)
    assert [round(part.estimate.value, 9) for part in test.parts] == [0.09, 0.0]
    assert len(test.simple) == 2 * 2 + 1 * 3
