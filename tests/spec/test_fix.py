"""Misspelt words are put right, byte for byte the rest stays, and nothing that asks for a decision is touched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.spec import check_bytes
from abstory.spec.fix import fixed

SOUND = """\
version: 1
key: launch
schedule: {start: 2026-11-23, end: 2026-12-07, timezone: Europe/Berlin}
factors:
  cta: [none, shop_now]      # the first is control's
metrics:
  primary: [{name: cta_rate, mde: 20%}]
  secondary: ["engagement_rate", watch_seconds]
  guardrails: [{name: hide_rate, margin: 2pp}]
analysis: {looks: always_valid, multiplicity: dunnett}
decision: {otherwise: keep_control}
"""
SLIPS = {
    "schedule:": "shcedule:",
    "timezone:": "timezne:",
    "Europe/Berlin": "Europe/Berln",
    "factors:": "factor:",
    "cta_rate": "cta_rat",
    '"engagement_rate"': '"engagment_rate"',
    "watch_seconds": "watch_secnds",
    "margin:": "margn:",
    "always_valid": "allways_valid",
    "dunnett": "dunnet",
    "keep_control": "keep_controll",
}


def test_the_file_is_sound_to_begin_with():
    assert check_bytes(SOUND.encode(), "x")[0]


@pytest.mark.parametrize("right", SLIPS)
def test_a_slip_is_put_right(right):
    after, done = fixed(SOUND.replace(right, SLIPS[right]).encode(), "x")
    assert after.decode() == SOUND
    assert [(one.found, one.meant) for one in done] == [
        (SLIPS[right].strip(':"'), right.strip(':"')),
    ]


@settings(deadline=None)
@given(st.sets(st.sampled_from(sorted(SLIPS)), min_size=1), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_slips_at_once_with_any_line_ends(rights, end, marked):
    def written(text):
        return ("\ufeff" * marked + text.replace("\n", end)).encode()

    text = SOUND
    for right in rights:
        text = text.replace(right, SLIPS[right])
    after, done = fixed(written(text), "x")
    assert after == written(SOUND)
    assert len(done) == len(rights)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("mde: 20%", "mde: 0.2"),
        ("cta_rate", "purchases"),
        ("key: launch", "key: Launch"),
        ("cta_rate", "like_rte_of_all"),
        ("version: 1", "version: 2"),
        ("none, shop_now", "shop_now, shop_now"),
    ],
)
def test_what_asks_for_a_decision_stays(right, wrong):
    data = SOUND.replace(right, wrong).encode()
    assert fixed(data, "x") == (data, ())


def test_a_word_that_is_there_already_is_not_written_twice():
    data = SOUND.replace("decision:", "analysys: {alpha: 10%}\ndecision:").encode()
    assert fixed(data, "x") == (data, ())


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_end_well(data):
    after, done = fixed(data, "x")
    assert (after == data) is (not done)
