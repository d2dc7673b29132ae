"""Winsorising from the file to the effect: values cut at numpy's quantile of both arms, then Welch by scipy."""

import numpy as np
import pytest
from scipy import stats

from abstory.analysis import run
from abstory.experiment import DAY_US, Experiment
from abstory.warehouse import open_store
from abstory.warehouse.base import Exposure

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
N = 400


def insert(connection, table, rows):
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(f"INSERT INTO {table} SELECT {', '.join('unnest(?)' for _ in columns)}", columns)


def declared(*primary, **fields):
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "schedule": {"start": "2023-11-15", "end": "2023-11-29"},
            "factors": {"cta": ["none", "shop"]},
            "metrics": {"primary": list(primary)},
            "analysis": {"looks": "fixed", "multiplicity": "none"},
            **fields,
        }
    )


CUT = declared(
    {"name": "watch_seconds", "winsorize": "95%"},
    {"name": "engagements_per_view", "winsorize": "90%"},
    {"name": "impressions"},
)


@pytest.fixture(scope="module")
def people():
    random = np.random.default_rng(11)
    watch = np.round(1000 * random.lognormal(1.5, 1.5, N)).astype(int) * (random.random(N) < 0.8)
    return {
        "shop": np.arange(N) % 2 == 1,
        "watch": watch,
        "views": 1 + random.poisson(3, N),
        "likes": random.poisson(2, N),
    }


@pytest.fixture(scope="module")
def result(people, tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("cut") / "abstory.duckdb", create=True) as store:
        names = np.where(people["shop"], "shop", "none")
        store.record([Exposure("cta", f"v{i}", str(names[i]), START + i, None, None) for i in range(N)])
        rows = [(f"v{i}", "like", START + i + j, None) for i in range(N) for j in range(people["likes"][i])]
        rows += [
            (f"v{i}", "view", START + i + j, int(people["watch"][i]) if j == 0 else 0)
            for i in range(N)
            for j in range(people["views"][i])
        ]
        rows.append(("stranger", "view", START + 20 * DAY_US, 0))
        insert(store.connection, "events (viewer_id, event, occurred_at, watch_ms)", rows)
        return run(CUT, store, now_us=START + 30 * DAY_US)


def cut(values, share):
    return np.minimum(values, np.floor(np.quantile(values[values > 0], share)))


def test_a_mean_of_cut_values_is_scipys_welch(result, people):
    effect = result.metrics[0].comparisons[0].effect
    seconds = cut(people["watch"], 0.95) / 1000
    mine, theirs = seconds[people["shop"]], seconds[~people["shop"]]
    assert effect.difference.value == pytest.approx(mine.mean() - theirs.mean(), rel=1e-12)
    assert effect.p_value == pytest.approx(stats.ttest_ind(mine, theirs, equal_var=False).pvalue, rel=1e-9)


def test_both_sides_of_a_ratio_are_cut(result, people):
    likes, views = cut(people["likes"], 0.90), cut(people["views"], 0.90)
    own = people["shop"]
    assert result.metrics[1].comparisons[0].value == pytest.approx(likes[own].sum() / views[own].sum(), rel=1e-12)


def test_a_metric_that_is_not_cut_stays_whole(result, people):
    assert result.metrics[2].control == pytest.approx(people["views"][~people["shop"]].mean())


def test_the_share_above_the_cap_is_told_by_variant(result, people):
    note = next(note for note in result.method.notes if note.startswith("watch_seconds:"))
    cap = np.floor(np.quantile(people["watch"][people["watch"] > 0], 0.95))
    above = [100 * np.mean(people["watch"][people["shop"] == arm] > cap) for arm in (False, True)]
    assert f"cut at {cap / 1000:.1f}" in note
    assert f"{above[0]:.2f}% of none, {above[1]:.2f}% of shop" in note


def test_a_cut_is_part_of_the_fingerprint_and_of_the_definition():
    plain, one, other = (
        declared({"name": "watch_seconds", **more}) for more in ({}, {"winsorize": "99%"}, {"winsorize": "99.9%"})
    )
    assert len({plain.fingerprint, one.fingerprint, other.fingerprint}) == 3
    assert other.outcomes[0].metric.definition.endswith("cut at 99.9%")


def test_without_covariates_and_cuts_nothing_more_is_said():
    assert not declared({"name": "watch_seconds"}).outcomes[0].metric.measure.winsorize
