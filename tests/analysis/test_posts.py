"""Posts of a calendar: what became of each slot, and what comes of comparing them.

Expected p values are counted out: with 2 + 2 slots in each of four blocks there are 6^4 = 1,296 calendars.
"""

import itertools
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory import decision
from abstory.analysis import posts
from abstory.analysis.posted import posted as joined
from abstory.assignment.calendar import calendar
from abstory.results import AsOf, Fate, Reads, Ruling
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.warehouse.slots import SlotData, TotalReading

HOUR = 3_600_000_000


def rates(better=0.0, seed=1):
    """Totals of a post: some views, and a completion rate that the treatment raises."""
    source = random.Random(seed)  # noqa: S311

    def totals(_, variant):
        views = source.randrange(800, 1200)
        return {
            "views": views,
            "completions": views * (0.4 + better * (variant == "buy") + source.uniform(-0.02, 0.02)),
        }

    return totals


def read(experiment, data, **changes):
    return posts.analyse(experiment, data, **({"as_of_us": experiment.closes_us + HOUR} | changes))


def only(result):
    (metric,) = result.metrics
    (comparison,) = metric.comparisons
    return metric, comparison


def by_hand(experiment, data):
    """Difference of means and central p over all calendars with the counts of each block, by enumeration."""
    value = {}
    for post in data.posts:
        own = {one.metric: one.value for one in data.readings if one.story_id == post.story_id}
        value[post.slot_id] = own["completions"] / own["views"]
    drawn = list(calendar(experiment))
    blocks = [[slot.id for slot, _ in drawn if slot.block == block] for block in experiment.calendar.blocks]
    treated = {slot.id for slot, variant in drawn if variant == "buy"}
    choices = [itertools.combinations(block, len(block) // 2) for block in blocks]
    sums = [sum(value[one] for half in chosen for one in half) for chosen in itertools.product(*choices)]
    seen = sum(value[one] for one in treated)
    more, less = (sum(s >= seen - 1e-12 for s in sums), sum(s <= seen + 1e-12 for s in sums))
    rest = [value[one] for one in value if one not in treated]
    return seen / len(treated) - sum(rest) / len(rest), min(1.0, 2 * min(more, less) / len(sums))


@pytest.mark.parametrize("seed", range(5))
def test_difference_and_p_are_those_counted_out(reels, posted, seed):
    experiment = reels()
    data = posted(experiment, rates(0.01, seed))
    difference, p = by_hand(experiment, data)
    effect = only(read(experiment, data))[1].effect
    assert effect.difference.value == pytest.approx(difference, rel=1e-9)
    assert effect.p_value == pytest.approx(p, abs=1e-12)


def test_a_clear_winner_ships(reels, posted):
    experiment = reels()
    result = read(experiment, posted(experiment, rates(0.1)))
    metric, comparison = only(result)
    # The posted calendar is the most extreme of 1,296.
    assert comparison.effect.p_value == pytest.approx(2 / 1296)
    assert comparison.reads is Reads.BETTER
    assert metric.control == pytest.approx(0.4, abs=0.01)
    assert decision.decide(experiment, result).ruling is Ruling.SHIP
    assert (result.unit, result.viewers) == ("post", 16)


def test_exchanging_the_arms_turns_the_effect(reels, posted):
    experiment, turned = reels(), reels(factors={"cta": ["buy", "none"]})
    totals = posted(experiment, rates(0.01))
    one, other = (only(read(e, totals))[1].effect for e in (experiment, turned))
    assert other.difference.value == pytest.approx(-one.difference.value)
    assert other.difference.interval.low == pytest.approx(-one.difference.interval.high)
    assert other.p_value == one.p_value


@given(seed=st.integers(0, 10_000), better=st.sampled_from([0.0, 0.01, 0.02, 0.04]), alpha=st.sampled_from([5, 10, 20]))
@settings(max_examples=30)
def test_interval_lift_word_and_p_are_one(reels, posted, seed, better, alpha):
    experiment = reels(analysis={"alpha": f"{alpha}%"})
    _, comparison = only(read(experiment, posted(experiment, rates(better, seed))))
    effect = comparison.effect
    beyond = effect.p_value < alpha / 100
    assert effect.difference.interval.excludes(0.0) is beyond
    assert effect.lift.interval.excludes(0.0) is beyond
    assert (comparison.reads is not Reads.UNCLEAR) is beyond


def test_nothing_is_shown_before_the_end(reels, posted):
    experiment = reels()
    halfway = experiment.start_us + 8 * 24 * HOUR
    result = read(experiment, posted(experiment, rates(0.1), as_of_us=halfway), as_of_us=halfway)
    metric, comparison = only(result)
    assert comparison.effect.reason is Reason.BEFORE_END
    assert isinstance(metric.control, float)
    assert decision.decide(experiment, result).ruling is Ruling.WAIT


def test_several_treatments_share_alpha(reels, posted):
    several = {
        "factors": {"cta": ["none", "buy", "save", "ask"]},
        "calendar": {"slots": {"daily": ["12:30", "18:30", "20:30", "22:30"]}},
    }
    shared, alone = reels(**several), reels(**several, analysis={"multiplicity": "none"})
    data = posted(shared, rates(0.01))
    assert read(shared, data).method.multiplicity == "Bonferroni over 3"
    pairs = zip(read(shared, data).metrics[0].comparisons, read(alone, data).metrics[0].comparisons, strict=True)
    for mine, plain in pairs:
        assert mine.effect.p_value == pytest.approx(min(1.0, 3 * plain.effect.p_value))
        assert mine.effect.difference.interval.low <= plain.effect.difference.interval.low


def test_a_post_counts_for_what_was_drawn_whatever_was_posted(reels, posted):
    experiment = reels()
    honest, swapped = (
        read(experiment, posted(experiment, rates(0.01), shown=shown))
        for shown in (lambda _, variant: variant, lambda *_: "buy")
    )
    failed = [check.id for check in swapped.checks if check.status == "fail"]
    assert failed == ["as_drawn"]
    assert only(swapped)[0].control == only(honest)[0].control
    assert only(swapped)[1].effect.reason is Reason.UNTRUSTED


def test_engagement_is_the_sum_of_what_the_platform_gives(reels, posted):
    experiment = reels(metrics={"primary": [{"name": "engagement_rate", "denominator": "reach"}]})
    data = posted(experiment, lambda *_: {"reach": 1000, "views": 2000, "likes": 30, "shares": 10})
    metric, _ = only(read(experiment, data))
    assert metric.outcome.metric.definition == "likes + shares / reach, by post"
    assert metric.control == pytest.approx(0.04)


def test_a_post_without_one_of_the_totals_is_left_out_and_counted(reels, posted):
    experiment = reels()
    first = next(iter(calendar(experiment))).slot.id

    def totals(slot, _):
        return {"views": 1000} if slot.id == first else {"views": 1000, "completions": 400}

    result = read(experiment, posted(experiment, totals))
    assert "completion_rate: 1 post without completions or views left out" in result.method.notes


def test_totals_counted_in_two_ways_are_not_compared(reels, posted):
    experiment = reels()
    data = posted(experiment, rates(0.1))
    (first, *rest) = data.readings
    result = read(experiment, replace(data, readings=(replace(first, definition="new"), *rest)))
    metric, comparison = only(result)
    assert (metric.control.reason, comparison.effect.reason) == (Reason.DEFINITIONS, Reason.DEFINITIONS)
    assert comparison.effect.detail == f"{first.metric}: new and not named"


def test_lengths_are_not_compared_on_completion(reels, posted):
    experiment = reels(factors={"length": ["15s", "8s"]})
    _, comparison = only(read(experiment, posted(experiment, lambda *_: {"views": 1000, "completions": 400})))
    assert (comparison.reads, comparison.effect.reason) == (Reads.DESCRIPTIVE, Reason.NOT_COMPARABLE)


def test_three_and_three_posts_can_show_nothing(reels, posted):
    small = {"weeks": 1, "slots": {"mon-sat": ["12:30"]}, "accounts": ["brand_de"]}
    experiment = reels(calendar=small)
    _, comparison = only(read(experiment, posted(experiment, rates(0.3))))
    assert comparison.effect.reason is Reason.TOO_FEW_SLOTS


def test_a_guardrail_is_read_on_its_bad_side(reels, posted):
    metrics = {"primary": "completion_rate", "guardrails": [{"name": "exit_rate", "margin": "50%"}]}
    experiment = reels(metrics=metrics)
    source = random.Random(2)  # noqa: S311
    data = posted(experiment, lambda *_: {"views": 1000, "completions": 400, "exits": source.randrange(90, 110)})
    guardrail = read(experiment, data).metrics[1].comparisons[0]
    assert guardrail.reads is Reads.HOLDS
    assert guardrail.bound == guardrail.effect.lift.interval.high


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2])
def test_without_an_effect_it_errs_no_more_often_than_alpha(reels, posted, alpha):
    """Over all calendars of a small law, each as likely: the values stay where they are, the labels are drawn."""
    small = {"weeks": 1, "slots": {"mon-thu": ["12:30"]}, "no_repeat": 1}
    drawn, wrong, seen = set(), 0, 0
    source = random.Random(3)  # noqa: S311
    values = {f"{a}.2026-11-{d}T12:30": 100 * source.random() for a in ("brand_de", "brand_fr") for d in range(23, 27)}
    for seed in range(400):
        experiment = reels(calendar=small | {"seed": seed}, analysis={"alpha": f"{alpha:.0%}"})
        labels = tuple(variant for _, variant in calendar(experiment))
        if labels in drawn:
            continue
        drawn.add(labels)
        totals = posted(experiment, lambda slot, _: {"views": 100, "completions": values[slot.id]})
        effect = only(read(experiment, totals))[1].effect
        seen, wrong = seen + 1, wrong + (isinstance(effect, Effect) and effect.p_value < alpha)
    assert seen == 6 * 6
    assert wrong <= alpha * seen


class TestFates:
    """What becomes of a slot, by the instant it is looked at."""

    def fate(self, experiment, data, as_of_us):
        (first, *_) = joined(experiment, data, as_of_us=as_of_us)
        return first

    def test_ahead_open_read(self, reels, posted):
        experiment = reels()
        data = posted(experiment, rates())
        slot = experiment.calendar.all_slots[0]
        window = experiment.analysis.window.us
        empty = SlotData((), ())
        assert self.fate(experiment, empty, slot.scheduled_us - 1).fate is Fate.AHEAD
        assert self.fate(experiment, empty, slot.scheduled_us + window).fate is Fate.UNKNOWN
        assert self.fate(experiment, data, slot.scheduled_us + HOUR).fate is Fate.OPEN
        assert self.fate(experiment, data, slot.scheduled_us + window + HOUR).fate is Fate.READ
        assert self.fate(experiment, replace(data, readings=()), slot.scheduled_us + window + HOUR).fate is Fate.UNREAD

    def test_a_slot_without_a_post_is_skipped_once_it_is_over(self, reels, posted):
        experiment = reels()
        data = posted(experiment, lambda *_: None)
        slot = experiment.calendar.all_slots[0]
        assert self.fate(experiment, data, slot.scheduled_us).fate is Fate.AHEAD
        assert self.fate(experiment, data, experiment.closes_us).fate is Fate.SKIPPED

    def test_the_first_reading_after_the_window_counts(self, reels, posted):
        experiment = reels()
        data = posted(experiment, lambda *_: {"views": 100})
        (reading, *_) = data.readings
        later = replace(reading, captured_us=reading.captured_us + 9 * HOUR, value=500_000_000)
        early = replace(reading, captured_us=reading.captured_us - HOUR, value=1_000_000)
        found = self.fate(experiment, replace(data, readings=(later, reading, early)), experiment.closes_us)
        assert found.totals == {"views": 100.0}
        # Posted 2 min after the slot, read 7 min after its window.
        assert found.late_us == 5 * 60_000_000

    def test_an_early_reading_alone_is_none(self, reels, posted):
        experiment = reels()
        data = posted(experiment, lambda *_: {"views": 100})
        early = tuple(replace(one, captured_us=one.captured_us - HOUR) for one in data.readings)
        assert self.fate(experiment, replace(data, readings=early), experiment.closes_us).fate is Fate.UNREAD


def test_readings_in_any_order_give_the_same_answer(reels, posted):
    experiment = reels()
    data = posted(experiment, rates(0.02))
    shuffled = list(data.readings)
    random.Random(1).shuffle(shuffled)  # noqa: S311
    one, other = read(experiment, data), read(experiment, replace(data, readings=tuple(shuffled)))
    assert one.metrics == other.metrics


def test_nothing_known_is_no_data(reels):
    experiment = reels()
    result = read(experiment, SlotData((), ()), as_of_us=experiment.start_us)
    assert decision.decide(experiment, result).ruling is Ruling.NO_DATA
    assert isinstance(only(result)[0].control, Undetermined)


def test_values_are_averages_over_posts_not_over_views(reels, posted):
    """One viral post has a thousand times the views of the others, and counts once."""
    experiment = reels()
    first = next(slot.id for slot, variant in calendar(experiment) if variant == "none")

    def totals(slot, _):
        return {"views": 1_000_000, "completions": 0} if slot.id == first else {"views": 1000, "completions": 400}

    metric, _ = only(read(experiment, posted(experiment, totals)))
    assert metric.control == pytest.approx(0.4 * 7 / 8)


def test_a_viral_post_weighs_less_on_the_log_scale(reels, posted):
    """Both arms double but one post of control goes viral: the mean hides it, the log scale does not."""
    experiment = reels(metrics={"primary": "impressions"})
    viral = next(slot.id for slot, variant in calendar(experiment) if variant == "none")

    def totals(slot, variant):
        return {"views": 100_000 if slot.id == viral else (2000 if variant == "buy" else 1000) + len(slot.account)}

    result = read(experiment, posted(experiment, totals))
    effect = only(result)[1].effect
    (said,) = (note for note in result.method.notes if "log scale" in note)
    assert effect.difference.value < 0
    # Geometric means, to the 8 of an account's name: 2 · (1,000/100,000)^(1/8) − 1 = 12 %.
    assert said.startswith("impressions of buy on the log scale, where a viral post weighs less: +12")


def test_a_reading_keeps_six_decimals(reels, posted):
    experiment = reels(metrics={"primary": "watch_seconds"})
    data = posted(experiment, lambda *_: {"views": 3, "watch_seconds": 1.000001})
    assert any(isinstance(one, TotalReading) and one.value == 1_000_001 for one in data.readings)
    assert math.isclose(only(read(experiment, data))[0].control, 1.000001 / 3)


class TestAsOf:
    """The same data are read at the same instant, whenever one asks: so that a second call is no second look."""

    def test_before_the_end_it_is_the_datas(self, reels, posted):
        experiment = reels()
        half = experiment.start_us + 8 * 24 * HOUR
        data = posted(experiment, rates(), as_of_us=half)
        last = max(data.last_captured_us, *(post.posted_us for post in data.posts))
        for later in (0, HOUR):
            assert posts.as_of(experiment, data, now_us=half + later) == (last, AsOf.LAST_READING)

    def test_after_the_end_it_is_the_calendars_though_the_last_post_was_never_read(self, reels, posted):
        experiment = reels()
        data = posted(experiment, rates(), as_of_us=experiment.closes_us - HOUR)
        for later in (0, 30 * 24 * HOUR):
            found = posts.as_of(experiment, data, now_us=experiment.closes_us + later)
            assert found == (experiment.closes_us, AsOf.CALENDAR_END)

    def test_a_reading_of_after_the_end_is_not_left_out(self, reels, posted):
        experiment = reels()
        data = posted(experiment, rates())
        assert data.last_captured_us > experiment.closes_us
        found = posts.as_of(experiment, data, now_us=experiment.closes_us + 24 * HOUR)
        assert found == (data.last_captured_us, AsOf.LAST_READING)

    def test_without_anything_it_is_now(self, reels):
        assert posts.as_of(reels(), SlotData((), ()), now_us=17) == (17, AsOf.NOW)
