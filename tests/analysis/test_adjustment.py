"""Covariates from the store to the effect, held to statsmodels' regressions on the viewers themselves."""

import math

import numpy as np
import pytest
import statsmodels.api as sm

from abstory.analysis import plan, run
from abstory.experiment import DAY_US, Experiment
from abstory.results import Status
from abstory.stats.estimate import Effect
from abstory.warehouse import open_store
from abstory.warehouse.base import Exposure

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
N = 600


def insert(connection, table, rows):
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(f"INSERT INTO {table} SELECT {', '.join('unnest(?)' for _ in columns)}", columns)


def declared(metrics=None, covariates=("seconds",), **analysis):
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "schedule": {"start": "2023-11-15", "end": "2023-11-29"},
            "factors": {"cta": ["none", "shop"]},
            "metrics": metrics or {"primary": "watch_seconds", "secondary": ["cta_rate", "engagements_per_view"]},
            "analysis": {"looks": "fixed", "covariates": list(covariates), **analysis},
        }
    )


@pytest.fixture(scope="module")
def people():
    """What viewers did, and what was known of them; a third had no value, ten a value from after the exposure."""
    random = np.random.default_rng(5)
    before = np.round(random.gamma(2.0, 5.0, N), 3)
    shop = np.arange(N) % 2
    views = 1 + random.poisson(1.5, N)
    watch = np.round(1000 * (before * (1 + 0.2 * shop) + random.gamma(2.0, 1.0, N))).astype(int)
    clicks = (random.random(N) < 1 / (1 + np.exp(2 - before / 8))).astype(int)
    known = (random.random(N) < 0.67).astype(int)
    likes = random.binomial(views, np.minimum(0.9, before / 40))
    return {
        "x": before * known,
        "known": known,
        "shop": shop,
        "watch": watch,
        "views": views,
        "cta": clicks,
        "likes": likes,
    }


@pytest.fixture(scope="module")
def store(people, tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("prior") / "abstory.duckdb", create=True) as opened:
        names = np.where(people["shop"] == 1, "shop", "none")
        at = [START + i * 1_000_000 for i in range(N)]
        opened.record([Exposure("cta", f"v{i}", str(names[i]), at[i], None, None) for i in range(N)])
        events, attributes = [], []
        for i in range(N):
            events += [
                (f"v{i}", "view", at[i] + j, int(people["watch"][i]) if j == 0 else 0)
                for j in range(people["views"][i])
            ]
            events += [(f"v{i}", "cta_click", at[i] + 50, None)] * int(people["cta"][i])
            events += [(f"v{i}", "like", at[i] + 100 + j, None) for j in range(people["likes"][i])]
            if people["known"][i]:
                attributes += [
                    (f"v{i}", "seconds", "0", at[i] - 900),
                    (f"v{i}", "seconds", str(people["x"][i]), at[i] - 1),
                ]
            elif i < 40:
                attributes.append((f"v{i}", "seconds", "1000", at[i] + 5))
            attributes.append((f"v{i}", "too_late", "1", at[i] + 5))
        events.append(("stranger", "view", START + 20 * DAY_US, 0))
        connection = opened.connection
        insert(connection, "events (viewer_id, event, occurred_at, watch_ms)", events)
        insert(connection, "attributes (viewer_id, name, value, measured_at)", attributes)
        yield opened


def analysed(store, experiment):
    return run(experiment, store, now_us=START + 30 * DAY_US)


def regressed(people, outcome):
    """Lin's regression by statsmodels, an arm at a time: the difference, and its error for a sample of viewers."""
    columns = np.column_stack([people["x"], people["known"]])
    centre, spread = columns.mean(axis=0), np.cov(columns.T)
    fits = [sm.OLS(outcome[people["shop"] == a], sm.add_constant(columns[people["shop"] == a])).fit() for a in (0, 1)]
    means = [fit.get_prediction([[1, *centre]]) for fit in fits]
    gap = fits[1].params[1:] - fits[0].params[1:]
    variance = sum(one.se_mean[0] ** 2 for one in means) + gap @ spread @ gap / N
    return means[1].predicted_mean[0] - means[0].predicted_mean[0], math.sqrt(variance)


def linearised(people):
    made = np.zeros(N)
    for a in (0, 1):
        own = people["shop"] == a
        did = people["likes"][own] + people["cta"][own]
        ratio = did.sum() / people["views"][own].sum()
        made[own] = ratio + (did - ratio * people["views"][own]) / people["views"][own].mean()
    return made


@pytest.mark.parametrize("metric", ["watch_seconds", "cta_rate", "engagements_per_view"])
def test_every_kind_of_metric_is_adjusted_as_statsmodels_does_it(store, people, metric):
    outcome = {
        "watch_seconds": people["watch"] / 1000,
        "cta_rate": people["cta"].astype(float),
        "engagements_per_view": linearised(people),
    }[metric]
    result = analysed(store, declared())
    effect = next(one for one in result.metrics if one.outcome.metric.name == metric).comparisons[0].effect
    difference, error = regressed(people, outcome)
    assert isinstance(effect, Effect)
    assert effect.method == "lin"
    assert effect.difference.value == pytest.approx(difference, rel=1e-9)
    assert effect.standard_error == pytest.approx(error, rel=1e-9)
    plain = np.var(outcome[people["shop"] == 0], ddof=1) / 300 + np.var(outcome[people["shop"] == 1], ddof=1) / 300
    assert effect.removed == pytest.approx(1 - error**2 / plain, rel=1e-6, abs=1e-9)


def test_the_difference_and_the_lift_are_read_from_one_statistic(store):
    for alpha in (0.001, 0.05, 0.5):
        for one in analysed(store, declared(alpha=f"{alpha:.1%}")).metrics:
            effect = one.comparisons[0].effect
            assert effect.difference.interval.excludes(0) is (effect.p_value < alpha)
            assert effect.difference.interval.excludes(0) is effect.lift.interval.excludes(0)


def test_the_how_says_what_adjustment_did(store):
    notes = analysed(store, declared()).method.notes
    told = next(note for note in notes if note.startswith("covariate-adjusted by seconds"))
    assert "on watch_seconds" in told
    assert "on cta_rate" in told


def test_values_show_what_was_seen_and_not_what_was_adjusted(store, people):
    watch = analysed(store, declared()).metrics[0]
    assert watch.control == pytest.approx(people["watch"][people["shop"] == 0].mean() / 1000)


def test_a_covariate_from_after_the_exposure_withholds_everything(store):
    result = analysed(store, declared(covariates=["too_late"]))
    check = next(check for check in result.checks if check.id == "covariates")
    assert check.status is Status.FAIL
    assert "measured after the first exposure" in check.said
    assert not result.trusted


def test_a_covariate_that_nobody_has_is_said_and_the_effect_is_plain(store):
    result = analysed(store, declared(covariates=["nothing"]))
    assert next(check for check in result.checks if check.id == "covariates").status is Status.WARN
    assert result.metrics[0].comparisons[0].effect.method == "welch"
    assert any("not adjusted by covariates" in note for note in result.method.notes)


def test_few_outcomes_are_left_to_the_score(store):
    result = analysed(store, declared({"primary": "follow_rate", "secondary": ["watch_seconds"]}))
    rate, watch = (one.comparisons[0].effect for one in result.metrics)
    assert not isinstance(rate, Effect) or rate.method != "lin"
    assert watch.method == "lin"


def test_values_from_after_exposure_are_counted_where_others_are_known(store):
    check = next(check for check in analysed(store, declared()).checks if check.id == "covariates")
    assert check.status is Status.OK
    assert check.figures["after_seconds"] > 0


def test_a_difference_before_exposure_is_warned_of(store):
    store.connection.execute(
        "INSERT INTO attributes BY NAME SELECT viewer_id, 'unlike' AS name, CASE WHEN variant = 'shop' THEN '2' ELSE '1' END"
        " || '.' || CAST(exposed_at % 7 AS VARCHAR) AS value, 0 AS measured_at FROM exposures"
    )
    check = next(check for check in analysed(store, declared(covariates=["unlike"])).checks if check.id == "covariates")
    assert check.status is Status.WARN
    assert "differs between shop and control" in check.said


def test_means_on_the_other_side_than_the_adjusted_change_are_told(store, people):
    """Who watched much before is put into one variant alone, as a fault would: as seen it leads, adjusted it trails."""
    outcome = (people["watch"] / 1000)[:, None]
    store.connection.execute(
        "INSERT INTO attributes BY NAME SELECT viewer_id, 'all' AS name, CAST(seen.watch + CASE WHEN variant = 'shop'"
        " THEN 5000 ELSE 0 END + exposed_at // 1000000 % 7 * 300 AS VARCHAR) AS value, 0 AS measured_at FROM exposures JOIN (SELECT viewer_id,"
        " SUM(watch_ms) AS watch FROM events GROUP BY viewer_id) AS seen USING (viewer_id)"
    )
    result = analysed(store, declared(covariates=["all"]))
    watch = next(one for one in result.metrics if one.outcome.metric.name == "watch_seconds")
    assert outcome[people["shop"] == 1].mean() > outcome[people["shop"] == 0].mean()
    assert watch.comparisons[0].effect.difference.value < 0
    assert any(note.startswith("watch_seconds: means of shop lie on one side") for note in result.method.notes)
    assert not any("lie on one side" in note for note in analysed(store, declared()).method.notes)


def test_products_are_asked_for_only_with_covariates():
    assert not [p for p in plan(declared(covariates=[]), 0).pairs if "before" in str(p)]
    question = plan(declared({"primary": "cta_rate"}), 0)
    # The rate's own square, 2 products with value and known, 3 among those.
    assert len(question.pairs) == 6
