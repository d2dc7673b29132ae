"""What is planted is what was asked for; what cannot be simulated is refused."""

import pytest

from abstory.errors import UsageError
from abstory.simulate.design import Wish, design, enough, mde


@pytest.mark.parametrize(
    ("metric", "size", "relative"),
    [
        ("watched_12s", 0.05, True),
        ("watched_12s", -0.02, False),
        ("like_rate", 0.5, True),
        ("watch_seconds", -0.1, True),
        ("completions_per_view", 0.1, True),
        ("engagements_per_view", 0.2, True),
        ("hide_rate", 0.005, False),
    ],
)
def test_the_planted_effect_is_the_one_asked_for(declare, metric, size, relative):
    experiment = declare(factors={"cta": ["none", "shop_now", "swipe_up"]}, metrics={"primary": metric})
    made = design(experiment, wish=Wish(metric, size, relative))
    asked = experiment.outcomes[0].metric
    base = made.truth(experiment.control, asked)
    aim = base * (1 + size) if relative else base + size
    for variant in experiment.treatments:
        assert made.truth(variant, asked) == pytest.approx(aim, rel=1e-9)


def test_nothing_is_planted_unless_asked(declare):
    experiment = declare(factors={"cta": ["none", "shop_now"], "filter": ["none", "warm"]})
    made = design(experiment)
    for outcome in experiment.outcomes:
        assert len({made.truth(variant, outcome.metric) for variant in experiment.variants}) == 1


def test_the_mde_is_planted_in_the_good_direction(declare):
    assert mde(declare()) == Wish("watched_12s", 0.1, relative=True)
    down = declare(metrics={"primary": {"name": "hide_rate", "mde": "1pp"}})
    assert mde(down) == Wish("hide_rate", -0.01, relative=False)


def test_enough_viewers_come_for_the_smallest_variant(declare):
    # A quarter more than 400 for the variant of weight 1 of 4, at half of the traffic.
    experiment = declare(
        factors={"cta": ["none", "shop_now"]},
        variants={"a": {"cta": "none", "weight": 3}, "b": {"cta": "shop_now", "weight": 1}},
        traffic={"share": "50%"},
    )
    assert enough(experiment) == 4000


def test_every_day_ends_with_a_look_and_the_last_window_too(declare):
    made = design(declare(), days=4)
    day = 86_400_000_000
    start = made.experiment.start_us
    assert made.looks_us == tuple(start + day * n for n in (1, 2, 3, 4, 5))


def test_without_a_schedule_it_runs_for_two_weeks(declare):
    assert len(design(declare(schedule=None)).looks_us) == 15


@pytest.mark.parametrize(
    ("changes", "wish", "said"),
    [
        ({"analysis": {"window": "1h"}}, None, "22 hours"),
        ({"factors": {"length": ["15s", "7500ms"]}, "metrics": {"primary": "like_rate"}}, None, "second by second"),
        ({}, Wish("share_rate", 0.1, relative=True), "declares no metric share_rate"),
        ({}, Wish("watched_12s", 5.0, relative=True), "smaller effect"),
        ({"metrics": {"primary": "impressions"}}, Wish("impressions", 0.1, relative=True), "impressions"),
        (
            {
                "metrics": {
                    "primary": "revenue",
                    "define": {"revenue": {"kind": "mean", "sum": "value", "event": "purchase"}},
                }
            },
            None,
            "revenue",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(declare, changes, wish, said):
    with pytest.raises(UsageError) as told:
        design(declare(**changes), wish=wish)
    assert said in f"{told.value.message} {told.value.hint}"


def test_without_an_mde_there_is_none_to_plant(declare):
    with pytest.raises(UsageError, match="no MDE"):
        mde(declare(metrics={"primary": "like_rate"}))


def test_a_cut_metric_has_its_effect_before_the_cut(declare):
    """Less than is planted is left where large values count as the cap; without an effect exactly none."""
    metrics = {"primary": {"name": "watch_seconds", "winsorize": "90%"}}
    experiment = declare(metrics=metrics)
    asked, (control, treatment) = experiment.outcomes[0].metric, experiment.variants
    alike, moved = design(experiment), design(experiment, wish=Wish("watch_seconds", 0.1, relative=True))
    assert alike.truth(control, asked) == alike.truth(treatment, asked)
    assert 1.05 < moved.truth(treatment, asked) / moved.truth(control, asked) < 1.1


def test_the_median_is_planted_to_the_millisecond(declare):
    define = {"watch_p50": {"kind": "quantile", "quantile": "50%", "of": "watch"}}
    experiment = declare(metrics={"primary": "watch_p50", "define": define})
    made = design(experiment, wish=Wish("watch_p50", 0.1, relative=True))
    base, moved = (made.truth(variant, experiment.outcomes[0].metric) for variant in experiment.variants)
    assert moved == pytest.approx(1.1 * base, abs=0.002)
