"""Analysis: the question asked of the warehouse, the level each comparison is read at, and the word it gets."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.proportion import proportions_ztest

from abstory.analysis import analyse, as_of, plan, run
from abstory.analysis.words import reads
from abstory.decision import gate
from abstory.experiment import DAY_US, HOUR_US, Experiment
from abstory.ledger import history, keep, looks
from abstory.metrics import Direction
from abstory.results import AsOf, Reads, Status
from abstory.stats.dunnett import dunnett_critical, loadings
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined
from abstory.stats.moments import Moments
from abstory.warehouse import open_store
from abstory.warehouse.base import Answer, ArmData, Exposure, Span

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
SCHEDULE = {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"}
END = START + 14 * DAY_US
CTA, HIDE, SAVE = "any(cta_click)", "any(hide)", "any(save)"
FIXED = {"looks": "fixed"}


def declared(metrics=None, **fields):
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "schedule": SCHEDULE,
            "factors": {"cta": ["none", "shop"]},
            "metrics": metrics or {"primary": "cta_rate"},
            **fields,
        }
    )


def arm(n, *, immature=0, crossovers=0, **successes):
    rates = {name: (x / n if n else 0.0) for name, x in successes.items()}
    moments = Moments(n, {f"any({'cta_click' if k == 'cta' else k})": rate for k, rate in rates.items()}, {})
    return ArmData(moments, immature, crossovers, moments)


def answer(**arms):
    return Answer(
        arms=arms,
        unknown_variants={},
        outside_schedule=0,
        forced=0,
        not_attributed=0,
        before_exposure=0,
        views_without_time=0,
        watch_beyond_length=0,
        exposures_by_day={(19_676, name): data.moments.n for name, data in arms.items()},
    )


def span(*, first=START + HOUR_US, event=END + 2 * DAY_US):
    return Span(first, END - 1, event)


def read(data, *, experiment=None, at=END + DAY_US, **more):
    return analyse(experiment or declared(), data, span(), at, **more)


def only(result, metric=0, treatment=0):
    return result.metrics[metric].comparisons[treatment]


# --- the question


def test_one_question_for_all_metrics_without_repeats():
    experiment = declared(
        {
            "primary": "engagements_per_view",
            "secondary": ["impressions", "completions_per_view", "engagement_rate"],
            "guardrails": [{"name": "hide_rate", "margin": "20%"}],
        },
        factors={"length": ["15s", "12s"]},
        story="launch",
        analysis={"window": "36h"},
    )
    question = plan(experiment, 77)
    names = [measure.name for measure in question.measures]
    assert names.count("count(view)") == 1
    assert len(names) == len(set(names)) == 5
    assert len(question.pairs) == len(set(question.pairs)) == 5
    assert [(a.variant, a.length_ms) for a in question.arms] == [("15s", 15_000), ("12s", 12_000)]
    assert (question.start_us, question.end_us) == (START, END)
    assert (question.window_us, question.as_of_us) == (36 * HOUR_US, 77)
    assert (question.experiment, question.story) == ("cta", "launch")


def test_without_schedule_and_length_the_question_is_open():
    question = plan(declared(schedule=None), 5)
    assert (question.start_us, question.end_us) == (0, 2**62)
    assert [arm.length_ms for arm in question.arms] == [None, None]


@pytest.mark.parametrize(
    ("events", "now", "given", "expected"),
    [
        (90, 100, 42, (42, AsOf.GIVEN)),
        (90, 100, None, (90, AsOf.LAST_EVENT)),
        (90, 80, None, (80, AsOf.NOW)),
        (None, 100, None, (70, AsOf.LAST_EXPOSURE)),
    ],
)
def test_the_instant_of_a_result(events, now, given, expected):
    assert as_of(Span(10, 70, events), now_us=now, given_us=given) == expected


def test_an_empty_store_is_read_now():
    assert as_of(Span(None, None, None), now_us=9, given_us=None) == (9, AsOf.NOW)


class Shelf:
    """A warehouse that holds one answer, and notes what it was asked."""

    def __init__(self, data):
        self.data, self.asked = data, []

    def span(self, key):
        return span(event=END)

    def roll_up(self, question):
        self.asked.append(question)
        return self.data

    def fingerprints(self, key):
        return {"f" * 64: 1}


def test_run_asks_once_and_says_how_the_instant_came_about():
    shelf = Shelf(answer(none=arm(1000, cta=100), shop=arm(1000, cta=100)))
    result = run(declared(), shelf, now_us=END + 9 * DAY_US)
    assert [question.as_of_us for question in shelf.asked] == [END]
    assert (result.as_of_us, result.as_of_from, result.data_end_us) == (END, AsOf.LAST_EVENT, END)
    assert not result.trusted  # another file's fingerprint: drift
    assert any("--as-of" in note for note in result.method.notes)  # the data end before the last window closes


def test_from_a_real_store_to_the_ledger_and_the_same_again(tmp_path):
    # The Open Bandit counts through the database: published two-sided p 0.0315 at a fixed horizon.
    experiment = declared(analysis=FIXED)
    with open_store(tmp_path / "abstory.duckdb", create=True) as store:
        store.record(
            [
                Exposure("cta", f"{name}{i}", name, START + i * 60_000_000, None, experiment.fingerprint)
                for name in ("none", "shop")
                for i in range(10_000)
            ]
        )
        clicks = [(f"{name}{i}", START + i * 60_000_000) for name, k in (("none", 46), ("shop", 69)) for i in range(k)]
        clicks.append(("somebody else", END + DAY_US))
        store.connection.executemany(
            "INSERT INTO events (viewer_id, event, occurred_at) VALUES (?, 'cta_click', ?)", clicks
        )
        result = run(experiment, store, now_us=END + 3 * DAY_US)
        again = run(experiment, store, now_us=END + 4 * DAY_US)
        verdict = gate(experiment, result)
        for asked_at in (1, 2):
            keep(store, gate(experiment, again), asked_at_us=asked_at, asked_by="ci")
        rows = history(store, "cta")
    assert only(result).effect.p_value == pytest.approx(0.0315, abs=5e-5)
    assert (result.trusted, result.as_of_from, result.viewers) == (True, AsOf.LAST_EVENT, 20_000)
    assert (again.metrics, again.data_hash) == (result.metrics, result.data_hash)
    assert verdict.exit_code == 0
    assert (len(rows), looks(rows)) == (2, 1)
    later = gate(experiment, again)
    assert (verdict.outcome, verdict.verdict, verdict.checks[1:]) == (later.outcome, later.verdict, later.checks[1:])
    assert (
        verdict.checks[0].text == "SRM p=1, 0.00% saw >1 variant, events 2 d old"
    )  # the age is the clock's, not the data's


# --- a fixed horizon


def test_the_open_bandit_counts_at_a_fixed_horizon():
    # Open Bandit Dataset, men: 46 (random) and 69 (Bernoulli TS) clicks of 10,000; published two-sided p 0.0315.
    data = answer(none=arm(10_000, cta=46), shop=arm(10_000, cta=69))
    found = only(read(data, experiment=declared(analysis=FIXED)))
    pooled = proportions_ztest([69, 46], [10_000, 10_000])[1]
    assert pooled == pytest.approx(0.0315, abs=5e-5)
    assert found.effect.p_value == pytest.approx(pooled, abs=5e-5)  # the score differs by N/(N - 1)
    assert found.effect.lift.value == pytest.approx(0.5)
    assert found.reads is Reads.BETTER


def test_the_open_bandit_counts_are_not_enough_when_looked_at_daily():
    data = answer(none=arm(10_000, cta=46), shop=arm(10_000, cta=69))
    found = only(read(data))
    assert found.reads is Reads.UNCLEAR
    assert found.effect.p_value > 0.05


def test_before_the_end_a_fixed_horizon_shows_values_and_no_effect():
    data = answer(none=arm(10_000, cta=46), shop=arm(10_000, cta=690))
    found = only(read(data, experiment=declared(analysis=FIXED), at=END + DAY_US - 1))
    assert found.effect == Undetermined(Reason.BEFORE_END, "2023-11-30 00:00 UTC")
    assert found.reads is Reads.UNKNOWN
    assert found.value == 0.069


def three(**fields):
    cells = {name: {"cta": name} for name in ("none", "shop", "more", "swipe")}
    return declared(factors={"cta": ["none", "shop", "more", "swipe"]}, variants=cells, **fields)


FOUR = answer(
    none=arm(10_000, cta=500, save=300),
    shop=arm(10_000, cta=560, save=300),
    more=arm(9_900, cta=510, save=310),
    swipe=arm(10_100, cta=580, save=290),
)


def test_several_variants_at_the_end_are_read_by_dunnett():
    result = read(FOUR, experiment=three(analysis=FIXED))
    rates = {name: data.moments.means[CTA] for name, data in FOUR.arms.items()}
    errors = {name: p * (1 - p) / (FOUR.arms[name].moments.n - 1) for name, p in rates.items()}
    control = errors.pop("none")
    critical = dunnett_critical(loadings(control, list(errors.values())), 0.05)
    assert [c.effect.critical for c in result.metrics[0].comparisons] == pytest.approx([critical] * 3, rel=1e-12)
    # Dunnett 1964, table II: k = 3, infinite df, two-sided .05: 2.35.
    assert critical == pytest.approx(2.35, abs=0.01)
    assert (result.method.multiplicity, result.method.family) == ("Dunnett over 3", 3)


@pytest.mark.parametrize(
    ("multiplicity", "level", "words"),
    [("bonferroni", 0.05 / 3, "Bonferroni over 3"), ("none", 0.05, "no adjustment over 3")],
)
def test_other_declared_ways_at_the_end(multiplicity, level, words):
    result = read(FOUR, experiment=three(analysis={**FIXED, "multiplicity": multiplicity}))
    for comparison in result.metrics[0].comparisons:
        assert comparison.effect.critical == pytest.approx(norm.isf(level / 2), rel=1e-9)
    assert result.method.multiplicity == words


def test_several_primaries_share_alpha_by_bonferroni():
    two = {"primary": ["cta_rate", "save_rate"]}
    result = read(FOUR, experiment=three(metrics=two, analysis=FIXED))
    one = read(FOUR, experiment=three(analysis={**FIXED, "alpha": "2.5%"}))
    assert only(result).effect.critical == pytest.approx(only(one).effect.critical, rel=1e-9)
    assert only(result).effect.p_value == pytest.approx(min(1, 2 * only(one).effect.p_value), rel=1e-9)
    assert result.method.multiplicity == "Dunnett over 3, Bonferroni over 2 primaries"
    assert result.method.family == 6


# --- always valid


def always_valid_critical(n, planned, alpha, family):
    """Waudby-Smith et al. 2024, Thm 2.2, written out: tuned at alpha, read at alpha / family."""
    rho2 = (2 * math.log(1 / alpha) + math.log(1 + 2 * math.log(1 / alpha))) / planned
    return math.sqrt((n * rho2 + 1) / (n * rho2) * math.log((n * rho2 + 1) / (alpha / family) ** 2))


def test_the_default_reading_is_always_valid_and_bonferroni():
    result = read(FOUR, experiment=three(decision={"min_per_variant": 4000}), at=START + DAY_US)
    assert only(result).effect.critical == pytest.approx(always_valid_critical(20_000, 8000, 0.05, 3), rel=1e-12)
    assert (result.method.reading, result.method.planned) == ("always valid", 8000)
    assert result.method.multiplicity == "Bonferroni over 3"


def test_one_comparison_has_nothing_to_share():
    result = read(answer(none=arm(900, cta=90), shop=arm(900, cta=99)))
    assert only(result).effect.critical == pytest.approx(always_valid_critical(1800, 2000, 0.05, 1), rel=1e-12)
    assert (result.method.multiplicity, result.method.family) == ("", 1)


def test_too_early_is_not_known():
    found = only(read(answer(none=arm(199, cta=40), shop=arm(210, cta=40))))
    assert found.effect.reason is Reason.TOO_EARLY
    assert found.reads is Reads.UNKNOWN


def test_a_lone_secondary_is_read_at_alpha_and_said_to_be_exploratory():
    data = answer(none=FOUR.arms["none"], shop=FOUR.arms["shop"])
    result = read(data, experiment=declared({"primary": "cta_rate", "secondary": "save_rate"}, analysis=FIXED))
    assert only(result, metric=1).effect.critical == pytest.approx(norm.isf(0.025), rel=1e-9)
    assert "secondary metrics are exploratory, not adjusted" in result.method.notes


def test_a_variant_without_viewers_leaves_the_family():
    data = answer(**{**FOUR.arms, "swipe": arm(0, cta=0)})
    result = read(data, experiment=three())
    assert result.method.family == 2
    assert only(result, treatment=2).value == Undetermined(Reason.NO_VIEWERS)
    assert result.arms[3].viewers == 0
    assert not result.trusted  # and the missing arm is a sample ratio mismatch


# --- words


def guarded(margin, direction="decrease"):
    guardrail = {"name": "hide_rate", "margin": margin, "direction": direction}
    return declared({"primary": "cta_rate", "guardrails": [guardrail]}, analysis=FIXED)


@pytest.mark.parametrize(
    ("hidden", "margin", "expected"),
    [
        # of 100,000 each, control 1,000; one-sided z .95 of the difference is 1.645 * sqrt(2 * .01 * .99 / 1e5) = .00073
        (1_000, "20%", Reads.HOLDS),
        (1_000, "0.1pp", Reads.HOLDS),
        (1_000, "0.05pp", Reads.NOT_SHOWN_SAFE),
        (1_150, "20%", Reads.NOT_SHOWN_SAFE),
        (1_400, "20%", Reads.HARMED),
        (1_400, "0.1pp", Reads.HARMED),
    ],
)
def test_a_guardrail_is_held_to_its_margin(hidden, margin, expected):
    data = answer(none=arm(100_000, cta=9, hide=1_000), shop=arm(100_000, cta=9, hide=hidden))
    assert only(read(data, experiment=guarded(margin)), metric=1).reads is expected


def test_a_guardrail_that_must_not_fall_looks_at_the_other_end():
    data = answer(none=arm(100_000, cta=9, hide=1_400), shop=arm(100_000, cta=9, hide=1_000))
    assert only(read(data, experiment=guarded("20%", "increase")), metric=1).reads is Reads.HARMED
    assert only(read(data, experiment=guarded("20%")), metric=1).reads is Reads.HOLDS


def test_a_guardrails_bound_is_one_sided_at_alpha_and_on_the_margins_scale():
    data = answer(none=arm(100_000, cta=9, hide=1_000), shop=arm(100_000, cta=9, hide=1_010))
    absolute = only(read(data, experiment=guarded("0.1pp")), metric=1)
    relative = only(read(data, experiment=guarded("20%")), metric=1)
    assert absolute.effect.critical == pytest.approx(norm.isf(0.05), rel=1e-9)
    assert absolute.bound == absolute.effect.difference.interval.high
    assert relative.bound == relative.effect.lift.interval.high
    # Closed form (Wald) to within 2 %: .0001 + 1.645 * sqrt(.01 * .99 / 1e5 + .0101 * .9899 / 1e5).
    assert absolute.bound == pytest.approx(0.0001 + 1.64485 * math.sqrt((0.0099 + 0.009998) / 1e5), rel=0.02)


def test_a_metric_where_less_is_good():
    data = answer(none=arm(10_000, hide=300), shop=arm(10_000, hide=200))
    assert only(read(data, experiment=declared({"primary": "hide_rate"}))).reads is Reads.BETTER


rates = st.integers(30, 4_970)


@given(control=rates, treatment=rates, fixed=st.booleans(), less=st.booleans())
def test_the_word_the_interval_and_p_say_one_thing_and_turn_with_the_arms(control, treatment, fixed, less):
    use = {"name": "cta_rate", "direction": "decrease" if less else "increase"}
    experiment = declared({"primary": [use]}, analysis=FIXED if fixed else {})
    one = only(read(answer(none=arm(5000, cta=control), shop=arm(5000, cta=treatment)), experiment=experiment))
    other = only(read(answer(none=arm(5000, cta=treatment), shop=arm(5000, cta=control)), experiment=experiment))
    assert isinstance(one.effect, Effect)
    turned = {Reads.BETTER: Reads.WORSE, Reads.WORSE: Reads.BETTER, Reads.UNCLEAR: Reads.UNCLEAR}
    assert other.reads is turned[one.reads]
    assert (one.reads is not Reads.UNCLEAR) == (one.effect.p_value < 0.05)
    assert (one.reads is not Reads.UNCLEAR) == one.effect.lift.interval.excludes(0.0)


@given(order=st.permutations(list(FOUR.arms)))
def test_the_order_of_variants_in_the_answer_does_not_matter(order):
    turned = answer(**{name: FOUR.arms[name] for name in order})
    assert read(turned, experiment=three()) == read(FOUR, experiment=three())


# --- what may not be compared or read


def lengths(**fields):
    return declared(
        {"primary": "watched_12s", "secondary": ["completion_rate", "engagement_rate"]},
        factors={"length": ["15s", "12s"]},
        **fields,
    )


def cut(n, completed, watched, engaged):
    means = {
        "watched(12000ms)": watched / n,
        "completed()": completed / n,
        "any(like,comment,share,save,cta_click)": engaged / n,
    }
    moments = Moments(n, means, {})
    return ArmData(moments, 0, 0, moments)


def test_completion_is_shown_and_not_compared_between_lengths():
    data = answer(**{"15s": cut(5000, 2000, 2400, 300), "12s": cut(5000, 3000, 2500, 310)})
    result = read(data, experiment=lengths())
    found = only(result, metric=1)
    assert found.reads is Reads.DESCRIPTIVE
    assert found.effect == Undetermined(Reason.NOT_COMPARABLE, "12s and 15s")
    assert (found.value, result.metrics[1].control) == (0.6, 0.4)
    assert [only(result, metric=at).reads for at in (0, 2)] == [Reads.UNCLEAR, Reads.UNCLEAR]
    assert any("completion_rate" in note for note in result.method.notes)


def test_completion_is_compared_between_lengths_only_where_the_file_asks_and_then_it_says_so():
    data = answer(**{"15s": cut(5000, 2000, 2400, 300), "12s": cut(5000, 3000, 2500, 310)})
    asked = declared(
        {"primary": "completion_rate"},
        factors={"length": ["15s", "12s"]},
        analysis={"compare_across_lengths": True},
    )
    result = read(data, experiment=asked)
    assert only(result).reads is Reads.BETTER
    assert result.method.family == 1
    assert any("completion_rate is compared between cuts of different length" in note for note in result.method.notes)


def test_completion_is_compared_between_cuts_of_one_length():
    experiment = declared({"primary": "completion_rate"}, factors={"length": ["15s"], "cta": ["none", "shop"]})
    data = answer(**{"15s.none": cut(5000, 2000, 0, 0), "15s.shop": cut(5000, 3000, 0, 0)})
    assert only(read(data, experiment=experiment)).reads is Reads.BETTER


def test_a_length_tied_primary_is_not_in_the_family():
    experiment = declared(
        {"primary": ["completion_rate", "cta_rate"]}, factors={"length": ["15s", "12s"], "cta": ["none", "shop"]}
    )
    names = [variant.name for variant in experiment.variants]
    data = answer(**{name: cut(5000, 2000, 0, 0) for name in names})
    for name in names:
        data.arms[name].moments.means[CTA] = 0.1
    # cta_rate has 3 treatments, completion_rate the one of control's length.
    assert read(data, experiment=experiment).method.family == 4


def test_untrusted_data_withholds_every_effect_and_keeps_the_values():
    data = answer(none=arm(10_000, cta=500, hide=10), shop=arm(9_000, cta=900, hide=10))
    result = read(data, experiment=guarded("20%"))
    assert not result.trusted
    for metric in result.metrics:
        assert metric.comparisons[0].effect == Undetermined(Reason.UNTRUSTED)
        assert metric.comparisons[0].reads is Reads.UNKNOWN
    assert only(result).value == 0.1


def test_the_result_without_crossovers_is_kept_beside():
    loyal = {"none": arm(9_990, cta=500), "shop": arm(9_990, cta=480)}
    mixed = {"none": arm(10_000, cta=505, crossovers=10), "shop": arm(10_000, cta=485, crossovers=10)}
    both = {name: replace(data, without_crossovers=loyal[name].moments) for name, data in mixed.items()}
    result = read(answer(**both))
    assert result.without_crossovers == read(answer(**loyal)).metrics
    assert result.metrics == read(answer(**mixed)).metrics != result.without_crossovers
    assert read(answer(**loyal)).without_crossovers == ()


def test_no_viewer_at_all():
    result = read(answer(none=arm(0), shop=arm(0)))
    assert result.viewers == 0
    assert only(result).effect == Undetermined(Reason.NO_VIEWERS)
    assert result.metrics[0].control == Undetermined(Reason.NO_VIEWERS)
    assert result.trusted


def test_a_ratio_without_denominator_has_no_value():
    experiment = declared({"primary": "engagements_per_view"})
    empty = Moments(300, {"count(view)": 0.0, "count(like,comment,share,save,cta_click)": 0.0}, {})
    empty = Moments(300, empty.means, dict.fromkeys(experiment.outcomes[0].metric.pairs, 0.0))
    result = read(answer(none=ArmData(empty, 0, 0, empty), shop=ArmData(empty, 0, 0, empty)), experiment=experiment)
    assert result.metrics[0].control == Undetermined(Reason.NO_DENOMINATOR)
    assert only(result).reads is Reads.UNKNOWN


# --- the frame of a result


@pytest.mark.parametrize(("at", "day"), [(START - 1, 0), (START, 1), (START + DAY_US, 2), (END + 9 * DAY_US, 14)])
def test_the_day_of_a_schedule(at, day):
    result = read(answer(none=arm(10, cta=1), shop=arm(10, cta=1)), at=at)
    assert (result.day, result.days) == (day, 14)


def test_without_a_schedule_days_count_from_the_first_exposure():
    data = answer(none=arm(10, cta=1), shop=arm(10, cta=1))
    result = read(data, experiment=declared(schedule=None), at=START + 2 * DAY_US + 2 * HOUR_US)
    assert (result.day, result.days, result.first_exposure_us) == (3, None, START + HOUR_US)


def test_arms_in_declared_order_with_their_shares():
    weighted = declared(variants={"shop": {"cta": "shop", "weight": 1}, "none": {"cta": "none", "weight": 3}})
    data = answer(none=arm(30, cta=1, immature=2), shop=arm(10, cta=1, crossovers=1))
    arms = read(data, experiment=weighted).arms
    assert [(a.variant, a.viewers, a.immature, a.crossovers, a.expected_share) for a in arms] == [
        ("shop", 10, 0, 1, 0.25),
        ("none", 30, 2, 0, 0.75),
    ]


def test_the_same_evidence_has_the_same_hash_and_other_evidence_another():
    data = answer(none=arm(900, cta=90), shop=arm(900, cta=99))
    more = answer(none=arm(900, cta=90), shop=arm(901, cta=99))
    first = read(data).data_hash
    assert first == read(data).data_hash
    others = [
        read(more),
        read(data, at=END),
        read(data, experiment=declared(analysis=FIXED)),
        read(data, stored={"": 1}),
    ]
    assert len({first, *(result.data_hash for result in others)}) == 5


def test_the_age_of_the_data_is_known_with_a_clock():
    data = answer(none=arm(10, cta=1), shop=arm(10, cta=1))
    ages = [check for check in read(data, now_us=END + 2 * DAY_US + 3 * HOUR_US).checks if check.id == "age"]
    assert [(check.status, check.said) for check in ages] == [(Status.OK, "events 3 h old")]


@pytest.mark.parametrize(("low", "high", "word"), [(0.1, 0.2, Reads.BETTER), (-0.2, -0.1, Reads.WORSE)])
def test_a_word_does_not_depend_on_whose_float_an_end_is(low, high, word):
    """numpy's True is not Python's: compared by identity, both words came out wrong."""
    ends = Interval(np.float64(low), np.float64(high))
    effect = Effect(0.6, 0.5, Estimate(0.1, ends), Undetermined(Reason.TOO_FEW), 3.0, 0.003, 1.96, 0.03, "welch")
    assert reads(effect, Direction.INCREASE) is word
