"""Assignment's properties, and eight wrong assigners that the same checks must reject.

Ids and salts are fixed, so nothing here is random from run to run; each bound states how often a true assigner, over
all the choices of ids one might have made, would fail it.
"""

import hashlib
import itertools
import zlib
from bisect import bisect_left, bisect_right
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2

from abstory.assignment.assign import Assigner, Reason, cumulative, enrolled
from abstory.assignment.bucket import h
from abstory.errors import InvalidViewerId, NotYet, UsageError

SEQUENTIAL = [str(i) for i in range(4_000)]
EVEN = [str(2 * i) for i in range(4_000)]
PREFIXED = [f"user-0000{i:06d}" for i in range(4_000)]
HALVES = {"a": 1, "b": 1}


@pytest.fixture(scope="session")
def honest(declared):
    def make(key, weights, share):
        assigner = Assigner(declared(key, weights, share))
        return lambda viewer: assigner.assign(viewer).variant

    return make


# What any assigner must keep. Each takes make(key, weights, share) -> viewer -> variant or None.


def total_at_everything_and_nobody_at_nothing(make):
    everybody, nobody = make("all", HALVES, 10_000), make("all", HALVES, 0)
    assert all(everybody(viewer) in HALVES for viewer in SEQUENTIAL)
    assert all(nobody(viewer) is None for viewer in SEQUENTIAL)


def raising_the_share_moves_nobody(make):
    steps = [make("ramp", {"a": 1, "b": 2, "c": 1}, share) for share in (500, 1_000, 3_000, 9_999, 10_000)]
    for viewer in SEQUENTIAL:
        seen = [step(viewer) for step in steps]
        first = next((index for index, variant in enumerate(seen) if variant), len(seen))
        assert len(set(seen[first:])) <= 1


def weights_are_kept_at_any_share(make):
    """Chi-square, p > 1e-6 for each of 6 tables: a true assigner fails one choice of ids in 160,000."""
    for share, key in itertools.product((1_000, 10_000), ("w1", "w2", "w3")):
        weights = {"a": 5_000, "b": 3_000, "c": 2_000}
        assign = make(key, weights, share)
        seen = [variant for viewer in SEQUENTIAL + PREFIXED if (variant := assign(viewer))]
        expected = np.array([5, 3, 2]) / 10 * len(seen)
        found = np.array([seen.count(name) for name in weights])
        assert chi2.sf(((found - expected) ** 2 / expected).sum(), 2) > 1e-6


def the_share_is_kept(make):
    """Two-sided binomial at 1e-6 for each of 3 shares: fails one choice of ids in 300,000."""
    for share in (100, 1_000, 5_000):
        assign = make("share", HALVES, share)
        count = sum(assign(viewer) is not None for viewer in SEQUENTIAL)
        law = binom(len(SEQUENTIAL), share / 10_000)
        assert min(law.cdf(count), law.sf(count - 1)) > 5e-7


def a_draw_at_a_scale_of_a_million_is_still_even(make):
    """`c` has a millionth of the weight; more than 4 of 8,000 have probability below 1e-13."""
    assign = make("heavy", {"a": 1_000_000, "b": 999_999, "c": 1}, 10_000)
    assert sum(assign(viewer) == "c" for viewer in SEQUENTIAL + PREFIXED) <= 4
    # A hash of 16 bits cannot reach such a fine place and gives whole lumps.
    fine = make("fine", {"a": 500_000, "b": 500_000} | {f"x{i}": 2_000 for i in range(18)}, 10_000)
    seen = [fine(viewer) for viewer in SEQUENTIAL + PREFIXED]
    weights = np.array([500_000, 500_000, *[2_000] * 18])
    expected = weights / weights.sum() * len(seen)
    found = np.array([seen.count(name) for name in ["a", "b", *(f"x{i}" for i in range(18))]])
    assert chi2.sf(((found - expected) ** 2 / expected).sum(), 19) > 1e-6


def experiments_are_independent(make):
    """Phi of every pair of 40 experiments on three kinds of ids: chi-square with one degree, largest of 2,340.

    The largest stays below the value exceeded with probability 1e-6 / 2340 (Bonferroni): fails one choice in 10^6.
    """
    limit = chi2.isf(1e-6 / 2_340, 1)
    for ids in (SEQUENTIAL, EVEN, PREFIXED):
        assigners = [make(f"exp{k}", HALVES, 10_000) for k in range(40)]
        table = np.array([[assign(viewer) == "a" for viewer in ids] for assign in assigners])
        phi = np.corrcoef(table)
        assert (phi[np.triu_indices(40, 1)] ** 2 * len(ids)).max() < limit


def salt_and_id_are_not_glued(make):
    """`exp1` with `2...` against `exp12` with `...`: equal half of the time, within a binomial bound of 1e-6."""
    one, other = make("exp1", HALVES, 10_000), make("exp12", HALVES, 10_000)
    same = sum(one(f"2{i}") == other(f"{i}") for i in range(400))
    assert binom(400, 0.5).sf(same - 1) > 1e-6


def ids_are_bytes(make):
    """Ids that differ in blanks, case or composition are different viewers: 60 of each agree all with p = 2^-60."""
    assign = make("bytes", HALVES, 10_000)
    for other in (" {}", "{} ", "\t{}", "{}\u00a0", "0{}"):
        assert any(assign(f"é{i}") != assign(other.format(f"é{i}")) for i in range(60))
    assert any(assign(f"é{i}") != assign(f"e\u0301{i}") for i in range(60))
    assert any(assign(f"é{i}") != assign(f"É{i}") for i in range(60))


def edges_are_half_open(make):
    """Viewers whose draw or bucket lies exactly on an edge, found by hashing: who is on the edge is beyond it."""

    def drawn(key, viewer, size):
        digest = hashlib.sha256(f"{key}:{viewer}".encode()).hexdigest()
        return int(digest[:13], 16) % size

    assign, gate = make("edge", {"a": 5, "b": 3, "c": 2}, 10_000), make("edge", {"a": 1, "b": 1}, 200)
    on_edge = [viewer for viewer in SEQUENTIAL if drawn("edge/variant", viewer, 10) == 5]
    assert on_edge
    assert {assign(viewer) for viewer in on_edge} == {"b"}
    at_share = [str(i) for i in range(40_000) if drawn("edge/traffic", str(i), 10_000) == 200]
    assert at_share
    assert {gate(viewer) for viewer in at_share} == {None}


CHECKS = [
    total_at_everything_and_nobody_at_nothing,
    raising_the_share_moves_nobody,
    weights_are_kept_at_any_share,
    the_share_is_kept,
    a_draw_at_a_scale_of_a_million_is_still_even,
    experiments_are_independent,
    salt_and_id_are_not_glued,
    ids_are_bytes,
    edges_are_half_open,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_ours_keeps(check, honest):
    check(honest)


# Eight ways to be wrong that have all been shipped by somebody.


def sha(text):
    return int(hashlib.sha256(text.encode()).hexdigest()[:13], 16)


def assigner(*, traffic=None, variant=None, inside=None, choose=None):
    """A right assigner in longhand, one part of which may be replaced."""
    traffic = traffic or (lambda key, viewer: sha(f"{key}/traffic:{viewer}"))
    variant = variant or (lambda key, viewer: sha(f"{key}/variant:{viewer}"))
    inside = inside or (lambda bucket, share: bucket < share)
    choose = choose or (lambda draw, edges: bisect_right(edges, draw))

    def make(key, weights, share):
        names = sorted(weights)
        edges = list(accumulate(weights[name] for name in names))

        def assign(viewer):
            if not inside(traffic(key, viewer) % 10_000, share):
                return None
            return names[choose(variant(key, viewer) % edges[-1], edges)]

        return assign

    return make


def packed(key, weights, share):
    """The variants' ranges packed into the enrolled part: raising the share moves the edges."""
    names = sorted(weights)
    edges = list(accumulate(weights[name] for name in names))

    def assign(viewer):
        bucket = sha(f"{key}/variant:{viewer}") % 10_000
        if bucket >= share:
            return None
        return names[bisect_right(edges, bucket * edges[-1] // share)]

    return assign


def one_hash(key, viewer):
    return sha(f"{key}/variant:{viewer}")


def floats(key, weights, share):
    """Cumulated rounded float weights, and whoever falls beyond their sum gets nothing."""
    names = sorted(weights)
    edges = list(accumulate(round(weights[name] / sum(weights.values()), 1) for name in names))

    def assign(viewer):
        if sha(f"{key}/traffic:{viewer}") / 2**52 >= share / 10_000:
            return None
        place = bisect_right(edges, sha(f"{key}/variant:{viewer}") / 2**52)
        return names[place] if place < len(names) else None

    return assign


WRONG = {
    "packed ranges": (packed, "raising_the_share_moves_nobody"),
    "one hash for traffic and variant": (assigner(traffic=one_hash), "weights_are_kept_at_any_share"),
    "no salt": (assigner(variant=lambda _, viewer: sha(viewer)), "experiments_are_independent"),
    "glued": (assigner(variant=lambda key, viewer: sha(key + viewer)), "salt_and_id_are_not_glued"),
    "float weights": (floats, "a_draw_at_a_scale_of_a_million_is_still_even"),
    "short hash": (
        assigner(variant=lambda key, viewer: zlib.crc32(f"{key}/variant:{viewer}".encode()) & 0xFFFF),
        "a_draw_at_a_scale_of_a_million_is_still_even",
    ),
    "trimmed ids": (assigner(variant=lambda key, viewer: sha(f"{key}/variant:{viewer.strip()}")), "ids_are_bytes"),
    "<= at the edge": (
        assigner(inside=lambda bucket, share: bucket <= share, choose=lambda draw, edges: bisect_left(edges, draw)),
        "edges_are_half_open",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_assigner_is_rejected(name):
    make, check = WRONG[name]
    with pytest.raises(AssertionError):
        next(one for one in CHECKS if one.__name__ == check)(make)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_longhand_they_are_made_from_is_right(check):
    check(assigner())


# Ours in particular.


def test_every_golden_assignment(golden, honest):
    for case in golden["experiments"]:
        assign = honest(case["key"], case["variants"], case["share"])
        assert [assign(viewer) for viewer in golden["viewers"]] == case["assigned"]


WEIGHTS = st.dictionaries(
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True), st.integers(1, 10**6), min_size=2, max_size=6
)


@given(weights=WEIGHTS, viewer=st.text(st.characters(codec="utf-8"), min_size=1, max_size=50), data=st.data())
def test_the_order_of_variants_in_the_file_does_not_matter(declared, weights, viewer, data):
    shuffled = dict(data.draw(st.permutations(list(weights.items()))))
    one, other = Assigner(declared(weights=weights)), Assigner(declared(weights=shuffled))
    assert one.assign(viewer).variant == other.assign(viewer).variant


@given(
    weights=WEIGHTS, share=st.integers(0, 10_000), viewer=st.text(st.characters(codec="utf-8"), min_size=1, max_size=50)
)
def test_explaining_is_assigning(declared, weights, share, viewer):
    made = Assigner(declared(weights=weights, share=share))
    steps, assignment = made.explain(viewer), made.assign(viewer)
    assert steps.assignment == assignment
    assert steps.traffic_bucket == h("launch/traffic", viewer) % 10_000
    assert (steps.draw is None) == (assignment.variant is None) == (steps.traffic_bucket >= share)
    if steps.draw is not None:
        start, end = steps.ranges[assignment.variant]
        assert start <= steps.draw < end
    assert max(end for _, end in steps.ranges.values()) == steps.total_weight == sum(weights.values())


@given(WEIGHTS, st.sampled_from([0, 2**52 - 1]))
def test_the_ends_of_the_hash_are_assigned(declared, weights, hashed):
    # The forced ends of the hash against the parts that decide: enrolled at 100 % and inside the edges, never beyond.
    edges = cumulative(declared(weights=weights).variants)
    assert enrolled(hashed, 10_000)
    assert not enrolled(hashed, 0)
    assert 0 <= bisect_right(edges, hashed % edges[-1]) < len(weights)


def test_an_assignment_says_what_to_show(declared):
    assignment = Assigner(declared(weights={"a": 1, "b": 1})).assign(7)
    assert assignment.viewer_id == "7"
    assert assignment.reason is Reason.ASSIGNED
    assert assignment.creative == {"cta": {"a": "c0", "b": "c1"}[assignment.variant]}
    with pytest.raises(TypeError):
        assignment.creative["cta"] = "other"


def test_outside_traffic_has_a_reason(declared):
    assignment = Assigner(declared(share=0)).assign("a")
    assert assignment[1:] == (None, Reason.OUTSIDE_TRAFFIC, {})


def test_a_refused_id_is_refused_even_where_nobody_takes_part(declared):
    with pytest.raises(InvalidViewerId):
        Assigner(declared(share=0)).assign("")


@pytest.mark.parametrize("field", [{"layer": "l"}, {"holdout": 500}, {"range": (0, 4_000)}], ids=str)
def test_what_is_not_built_is_refused_before_it_is_assigned_wrongly(declared, field):
    experiment = declared()
    asking = experiment.model_copy(update={"traffic": experiment.traffic.model_copy(update=field)})
    with pytest.raises(NotYet):
        Assigner(asking)


def test_slots_have_no_viewers(declared):
    with pytest.raises(UsageError):
        Assigner(declared().model_copy(update={"unit": "slot"}))
