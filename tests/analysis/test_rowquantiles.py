"""Quantile metrics from the file to the effect: Woodruff's interval worked out from the views themselves with numpy."""

import math

import numpy as np
import pytest
from scipy import stats

from abstory.analysis import run
from abstory.experiment import DAY_US, Experiment
from abstory.results import Reads
from abstory.stats.estimate import Reason, Undetermined
from abstory.warehouse import open_store
from abstory.warehouse.base import Exposure

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
N = 500
Z = stats.norm.ppf(0.975)


def declared(*shares, **analysis):
    define = {f"watch_p{share[:-1]}": {"kind": "quantile", "quantile": share, "of": "watch"} for share in shares}
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "schedule": {"start": "2023-11-15", "end": "2023-11-29"},
            "factors": {"cta": ["none", "shop"]},
            "metrics": {"primary": list(define), "define": define},
            "analysis": {"looks": "fixed", "multiplicity": "none", **analysis},
        }
    )


@pytest.fixture(scope="module")
def views():
    """(viewer, milliseconds) of every view; the viewers' own levels make their views alike."""
    random = np.random.default_rng(3)
    level = random.lognormal(2.0, 0.6, N) * np.where(np.arange(N) % 2, 1.25, 1.0)
    counts = random.poisson(2.5, N)
    viewer = np.repeat(np.arange(N), counts)
    return viewer, np.round(1000 * level[viewer] * random.lognormal(0, 0.3, len(viewer))).astype(int)


def store(folder, views):
    opened = open_store(folder / "abstory.duckdb", create=True)
    opened.record([Exposure("cta", f"v{i}", ("none", "shop")[i % 2], START + i, None, None) for i in range(N)])
    viewer, watch = views
    columns = [[f"v{i}" for i in viewer], [START + int(i) + j for j, i in enumerate(viewer)], [int(ms) for ms in watch]]
    opened.connection.execute(
        "INSERT INTO events (event, viewer_id, occurred_at, watch_ms) SELECT 'view', unnest(?), unnest(?), unnest(?)",
        columns,
    )
    opened.record([Exposure("other", "v0", "x", START + 20 * DAY_US, None, None)])
    opened.connection.execute(
        f"INSERT INTO events (viewer_id, event, occurred_at) VALUES ('s', 'view', {START + 20 * DAY_US})"
    )
    return opened


@pytest.fixture(scope="module")
def stored(views, tmp_path_factory):
    with store(tmp_path_factory.mktemp("quantiles"), views) as opened:
        yield opened


def worked_out(views, arm, q):
    """The quantile and its error: shares by viewer, turned back through the sorted values."""
    viewer, watch = views
    own = viewer % 2 == arm
    viewer, watch = viewer[own], watch[own] / 1000
    value = np.quantile(watch, q, method="inverted_cdf")
    share = np.mean(watch <= value)
    u = np.array([np.sum((watch[viewer == j] <= value) - share) for j in np.unique(viewer)])
    error = math.sqrt(len(u) / (len(u) - 1) * np.sum(u**2)) / len(watch)
    low, high = (np.quantile(watch, share + side * Z * error, method="inverted_cdf") for side in (-1, 1))
    return value, (high - low) / (2 * Z)


@pytest.mark.parametrize("share", ["50%", "25%", "90%"])
def test_the_effect_is_woodruffs(stored, views, share):
    (metric,) = run(declared(share), stored, now_us=START + 30 * DAY_US).metrics
    (theirs, e_c), (mine, e_t) = (worked_out(views, arm, float(share[:-1]) / 100) for arm in (0, 1))
    effect, error = metric.comparisons[0].effect, math.hypot(e_t, e_c)
    assert (metric.control, metric.comparisons[0].value) == (pytest.approx(theirs), pytest.approx(mine))
    assert effect.difference.value == pytest.approx(mine - theirs)
    assert effect.difference.interval.low == pytest.approx(mine - theirs - Z * error)
    assert effect.p_value == pytest.approx(2 * stats.norm.sf(abs(mine - theirs) / error))
    assert effect.lift.interval.excludes(0) is effect.difference.interval.excludes(0)
    assert effect.method == "woodruff"


def test_two_quantiles_at_once_and_beside_covariates(stored):
    experiment = declared("50%", "90%", covariates=["nothing"])
    both = run(experiment, stored, now_us=START + 30 * DAY_US).metrics
    one = run(declared("90%"), stored, now_us=START + 30 * DAY_US).metrics
    assert both[1].comparisons[0].effect == one[0].comparisons[0].effect


def test_many_ties_give_no_number_and_say_why(views, tmp_path):
    viewer, watch = views
    with store(tmp_path, (viewer, watch // 10_000 * 10_000)) as rounded:
        result = run(declared("50%"), rounded, now_us=START + 30 * DAY_US)
    comparison = result.metrics[0].comparisons[0]
    assert isinstance(comparison.effect, Undetermined)
    assert isinstance(comparison.value, Undetermined)
    assert comparison.reads is Reads.UNKNOWN
    assert any("distinct values" in note for note in result.method.notes)


def test_no_view_is_no_quantile(tmp_path):
    with store(tmp_path, (np.array([], int), np.array([], int))) as empty:
        result = run(declared("50%"), empty, now_us=START + 30 * DAY_US)
    assert result.metrics[0].control.reason in {Reason.TOO_FEW, Reason.NO_VIEWERS}


def test_a_definition_without_quantiles_keeps_its_fingerprint():
    own = {"saves": {"kind": "proportion", "event": "save"}}
    file = {"version": 1, "key": "a", "factors": {"cta": ["x", "y"]}, "metrics": {"primary": "saves", "define": own}}
    told = Experiment.model_validate(file).analysis_fields()["define"]["saves"]
    assert set(told) == {"kind", "event", "count", "sum", "numerator", "denominator", "direction"}
