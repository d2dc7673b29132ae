"""Twyman's law: figures that are too good, too round or too equal are shown with a doubt."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from abstory.experiment import Experiment
from abstory.quality import Evidence, checks
from abstory.results import Status
from abstory.stats.estimate import Effect, Estimate
from abstory.stats.moments import Moments, pair
from abstory.stats.reading import FixedHorizon
from abstory.stats.sequential import AlwaysValid
from abstory.warehouse.base import Answer, ArmData

CTA = "any(cta_click)"


def declared(metrics, **fields):
    given = {"version": 1, "key": "cta", "factors": {"cta": ["none", "shop"]}, "metrics": metrics, **fields}
    return Experiment.model_validate(given)


RATE = declared({"primary": [{"name": "cta_rate", "mde": "2%"}]})


def rate(n, share):
    return Moments(n, {CTA: share}, {})


def found(none, shop, *, experiment=RATE, days=((), ())):
    arms = {
        name: ArmData(moments, 0, 0, moments, 0, moments.n, dict(own))
        for name, moments, own in zip(("none", "shop"), (none, shop), days, strict=True)
    }
    answer = Answer(arms, {}, 0, 0, 0, 0, 0, 0, {})
    return next(check for check in checks(Evidence(experiment, answer, {})) if check.id == "twyman")


def test_a_plain_result_is_no_surprise():
    assert found(rate(5000, 0.10), rate(5000, 0.108)).status is Status.OK


@pytest.mark.parametrize(("share", "n", "status"), [(0.12, 20_000, Status.WARN), (0.12, 500, Status.OK)])
def test_a_lift_of_more_than_five_times_the_mde_when_it_is_shown(share, n, status):
    # +20 % against an MDE of 2 %: z = 6.4 with 20,000 viewers, 1.0 with 500.
    check = found(rate(n, 0.10), rate(n, share))
    assert check.status is status
    assert ("more than 5 x MDE" in check.said) is (status is Status.WARN)


def test_a_first_day_beyond_eight_errors():
    no_mde = declared({"primary": "cta_rate"})
    first, rest = (rate(1000, 0.10), rate(1000, 0.30)), (rate(9000, 0.10), rate(9000, 0.10))
    days = [{5: a, 6: b} for a, b in zip(first, rest, strict=True)]
    whole = [a + b for a, b in zip(first, rest, strict=True)]
    check = found(*whole, experiment=no_mde, days=days)
    # (300 v 100 of 1,000: z = 11.2 by the pooled test)
    assert stats.chi2_contingency([[300, 700], [100, 900]], correction=False).statistic > 64
    assert "first day" in check.said
    assert found(*whole, experiment=no_mde).status is Status.OK


SECONDS = declared({"primary": [{"name": "watch_seconds", "mde": "2%"}]})
sizes = st.integers(100, 30_000)


def seconds(n, mean, deviation):
    watch = "sum_watch(view)"
    return Moments(n, {watch: mean}, {pair(watch, watch): deviation**2})


@given(sizes, sizes, st.floats(0.01, 0.99), st.floats(0.8, 1.25))
def test_rates_surprise_exactly_where_their_whole_effect_does(none, shop, share, change):
    arms = rate(none, round(share * none) / none), rate(shop, round(min(1.0, share * change) * shop) / shop)
    held_to_the_effect(RATE, arms)


@given(sizes, sizes, st.floats(1_000, 20_000), st.floats(0.8, 1.25), st.floats(10, 30_000))
def test_means_surprise_exactly_where_their_whole_effect_does(none, shop, mean, change, deviation):
    held_to_the_effect(SECONDS, (seconds(none, mean, deviation), seconds(shop, mean * change, deviation)))


def held_to_the_effect(experiment, arms):
    outcome = experiment.outcomes[0]
    enough = not any(AlwaysValid(0.001, 1000).lacks(outcome.metric.sample(arm)) for arm in arms)
    effect = outcome.metric.effect(*reversed(arms), FixedHorizon(0.001)) if enough else None
    lift = effect.lift if isinstance(effect, Effect) else None
    moved = isinstance(lift, Estimate) and effect.p_value < 0.001 and abs(lift.value) > 5 * outcome.mde.value
    far = isinstance(effect, Effect) and abs(effect.statistic) > 8
    said = found(*arms, experiment=experiment, days=[{5: arm} for arm in arms]).figures.get("all", "")
    assert ("more than 5 x MDE" in said) is moved
    assert ("first day" in said) is (far and not moved)


def test_a_rate_of_nothing_or_of_everything():
    assert "is 0 for all of 2,000 viewers" in found(rate(1000, 0), rate(1000, 0)).said
    assert found(rate(400, 0), rate(400, 0)).status is Status.OK
    assert "cta_rate of shop is 100%" in found(rate(1000, 0.5), rate(1000, 1.0), experiment=_plain()).said
    # At 2 % elsewhere, none of 400 has a chance of .98^400 = .0003; none of 300 one of .0023.
    assert "shop is 0, of the others" in found(rate(5000, 0.02), rate(400, 0), experiment=_plain()).said
    assert found(rate(5000, 0.02), rate(300, 0), experiment=_plain()).status is Status.OK


def _plain():
    return declared({"primary": "cta_rate"})


def test_reports_may_be_none_at_all():
    quiet = declared({"primary": "report_rate"})
    none = Moments(1000, {"any(report)": 0.0}, {})
    assert found(none, none, experiment=quiet).status is Status.OK


def test_the_very_same_numbers_twice():
    watch = "sum_watch(view)"
    seconds = declared({"primary": "watch_seconds"})
    moments = Moments(1000, {watch: 8123.5}, {(watch, watch): 1.7e6})
    assert "the very same numbers" in found(moments, moments, experiment=seconds).said
    other = replace(moments, means={watch: 8123.6})
    assert found(moments, other, experiment=seconds).status is Status.OK
    assert found(rate(1000, 0.1), rate(1000, 0.1)).status is Status.OK  # equal counts happen


def test_more_completions_than_views():
    done, views = "complete_views()", "count(view)"
    experiment = declared({"primary": "completions_per_view"})

    def arm(completions):
        pairs = {pair(done, done): 0.3, pair(done, views): 0.1, pair(views, views): 0.5}
        return Moments(1000, {done: completions, views: 1.2}, pairs)

    assert "shop has more completions than views" in found(arm(0.6), arm(1.25), experiment=experiment).said
    assert "completions" not in found(arm(0.6), arm(0.62), experiment=experiment).said


def test_a_fixed_horizon_does_not_tell_the_effect_before_its_end():
    fixed = declared(
        {"primary": [{"name": "cta_rate", "mde": "2%"}]},
        analysis={"looks": "fixed"},
        schedule={"start": "2023-11-15", "end": "2023-12-15"},
    )
    check = found(rate(20_000, 0.10), rate(20_000, 0.12), experiment=fixed)
    assert "20" not in check.said.replace("20,000", "")
