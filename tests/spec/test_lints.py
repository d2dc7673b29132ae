import pytest

from abstory.spec import check_bytes

BASE = "version: 1\nkey: a\nfactors: {length: [15s, 12s]}\nmetrics: {primary: [{name: watched_12s, mde: 2%}], guardrails: [{name: hide_rate, margin: 20%}]}\n"


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("watched_12s", "completion_rate", "W201", (4, 28)),
        ("15s", "20s", "W202", (3, 20)),
        (", mde: 2%", "", "W203", (4, 21)),
        (", guardrails: [{name: hide_rate, margin: 20%}]", "", "W204", (4, 1)),
        ("key: a", "key: a\ndecision: {min_per_variant: 199}", "W205", (3, 29)),
        ("key: a", "key: a\nschedule: {start: 2026-11-23, end: 2026-11-25}", "W206", (3, 36)),
    ],
)
def test_each_regret_is_named(old, new, code, place):
    experiment, found = check_bytes(BASE.replace(old, new, 1).encode(), "a.yaml")
    assert experiment is not None
    assert [(one.code, one.severity, one.line, one.column) for one in found] == [(code, "warning", *place)]


def test_who_asks_for_the_unfair_comparison_is_not_asked_again():
    text = BASE.replace("watched_12s", "completion_rate") + "analysis: {compare_across_lengths: true}\n"
    experiment, found = check_bytes(text.encode(), "a.yaml")
    assert experiment.analysis.compare_across_lengths
    assert found == ()


def test_a_clean_file_earns_none():
    assert check_bytes(BASE.encode(), "a.yaml")[1] == ()
