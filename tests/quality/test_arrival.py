"""Whether viewers arrived as declared, and what was counted: the harmful is found, the harmless is let through."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from abstory import quality
from abstory.experiment import HOUR_US, Experiment
from abstory.quality import INFORMING, WITHHOLDING, Evidence, checks, differs, smaller_shares
from abstory.results import Status
from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData


def declared(**fields):
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "cta",
            "factors": {"cta": ["none", "shop"]},
            "metrics": {"primary": "cta_rate"},
            "schedule": {"start": "2023-11-15", "end": "2023-11-29"},
            **fields,
        }
    )


FIXED = {"analysis": {"looks": "fixed"}}


def arm(n, *, crossovers=0, immature=0, rate=0.1, mismatched=0):
    moments = Moments(n, {"any(cta_click)": rate}, {})
    return ArmData(moments, immature, crossovers, moments, mismatched, n)


def answer(none, shop, **counts):
    nothing = dict.fromkeys(
        (
            "outside_schedule",
            "forced",
            "not_attributed",
            "before_exposure",
            "views_without_time",
            "watch_beyond_length",
        ),
        0,
    )
    rest = {"unknown_variants": {}, "exposures_by_day": {}, **nothing, **counts}
    return Answer(arms={"none": none, "shop": shop}, **rest)


def found(name, data, *, experiment=None, **evidence):
    all_checks = checks(Evidence(experiment or declared(), data, **{"stored": {}, **evidence}))
    return next(check for check in all_checks if check.id == name)


@pytest.mark.parametrize(
    ("mismatched", "status", "said"),
    [
        (0, Status.OK, "variants as assigned"),
        (12, Status.WARN, "12 of 2,000 viewers saw a variant that assignment does not give"),
        # Half of the viewers of two equal variants get the other one when somebody else tosses the coin.
        (1000, Status.OK, "variants were drawn by another system"),
    ],
)
def test_a_variant_that_assignment_does_not_give(mismatched, status, said):
    check = found("mismatch", answer(arm(1000, mismatched=mismatched), arm(1000)))
    assert (check.status, check.said) == (status, said)


def test_the_important_ones_come_first():
    ids = [check.id for check in checks(Evidence(declared(), answer(arm(10), arm(10)), {}))]
    assert ids[:4] == ["srm", "crossover", "drift", "unknown_variant"]
    assert len(set(ids)) == len(ids)


def test_a_split_as_declared_is_ok():
    check = found("srm", answer(arm(5000), arm(5010)))
    assert (check.status, check.advice) == (Status.OK, "")


def test_at_the_end_srm_is_the_chi_square_test():
    # scipy beside it: 5,000 against 5,300 of an even split.
    check = found("srm", answer(arm(5000), arm(5300)), experiment=declared(**FIXED), over=True)
    assert check.figures["p"] == pytest.approx(stats.chisquare([5000, 5300]).pvalue, rel=1e-9)
    assert check.status is Status.OK
    looked_at_daily = found("srm", answer(arm(5000), arm(5300)), over=True)
    assert (looked_at_daily.figures["method"], check.figures["method"]) == ("sequential", "chi-square")


@pytest.mark.parametrize("fields", [FIXED, {}])
def test_a_lost_share_fails(fields):
    # 8 % of one arm lost among 20,000: chi-square p = 4e-9 (scipy).
    assert found("srm", answer(arm(10_000), arm(9_200)), experiment=declared(**fields), over=True).status is Status.FAIL


@pytest.mark.parametrize("fields", [FIXED, {}])
def test_an_arm_without_viewers_stays_in_the_test(fields):
    assert found("srm", answer(arm(1000), arm(0)), experiment=declared(**fields), over=True).status is Status.FAIL


def test_srm_holds_to_the_declared_weights():
    weighted = declared(variants={"none": {"cta": "none", "weight": 3}, "shop": {"cta": "shop", "weight": 1}})
    data = answer(arm(30_000), arm(10_000))
    assert found("srm", data, experiment=weighted).status is Status.OK
    assert found("srm", data).status is Status.FAIL


def test_a_huge_split_off_by_a_rounding_is_no_alarm():
    # 10^9 viewers, 0.05 % off: p is far below .001 (chi-square 250), the deviation below 0.1 %.
    check = found("srm", answer(arm(500_250_000), arm(499_750_000)), experiment=declared(**FIXED), over=True)
    assert check.figures["p"] < 1e-9
    assert check.status is Status.OK


def test_no_viewers_is_not_known():
    data = answer(arm(0), arm(0))
    assert found("srm", data).status is Status.UNKNOWN
    assert found("crossover", data).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("none", "shop", "status"),
    [
        ((10_000, 1), (10_000, 1), Status.OK),
        ((10_000, 100), (10_000, 100), Status.OK),  # exactly 1 %
        ((10_000, 101), (10_000, 100), Status.FAIL),  # just above
        ((10_000, 60), (10_000, 5), Status.FAIL),  # chi-square p = 8e-12, gap 0.55 points
        ((1_000_000, 40), (1_000_000, 0), Status.OK),  # p = 3e-10 and a gap of 0.004 points: nobody is misled
        ((10_000, 12), (10_000, 5), Status.OK),  # p = 0.09
    ],
)
def test_crossovers(none, shop, status):
    data = answer(arm(none[0], crossovers=none[1]), arm(shop[0], crossovers=shop[1]))
    assert found("crossover", data).status is status


def test_the_share_of_crossovers_is_said():
    data = answer(arm(10_000, crossovers=1), arm(10_000, crossovers=1))
    assert found("crossover", data).said == "0.01% saw >1 variant"


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 1000)), min_size=2, max_size=8))
def test_the_same_share_everywhere_is_scipys_test_of_the_table(arms):
    seen, rest = zip(*arms, strict=True)
    p = stats.chi2_contingency([seen, rest], correction=False).pvalue
    assert differs(seen, [x + y for x, y in arms]) == pytest.approx(p, rel=1e-6, abs=1e-12)


def test_nobody_or_everybody_is_no_difference():
    assert differs([0, 0], [10, 20]) == 1.0
    assert differs([10, 20], [10, 20]) == 1.0
    assert differs([3], [10]) == 1.0


def test_another_file_behind_the_exposures_fails():
    data, mine = answer(arm(10), arm(10)), declared().fingerprint
    check = found("drift", data, stored={mine: 7, "f" * 64: 3})
    assert check.status is Status.FAIL
    assert check.said == "the file changed after 3 exposures were recorded"


def test_the_same_file_and_exposures_logged_elsewhere_are_no_drift():
    data, mine = answer(arm(10), arm(10)), declared().fingerprint
    assert found("drift", data, stored={mine: 7, "": 3}).said == "file unchanged"
    assert found("drift", data, stored={"": 3}).status is Status.OK


def test_a_ramp_of_traffic_is_no_drift_and_a_cut_is():
    small, large = declared(traffic={"share": "12.5%"}), declared(traffic={"share": "40%"})
    data = answer(arm(10), arm(10))
    assert found("drift", data, experiment=large, stored={small.fingerprint: 5}).status is Status.OK
    assert found("drift", data, experiment=small, stored={large.fingerprint: 5}).status is Status.FAIL


def test_smaller_shares_are_those_of_real_files():
    ramp = smaller_shares(declared(traffic={"share": "0.03%"}))
    assert ramp == {declared(traffic={"share": share}).fingerprint for share in ("0%", "0.01%", "0.02%")}


@pytest.mark.parametrize(("count", "status"), [(0, Status.OK), (10, Status.WARN), (11, Status.FAIL)])
def test_undeclared_variants(count, status):
    # 0.1 % of all exposures is the limit: 10 of 10,000, 11 of 10,001.
    data = answer(arm(5000), arm(4990), unknown_variants={"shopp": count} if count else {})
    assert found("unknown_variant", data).status is status


def test_no_event_at_all_is_warned_of_and_names_the_story():
    silent = answer(arm(100, rate=0.0), arm(100, rate=0.0), not_attributed=40)
    check = found("no_events", silent, experiment=declared(story="launch"))
    assert check.status is Status.WARN
    assert "is the story launch right?" in check.advice
    assert found("no_events", answer(arm(100), arm(100, rate=0.0))).status is Status.OK


def test_the_age_of_events():
    data = answer(arm(10), arm(10))
    assert found("age", data, age_us=2 * HOUR_US).said == "events 2 h old"
    assert found("age", data, age_us=49 * HOUR_US).status is Status.WARN
    assert found("age", data, age_us=49 * HOUR_US, over=True).status is Status.OK
    assert found("age", data).status is Status.UNKNOWN


def test_immature_viewers_are_counted_not_judged():
    check = found("immature", answer(arm(90, immature=10), arm(100)))
    assert (check.status, check.figures) == (Status.OK, {"viewers": 10, "share": 0.05})


def test_views_without_time_and_exposures_outside_are_warned_of():
    data = answer(arm(10), arm(10), views_without_time=3, outside_schedule=2, not_attributed=9)
    assert found("views_without_time", data).status is Status.WARN
    assert found("outside_schedule", data).status is Status.WARN
    assert found("not_attributed", data).status is Status.OK
    assert found("views_without_time", answer(arm(10), arm(10))).advice == ""


def test_the_order_of_variants_in_the_answer_does_not_matter():
    data = answer(arm(5000, crossovers=30), arm(4500, crossovers=2), unknown_variants={"b": 1, "a": 2})
    turned = replace(data, arms=dict(reversed(data.arms.items())), unknown_variants={"a": 2, "b": 1})
    assert checks(Evidence(declared(), data, {})) == checks(Evidence(declared(), turned, {}))


def test_only_checks_that_withhold_can_fail():
    """A verdict asks no others: one that failed among those that inform would go unseen."""
    modules = [path for path in Path(quality.__file__).parent.glob("*.py") if path.name != "posts.py"]
    functions = [node for path in modules for node in ast.parse(path.read_text()).body if type(node) is ast.FunctionDef]
    failing = {node.name for node in functions if "Status.FAIL" in ast.unparse(node)}
    assert failing - {"_faults"} == {check.__name__ for check in WITHHOLDING}
    assert not set(WITHHOLDING) & set(INFORMING)
