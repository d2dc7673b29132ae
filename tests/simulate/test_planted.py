"""The planted value of every kind of metric: on paper for a small story, against draws for the launch audience."""

import math

import numpy as np
import pytest

from abstory.experiment import Experiment
from abstory.metrics import BUILT_IN, Quantile, built_in
from abstory.simulate import LAUNCH, Nudge, Persona, StoryAudience, act, planted, truth
from abstory.simulate.cut import VIEWERS as VIEWERS_CUT
from abstory.simulate.cut import planted_cut
from abstory.simulate.values import per_viewer

# Two-sided at 5 standard errors: about 6e-7 a comparison, below 1e-4 for the module.
Z = 5.0
VIEWERS = 40_000


def declared(**changes):
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "launch",
            "schedule": {"start": "2026-11-02", "end": "2026-11-16"},
            "factors": {"length": ["15s", "12s"]},
            "metrics": {"primary": "watched_12s"},
        }
        | changes
    )


@pytest.fixture(scope="module")
def experiment():
    return declared()


@pytest.fixture(scope="module")
def acts(experiment):
    return act(LAUNCH, experiment, np.arange(VIEWERS) % 2, seed=1)


@pytest.fixture(scope="module")
def paper():
    """One persona, one view, half leave in every second, an eighth stays to second 3 and half of those like."""
    return StoryAudience((Persona(1.0, 1.0, 1.0, (1.0,)),), (0.5,), {"like": 0.5, "hide": 0.5}, {}, (1,) * 24)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        # Half leave in second 0 (0.4995 s on average), a quarter in 1, an eighth in 2, an eighth stays to 3.
        ("watch_seconds_to_3s", 0.4995 / 2 + 1.4995 / 4 + 2.4995 / 8 + 3 / 8),
        ("watched_2s", 1 / 4),
        ("like_rate", 1 / 16),
        ("hide_rate", 7 / 16),
        ("impressions", 1.0),
        ("completion_rate", 2.0**-15),
        ("completions_per_view", 2.0**-15),
    ],
)
def test_a_story_small_enough_for_paper(experiment, paper, metric, value):
    assert planted(paper, experiment.control, built_in(metric)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "name", sorted({*BUILT_IN, "watch_seconds_to_5s", "watched_7s"} - {"exit_rate", "report_rate"})
)
def test_every_built_in_metric_is_as_drawn(experiment, acts, name):
    metric = built_in(name)
    values = [per_viewer(experiment, acts, measure) * measure.scale for measure in metric.measures]
    for index, variant in enumerate(experiment.variants):
        arm = [column[acts.variant == index] for column in values]
        # A ratio by its linearised values: their mean is zero where the planted ratio is right.
        expected = planted(LAUNCH, variant, metric)
        gap = arm[0] - expected * (arm[1] if len(arm) == 2 else 1)
        assert abs(gap.mean()) <= Z * gap.std() / math.sqrt(len(gap)), (gap.mean(), gap.std())


@pytest.mark.parametrize("name", ["watched_12s", "hide_rate", "cta_rate", "watch_seconds", "completion_rate"])
def test_both_ways_of_asking_agree(experiment, name):
    for variant in experiment.variants:
        assert planted(LAUNCH, variant, built_in(name)) == pytest.approx(truth(LAUNCH, variant, name), rel=1e-12)


def test_an_event_of_the_teams_own_is_planted(paper):
    own = declared(
        metrics={"primary": "buyers", "define": {"buyers": {"kind": "proportion", "event": ["purchase", "like"]}}}
    )
    audience = StoryAudience(paper.personas, paper.leaving, {"like": 0.5, "purchase": 0.5}, {}, paper.hours)
    # One eighth stays, three quarters of those do at least one of two independent things.
    assert planted(audience, own.control, own.outcomes[0].metric) == pytest.approx(3 / 32)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_a_quantile_is_as_drawn(experiment, acts, share):
    """The share of all drawn views at or below it, a binomial five errors wide (views of one viewer alike: twice)."""
    for index, variant in enumerate(experiment.variants):
        views = acts.watch_ms[acts.variant[acts.viewer] == index]
        at = round(1000 * planted(LAUNCH, variant, Quantile("q", share, "q")))
        error = 2 * Z * math.sqrt(share * (1 - share) / len(views))
        assert abs((views <= at).mean() - share) <= error
        assert abs((views < at).mean() - share) <= error + 1e-3


@pytest.mark.parametrize(
    ("share", "seconds"), [(0.25, 0.499), (0.5, 0.999), (0.75, 1.999), (0.8125, 2.499), (1 - 2**-16, 15.0)]
)
def test_a_quantile_small_enough_for_paper(experiment, paper, share, seconds):
    # Half leave in second 0, each of its thousand milliseconds alike; 2^-15 stay to the end.
    assert planted(paper, experiment.control, Quantile("q", share, "q")) == seconds


def test_a_cut_mean_is_numpys(experiment):
    """The cap is numpy's quantile of both variants' values above 0; the means those of the values clipped there."""
    from dataclasses import replace as changed

    measure = changed(built_in("watch_seconds").measure, winsorize=0.9)
    metric = changed(built_in("watch_seconds"), measure=measure)
    found = planted_cut(experiment, LAUNCH, [metric])["watch_seconds"]
    every = [
        per_viewer(experiment, act(LAUNCH, experiment, np.full(VIEWERS_CUT, index), seed=0), measure)
        for index in (0, 1)
    ]
    cap = int(np.quantile(np.concatenate(every)[np.concatenate(every) > 0], 0.9))
    assert found == pytest.approx([np.minimum(one, cap).mean() / 1000 for one in every], rel=1e-12)


def test_what_an_audience_does_not_do_is_not_planted(experiment, paper):
    with pytest.raises(KeyError):
        planted(paper, experiment.control, built_in("save_rate"))


def test_a_nudge_by_name_moves_that_variant_only(experiment, paper):
    nudged = StoryAudience(
        paper.personas, paper.leaving, paper.chances, {"12s": Nudge(events={"like": 2.0})}, paper.hours
    )
    control, other = experiment.variants
    assert planted(nudged, control, built_in("like_rate")) == 1 / 16
    assert planted(nudged, other, built_in("like_rate")) == 1 / 8
