"""How long views last, from a warehouse's counts to what a report says: plain arithmetic on the views beside."""

from collections import Counter

import pytest

from abstory.analysis.retaining import horizon, retention
from abstory.experiment import Experiment
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.reading import FixedHorizon
from abstory.warehouse.base import Endings

FIXED = FixedHorizon(0.05)
LENGTHS = {"length": ["15s", "8s"]}


def declared(factors=LENGTHS, primary="cta_rate"):
    return Experiment.model_validate({"version": 1, "key": "a", "factors": factors, "metrics": {"primary": primary}})


def ended(viewers, length_ms=None, untimed=0):
    """From one list of watched milliseconds a viewer."""
    cap = length_ms or 60_000
    cells = [Counter(((min(w, cap - 1)) // 1000, w >= cap) for w in own) for own in viewers]
    milliseconds = Counter()
    for own in viewers:
        for w in own:
            milliseconds[min(w, cap - 1) // 1000, w >= cap] += min(w, cap)
    together = Counter()
    for own in cells:
        together.update({(a, b): own[a] * own[b] for a in own for b in own if a <= b})
    return Endings(len(viewers), untimed, dict(sum(cells, Counter())), dict(milliseconds), dict(together))


LONG = [[500, 15_000], [7200], [15_000], [2900, 2999, 3000], [15_000], [9000]]
SHORT = [[8000], [8000, 1000], [400], [8000], [7999, 8000]]


def both():
    return {"15s": ended(LONG, 15_000), "8s": ended(SHORT, 8000, untimed=3)}


def share(viewers, seconds):
    watched = [w for own in viewers for w in own]
    return sum(w >= 1000 * seconds for w in watched) / len(watched)


def test_a_curve_says_what_share_of_views_lasted_that_long():
    long, short = retention(declared(), both(), FIXED, None).curves
    assert [[s.at for s in curve.seconds] for curve in (long, short)] == [list(range(1, 16)), list(range(1, 9))]
    for viewers, curve in ((LONG, long), (SHORT, short)):
        for seconds in range(1, int(curve.length) + 1):
            assert curve.watching_at(seconds) == pytest.approx(share(viewers, seconds))
    assert short.watching_at(9) is None
    assert (long.views, long.viewers, long.untimed) == (9, 6, 0)
    assert (short.views, short.viewers, short.untimed, short.length) == (7, 5, 3, 8)


def test_the_mean_to_the_shortest_length_is_exact_to_the_millisecond():
    found = retention(declared(), both(), FIXED, None)
    means = [sum(min(w, 8000) for own in views for w in own) / 1000 / n for views, n in ((LONG, 9), (SHORT, 7))]
    assert found.horizon == 8
    assert [curve.mean.value for curve in found.curves] == pytest.approx(means)
    [one] = found.comparisons
    assert one.mean.difference.value == pytest.approx(means[1] - means[0])


def test_the_steepest_second_and_who_finishes():
    long, short = retention(declared(), both(), FIXED, None).curves
    assert long.steepest.at == 3
    assert long.steepest.leaving == pytest.approx(2 / 8)
    assert short.finishing.value == pytest.approx(share(SHORT, 8) / share(SHORT, 3))


def test_an_effect_that_is_withheld_is_withheld_and_the_curves_are_not():
    found = retention(declared(), both(), FIXED, Undetermined(Reason.BEFORE_END))
    assert found.comparisons[0].mean == Undetermined(Reason.BEFORE_END)
    assert found.comparisons[0].log_rank == Undetermined(Reason.BEFORE_END)
    assert found.curves[0].seconds


def test_nobody_watched():
    found = retention(declared(), ({"15s": ended([], 15_000), "8s": ended(SHORT, 8000)}), FIXED, None)
    assert found.curves[0].seconds == ()
    assert found.curves[0].mean.reason is Reason.NO_VIEWERS
    assert found.comparisons[0].mean.reason is Reason.NO_VIEWERS
    assert found.curves[0].steepest is None


def test_without_lengths_complete_views_are_still_watching_where_they_stopped():
    """Three videos of 4 s, two of them watched to their end, one left at 2 s: 4 s is no second where many leave."""
    arm = Endings(
        3,
        0,
        {(2, False): 1, (4, True): 2},
        {(2, False): 2500, (4, True): 8200},
        {((2, False),) * 2: 1, ((4, True),) * 2: 2},
    )
    experiment = declared({"cta": ["none", "shop"]}, primary="watched_4s")
    found = retention(experiment, {"none": arm, "shop": arm}, FIXED, None)
    assert found.horizon == 4
    assert found.curves[0].watching_at(4) == pytest.approx(2 / 3)
    assert found.curves[0].mean.value == pytest.approx((2.5 + 4 + 4) / 3)
    assert found.curves[0].length is None


@pytest.mark.parametrize(
    ("factors", "primary", "seconds"),
    [
        (LENGTHS, "cta_rate", 8),
        ({"length": ["7500ms", "15s"]}, "cta_rate", 7),
        ({"length": ["15s"], "cta": ["none", "shop"]}, "watched_3s", 15),
        ({"cta": ["none", "shop"]}, "cta_rate", None),
        ({"cta": ["none", "shop"]}, "watch_seconds_to_6s", 6),
    ],
)
def test_the_horizon_is_a_second_that_every_cut_has(factors, primary, seconds):
    experiment = declared(factors, primary)
    assert horizon(experiment) == seconds


def test_a_warehouse_that_does_not_count_endings_gives_no_curve():
    assert retention(declared(), {}, FIXED, None) is None


def test_two_arms_that_differ_are_found_to_differ():
    stay, leave = [[15_000]] * 300 + [[2000]] * 100, [[8000]] * 150 + [[2000]] * 250
    found = retention(declared(), ({"15s": ended(stay, 15_000), "8s": ended(leave, 8000)}), FIXED, None)
    [one] = found.comparisons
    assert isinstance(one.mean, Effect)
    assert one.mean.difference.interval.high < 0
    assert one.log_rank > 0
    assert max(one.p_value, one.mean.p_value) < 1e-6
