"""May a calendar be read: every check, well and ill."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from abstory.analysis import posts
from abstory.assignment.calendar import calendar
from abstory.warehouse.slots import Post, SlotData

HOUR = 3_600_000_000
LONG = {"weeks": 8, "slots": {"daily": ["12:30", "18:30"]}, "accounts": ["brand_de"]}


def totals(slot, _):
    return {"views": 1000, "completions": 400 + slot.scheduled_us // HOUR % 97, "reach": 900}


def check(experiment, data, name, as_of_us=None):
    end = as_of_us or experiment.closes_us + HOUR
    return next(one for one in posts.analyse(experiment, data, as_of_us=end, now_us=end).checks if one.id == name)


def test_a_calendar_as_it_should_be_passes_every_check(reels, posted):
    experiment = reels()
    result = posts.analyse(experiment, posted(experiment, totals), as_of_us=experiment.closes_us + HOUR)
    assert {one.status for one in result.checks if one.id != "age"} == {"ok"}
    assert result.trusted


@pytest.mark.parametrize(("lost", "status"), [(0, "ok"), (1, "warn"), (6, "fail")])
def test_what_is_not_loaded_at_the_end_is_waited_for(reels, posted, lost, status):
    experiment = reels(calendar=LONG)
    data = posted(experiment, totals)
    stories = {post.story_id for post in data.posts[:lost]}
    kept = replace(data, readings=tuple(one for one in data.readings if one.story_id not in stories))
    assert check(experiment, kept, "unread").status == status
    assert check(experiment, replace(data, posts=data.posts[lost:]), "unread").status == status


def test_before_the_end_it_is_only_warned_of(reels, posted):
    experiment = reels(calendar=LONG)
    half = experiment.start_us + 28 * 24 * HOUR
    data = replace(posted(experiment, totals, as_of_us=half), readings=())
    assert check(experiment, data, "unread", half).status == "warn"


def test_skipping_one_variant_is_a_bias_and_skipping_at_random_is_none(reels, posted):
    experiment = reels(calendar=LONG)
    source = random.Random(1)  # noqa: S311
    at_random = posted(experiment, lambda *told: totals(*told) if source.random() < 0.9 else None)
    one_sided = posted(
        experiment, lambda slot, v: None if v == "buy" and slot.local < "2026-12-20" else totals(slot, v)
    )
    assert check(experiment, at_random, "skipped").status == "ok"
    assert check(experiment, one_sided, "skipped").status == "fail"


def test_skipping_many_is_warned_of(reels, posted):
    experiment = reels(calendar=LONG)
    data = posted(experiment, lambda slot, v: totals(slot, v) if slot.local < "2026-12-20" else None)
    assert check(experiment, data, "skipped").status == "warn"


def test_a_post_of_another_variant(reels, posted):
    experiment = reels(calendar=LONG)
    other = {"none": "buy", "buy": "none"}
    first = next(iter(calendar(experiment))).slot.id
    one = posted(experiment, totals, shown=lambda slot, v: other[v] if slot.id == first else v)
    every = posted(experiment, totals, shown=lambda _, v: other[v])
    assert check(experiment, one, "as_drawn").status == "warn"
    assert check(experiment, every, "as_drawn").status == "fail"


def test_a_slot_of_another_calendar(reels, posted):
    experiment = reels()
    data = posted(experiment, totals)
    stray = Post("brand_de.2025-01-01T12:30", "buy", "elsewhere", experiment.start_us)
    found = check(experiment, replace(data, posts=(*data.posts, stray)), "unknown_slot")
    assert (found.status, found.figures) == ("fail", {"count": 1})
    assert "brand_de.2025-01-01T12:30" in found.said


def test_one_story_in_two_slots(reels, posted):
    experiment = reels()
    data = posted(experiment, totals)
    first, second, *rest = data.posts
    twice = replace(data, posts=(first, replace(second, story_id=first.story_id), *rest))
    assert check(experiment, twice, "shared_story").status == "fail"


def test_a_post_far_from_its_slot(reels, posted):
    experiment = reels()
    data = posted(experiment, totals)
    first, *rest = data.posts
    late = replace(data, posts=(replace(first, posted_us=first.posted_us + 2 * HOUR), *rest))
    assert check(experiment, late, "off_time").figures == {"count": 1}


def test_totals_read_long_after_the_window(reels, posted):
    experiment = reels()
    data = posted(experiment, totals)
    late = tuple(replace(one, captured_us=one.captured_us + 13 * HOUR) for one in data.readings)
    found = check(experiment, replace(data, readings=late), "late_reading", experiment.closes_us + 14 * HOUR)
    assert (found.status, found.figures["count"]) == ("warn", 16)


def test_a_total_counted_in_two_ways(reels, posted):
    experiment = reels()
    data = posted(experiment, totals)
    first, *rest = data.readings
    mixed = replace(data, readings=(replace(first, definition="plays of 3 s"), *rest))
    assert check(experiment, mixed, "definitions").status == "warn"


def test_more_completions_than_views(reels, posted):
    experiment = reels()
    data = posted(experiment, lambda *_: {"views": 400, "completions": 1000})
    assert check(experiment, data, "impossible").figures == {"count": 16}


def test_carry_over_is_seen_where_it_is_and_not_where_it_is_not(reels, posted):
    experiment = reels(calendar=LONG)
    drawn = list(calendar(experiment))
    before = {slot.id: previous for (_, previous), (slot, _) in pairwise(drawn)}
    source = random.Random(4)  # noqa: S311

    def carried(slot, _):
        return {"views": 1000, "completions": 400 + 60 * (before.get(slot.id) == "buy") + source.randrange(40)}

    assert check(experiment, posted(experiment, carried), "carry_over").status == "warn"
    plain = posted(experiment, lambda *_: {"views": 1000, "completions": 400 + source.randrange(40)})
    assert check(experiment, plain, "carry_over").status == "ok"


def test_carry_over_is_asked_at_the_end_alone(reels, posted):
    experiment = reels(calendar=LONG)
    half = experiment.start_us + 28 * 24 * HOUR
    assert check(experiment, posted(experiment, totals, as_of_us=half), "carry_over", half).said.endswith("at the end")


def test_without_a_reading_the_age_is_not_known(reels):
    experiment = reels()
    assert check(experiment, SlotData((), ()), "age").said == "no totals loaded"
