"""CR2: R's clubSandwich and estimatr lie in tests/oracles; here the definition with full matrices, Welch, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import fractional_matrix_power
from scipy.stats import ttest_rel
from statsmodels.api import OLS

from abstory.stats.cluster_robust import clustered_means, coefficient, slot_contrast, slot_effect
from abstory.stats.estimate import Reason
from abstory.stats.slots import Slots

RNG = np.random.default_rng(11)


def literal(design, y, clusters):
    """Pustejovsky & Tipton (2018), equations 4 to 11, with n × n matrices as printed."""
    x, y, labels = np.asarray(design, float), np.asarray(y, float), np.asarray(clusters)
    bread = np.linalg.inv(x.T @ x)
    hat, contrast = x @ bread @ x.T, np.eye(x.shape[1])[0]
    rest, left = np.eye(len(y)) - hat, y - hat @ y
    groups = [labels == own for own in dict.fromkeys(clusters)]
    adjust = [fractional_matrix_power(rest[np.ix_(g, g)], -0.5) for g in groups]
    variance = sum((contrast @ bread @ x[g].T @ a @ left[g]) ** 2 for g, a in zip(groups, adjust, strict=True))
    pull = np.array([rest[g].T @ a @ x[g] @ bread @ contrast for g, a in zip(groups, adjust, strict=True)])
    inner = pull @ pull.T
    return math.sqrt(variance), np.trace(inner) ** 2 / np.trace(inner @ inner)


def test_it_is_the_printed_definition():
    n, clusters = 30, [row % 9 for row in range(30)]
    design = np.column_stack([RNG.integers(0, 2, n), np.ones(n), RNG.normal(size=n)])
    y = RNG.normal(size=n)
    found = coefficient(design, y, clusters).cr2
    assert (found.standard_error, found.df) == pytest.approx(literal(design, y, clusters), rel=1e-9)
    assert found.value == pytest.approx(OLS(y, design).fit().params[0], rel=1e-9)


def test_slots_alone_are_statsmodels_hc2_and_clusters_its_cr1():
    n = 24
    slots = Slots.of(RNG.normal(size=n), [1, 0, 0, 1] * 6, [block for block in range(6) for _ in range(4)])
    hours = RNG.normal(size=n)
    blocks = np.array([[b == own for own in range(6)] for b in slots.blocks], float)
    model = OLS(np.array(slots.values), np.column_stack([slots.treated, blocks, hours]))
    assert slot_effect(slots, covariates=[hours]).cr2.standard_error == pytest.approx(
        model.fit(cov_type="HC2").bse[0], rel=1e-9
    )
    days = [place % 7 for place in range(n)]
    found = slot_effect(slots, covariates=[hours], clusters=days)
    beside = model.fit(cov_type="cluster", cov_kwds={"groups": np.array(days)})
    assert found.error_cr1 == pytest.approx(beside.bse[0], rel=1e-9)


def test_without_blocks_degrees_of_freedom_are_welchs_at_equal_variances():
    """Bell & McCaffrey for two groups: (a + b)²/(a²/(m − 1) + b²/(n − 1)), a = 1/m and b = 1/n; error Welch's own."""
    treatment, control = [0.4, 0.5, 0.45, 0.6, 0.52], [0.3, 0.41, 0.39]
    found = slot_effect(Slots.of(treatment + control, [1] * 5 + [0] * 3)).cr2
    a, b = 1 / 5, 1 / 3
    assert found.df == pytest.approx((a + b) ** 2 / (a * a / 4 + b * b / 2), rel=1e-12)
    assert found.standard_error == pytest.approx(
        math.sqrt(np.var(treatment, ddof=1) / 5 + np.var(control, ddof=1) / 3), rel=1e-12
    )


@pytest.mark.parametrize("clusters", [None, "blocks"])
def test_pairs_are_the_paired_t_test(clusters):
    """With a block a cluster and pairs throughout, CR2 is the paired t with pairs − 1 degrees of freedom (closed form)."""
    t, c = RNG.normal(size=7), RNG.normal(size=7)
    slots = Slots.of([*t, *c], [1] * 7 + [0] * 7, [*range(7), *range(7)])
    found = slot_effect(slots, clusters=slots.blocks if clusters else None).cr2
    beside = ttest_rel(t, c)
    assert found.df == pytest.approx(6, rel=1e-9)
    assert found.p_value == pytest.approx(beside.pvalue, rel=1e-9)
    low, high = beside.confidence_interval(0.9)
    assert (found.interval(0.1).low, found.interval(0.1).high) == pytest.approx((low, high), rel=1e-9)


rows = st.lists(
    st.tuples(st.floats(-5, 5).map(lambda v: round(v, 2)), st.booleans(), st.integers(0, 5)), min_size=8, max_size=25
)


@given(rows, st.integers(-50, 50), st.integers(1, 9))
def test_levels_scales_names_and_orders(rows, level, scale):
    y, arms, clusters = zip(*rows, strict=True)
    plain = clustered_means(y, arms, clusters)
    moved = clustered_means([scale * v + level for v in y][::-1], [not arm for arm in arms][::-1], clusters[::-1])
    if not hasattr(plain, "cr2"):
        assert moved == plain or moved.reason is plain.reason
        return
    assert moved.cr2.value == pytest.approx(-scale * plain.cr2.value, abs=1e-8 * scale)
    assert moved.cr2.standard_error == pytest.approx(scale * plain.cr2.standard_error, rel=1e-5)
    assert moved.cr2.df == pytest.approx(plain.cr2.df, rel=1e-6)
    assert 0 < plain.cr2.df <= len(set(clusters))
    for alpha in (0.01, 0.05, 0.5):
        assert plain.cr2.interval(alpha).excludes(0.0) is (plain.cr2.p_value < alpha)


def test_a_level_of_a_block_changes_nothing():
    slots = Slots.of([0.3, 0.5, 0.2, 0.6, 0.5, 0.4], [1, 0, 1, 0, 0, 1], [1, 1, 1, 2, 2, 2])
    raised = Slots.of(np.array(slots.values) + 1e6 * np.array(slots.blocks), slots.treated, slots.blocks)
    assert slot_effect(raised).cr2.value == pytest.approx(slot_effect(slots).cr2.value, rel=1e-8)
    assert slot_effect(raised).cr2.standard_error == pytest.approx(slot_effect(slots).cr2.standard_error, rel=1e-6)


def test_a_block_with_one_arm_tells_nothing_of_the_effect():
    slots = Slots.of([0.3, 0.5, 0.2, 0.6, 0.55, 0.4], [1, 0, 1, 0, 0, 1], [1, 1, 1, 2, 2, 2])
    more = Slots.of([*slots.values, 0.9], [*slots.treated, 1], [*slots.blocks, 3])
    assert slot_effect(more).cr2.value == pytest.approx(slot_effect(slots).cr2.value, rel=1e-12)
    assert slot_effect(more).cr2.standard_error == pytest.approx(slot_effect(slots).cr2.standard_error, rel=1e-12)


def test_no_number_where_there_is_none():
    assert slot_effect(Slots.of([1, 2], [1, 0], [1, 2])).reason is Reason.TOO_FEW_SLOTS
    assert slot_effect(Slots.of([1, 2], [1, 0])).reason is Reason.TOO_FEW
    # The one treated slot has no residual, so its own scatter is not seen: Bell & McCaffrey's sum would leave it out.
    assert str(slot_effect(Slots.of([1, 2, 4, 3], [1, 0, 0, 0]))).endswith("(one cluster carries an arm)")
    assert slot_effect(Slots.of([1, 1, 1, 1], [1, 0, 1, 0])).reason is Reason.NO_VARIATION
    assert slot_effect(Slots.of([3, 1, 3, 1], [1, 0, 1, 0])).reason is Reason.NO_VARIATION
    told = slot_effect(Slots.of([3, 1, 2, 4, 5], [1, 0, 1, 0, 1]), covariates=[[2, 0, 2, 0, 2]])
    assert told.reason is Reason.NOT_COMPARABLE
    assert clustered_means([1, 2], [1, 1], [1, 2]).reason is Reason.TOO_FEW
    assert clustered_means([], [], []).reason is Reason.TOO_FEW
    assert clustered_means([1, 2, 3, 4], [1, 0, 1, 0], [1, 1, 1, 1]).reason is Reason.TOO_FEW
    with pytest.raises(ValueError, match="4 rows, 3 outcomes"):
        clustered_means([1, 2, 3], [1, 0, 1, 0], [1, 1, 2, 2])


CROSSED = {"nn": 1.0, "nb": -1.0, "wn": -1.0, "wb": 1.0}


def test_a_contrast_of_cells_is_statsmodels_coefficient_with_hc2():
    """The product of two dummies beside both of them and blocks, some slots missed; other cells left out."""
    cells = [name for _ in range(7) for name in RNG.permutation([*CROSSED, "other"])]
    blocks, values = [place // 5 for place in range(35)], RNG.normal(size=35)
    kept = [place for place in range(35) if place not in {3, 9, 22}]
    found = slot_contrast(*([column[place] for place in kept] for column in (values, cells, blocks)), CROSSED)
    rows = [place for place in kept if cells[place] in CROSSED]
    design = [
        [cells[at] == "wb", cells[at][0] == "w", cells[at][1] == "b", *(blocks[at] == block for block in range(7))]
        for at in rows
    ]
    fitted = OLS(values[rows], np.array(design, float)).fit(cov_type="HC2")
    assert found.value == pytest.approx(fitted.params[0], rel=1e-9)
    assert found.standard_error == pytest.approx(fitted.bse[0], rel=1e-9)
    # A cell of no weight is a cell of its own, though: it helps to tell what blocks do.
    wide = slot_contrast(values, cells, blocks, {**CROSSED, "other": 0.0})
    assert wide.value == pytest.approx(OLS(values, _with_other(cells, blocks)).fit().params[0], rel=1e-9)
    assert wide.df > found.df


def _with_other(cells, blocks):
    columns = [[c == "wb", c[0] == "w", c[1] == "b", c == "other"] for c in cells]
    return np.array(
        [[*own, *(at == block for block in range(7))] for own, at in zip(columns, blocks, strict=True)], float
    )


def test_a_contrast_of_what_is_not_there_is_none():
    values, cells = [1.0, 2.0, 4.0, 3.0, 5.0], ["nn", "nb", "wn", "wb", "wb"]
    assert slot_contrast(values[:3], cells[:3], [1, 1, 1], CROSSED).detail == "none of wb"
    few = slot_contrast(values, cells, [1, 1, 2, 2, 2], CROSSED)
    assert (few.reason, few.detail) == (Reason.TOO_FEW_SLOTS, "5 slots in 2 blocks")
    assert slot_contrast([1.0] * 8, [*CROSSED] * 2, [1] * 8, CROSSED).reason is Reason.NO_VARIATION
