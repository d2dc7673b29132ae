"""The calendar of a slot design: which slots there are, when, and in which blocks."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from abstory.experiment import Calendar, Experiment
from abstory.metrics import SLOT_METRICS, TOTALS

REELS = {
    "timezone": "Europe/Berlin",
    "start": "2026-11-23",
    "weeks": 4,
    "slots": {"mon-fri": ["12:30", "18:30"], "sat-sun": ["11:00"]},
    "accounts": ["brand_de", "brand_fr"],
    "min_gap": "6h",
    "no_repeat": 2,
    "seed": 20261123,
}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def calendar(**changes):
    return Calendar.model_validate(REELS | changes)


def experiment(**changes):
    fields = {
        "version": 1,
        "key": "reels",
        "unit": "slot",
        "factors": {"cta": ["none", "buy"]},
        "metrics": {"primary": "completion_rate"},
        "calendar": REELS,
    }
    return Experiment.model_validate(fields | changes)


def test_every_day_and_time_of_the_weeks_on_every_account():
    made = calendar()
    assert len(made.all_slots) == made.size == 2 * 4 * (5 * 2 + 2)
    assert Counter(slot.account for slot in made.all_slots) == {"brand_de": 48, "brand_fr": 48}
    assert made.all_slots[0].id == "brand_de.2026-11-23T12:30"
    assert len({slot.id for slot in made.all_slots}) == made.size


def test_a_slot_is_an_instant_on_the_calendars_own_clock():
    # 12:30 in Berlin is 11:30 UTC in November (CET) and 10:30 UTC in July (CEST).
    november = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
    assert calendar().all_slots[0].scheduled_us == int(november.timestamp()) * 1_000_000
    july = datetime(2026, 7, 6, 10, 30, tzinfo=UTC)
    assert calendar(start="2026-07-06").all_slots[0].scheduled_us == int(july.timestamp()) * 1_000_000


def test_an_hour_that_clocks_show_twice_is_taken_the_first_time():
    # 2026-10-25 02:30 in Berlin comes at 00:30 UTC (CEST) and again at 01:30 UTC.
    (first, *_) = calendar(start="2026-10-25", weeks=1, slots={"sun": ["02:30"]}).all_slots
    assert first.scheduled_us == int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()) * 1_000_000


def test_blocks_share_out_all_slots():
    made = calendar()
    assert {name: len(slots) for name, slots in made.blocks.items()} == {
        f"{account}, week {week}": 12 for account in ("brand_de", "brand_fr") for week in (1, 2, 3, 4)
    }
    assert set(calendar(block_by=[]).blocks) == {"all"}
    assert set(calendar(block_by="time").blocks) == {"12:30", "18:30", "11:00"}
    assert set(calendar(block_by=["weekday"]).blocks) == set(DAYS)


def test_a_week_is_seven_days_from_the_start():
    # 2026-11-26 is a Thursday: each week still has every weekday once.
    made = calendar(start="2026-11-26")
    assert all(len(slots) == 12 for slots in made.blocks.values())


@pytest.mark.parametrize(
    ("days", "meant"),
    [("daily", DAYS), ("mon", ("mon",)), ("fri-mon", ("fri", "sat", "sun", "mon")), ("sun-sat", DAYS)],
)
def test_days_may_run_over_the_weekend(days, meant):
    found = {datetime.fromisoformat(slot.local).weekday() for slot in calendar(slots={days: ["09:00"]}).all_slots}
    assert {DAYS[day] for day in found} == set(meant)


@pytest.mark.parametrize(
    "slots",
    [{}, {"monday": ["12:30"]}, {"mon": []}, {"mon": ["9:00"]}, {"mon": ["24:00"]}, {"mon": [1230]}, ["mon"]],
)
def test_what_is_no_day_or_time_is_refused(slots):
    with pytest.raises(ValidationError):
        calendar(slots=slots)


@given(
    start=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    weeks=st.integers(1, 6),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    times=st.sets(st.sampled_from(["00:15", "02:30", "09:00", "23:45"]), min_size=1),
)
def test_every_slot_that_is_not_skipped_reads_as_written(start, weeks, zone, times):
    """The law: an instant put on the calendar's clock shows the day and time the slot says, unless clocks skip it."""
    made = calendar(start=start.isoformat(), weeks=weeks, timezone=zone, slots={"daily": sorted(times)})
    skipped = set(made.skipped())
    for slot in made.by_account["brand_de"]:
        shown = datetime.fromtimestamp(slot.scheduled_us / 1e6, ZoneInfo(zone))
        assert (shown.strftime("%Y-%m-%dT%H:%M") == slot.local) == (slot.local not in skipped)
    instants = [slot.scheduled_us for slot in made.by_account["brand_fr"]]
    if not skipped:
        assert instants == sorted(instants)


def test_a_calendar_runs_from_its_first_day_through_its_weeks():
    made = experiment()
    assert (made.schedule.end - made.schedule.start) == timedelta(weeks=4)
    # The last post is due on Sunday, 20 December at 11:00 in Berlin (10:00 UTC), and is watched for 24 h.
    assert made.closes_us == int(datetime(2026, 12, 21, 10, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("block_by", "accounts", "kept"),
    [
        (["account", "week"], ["a", "b"], True),
        (["account"], ["a", "b"], True),
        (["week"], ["a"], True),
        (["week"], ["a", "b"], False),
        ([], ["a", "b"], False),
        (["account", "time"], ["a", "b"], False),
        (["weekday"], ["a"], False),
    ],
)
def test_repeats_are_forbidden_within_blocks_that_follow_one_another(block_by, accounts, kept):
    changed = REELS | {"block_by": block_by, "accounts": accounts, "slots": {"daily": ["09:00", "18:00"]}}
    if kept:
        experiment(calendar=changed)
    else:
        with pytest.raises(ValidationError, match="one account"):
            experiment(calendar=changed)


def test_everything_that_moves_a_post_is_part_of_the_fingerprint():
    plain = experiment().fingerprint
    for change in ({"seed": 1}, {"no_repeat": 1}, {"accounts": ["brand_de"]}, {"block_by": ["account"]}):
        assert experiment(calendar=REELS | change).fingerprint != plain
    assert experiment(title="Another title").fingerprint == plain


def test_a_viewer_file_keeps_the_fingerprint_it_had_before_there_were_calendars():
    fields = {"version": 1, "key": "a", "factors": {"cta": ["none", "buy"]}, "metrics": {"primary": "cta_rate"}}
    assert "calendar" not in Experiment.model_validate(fields).assignment_fields()


def test_metrics_of_posts_are_made_of_known_totals():
    for metric in SLOT_METRICS.values():
        assert set(metric.above) <= set(TOTALS)
        assert not metric.below or metric.below in TOTALS


@pytest.mark.parametrize(("no_repeat", "weeks", "counted"), [(1, 12, True), (2, 4, True), (2, 8, False), (3, 8, False)])
def test_a_block_whose_arrangements_are_too_many_to_count_is_refused(no_repeat, weeks, counted):
    """Eight variants in one block an account."""
    factors = {"filter": ["none", "warm"], "cta": ["none", "buy"], "hook": ["none", "question"]}
    changed = REELS | {"block_by": "account", "slots": {"mon-fri": ["12:30", "18:30"]}}
    changed |= {"no_repeat": no_repeat, "weeks": weeks}
    if counted:
        experiment(factors=factors, calendar=changed)
    else:
        with pytest.raises(ValidationError, match="too many ways to arrange 8 variants"):
            experiment(factors=factors, calendar=changed)


def test_a_block_is_called_by_its_parts_in_an_order_of_their_own():
    made = calendar(block_by=["time", "week", "account"])
    assert made.all_slots[0].block == "brand_de, week 1, 12:30"
