"""Families of comparisons: every correction of the file, and the agreement of word, interval and p that it promises."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from abstory.analysis import analyse
from abstory.experiment import DAY_US, Experiment
from abstory.results import Reads
from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData, Span

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
END = START + 14 * DAY_US
LEVELS = ["none", "shop", "more", "swipe"]
MEASURES = {"cta_rate": "any(cta_click)", "save_rate": "any(save)", "like_rate": "any(like)"}
AGREEING = ["dunnett", "bonferroni", "bh", "none"]
STEPWISE = ["holm", "hochberg"]


def declared(multiplicity, *, looks="fixed", metrics=None, treatments=3):
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "schedule": {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"},
            "factors": {"cta": LEVELS[: treatments + 1]},
            "metrics": metrics or {"primary": "cta_rate"},
            "analysis": {"multiplicity": multiplicity, "looks": looks},
        }
    )


def read(experiment, *, n=5000, **successes):
    """Equal arms of `n`, and successes by metric: control's first."""
    arms = {}
    for at, variant in enumerate(experiment.variants):
        means = {MEASURES[name]: told[at] / n for name, told in successes.items()}
        moments = Moments(n, means, {})
        arms[variant.name] = ArmData(moments, 0, 0, moments)
    answer = Answer(
        arms=arms,
        unknown_variants={},
        outside_schedule=0,
        forced=0,
        not_attributed=0,
        before_exposure=0,
        views_without_time=0,
        watch_beyond_length=0,
        exposures_by_day={(19_676, name): n for name in arms},
    )
    return analyse(experiment, answer, Span(START, END - 1, END + 2 * DAY_US), END + DAY_US)


def compared(result, metric=0):
    return result.metrics[metric].comparisons


def raw(comparison):
    return 2 * norm.sf(abs(comparison.effect.statistic))


def apart(comparison):
    return comparison.effect.difference.interval.excludes(0.0)


def named(comparison):
    return comparison.reads in {Reads.BETTER, Reads.WORSE}


NULLISH = st.lists(st.integers(430, 570), min_size=4, max_size=4)


@pytest.mark.parametrize("looks", ["fixed", "always_valid"])
@pytest.mark.parametrize("multiplicity", AGREEING)
@given(counts=NULLISH, saves=NULLISH)
def test_word_interval_and_p_are_one_statement(multiplicity, looks, counts, saves):
    experiment = declared(multiplicity, looks=looks, metrics={"primary": ["cta_rate", "save_rate"]})
    result = read(experiment, cta_rate=counts, save_rate=saves)
    for comparison in (*compared(result), *compared(result, 1)):
        assert comparison.p_adjusted is None
        assert named(comparison) == apart(comparison) == (comparison.effect.p_value < 0.05)
        assert comparison.effect.lift.interval.excludes(0.0) == apart(comparison)


@pytest.mark.parametrize("looks", ["fixed", "always_valid"])
@pytest.mark.parametrize("multiplicity", STEPWISE)
@given(counts=NULLISH)
def test_steps_name_no_less_than_their_intervals(multiplicity, looks, counts):
    for comparison in compared(read(declared(multiplicity, looks=looks), cta_rate=counts)):
        assert named(comparison) == (comparison.p_adjusted < 0.05)
        assert named(comparison) or not apart(comparison)
        assert comparison.p_adjusted <= comparison.effect.p_value


@pytest.mark.parametrize(("multiplicity", "peer"), [("holm", "holm"), ("hochberg", "simes-hochberg"), ("bh", "fdr_bh")])
@given(counts=NULLISH)
def test_adjusted_p_values_are_those_of_statsmodels(multiplicity, peer, counts):
    found = compared(read(declared(multiplicity), cta_rate=counts))
    expected = multipletests([raw(c) for c in found], alpha=0.05, method=peer)[1]
    assert [c.p_value for c in found] == pytest.approx(list(expected), rel=1e-9)


def test_holm_names_what_its_bonferroni_interval_leaves_open():
    # z 3.5, 2.3 and 0: p .0005 and .02 of three; Holm's second step asks for .025, Bonferroni for .0167.
    found = compared(read(declared("holm"), cta_rate=[500, 608, 571, 500]))
    assert [c.reads for c in found] == [Reads.BETTER, Reads.BETTER, Reads.UNCLEAR]
    assert [apart(c) for c in found] == [True, False, False]
    assert found[1].p_adjusted == pytest.approx(2 * raw(found[1]), rel=1e-9)
    assert found[1].effect.critical == pytest.approx(norm.isf(0.05 / 6), rel=1e-9)


def test_discoveries_have_intervals_at_their_own_level():
    # Benjamini & Yekutieli 2005: two of three named, so 1 - .05 * 2/3; none named, so that of the first to be.
    two = compared(read(declared("bh"), cta_rate=[500, 608, 580, 500]))
    assert [named(c) for c in two] == [True, True, False]
    assert two[0].effect.critical == pytest.approx(norm.isf(0.05 * 2 / 3 / 2), rel=1e-9)
    none = compared(read(declared("bh"), cta_rate=[500, 510, 505, 500]))
    assert none[0].effect.critical == pytest.approx(norm.isf(0.05 / 3 / 2), rel=1e-9)


def test_secondaries_are_a_family_of_discoveries_whatever_the_primaries_are():
    metrics = {"primary": "like_rate", "secondary": ["cta_rate", "save_rate"]}
    counts = {"like_rate": [500] * 4, "cta_rate": [500, 600, 520, 500], "save_rate": [500, 575, 500, 500]}
    result = read(declared("dunnett", metrics=metrics), **counts)
    told = [*compared(result, 1), *compared(result, 2)]
    expected = multipletests([raw(c) for c in told], method="fdr_bh")[1]
    assert [c.effect.p_value for c in told] == pytest.approx(list(expected), rel=1e-9)
    assert all(named(c) == apart(c) == (c.effect.p_value < 0.05) for c in told)
    assert any("Benjamini-Hochberg over 6" in note for note in result.method.notes)
    plain = read(declared("none", metrics=metrics), **counts)
    assert compared(plain, 1)[0].effect.critical == pytest.approx(norm.isf(0.025), rel=1e-9)


GATED = {"primary": "cta_rate", "secondary": ["save_rate", "like_rate"]}


def test_a_better_primary_opens_the_gate_and_secondaries_share_by_holm():
    # Bretz et al. 2009: the primary has all of alpha; rejected, it passes half to each secondary, which pass theirs on.
    result = read(
        declared("gatekeeping", metrics=GATED, treatments=1),
        cta_rate=[500, 600],
        save_rate=[500, 572],
        like_rate=[500, 566],
    )
    first, save, like = (compared(result, at)[0] for at in range(3))
    assert first.p_adjusted == pytest.approx(raw(first), rel=1e-9)
    holm = multipletests([raw(save), raw(like)], method="holm")[1]
    assert [save.p_adjusted, like.p_adjusted] == pytest.approx(list(holm), rel=1e-9)
    assert [c.reads for c in (first, save, like)] == [Reads.BETTER] * 3
    assert result.method.multiplicity == "gatekeeping from 1 to 2"


def test_a_closed_gate_names_no_secondary():
    result = read(
        declared("gatekeeping", metrics=GATED, treatments=1),
        cta_rate=[500, 510],
        save_rate=[500, 700],
        like_rate=[500, 700],
    )
    assert [compared(result, at)[0].reads for at in range(3)] == [Reads.UNCLEAR] * 3
    assert apart(compared(result, 1)[0])


def test_an_unknown_comparison_stays_in_the_family():
    # Fewer than 20 clicks: an always valid reading says nothing of it yet, and the others are still corrected for three.
    result = read(declared("holm", looks="always_valid"), n=900, cta_rate=[60, 100, 90, 5])
    assert result.method.family == 3
    known = [c for c in compared(result) if c.p_adjusted is not None]
    alone = read(declared("none", looks="always_valid"), n=900, cta_rate=[60, 100, 90, 5])
    assert len(known) == 2
    assert known[0].p_adjusted == pytest.approx(min(1, 3 * compared(alone)[0].effect.p_value), rel=1e-9)


def within(margin, **more):
    return {"primary": [{"name": "cta_rate", "margin": margin}], **more}


@pytest.mark.parametrize(
    ("counts", "margin", "word"),
    [
        # 50,000 each at 10 %: standard error .0019, so the 90 % interval is about ±.0031 (±3.1 % of 10 %).
        ([5000, 5000], "0.35pp", Reads.EQUIVALENT),
        ([5000, 5000], "0.3pp", Reads.UNCLEAR),
        ([5000, 5000], "4%", Reads.EQUIVALENT),
        ([5000, 5020], "3.2%", Reads.UNCLEAR),
        ([5000, 5500], "20%", Reads.BETTER),  # shown apart from 0, though inside the margin
    ],
)
def test_equivalence_is_two_one_sided_tests_at_the_declared_margin(counts, margin, word):
    experiment = declared("dunnett", metrics=within(margin), treatments=1)
    (found,) = compared(read(experiment, n=50_000, cta_rate=counts))
    assert found.reads is word
    if word is Reads.EQUIVALENT and "pp" in margin:
        half = norm.isf(0.05) * math.sqrt(2 * 0.1 * 0.9 / 50_000)
        assert half < 0.0035


def test_the_best_of_several_is_drawn_towards_the_others_by_what_they_really_differ():
    # DerSimonian & Laird 1986, eq. 8, and Efron & Morris 1975, written out for the treatments' own rates.
    n, counts = 5000, [500, 620, 510, 500]
    found = compared(read(declared("dunnett"), n=n, cta_rate=counts))
    rates = [x / n for x in counts[1:]]
    variances = [p * (1 - p) / (n - 1) for p in rates]
    control = 0.1 * 0.9 / (n - 1)
    variances = [v * (p * (1 - p) / n + 0.09 / n) / (v + control) for v, p in zip(variances, rates, strict=True)]
    weights = [1 / v for v in variances]
    mean = sum(w * p for w, p in zip(weights, rates, strict=True)) / sum(weights)
    scatter = sum(w * (p - mean) ** 2 for w, p in zip(weights, rates, strict=True))
    spread = max(0.0, (scatter - 2) / (sum(weights) - sum(w * w for w in weights) / sum(weights)))
    again = [1 / (v + spread) for v in variances]
    centre = sum(w * p for w, p in zip(again, rates, strict=True)) / sum(again)
    expected = [centre + spread / (spread + v) * (p - centre) for v, p in zip(variances, rates, strict=True)]
    assert [c.shrunken for c in found] == pytest.approx(expected, rel=1e-9)
    assert mean < found[0].shrunken < rates[0]


def test_one_treatment_is_not_shrunken():
    (found,) = compared(read(declared("dunnett", treatments=1), cta_rate=[500, 600]))
    assert found.shrunken is None
