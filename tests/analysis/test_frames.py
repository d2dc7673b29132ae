"""Frames of a declared experiment: shares by closed form, statistics by the score called beside, families, words."""

import numpy as np
import pytest

from abstory.analysis.frames import Question, frames, notes
from abstory.experiment import Experiment
from abstory.report.frames import headline
from abstory.results import Reads
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.moments import Moments, Tally
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.proportions import compare
from abstory.stats.reading import FixedHorizon
from abstory.warehouse.base import Answer, ArmData, FrameData

SCHEDULE = {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"}
ENDED = {(1, "exit"): 300, (1, "swipe"): 200, (2, "exit"): 150, (3, "swipe"): 250, (3, "complete"): 1900}


def declared(**fields):
    plain = {
        "version": 1,
        "key": "f",
        "schedule": SCHEDULE,
        "frames": 3,
        "factors": {"price": ["plain", "sale"]},
        "metrics": {"primary": "cta_rate"},
        "analysis": {"looks": "fixed"},
        **fields,
    }
    return Experiment.model_validate({k: v for k, v in plain.items() if v is not None})


def data(ended, *, n=3000, done=None, beyond=0, unframed=0):
    moments = Moments(n, {"any(cta_click)": 0.1}, {})
    return ArmData(moments, 0, 0, moments, frames=FrameData(ended, done or {}, beyond, unframed))


def read(arms, experiment=None, withheld=None):
    return frames(Question(experiment or declared(), Answer(arms, {}, 0, 0, 0, 0, 0, 0, {}), withheld))


def moved(step, cause, count):
    """Viewers who leave on a frame instead of coming to the end."""
    ended = dict(ENDED)
    ended[step, cause] = ended.get((step, cause), 0) + count
    ended[3, "complete"] -= count
    return ended


def test_shares_are_of_all_exposed_viewers():
    told = read({"plain": data(ENDED), "sale": data(ENDED)})
    funnel = told.funnels["plain"].funnel
    # 200 viewers of 3,000 did nothing at all: on frame 1, by no event
    assert [funnel.left(step).successes for step in (1, 2, 3)] == [300 + 200 + 200, 150, 250]
    assert [funnel.reached(step).successes for step in (1, 2, 3)] == [3000, 2300, 2150]
    assert {c.reads for c in told.contrasts} == {Reads.UNCLEAR}
    assert headline(told, "sale") == "part at no frame that can be told"


def test_a_contrast_is_the_score_at_the_level_of_its_family():
    told = read({"plain": data(ENDED), "sale": data(moved(2, "swipe", 120))})
    found = told.of("sale", "left")[1]
    wanted = compare(Tally(3000, 270), Tally(3000, 150), Bonferroni(FixedHorizon(0.05), 3))
    assert found.effect == wanted
    assert told.families == {"left": 3, "reached": 2, "forward": 3, "back": 3}


def test_they_part_where_the_gap_is_largest_and_the_cause_is_named():
    ended = moved(2, "swipe", 120) | {(1, "exit"): 400}
    ended[3, "complete"] -= 100
    told = read({"plain": data(ENDED), "sale": data(ended)})
    assert told.parting("sale").frame == 2
    assert told.parting("sale").reads is Reads.WORSE
    assert headline(told, "sale") == "part at frame 2: 9.00% leave there against 5.00%, mostly by swipe"


def test_names_of_frames_are_said():
    experiment = declared(frames=["intro", "product", "cta"])
    told = read({"plain": data(ENDED), "sale": data(moved(2, "exit", 120))}, experiment)
    assert told.names == ("intro", "product", "cta")
    assert headline(told, "sale").startswith("part at frame 2 (product): ")


def test_taps_are_neither_better_nor_worse():
    done = {(1, "tap_forward"): (900, 1000), (2, "tap_back"): (100, 160)}
    told = read({"plain": data(ENDED, done=done), "sale": data(ENDED, done={(1, "tap_forward"): (600, 640)})})
    assert told.of("sale", "forward")[0].effect.difference.value == pytest.approx(-0.1)
    assert told.of("sale", "forward")[0].reads is Reads.DESCRIPTIVE
    assert told.funnels["plain"].times == ((1000, 0), (0, 160), (0, 0))
    assert told.funnels["plain"].back[1] == Tally(3000, 100)


def test_unequal_numbers_of_frames_are_compared_where_both_have_them():
    variants = {"plain": {"price": "plain", "frames": 4}, "sale": {"price": "sale"}}
    experiment = declared(factors=None, variants=variants)
    longer = {(1, "exit"): 700, (2, "exit"): 150, (3, "exit"): 100, (4, "complete"): 2050}
    told = read({"plain": data(longer), "sale": data(ENDED)}, experiment)
    left = told.of("sale", "left")
    assert [isinstance(one.effect, Effect) for one in left] == [True, True, False]
    assert left[2].effect == Undetermined(Reason.NOT_COMPARABLE, "3 and 4 frames")
    assert all(isinstance(one.effect, Effect) for one in told.of("sale", "reached"))
    assert told.names == ("1", "2", "3", "4")


def test_withheld_effects_leave_the_funnel():
    told = read({"plain": data(ENDED), "sale": data(ENDED)}, withheld=Undetermined(Reason.BEFORE_END))
    assert {c.effect.reason for c in told.contrasts} == {Reason.BEFORE_END}
    assert headline(told, "sale") == "cannot be told apart yet"
    assert list(notes(told)) == []


def test_what_lies_on_no_frame_is_said():
    told = read({"plain": data(ENDED, beyond=3), "sale": data(ENDED, unframed=1200)})
    assert (told.beyond, told.unframed) == (3, 1200)
    assert list(notes(told))[1:] == [
        "counted on no frame: 1,200 exits, swipes and taps that name none",
        "counted on no frame: 3 events on frames that their variant does not have",
    ]


def test_a_story_of_one_frame_has_none():
    assert read({"plain": data(ENDED), "sale": data(ENDED)}, declared(frames=None)) is None


def test_a_variant_without_viewers_is_left_out():
    told = read({"plain": data(ENDED), "sale": data({}, n=0)})
    assert (list(told.funnels), told.contrasts) == (["plain"], ())


def test_frames_are_part_of_the_fingerprint_where_they_are_declared():
    plain = declared(frames=None)
    assert plain.fingerprint != declared().fingerprint != declared(frames=4).fingerprint
    assert declared(frames=["a", "b", "c"]).fingerprint != declared().fingerprint


def test_repeated_viewers_make_no_false_partings():
    """300 null experiments; viewers play up to 8 times, each play leaving somewhere of the viewer's own liking.

    Per viewer the furthest frame counts once, so at most 5% of experiments part anywhere; the bound is the 99.9%
    binomial one about 15. Plays counted as viewers would part in far more: that is the contrast below.
    """
    rng = np.random.default_rng(20261127)
    wrong = {"viewers": 0, "plays": 0}
    for _ in range(300):
        arms, plays = {}, []
        for name in ("plain", "sale"):
            liking = rng.dirichlet([0.6, 0.6, 0.6], 400)
            count = rng.integers(1, 9, 400)
            at = [rng.choice(3, size=n, p=p) + 1 for n, p in zip(count, liking, strict=True)]
            furthest = np.array([frames_.max() for frames_ in at])
            arms[name] = data(
                {(k, "exit"): int((furthest == k).sum()) for k in (1, 2, 3) if (furthest == k).any()}, n=400
            )
            plays.append(np.bincount(np.concatenate(at), minlength=4)[1:])
        wrong["viewers"] += read(arms).parting("sale") is not None
        each = Bonferroni(FixedHorizon(0.05), 3)
        found = [
            compare(Tally(int(b.sum()), int(b[k])), Tally(int(a.sum()), int(a[k])), each)
            for a, b in [plays]
            for k in range(3)
        ]
        wrong["plays"] += any(one.p_value < 0.05 for one in found)
    assert 3 <= wrong["viewers"] <= 29, wrong
    assert wrong["plays"] > 60, wrong
