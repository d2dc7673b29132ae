import pytest

from abstory.spec import check_bytes

BASE = "version: 1\nkey: a\nfactors: {length: [15s, 12s]}\nmetrics: {primary: [{name: watched_12s, mde: 2%}], guardrails: [{name: hide_rate, margin: 20%}]}\n"


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("watched_12s", "completion_rate", "W201", (4, 28)),
        ("15s", "20s", "W202", (3, 20)),
        ("margin: 20%", "margin: 20%, direction: increase", "W210", (4, 107)),
        (", mde: 2%", "", "W203", (4, 21)),
        (", guardrails: [{name: hide_rate, margin: 20%}]", "", "W204", (4, 1)),
        ("key: a", "key: a\ndecision: {min_per_variant: 199}", "W205", (3, 29)),
        ("key: a", "key: a\ntraffic: {share: 0%}", "W211", (3, 18)),
        ("key: a", "key: a\naudience: {include: {os: [a, b]}, exclude: {os: [c, b]}}", "W212", (3, 53)),
        ("key: a", "key: a\naudience: {include: {staff: true}, exclude: {staff: 'true'}}", "W212", (3, 53)),
        ("mde: 2%", "mde: 5000%", "W213", (4, 46)),
        ("margin: 20%", "margin: 101pp", "W213", (4, 91)),
        ("}]}", "}], define: {saves: {kind: mean, count: save}}}", "W214", (4, 107)),
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


POSTS = """\
version: 1
key: a
unit: slot
factors: {hook: [none, question, number]}
metrics: {primary: [{name: cta_rate, mde: 5%}], guardrails: [{name: exit_rate, margin: 20%}]}
calendar: {start: 2026-11-23, weeks: 1, slots: {mon-wed: ["12:30", "18:30"]}, accounts: [de, fr]}
"""


def test_a_calendar_that_can_show_nothing_is_named():
    """Of two treatments each has 2 + 2 posts on either account: 36 calendars, and twice 2/36 is .11."""
    experiment, found = check_bytes(POSTS.encode(), "a.yaml")
    assert experiment is not None
    assert [(one.code, one.severity, one.line, one.column) for one in found] == [("W209", "warning", 6, 1)]
    told = "nothing can be shown of question, number: p is at least 0.11, and less than 0.05 is asked"
    assert found[0].message == told
    assert "no_repeat" not in found[0].hint


def test_a_rule_that_leaves_too_few_is_told_to_be_one():
    _, found = check_bytes(POSTS.replace("fr]", "fr], no_repeat: 3").encode(), "a.yaml")
    assert [one.code for one in found] == ["W209"]
    assert found[0].hint.endswith("or no_repeat: 1")


def test_a_calendar_that_can_show_something_earns_none():
    assert check_bytes(POSTS.replace("weeks: 1", "weeks: 2").encode(), "a.yaml")[1] == ()


def test_many_treatments_are_counted_not_named():
    many = POSTS.replace("question, number", "b, c, d, e, f")
    _, found = check_bytes(many.encode(), "a.yaml")
    assert [one.message.partition(":")[0] for one in found] == ["nothing can be shown of 5 treatments"]
