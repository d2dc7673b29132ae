"""Fixed margins: R's tests lie in tests/oracles; here scipy beside them, and laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.stats.exact import fisher
from abstory.stats.margins_fixed import fisher_midp, fisher_two_sided
from abstory.stats.moments import Tally

tallies = st.integers(1, 60).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n)))


@settings(max_examples=60, deadline=None)
@given(tallies, tallies)
def test_the_two_sided_p_is_scipys(t, c):
    from scipy.stats import fisher_exact

    table = [[t.successes, t.n - t.successes], [c.successes, c.n - c.successes]]
    assert fisher_two_sided(t, c) == pytest.approx(fisher_exact(table).pvalue, rel=1e-8)


@given(tallies, tallies)
def test_mid_p_halves_what_was_seen(t, c):
    mid, whole = fisher_midp(t, c), fisher(t, c)
    assert mid.greater + mid.less == pytest.approx(1.0)
    assert mid.greater <= whole.greater
    assert mid.two_sided <= whole.two_sided + 1e-12
    swapped = fisher_midp(c, t)
    assert mid.greater == pytest.approx(swapped.less, abs=1e-12)
