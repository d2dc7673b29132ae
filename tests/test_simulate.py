"""The planted truth against the draws, counted here with polars and nothing of abstory's own pipeline."""

import math

import polars as pl
import pytest

from abstory.experiment import Experiment
from abstory.metrics import ENGAGEMENTS
from abstory.simulate import LAUNCH, Nudge, Persona, StoryAudience, crowd, play, truth

VIEWERS = 40_000

# Every comparison below is two-sided at 5 standard errors: about 6e-7 a comparison, below 1e-4 for the module.
Z = 5.0


@pytest.fixture(scope="module")
def experiment():
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "launch",
            "story": "teaser",
            "schedule": {"start": "2026-11-02", "end": "2026-11-16"},
            "factors": {"length": ["15s", "12s"], "cta": ["none", "shop_now"]},
            "design": "full_factorial",
            "metrics": {"primary": "watched_12s"},
        }
    )


@pytest.fixture(scope="module")
def assigned(experiment):
    names = [variant.name for variant in experiment.variants]
    ids = crowd(VIEWERS, seed=1)["viewer_id"]
    return pl.DataFrame({"viewer_id": ids, "variant": [names[at % len(names)] for at in range(VIEWERS)]})


@pytest.fixture(scope="module")
def played(experiment, assigned):
    return play(LAUNCH, experiment, assigned, seed=1)


@pytest.fixture(scope="module")
def per_viewer(played, assigned):
    """One row a viewer, zeros kept: a plain polars roll-up."""
    view = pl.col("event") == "view"
    did = {event: (pl.col("event") == event).any() for event in (*ENGAGEMENTS, "follow", "hide")}
    rolled = played.events.group_by("viewer_id").agg(
        views=view.sum(),
        watch_ms=pl.col("watch_ms").filter(view).sum(),
        longest_ms=pl.col("watch_ms").filter(view).max(),
        complete_15=(view & (pl.col("watch_ms") >= 15_000)).sum(),
        complete_12=(view & (pl.col("watch_ms") >= 12_000)).sum(),
        **did,
    )
    return assigned.join(rolled, on="viewer_id", how="left")


def _close(values, expected):
    error = values.std() / math.sqrt(len(values))
    assert abs(values.mean() - expected) < Z * error, (values.mean(), expected, error)


def _arm(per_viewer, variant):
    return per_viewer.filter(pl.col("variant") == variant.name)


@pytest.mark.parametrize("seconds", [1, 3, 12])
def test_retention_is_as_planted(experiment, per_viewer, seconds):
    for variant in experiment.variants:
        stayed = (_arm(per_viewer, variant)["longest_ms"] >= 1000 * seconds).cast(float)
        _close(stayed, truth(LAUNCH, variant, f"watched_{seconds}s"))


@pytest.mark.parametrize(
    ("metric", "events"),
    [
        ("engagement_rate", ENGAGEMENTS),
        ("like_rate", ("like",)),
        ("cta_rate", ("cta_click",)),
        ("follow_rate", ("follow",)),
        ("hide_rate", ("hide",)),
    ],
)
def test_engagement_is_as_planted(experiment, per_viewer, metric, events):
    for variant in experiment.variants:
        did = _arm(per_viewer, variant).select(pl.any_horizontal(events).cast(float)).to_series()
        _close(did, truth(LAUNCH, variant, metric))


def test_watch_time_and_views_are_as_planted(experiment, per_viewer):
    for variant in experiment.variants:
        arm = _arm(per_viewer, variant)
        _close(arm["watch_ms"] / 1000, truth(LAUNCH, variant, "watch_seconds"))
        _close(arm["views"].cast(float), truth(LAUNCH, variant, "impressions"))


def test_completion_is_as_planted_by_viewer_and_by_view(experiment, per_viewer):
    for variant in experiment.variants:
        arm = _arm(per_viewer, variant)
        complete = arm["complete_12" if variant.creative["length"] == "12s" else "complete_15"]
        _close((complete > 0).cast(float), truth(LAUNCH, variant, "completion_rate"))
        # The ratio by its linearised values: their mean is zero where the planted ratio is right.
        _close(complete - truth(LAUNCH, variant, "completions_per_view") * arm["views"], 0.0)


def test_truth_of_a_story_small_enough_for_paper(experiment):
    # One persona, one view, half leave in every second, nobody likes before second 3:
    # S(3) = 1/8, S(12) = 2^-12, likes S(3) x 0.5 = 1/16.
    audience = StoryAudience((Persona(1.0, 1.0, 1.0, (1.0,)),), (0.5,), dict.fromkeys(ENGAGEMENTS, 0.0), {}, (1,) * 24)
    audience.chances["like"] = 0.5
    control = experiment.control
    assert truth(audience, control, "watched_3s") == 1 / 8
    assert truth(audience, control, "watched_12s") == 2**-12
    assert truth(audience, control, "like_rate") == truth(audience, control, "engagement_rate") == 1 / 16
    # Sum over seconds of S(s) is 1 + 1/2 + ... + 2^-14; a leaver stays 0.4995 of the second it leaves in, not all.
    stayed = sum(2.0**-second for second in range(1, 16))
    assert truth(audience, control, "watch_seconds") == pytest.approx(stayed + 0.4995 * (1 - 2**-15))


def test_a_nudge_moves_only_its_level(experiment):
    plain = StoryAudience(LAUNCH.personas, LAUNCH.leaving, LAUNCH.chances, {}, LAUNCH.hours)
    nudged = StoryAudience(
        LAUNCH.personas, LAUNCH.leaving, LAUNCH.chances, {"cta=shop_now": Nudge(events={"like": 2.0})}, LAUNCH.hours
    )
    for variant in experiment.variants:
        factor = 2 if variant.creative["cta"] == "shop_now" else 1
        assert truth(nudged, variant, "like_rate") == pytest.approx(factor * truth(plain, variant, "like_rate"))


def test_nobody_outlasts_the_cut(experiment):
    assert all(truth(LAUNCH, variant, "watched_16s") == 0 for variant in experiment.variants)


def test_one_seed_one_log(experiment, assigned, played):
    few = assigned.head(500)
    first, again = (play(LAUNCH, experiment, few, seed=7) for _ in range(2))
    assert first.events.equals(again.events)
    assert first.exposures.equals(again.exposures)
    assert not first.events.equals(play(LAUNCH, experiment, few, seed=8).events)
    assert crowd(50, seed=1).equals(crowd(50, seed=1))


def test_everything_lies_in_the_schedule_and_within_a_day_of_the_exposure(experiment, played):
    at = pl.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="us").cast(pl.Int64)
    exposed = played.exposures.select("viewer_id", exposed=at)
    assert exposed["exposed"].min() >= experiment.start_us
    assert exposed["exposed"].max() < experiment.end_us
    after = (
        played.events.select("viewer_id", at=at).join(exposed, on="viewer_id").select(pl.col("at") - pl.col("exposed"))
    )
    assert after.to_series().is_between(0, 24 * 3_600_000_000, closed="left").all()


def test_without_a_schedule_nobody_comes():
    open_ended = Experiment.model_validate(
        {"version": 1, "key": "k", "factors": {"cta": ["none", "shop"]}, "metrics": {"primary": "like_rate"}}
    )
    with pytest.raises(ValueError, match="schedule"):
        play(LAUNCH, open_ended, pl.DataFrame({"viewer_id": [], "variant": []}), seed=1)
