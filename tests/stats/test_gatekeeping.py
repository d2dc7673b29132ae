"""Graphs of hypotheses: R's gMCP cases lie in tests/oracles; here other procedures that are graphs, and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.gatekeeping import Graph, adjusted_p, fixed_sequence, holm_graph, primaries_first
from abstory.stats.multiplicity import holm
from abstory.stats.reading import FixedHorizon
from abstory.stats.selective import false_coverage_level, false_coverage_reading, selected
from abstory.stats.tails import two_sided_p

ps = st.lists(st.floats(1e-6, 1), min_size=1, max_size=7)


@given(ps)
def test_the_even_graph_is_holm(p):
    assert adjusted_p(holm_graph(len(p)), p) == pytest.approx(holm(p), rel=1e-9)


@given(ps)
def test_a_fixed_sequence_is_the_running_maximum(p):
    assert adjusted_p(fixed_sequence(len(p)), p) == pytest.approx([max(p[: k + 1]) for k in range(len(p))], rel=1e-12)


def by_shortcut(graph, p, alpha):
    """Bretz et al. 2009, the rejective form: reject any p <= alpha w, pass on, until none is."""
    weights, flow, open_, rejected = (
        list(graph.weights),
        [list(r) for r in graph.transitions],
        set(range(len(p))),
        set(),
    )
    while hit := [k for k in open_ if p[k] <= alpha * weights[k]]:
        j = hit[0]
        open_.discard(j)
        rejected.add(j)
        g = [list(row) for row in flow]
        for k in open_:
            weights[k] += weights[j] * g[j][k]
            for m in open_ - {k}:
                below = 1 - g[k][j] * g[j][k]
                flow[k][m] = (g[k][m] + g[k][j] * g[j][m]) / below if below > 0 else 0.0
    return rejected


@given(st.integers(1, 3), st.integers(0, 3), st.floats(0, 1), st.floats(0.01, 0.2), st.data())
def test_adjusted_p_decide_as_the_rejecting_procedure_does(primaries, secondaries, held, alpha, data):
    graph = primaries_first(primaries, secondaries, held=held)
    count = primaries + secondaries
    p = data.draw(st.lists(st.floats(1e-5, 0.3), min_size=count, max_size=count))
    adjusted = adjusted_p(graph, p)
    if all(abs(value - alpha) > 1e-9 for value in adjusted):
        assert {k for k, value in enumerate(adjusted) if value <= alpha} == by_shortcut(graph, p, alpha)


def test_secondaries_wait_for_a_primary():
    assert adjusted_p(primaries_first(1, 2), [0.2, 0.001, 0.001])[1] == 0.2
    assert primaries_first(1, 2) == Graph((1.0, 0.0, 0.0), ((0.0, 0.5, 0.5), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)))
    assert primaries_first(3, 0) == holm_graph(3)
    assert adjusted_p(primaries_first(2, 1), [0.9, 0.9, 0.0])[2] == 1.0


@pytest.mark.parametrize(
    ("weights", "transitions"),
    [
        ((0.6, 0.6), ((0, 1), (1, 0))),
        ((1, 0), ((0, 1),)),
        ((1, 0), ((0.5, 0.5), (1, 0))),
        ((1, 0), ((0, 1), (1.2, 0))),
        ((1.1, -0.1), ((0, 1), (1, 0))),
    ],
)
def test_a_graph_that_gives_more_than_it_has_is_refused(weights, transitions):
    with pytest.raises(ValueError, match=r"weight|transitions"):
        Graph(weights, transitions)


@given(st.lists(st.floats(0, 6), min_size=1, max_size=30), st.sampled_from([0.05, 0.1, 0.2]))
def test_intervals_of_the_selected_exclude_nothing(statistics, q):
    # Benjamini & Yekutieli 2005, section 4: BH selects i exactly when its FCR interval excludes 0 (p < q R/m)
    p = [two_sided_p(z, float("inf")) for z in statistics]
    named, reading = selected(p, q), false_coverage_reading(FixedHorizon(0.05), p, q)
    critical = reading.critical(0, float("inf"))
    for z, name in zip(statistics, named, strict=True):
        if any(named) and abs(z - critical) > 1e-9:
            assert (z > critical) == name


def test_the_level_counts_the_selected():
    assert false_coverage_level([0.001, 0.01, 0.5, 0.9], 0.05) == pytest.approx(0.05 * 2 / 4)
    assert false_coverage_level([0.5, 0.9], 0.05) == pytest.approx(0.025)
    assert selected([], 0.05) == ()
    with pytest.raises(ValueError, match="alpha"):
        selected([0.5], 1.5)


def test_false_coverage_stays_below_q():
    import numpy as np

    rng, q, runs, missed = np.random.default_rng(2), 0.1, 400, []
    for _ in range(runs):
        truth = np.where(np.arange(40) < 10, 2.5, 0.0)
        z = truth + rng.normal(size=40)
        p = [two_sided_p(float(value), float("inf")) for value in z]
        critical = false_coverage_reading(FixedHorizon(0.05), p, q).critical(0, float("inf"))
        named = np.array(selected(p, q))
        missed.append(float(np.mean(np.abs(z - truth)[named] > critical)) if named.any() else 0.0)
    assert np.mean(missed) < q + 4 * np.std(missed) / np.sqrt(runs)
    assert np.mean(missed) > 0
