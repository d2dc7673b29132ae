"""An effect by hour of the story: laws on the moments of hours, and what a file with stories asks and withholds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.analysis import airtime, analyse, plan
from abstory.experiment import DAY_US, HOUR_US, Experiment
from abstory.results import Airtime
from abstory.stats.estimate import Effect, Reason
from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData, Span
from abstory.warehouse.parts import Airing

UP = 1_763_924_400_000_000  # 2025-11-23T19:00:00Z
CLICK = "any(cta_click)"


def declared(**fields):
    plain = {
        "version": 1,
        "key": "cta",
        "schedule": {"start": "2025-11-23", "end": "2025-11-30"},
        "stories": [{"id": "t", "published": "2025-11-23T20:00+01:00"}],
        "factors": {"cta": ["none", "shop"]},
        "metrics": {"primary": "cta_rate"},
    }
    return Experiment.model_validate(plain | fields)


def arm(hours):
    moments = {h: Moments(n, {CLICK: x / n}, {}) for h, (n, x) in hours.items()}
    whole = sum(moments.values(), start=Moments(0, {}, {}))
    return ArmData(whole, 0, 0, whole, hours=moments)


def accruals(experiment, none, shop, at=UP + 20 * DAY_US):
    answer = Answer({"none": arm(none), "shop": arm(shop)}, {}, 0, 0, 0, 0, 0, 0, {})
    return analyse(experiment, answer, Span(UP, UP + DAY_US, at), at).accruals


def test_the_question_names_the_stories_and_when_they_are_seen():
    asked = plan(declared(lifetime="6h"), UP)
    assert (asked.story, asked.airings, asked.ends_with_story) == (None, (Airing("t", UP, UP + 6 * HOUR_US),), False)
    ends = plan(declared(analysis={"window_ends_with_story": True}), UP)
    assert ends.ends_with_story
    assert plan(declared(stories=["t", "u"]), UP).airings == (Airing("t"), Airing("u"))


def test_the_last_window_closes_with_the_last_story_where_that_is_declared():
    assert declared().closes_us == UP + 2 * DAY_US  # a day of life, and a window of a day
    assert declared(analysis={"window_ends_with_story": True}).closes_us == UP + DAY_US
    late = [{"id": "t", "published": "2025-11-29T23:00Z"}, {"id": "u", "published": "2025-11-23T20:00Z"}]
    schedule_ends = declared().end_us
    assert declared(stories=late, analysis={"window_ends_with_story": True}).closes_us == schedule_ends
    assert declared(stories=["t"]).closes_us == schedule_ends + DAY_US


hours = st.dictionaries(
    st.integers(0, 23),
    st.integers(100, 900).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1))),
    min_size=1,
)


def seen(none, shop):
    arms = {"none": arm(none), "shop": arm(shop)}
    answer = Answer(arms, {}, 0, 0, 0, 0, 0, 0, {})
    moments = {name: one.moments for name, one in arms.items()}
    return airtime.accruals(declared(), answer, moments, lambda *_: None)


@given(hours, hours)
def test_every_point_is_the_effect_of_all_hours_up_to_it(none, shop):
    (accrual,) = seen(none, shop)
    for point in accrual.points:
        upto = [{h: v for h, v in side.items() if h < point.hour} for side in (none, shop)]
        (alone,) = seen(*upto)
        assert point.viewers == sum(n for side in upto for n, _ in side.values())
        last = alone.points[-1].effect
        if isinstance(point.effect, Effect):
            assert point.effect.difference.value == pytest.approx(last.difference.value, abs=1e-12)
            assert point.effect.p_value == pytest.approx(last.p_value)
        else:
            assert point.effect.reason is last.reason is Reason.TOO_EARLY


def test_hours_follow_publication_and_wait_for_both_variants():
    (accrual,) = accruals(declared(), {0: (300, 60), 5: (300, 60)}, {2: (300, 90), 5: (300, 90)})
    assert [point.hour for point in accrual.points] == [3, 4, 5, 6]


def test_a_fixed_horizon_withholds_the_hours_too():
    experiment = declared(analysis={"looks": "fixed"})
    data = {0: (600, 90)}
    assert accruals(experiment, data, data, at=experiment.closes_us - 1) == ()
    assert len(accruals(experiment, data, data, at=experiment.closes_us)) == 1


@pytest.mark.parametrize(
    ("at", "left", "live"), [(UP - 1, 25, False), (UP, 24, True), (UP + DAY_US - 1, 1, True), (UP + DAY_US, 0, False)]
)
def test_hours_left_are_rounded_up(at, left, live):
    time = Airtime("t", UP, UP + DAY_US)
    assert (time.hours_left(at), time.live(at)) == (left, live)
    assert (replace(time, published_us=None, ends_us=None).hours_left(at), Airtime("t", None, None).live(at)) == (
        None,
        False,
    )
