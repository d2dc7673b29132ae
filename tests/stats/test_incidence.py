"""Competing ways to leave: against statsmodels' cumulative incidence on the viewers, and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.stats.incidence import Funnel

STAYED = frozenset({"complete"})
causes = st.sampled_from(["exit", "swipe", ""])
funnels = st.dictionaries(st.tuples(st.integers(1, 6), causes), st.integers(1, 50), max_size=12).map(
    lambda ended: Funnel(sum(ended.values()) + 7, 6, ended | {(6, "complete"): 7}, STAYED)
)


def test_incidence_is_aalen_and_johansen_without_censoring():
    # statsmodels CumIncidenceRight on one row a viewer, everybody having an end; complete is a cause of its own
    from statsmodels.duration.survfunc import CumIncidenceRight

    ended = {(1, "exit"): 12, (1, "swipe"): 5, (2, "exit"): 9, (3, "swipe"): 14, (4, "exit"): 2, (4, "complete"): 30}
    number = {"exit": 1, "swipe": 2, "complete": 3}
    time = np.repeat([step for step, _ in ended], list(ended.values())).astype(float)
    status = np.repeat([number[cause] for _, cause in ended], list(ended.values()))
    with np.errstate(divide="ignore", invalid="ignore"):  # its error of the last step, where nobody is left
        theirs = CumIncidenceRight(time, status)
    funnel = Funnel(72, 4, ended, STAYED)
    for cause in ("exit", "swipe"):
        ours = [funnel.incidence(step, cause).mean for step in range(1, 5)]
        assert ours == pytest.approx(list(theirs.cinc[number[cause] - 1]), abs=1e-12)


@given(funnels)
def test_everybody_ends_once(funnel):
    steps = range(1, funnel.steps + 1)
    gone = sum(funnel.incidence(funnel.steps, cause).successes for cause in ("exit", "swipe", ""))
    assert gone + 7 == funnel.viewers
    assert gone == sum(funnel.left(step).successes for step in steps)
    assert funnel.reached(1).successes == funnel.viewers
    for step in steps[:-1]:
        assert funnel.reached(step).successes - funnel.left(step).successes == funnel.reached(step + 1).successes


@given(funnels)
def test_staying_is_the_product_of_not_leaving(funnel):
    stayed = np.prod([1 - funnel.hazard(step).mean for step in range(1, funnel.steps + 1)])
    assert stayed == pytest.approx(7 / funnel.viewers, rel=1e-9)


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="1 to 2"):
        Funnel(1, 2, {(3, "exit"): 1})
    with pytest.raises(ValueError, match="one step"):
        Funnel(5, 2, {(1, "exit"): 1})
