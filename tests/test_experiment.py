import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.experiment import Experiment, Size, drift

SMALL = {"version": 1, "key": "a", "factors": {"cta": ["none", "buy"]}, "metrics": {"primary": "cta_rate"}}


def made(**changes):
    return Experiment.model_validate(SMALL | changes)


def test_the_full_factorial_is_resolved_in_declared_order():
    both = made(factors={"filter": ["none", "warm"], "cta": ["none", "buy"]})
    assert [v.name for v in both.variants] == ["none.none", "none.buy", "warm.none", "warm.buy"]
    assert both.control.name == "none.none"
    assert [v.name for v in both.treatments] == ["none.buy", "warm.none", "warm.buy"]


def test_all_broken_rules_are_told_at_once():
    with pytest.raises(ValueError, match="no metric") as refused:
        made(metrics={"primary": ["nonsense"], "guardrails": ["hide_rate"]}, analysis={"looks": "fixed"})
    for words in ("no metric has this name", "has no margin", "needs a schedule"):
        assert words in str(refused.value)


def test_a_schedule_is_midnight_in_its_zone():
    # 2026-11-23 00:00 in Berlin (UTC+1) is 2026-11-22 23:00 UTC: `date -u -d 2026-11-22T23:00 +%s`.
    schedule = {"start": "2026-11-23", "end": "2026-12-07", "timezone": "Europe/Berlin"}
    assert made(schedule=schedule).start_us == 1_795_388_400 * 1_000_000
    assert (made().start_us, made().end_us) == (0, 2**62)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "x"},
        {"hypothesis": "x"},
        {"owner": "x"},
        {"asset": "x"},
        {"analysis": {"window": "1d"}},
        {"metrics": {"primary": [{"name": "cta_rate"}]}},
    ],
)
def test_words_and_spellings_leave_the_fingerprint(changes):
    assert made(**changes).fingerprint == made().fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "b"},
        {"analysis": {"alpha": "1%"}},
        {"analysis": {"window": "12h"}},
        {"traffic": {"share": "50%"}},
        {"metrics": {"primary": [{"name": "cta_rate", "mde": "2%"}]}},
        {"factors": {"cta": ["buy", "none"]}},
        {"story": "s"},
        {"audience": {"include": {"country": "DE"}}},
        {"decision": {"min_per_variant": 999}},
    ],
)
def test_what_decides_changes_the_fingerprint(changes):
    assert made(**changes).fingerprint != made().fingerprint


@given(st.permutations(["version", "key", "factors", "metrics"]))
def test_order_of_keys_leaves_the_fingerprint(order):
    assert Experiment.model_validate({key: SMALL[key] for key in order}).fingerprint == made().fingerprint


def test_drift_names_fields_and_lets_traffic_grow():
    half, whole = made(traffic={"share": "50%"}).assignment_fields(), made().assignment_fields()
    assert drift(half, whole) == ()
    assert drift(whole, half) == (("traffic.share", 10_000, 5_000),)
    heavier = made(variants={"none": {"cta": "none", "weight": 2}, "buy": {"cta": "buy"}}).assignment_fields()
    assert drift(whole, heavier) == (("variants.none.weight", 1, 2),)


@given(st.integers(1, 99_999).map(lambda n: n / 100))
def test_a_size_is_what_was_written(percent):
    assert Size.parse(f"{percent}%") == Size(percent / 100, True, f"{percent}%")
    assert not Size.parse(f"{percent}pp").relative
