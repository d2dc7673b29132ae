"""Segments: tested before any is named, one family, withheld with the whole, and no part of the verdict."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from abstory.analysis import analyse
from abstory.analysis.segments import segmented
from abstory.decision import decide
from abstory.errors import UsageError
from abstory.experiment import DAY_US, HOUR_US, Experiment
from abstory.quality import split_by
from abstory.results import Reads, Status
from abstory.stats.estimate import Effect, Reason
from abstory.stats.moments import Moments
from abstory.stats.reading import FixedHorizon
from abstory.stats.sample_ratio import srm_chisq, srm_sequential
from abstory.warehouse.base import Answer, ArmData, Span
from abstory.warehouse.split import Segment, SegmentKind, Split

START = 1_700_006_400_000_000  # 2023-11-15 00:00 UTC
END = START + 14 * DAY_US
CTA, SAVE = "any(cta_click)", "any(save)"
FIXED = {"looks": "fixed"}


def declared(levels=("none", "shop"), **fields):
    usual = {
        "version": 1,
        "key": "cta",
        "schedule": {"start": "2023-11-15", "end": "2023-11-29", "timezone": "UTC"},
        "factors": {"cta": list(levels)},
        "metrics": {"primary": "cta_rate", "secondary": ["save_rate"]},
        "analysis": FIXED,
    }
    return Experiment.model_validate(usual | fields)


def moments(n, clicked, saved=0):
    return Moments(n, {CTA: clicked / n if n else 0.0, SAVE: saved / n if n else 0.0}, {})


def split(levels, *, later=0, pooled=0, variants=("none", "shop")):
    """By name: (n, successes) of each variant; the reserved names are of their own kind."""
    segments = []
    for name, told in levels.items():
        kind = SegmentKind(name) if name in {"other", "unknown"} else SegmentKind.LEVEL
        arms = {variant: moments(*arm) for variant, arm in zip(variants, told, strict=True)}
        segments.append(Segment(kind, name, arms))
    return Split(tuple(segments), pooled, later)


class Store:
    """A warehouse that only tells segments."""

    def __init__(self, **splits):
        self.splits = splits

    def split(self, question):
        return {name: self.splits[name] for name in question.by if name in self.splits}

    def attributes(self):
        return sorted(self.splits)


def whole(experiment, one, at=END + DAY_US):
    """The result of all viewers of a split."""
    names = [variant.name for variant in experiment.variants]
    arms = {name: sum((s.arms[name] for s in one.segments), start=Moments.empty((CTA, SAVE), ())) for name in names}
    answer = Answer(
        arms={name: ArmData(m, 0, 0, m) for name, m in arms.items()},
        unknown_variants={},
        outside_schedule=0,
        forced=0,
        not_attributed=0,
        before_exposure=0,
        views_without_time=0,
        watch_beyond_length=0,
        exposures_by_day={(19_676, name): m.n for name, m in arms.items()},
    )
    return analyse(experiment, answer, Span(START + HOUR_US, END - 1, END + DAY_US), at)


def ask(one, *, experiment=None, by=("follower",), only=(), at=END + DAY_US, **others):
    experiment = experiment or declared()
    return segmented(experiment, Store(follower=one, **others), whole(experiment, one, at), by, only)


TWO = {"existing": ((4000, 2000), (4000, 2040)), "new": ((2000, 400), (2000, 560))}
"""Lifts of 2 % and 40 %."""


def test_the_test_is_cochrans_q_of_log_ratios():
    metric = ask(split(TWO)).segments.attributes[0].metrics[0]
    ratios, variances = [], []
    for (n_c, x_c), (n_t, x_t) in TWO.values():
        ratios.append(np.log((x_t / n_t) / (x_c / n_c)))
        # p(1 − p)n/(n − 1) over n p², for each arm
        variances.append(sum((1 - x / n) / (x / n) / (n - 1) for n, x in ((n_c, x_c), (n_t, x_t))))
    oracle = combine_effects(np.array(ratios), np.array(variances), method_re="dl").test_homogeneity()
    assert metric.differing.statistic == pytest.approx(oracle.statistic)
    assert (metric.differing.df, metric.differing.relative) == (1, True)
    assert metric.differing.p_value == pytest.approx(oracle.pvalue)
    assert metric.named


def test_words_and_intervals_are_those_of_the_family():
    found = ask(split(TWO))
    segments = found.segments.attributes[0].metrics[0].segments
    effects = [one.told.comparisons[0].effect for one in segments]
    assert [one.told.comparisons[0].reads for one in segments] == [Reads.UNCLEAR, Reads.BETTER]
    # one of two is named: intervals at .05 · 1/2, two-sided normal 2.2414
    assert found.segments.level == pytest.approx(0.025)
    assert [effect.critical for effect in effects] == pytest.approx([2.241403, 2.241403], abs=1e-5)
    assert found.segments.comparisons == 2


PERCENT = st.integers(10, 90)
GROUPS = st.lists(st.tuples(st.integers(1000, 3000), PERCENT, PERCENT), min_size=2, max_size=4)


@settings(deadline=None, max_examples=40)
@given(GROUPS, GROUPS)
def test_p_values_are_adjusted_as_by_statsmodels(first, second):
    def levels(groups):
        return {f"s{at}": ((n, n * p // 100), (n, n * q // 100)) for at, (n, p, q) in enumerate(groups)}

    one, other = split(levels(first)), split(levels(second))
    found = ask(one, by=("follower", "source"), source=other)
    metrics = [told.metrics[0] for told in found.segments.attributes]
    tests = [metric.differing for metric in metrics]
    p = [chi2.sf(test.statistic, test.df) for test in tests]
    assert [test.p_adjusted for test in tests] == pytest.approx(list(multipletests(p, method="holm")[1]))
    assert [metric.named for metric in metrics] == [test.p_adjusted < 0.05 for test in tests]
    rows = [row.told.comparisons[0] for metric in metrics for row in metric.segments]
    metric = declared().outcomes[0].metric
    arms = [segment.arms for segment in (*one.segments, *other.segments)]
    plain = [metric.effect(arm["shop"], arm["none"], FixedHorizon(0.05)).p_value for arm in arms]
    adjusted = multipletests(plain, method="fdr_bh")[1]
    assert [row.effect.p_value for row in rows] == pytest.approx(list(adjusted), abs=1e-9)
    for row in rows:  # a p that rounding puts beside alpha follows its interval
        apart = row.effect.difference.interval.excludes(0)
        assert apart == (row.effect.p_value < 0.05)
        assert row.reads in ({Reads.BETTER, Reads.WORSE} if apart else {Reads.UNCLEAR}) | {Reads.UNKNOWN}


def test_nothing_is_named_where_no_test_says_that_segments_differ():
    alike = {"existing": ((4000, 2000), (4000, 2200)), "new": ((2000, 400), (2000, 440))}
    metric = ask(split(alike)).segments.attributes[0].metrics[0]
    assert not metric.named
    assert {row.told.comparisons[0].reads for row in metric.segments} == {Reads.UNKNOWN}
    assert isinstance(metric.segments[0].told.comparisons[0].effect, Effect)


def test_looking_early_is_read_at_any_look():
    running = declared(analysis={"looks": "always_valid"}, decision={"min_per_variant": 5000})
    test = ask(split(TWO), experiment=running, at=START + 5 * DAY_US).segments.attributes[0].metrics[0].differing
    # N = 2 · 12,000 / 2 viewers of a pair, ρ² = 7.936 / 10,000 as the reading's own
    information = 12_000 * (2 * np.log(20) + np.log1p(2 * np.log(20))) / 10_000
    expected = np.sqrt(1 + information) * np.exp(-test.statistic / 2 * information / (1 + information))
    assert test.p_value == pytest.approx(expected)
    assert test.p_value > chi2.sf(test.statistic, 1)


def test_the_verdict_does_not_look_at_segments():
    experiment, one = declared(), split(TWO)
    found = whole(experiment, one)
    asked = segmented(experiment, Store(follower=one), found, ["follower"])
    assert decide(experiment, asked) == decide(experiment, found)
    assert (asked.metrics, asked.data_hash, asked.arms) == (found.metrics, found.data_hash, found.arms)
    assert any("exploratory" in note for note in asked.method.notes)


def test_metrics_by_name_and_guardrails_without_margins():
    experiment = declared(metrics={"primary": "cta_rate", "guardrails": [{"name": "save_rate", "margin": "20%"}]})
    found = ask(split(TWO), experiment=experiment, only=("save_rate",))
    metric = found.segments.attributes[0].metrics[0]
    assert metric.metric == "save_rate"
    assert all(row.told.comparisons[0].bound is None for row in metric.segments)


def test_small_segments_stay_out_of_the_test_and_in_the_family():
    tiny = TWO | {"unknown": ((30, 3), (30, 9))}
    found = ask(split(tiny))
    metric = found.segments.attributes[0].metrics[0]
    assert (metric.differing.segments, metric.differing.df) == (2, 1)
    assert found.segments.comparisons == 3


def test_one_large_segment_is_no_difference():
    told = ask(split({"existing": ((4000, 2000), (4000, 2040)), "new": ((30, 3), (30, 9))})).segments
    metric = told.attributes[0].metrics[0]
    assert metric.differing.reason is Reason.TOO_FEW
    assert not metric.named


def test_effects_are_withheld_with_the_whole():
    early = ask(split(TWO), at=START + DAY_US).segments.attributes[0].metrics[0]
    assert early.differing.reason is Reason.BEFORE_END
    assert {row.told.comparisons[0].effect.reason for row in early.segments} == {Reason.BEFORE_END}
    lopsided = {"existing": ((4000, 2000), (3000, 2040)), "new": ((2000, 400), (2000, 560))}
    untrusted = ask(split(lopsided)).segments.attributes[0].metrics[0]
    assert untrusted.differing.reason is Reason.UNTRUSTED
    assert {row.told.comparisons[0].effect.reason for row in untrusted.segments} == {Reason.UNTRUSTED}


def test_swapping_arms_swaps_every_sign():
    turned = {name: arms[::-1] for name, arms in TWO.items()}
    one, other = (ask(split(told)).segments.attributes[0].metrics[0] for told in (TWO, turned))
    assert one.differing.statistic == pytest.approx(other.differing.statistic)
    for a, b in zip(one.segments, other.segments, strict=True):
        mine, theirs = a.told.comparisons[0].effect, b.told.comparisons[0].effect
        assert mine.difference.value == pytest.approx(-theirs.difference.value)


def test_several_treatments_have_one_test():
    three = declared(("none", "shop", "swipe"))
    levels = {
        "existing": ((4000, 2000), (4000, 2040), (4000, 2010)),
        "new": ((2000, 400), (2000, 560), (2000, 410)),
    }
    one = split(levels, variants=("none", "shop", "swipe"))
    found = segmented(three, Store(follower=one), whole(three, one), ["follower"]).segments
    assert (found.tests, found.comparisons) == (1, 4)
    assert found.attributes[0].metrics[0].differing.df == 2


def test_an_attribute_nobody_has():
    with pytest.raises(UsageError, match="no attribute folower is stored") as caught:
        ask(split(TWO), by=("folower",))
    assert caught.value.hint == "did you mean follower?"
    with pytest.raises(UsageError) as caught:
        segmented(declared(), Store(), whole(declared(), split(TWO)), ["follower"])
    assert "abstory ingest" in caught.value.hint


def test_values_from_after_the_exposure_are_refused():
    with pytest.raises(UsageError, match="every value of follower was measured at or after"):
        ask(split({"unknown": ((4000, 2000), (4000, 2040))}, later=8000))


def test_without_any_value_before_all_are_unknown():
    found = ask(split({"unknown": ((4000, 2000), (4000, 2040))})).segments.attributes[0].metrics[0]
    assert [row.name for row in found.segments] == ["unknown"]


# --- the split of each segment


def figures(levels, *, over=True, experiment=None):
    return split_by(experiment or declared(), {"platform": split(levels)}, over=over)


def test_where_the_split_is_off_is_told():
    levels = {"ios": ((5000, 0), (5010, 0)), "android": ((5000, 0), (4200, 0))}
    check = figures(levels)
    p = srm_chisq([5000, 4200], [1, 1]).p_value
    assert check.status is Status.WARN
    assert check.figures["p"] == pytest.approx(2 * p)  # Holm over two
    assert check.said == "the split is off in platform android (Holm p<.001)"


def test_while_it_runs_the_split_is_read_at_any_look():
    levels = {"ios": ((5000, 0), (5010, 0)), "android": ((5000, 0), (4850, 0))}
    check = figures(levels, over=False)
    assert check.status is Status.OK
    assert check.figures["p"] == pytest.approx(min(1, 2 * srm_sequential([5000, 4850], [1, 1]).p_value))


def test_a_whole_split_or_a_small_segment_is_no_segment():
    assert figures({"ios": ((5000, 0), (4200, 0))}).said == "no segment to hold the split to"
    assert figures({"ios": ((19, 0), (19, 0)), "web": ((5000, 0), (5000, 0))}).figures["segments"] == 1


def test_the_report_always_holds_the_split_to_the_audience_and_platform():
    experiment = declared(audience={"include": {"country": ["DE", "FR"]}, "exclude": {"staff": [True]}})
    from abstory.analysis import plan

    assert plan(experiment, END).by == ("country", "staff", "platform")


def test_asking_adds_to_the_check_of_the_split():
    lopsided = {"existing": ((5000, 2000), (4200, 2040)), "new": ((5000, 400), (5800, 560))}
    found = ask(split(lopsided))
    check = next(check for check in found.checks if check.id == "segment_srm")
    assert check.status is Status.WARN
    assert found.trusted  # the whole is as declared; where to look is a warning
