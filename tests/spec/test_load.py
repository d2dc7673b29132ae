"""What is said together, what only once the other is right, and what leaves a file the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.spec import check_bytes

SLOT = """\
unit: slot
calendar: {start: 2026-11-23, weeks: 4, slots: {mon-fri: ["12:30", "18:30"]}, accounts: [a, b], no_repeat: 2, seed: 1}
metrics: {primary: [{name: completion_rate, mde: 4%}], secondary: [{name: followers_gained}]}
"""


def codes(text):
    return [one.code for one in check_bytes(text.encode(), "a.yaml")[1]]


def test_a_horizon_is_told_once_the_lengths_are_right(whole):
    wrong = whole("factors: {length: [15s, 12sec]}\nmetrics: {primary: [{name: watched_14s, mde: 2}]}")
    assert codes(wrong) == ["E207", "E206"]
    assert codes(wrong.replace("12sec", "12s")) == ["E302", "E206"]
    assert codes(wrong.replace("12sec", "12s").replace("_14s", "_12s").replace("2}", "2%}")) == ["W204"]


def test_lengths_below_a_second_suggest_no_metric_that_cannot_be(whole):
    _, found = check_bytes(whole("factors: {length: [900ms, 12s]}\nmetrics: {primary: watched_5s}").encode(), "a")
    assert [(one.code, one.hint) for one in found] == [("E302", "")]


def test_a_wrong_schedule_is_no_missing_schedule(whole):
    assert codes(whole("schedule: {start: soon, end: 2026-12-07}\nanalysis: {looks: fixed}")) == ["E209"]


def test_a_calendar_brings_defaults_of_its_own_and_its_schedule(whole):
    made, found = check_bytes(whole(SLOT).encode(), "a")
    # Two variants that take turns on two accounts: four calendars, so p is at least 2/4.
    assert [one.code for one in found] == ["W208", "W209", "W204"]
    assert (made.analysis.looks, made.analysis.multiplicity, made.decision.min_per_variant) == (
        "fixed",
        "bonferroni",
        4,
    )
    assert (str(made.schedule.start), str(made.schedule.end)) == ("2026-11-23", "2026-12-21")


def test_what_the_file_says_of_a_calendar_stands(whole):
    said = whole(SLOT + "analysis: {multiplicity: none, alpha: 10%}\ndecision: {min_per_variant: 8}")
    made, _ = check_bytes(said.encode(), "a")
    assert (made.analysis.multiplicity, made.analysis.alpha, made.decision.min_per_variant) == ("none", 0.1, 8)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("traffic: {share: 50%}", "E324"),
        ("audience: {include: {country: DE}}", "E324"),
        ("story: teaser", "E324"),
        ("stories: [teaser]", "E324"),
        ("lifetime: 12h", "E324"),
        ("frames: 3", "E324"),
        ("schedule: {start: 2026-11-23, end: 2026-12-07}", "E324"),
        ("analysis: {looks: always_valid}", "E324"),
        ("analysis: {multiplicity: dunnett}", "E324"),
        ("analysis: {covariates: [watch_seconds_28d]}", "E324"),
        ("analysis: {window_ends_with_story: false}", "E324"),
        ("variants: {control: {cta: none, weight: 2}, shop: {cta: shop_now}}", "E324"),
        ("variants: {control: {cta: none, frames: 2}, shop: {cta: shop_now}}", "E324"),
    ],
)
def test_what_only_viewers_have_is_refused_of_posts(change, code, whole):
    assert codes(whole(SLOT + change)) == [code]


def test_what_only_posts_have_is_refused_of_viewers(whole):
    assert codes(whole("calendar: {start: 2026-11-23, weeks: 1, slots: {mon: ['12:30']}}")) == ["E324"]
    assert codes(whole("metrics: {primary: [{name: cta_rate, denominator: reach, mde: 2%}]}")) == ["E324"]


def test_metrics_of_posts_are_not_those_of_viewers(whole):
    _, found = check_bytes(whole(SLOT.replace("completion_rate", "watched_12s")).encode(), "a")
    assert [(one.code, one.hint) for one in found] == [
        ("E301", "a story's totals tell no second: watch_seconds or completion_rate")
    ]
    assert codes(whole("metrics: {primary: followers_gained}")) == ["E301"]


def test_a_denominator_is_for_what_is_divided(whole):
    made, _ = check_bytes(whole(SLOT.replace("mde: 4%", "mde: 4%, denominator: reach")).encode(), "a")
    assert made.outcomes[0].metric.definition == "completions / reach, by post"
    assert codes(whole(SLOT.replace("followers_gained", "followers_gained, denominator: reach"))) == ["E324"]


def test_a_slot_file_shows_no_secret(whole):
    _, found = check_bytes(b"{version: 1, unit: slot, password: hunter2}", "a")
    assert not any("hunter2" in str(one) for one in found)


@pytest.mark.parametrize(
    ("share", "points"), [("33.33%", 3333), ("0.01%", 1), ("100%", 10_000), ("12.5%", 1250), ("0.29%", 29)]
)
def test_shares_have_two_decimals(share, points, whole):
    assert check_bytes(whole(f"traffic: {{share: {share}}}").encode(), "a")[0].traffic.share == points


def test_defaults_of_what_is_left_out(whole):
    """As docs/experiment-file.md has them."""
    made, _ = check_bytes(whole("schedule: {start: 2026-11-23, end: 2026-12-07}").encode(), "a")
    assert (made.schedule.timezone, made.decision.otherwise, made.lifetime.text) == ("UTC", "keep_control", "24h")
    assert (made.analysis.window.text, made.decision.min_runtime.text) == ("24h", "7d")


def test_short_forms_are_the_long_ones(whole):
    short, _ = check_bytes(b"version: 1\nkey: a\nfactors: {filter: [none, warm]}\nmetrics: {primary: cta_rate}", "a")
    long = "key: a\nfactors: {filter: [none, warm]}\ndesign: full_factorial\nunit: viewer\n"
    same, _ = check_bytes(whole(long + "metrics: {primary: [{name: cta_rate}], secondary: []}").encode(), "a")
    assert short.fingerprint == same.fingerprint
    assert [variant.name for variant in short.variants] == ["none", "warm"]


SECTIONS = {
    "version": ["version: 1"],
    "key": ["key: launch"],
    "schedule": ["schedule:", "  start: 2026-11-23", "  end: 2026-12-07", "  timezone: Europe/Berlin"],
    "traffic": ["traffic: {share: 40%}"],
    "variants": ["variants:", "  plain: {cta: none, weight: 2}", "  shop: {weight: 1, cta: shop_now}"],
    "metrics": ["metrics:", "  primary: [{name: cta_rate, mde: 5%}]", "  secondary: [follow_rate, like_rate]"],
    "decision": ["decision:", "  min_runtime: 7d", "  min_per_variant: 500"],
}
NESTED = {"schedule", "metrics", "decision"}
PLAIN = "\n".join("\n".join(lines) for lines in SECTIONS.values())


@st.composite
def respelt(draw):
    """The same declaration in another order, with comments, empty lines, another end of line, perhaps a BOM."""
    lines = []
    for name in draw(st.permutations(list(SECTIONS))):
        first, *inner = SECTIONS[name]
        lines += [first, *(draw(st.permutations(inner)) if name in NESTED else inner)]
    remarks = st.sampled_from(["", "  # why", "  # Größe 動画", "   "])
    between = st.sampled_from([[], [""], ["# title: not me"], ["", "#", ""]])
    told = [part for line in lines for part in (*draw(between), line + draw(remarks))]
    text = draw(st.sampled_from(["\n", "\r\n"])).join(told) + draw(st.sampled_from(["", "\n", "\n# end"]))
    return draw(st.sampled_from(["", "\ufeff"])) + text


@given(respelt())
def test_how_a_file_is_written_leaves_its_fingerprint(text):
    plain, _ = check_bytes(PLAIN.encode(), "a.yaml")
    same, found = check_bytes(text.encode(), "a.yaml")
    assert same is not None, found
    assert same.fingerprint == plain.fingerprint


@given(st.sampled_from(["2}", "40%", "5%", "7d", "500", "launch", "follow_rate", "12-07", "Berlin"]))
def test_what_it_says_does_not(word):
    other = {"2}": "3}", "launch": "lunch", "follow_rate": "save_rate", "12-07": "12-08", "Berlin": "London"}
    changed = PLAIN.replace(word, other.get(word, re.sub(r"\d+", "9", word)))
    assert check_bytes(changed.encode(), "a")[0].fingerprint != check_bytes(PLAIN.encode(), "a")[0].fingerprint


@pytest.mark.parametrize(
    ("part", "path", "hint"),
    [
        ("key: Ä", "key", "1 to 64 of a-z, 0-9, _ and -; first a letter or digit"),
        ("factors: {Ä: [a, b]}", "factors.Ä", "1 to 64 of a-z, 0-9, _ and -; first a letter or digit"),
        ("factors: {cta: [a, ä]}", "factors.cta[1]", "1 to 64 of a-z, 0-9, ., _ and -; first a letter or digit"),
        ("factors: {cta: [a, Buy Now]}", "factors.cta[1]", "did you mean buy-now?"),
        ("audience: {include: {ä: b}}", "audience.include.ä", "1 to 64 of A-Z, a-z, 0-9, ., _ and -"),
        ("metrics: {primary: cta_rate, define: {Ä: {kind: mean, count: like}}}", "metrics.define.Ä", "1 to 64 of"),
    ],
)
def test_a_name_is_told_its_own_rule(part, path, hint, whole):
    _, found = check_bytes(whole(part).encode(), "a")
    assert [(one.code, one.path) for one in found if one.hint.startswith(hint)] == [("E205", path)]


def test_a_variant_is_told_its_own_rule(whole):
    _, found = check_bytes(whole("variants: {none: {cta: none}, ä: {cta: shop_now}}").encode(), "a")
    assert [(one.code, one.path, one.hint[:8]) for one in found] == [("E205", "variants.ä", "1 to 128")]


def told(text):
    return [(one.code, one.hint) for one in check_bytes(text.encode(), "a.yaml")[1] if one.severity == "error"]


@pytest.mark.parametrize(
    ("section", "errors"),
    [
        ("factors: {length: [15 sec, 12S]}", [("E207", "did you mean 15s?"), ("E207", "did you mean 12s?")]),
        ("factors: {length: [15, 12s]}", [("E207", "write 15s")]),
        ("factors: {cta: [true, shop_now]}", [("E203", "quote it")]),
        ("factors: {cta: shop_now}", [("E203", "write [shop_now]")]),
        ("factor: {cta: [none, shop_now]}", [("E201", "did you mean factors?")]),
        ("metrics: {primry: cta_rate}", [("E201", "did you mean primary?")]),
        ("metrics: {primary: {name: cta_rate, mde: 5 %}}", [("E206", "did you mean 5%?")]),
        ("metrics:\n  primary:\n    name: cta_rate\n    mde: 2,5%", [("E206", "did you mean 2.5%?")]),
        ("metrics: {primary: {name: cta_rate, mde: 2,5%}}", [("E114", "did you mean 2.5%?")]),
        ("decision: {min_runtime: 7d, min_per_variant: 5,000}", [("E114", "did you mean 5000?")]),
        ("metrics: {primary: [{cta_rate: 5%}]}", [("E201", "write {name: cta_rate, mde: 5%}")]),
        (
            "metrics: {guardrails: {hide_rate: 20%}, primary: cta_rate}",
            [("E201", "write {name: hide_rate, margin: 20%}")],
        ),
        (
            "metrics: {primary: purchase_rate}",
            [("E301", "did you mean share_rate? a metric of your own is declared in metrics.define")],
        ),
        ("metrics: {primary: zzz}", [("E301", "a metric of your own is declared in metrics.define")]),
        ("factors: {length: [15s, 15000ms, 12s]}", [("E306", "keep one")]),
        ("analysis: {window: 1 day}", [("E207", "did you mean 1d?")]),
        ("analysis: {alpha: 5 percent}", [("E206", "did you mean 5%?")]),
        ("analysis: {alpha: 5pp}", [("E206", "such as 5%")]),
        ("analysis: {covariates: age}", [("E203", "write [age]")]),
        ("variants: [{cta: none}, {cta: shop_now}]", [("E203", "such as control: {cta: none}")]),
        (
            "factors: {cta: [none, buy]}\nvariants: {a: {cta: none}, b: {cat: buy}}",
            [("E308", "did you mean cta?")],
        ),
        (
            "factors: {cta: [none, buy]}\nvariants: {a: {cta: none}, b: {cta: buy, weight: 50%}}",
            [("E203", "weights are relative: 1 and 1 are halves")],
        ),
    ],
)
def test_one_mistake_is_one_error_that_says_what_was_meant(whole, section, errors):
    assert told(whole(section)) == errors


def test_a_negative_size_is_not_said_to_lack_its_sign(whole):
    _, found = check_bytes(whole("metrics: {primary: {name: cta_rate, mde: -5%}}").encode(), "a")
    assert [one.message for one in found if one.severity == "error"] == ["a size must be above 0"]


def test_a_missing_field_is_still_told_beside_one_that_is_not_meant_for_it(whole):
    assert [code for code, _ in told(whole("metrics: {colour: red}"))] == ["E202", "E201"]
