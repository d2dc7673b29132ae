"""The page: snapshots of hand-made results at the widths people have, and the laws every page keeps."""

import dataclasses
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from abstory.digits import WORDS
from abstory.metrics import Direction
from abstory.report.look import Look
from abstory.report.terminal import lines, render
from abstory.results import Check, Looking, Reads, Status
from abstory.results import Look as Planned
from abstory.stats.estimate import AtStop, Estimate, Interval, Reason, Undetermined

WIDTHS = (60, 80, 120)


@pytest.mark.parametrize("width", WIDTHS)
def test_page(page, width, snapshot):
    assert render(page, Look(width)) == snapshot


@pytest.mark.parametrize("name", ["ship", "segments"])
def test_page_on_a_phone(pages, name, snapshot):
    assert render(pages[name], Look(40)) == snapshot


def test_page_in_ascii(page, snapshot):
    assert render(page, Look(80, ascii_only=True)) == snapshot


def test_every_variant_when_asked(pages, snapshot):
    whole = dataclasses.replace(pages["many"], everything=True)
    text = render(whole, Look(80))
    assert text == snapshot
    assert all(arm.variant in text for arm in whole.result.arms)


def test_every_secondary_and_guardrail_when_asked(pages):
    text = render(dataclasses.replace(pages["ship"], everything=True), Look(80))
    assert text.count("\nVARIANT  ") == 7
    assert text.count("\nhide_rate ") == 7


def test_one_metric_over_all_variants(pages, snapshot):
    assert render(dataclasses.replace(pages["ship"], only=("hide_rate",)), Look(80)) == snapshot


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_asked(page, width):
    for line in render(page, Look(width)).splitlines():
        assert cell_len(line) <= width


def test_a_page_is_about_forty_lines(pages):
    assert len(render(pages["ship"], Look(80)).splitlines()) <= 40


def test_colour_says_nothing_the_words_do_not(page):
    assert "\x1b" not in render(page, Look(80))
    assert [line.plain for line in lines(page, Look(80))] == render(page, Look(80)).splitlines()


def test_lifts_are_withheld_when_the_data_cannot_be_trusted(pages):
    text = render(pages["invalid"], Look(80))
    assert "+1.6%" not in text
    assert "withheld" in text
    assert "find why one variant loses viewers" in text


def test_no_data_names_a_command(pages):
    text = render(pages["no data"], Look(80))
    assert "abstory ingest FILE" in text
    assert "alpha" not in text


def test_not_knowing_has_words(pages):
    text = render(pages["undetermined"], Look(80))
    assert "too early [1]" in text
    assert "[1] too early to read (12 of 200 viewers)" in text
    assert "1.000" not in text
    assert "nan" not in text.lower()


@pytest.mark.parametrize("reason", Reason)
def test_every_kind_of_not_knowing_has_a_word_and_a_footnote(made, reason):
    rows = [made.row("b", 0.4, made.Undetermined(reason, "3 of 7"), Reads.UNKNOWN)]
    page = made.Page(
        made.result(made.arms(["a", "b"]), [made.metric("like_rate", made.Role.PRIMARY, 0.4, rows)]), made.WON
    )
    text = render(page, Look(80))
    assert f"{WORDS[reason]} [1]" in text
    assert f"[1] {reason} (3 of 7)" in text
    assert "nan" not in text.lower()
    assert not re.search(r"\bp (adj)?\b.*1\.0", text)


def test_what_finds_no_room_is_named(pages):
    assert "hidden: viewers · p adj" in render(pages["ship"], Look(60))
    assert "hidden" not in render(pages["ship"], Look(80))


def test_harm_elsewhere_is_told(pages, made):
    page = pages["ship"]
    *others, guardrail = page.result.metrics
    harmed = dataclasses.replace(guardrail.comparisons[0], reads=Reads.HARMED)
    guardrail = dataclasses.replace(guardrail, comparisons=(harmed, *guardrail.comparisons[1:]))
    result = dataclasses.replace(page.result, metrics=(*others, guardrail))
    assert "hide_rate: harmed in none.15s.shop_now" in render(dataclasses.replace(page, result=result), Look(80))


def test_a_metric_where_less_is_better_ranks_the_other_way(pages):
    page = pages["ship"]
    primary = page.result.metrics[0]
    lower = dataclasses.replace(primary.outcome.metric, direction=Direction.DECREASE)
    primary = dataclasses.replace(primary, outcome=dataclasses.replace(primary.outcome, metric=lower))
    result = dataclasses.replace(page.result, metrics=(primary, *page.result.metrics[1:]))
    text = render(dataclasses.replace(page, result=result, only=("watched_12s",)), Look(80))
    assert "Lower is better." in text
    assert "┊ = MDE −2%" in text
    assert text.index("warm.15s.shop_now") < text.index("warm.12s.none")


def test_a_variant_that_is_called_control_and_is_not(made):
    page = made.Page(made.result(made.arms(["new", "control"]), []), made.WON)
    assert [page.name(name) for name in ("new", "control")] == ["new", "control"]


HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=60), st.sampled_from(["\x1b]0;owned\x07", "日本語の動画" * 8, "\u202egnp", "a\nb", "[bold]x"])
    ),
    min_size=2,
    max_size=4,
    unique=True,
)


@given(HOSTILE, st.text(max_size=80), st.integers(40, 120), st.booleans())
def test_no_name_or_title_can_break_the_page(made, names, title, width, ascii_only):
    rows = [made.row(name, 0.4, (0.01, -0.01, 0.03, 0.4), Reads.UNCLEAR) for name in names[1:]]
    metrics = [made.metric("watched_12s", made.Role.PRIMARY, 0.4, rows, mde="2%")]
    check = dataclasses.replace(made.TRUSTED[0], said=title, status=made.Status.WARN, advice=title)
    result = made.result(made.arms(names), metrics, (check,), title=title)
    page = made.Page(result, made.Verdict(made.Ruling.SHIP, names[1], (title,)))
    text = render(page, Look(width, ascii_only))
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in text.replace("\n", ""))
    assert all(cell_len(line) <= width for line in text.split("\n"))
    assert "+1.0%" in text.replace("\n", "")
    assert text.isascii() or not ascii_only


SIZES = st.floats(-1e4, 1e4)


@given(st.lists(st.tuples(SIZES, SIZES, SIZES, st.floats(0, 1)), min_size=1, max_size=5), st.sampled_from(WIDTHS))
def test_any_numbers_fit_and_a_drawn_bar_agrees_with_the_word(made, told, width):
    lifts = [(*sorted(sizes), p) for *sizes, p in told]
    lifts = [(point, low, high, p) for low, point, high, p in lifts]
    names = ["a", *(f"v{n}" for n in range(len(lifts)))]
    rows = [made.row(v, 0.2, lift, made.read(lift)) for v, lift in zip(names[1:], lifts, strict=True)]
    page = made.Page(made.result(made.arms(names), [made.metric("like_rate", made.Role.PRIMARY, 0.2, rows)]), made.WON)
    drawn = [line for line in render(page, Look(width)).splitlines() if line.endswith(("better", "worse", "unclear"))]
    assert len(drawn) == len(lifts)
    for line in drawn:
        assert cell_len(line) <= width
        if "○" in line or "●" in line:
            assert ("●" in line) == (not line.endswith("unclear"))


def stepwise(made, **more):
    """Two treatments read by Holm: the second is named by p adj alone, the third has a closed gate."""
    rows = [
        made.row("b", 0.2, (0.06, 0.02, 0.10, 0.004), Reads.BETTER),
        dataclasses.replace(made.row("c", 0.2, (0.04, -0.01, 0.09, 0.06), Reads.BETTER), p_adjusted=0.031),
        dataclasses.replace(made.row("d", 0.2, (0.05, 0.01, 0.09, 0.02), Reads.UNCLEAR), p_adjusted=0.4),
    ]
    metrics = [made.metric("save_rate", made.Role.PRIMARY, 0.2, rows, mde="2%")]
    return made.result(made.arms(["a", "b", "c", "d"]), metrics, **more)


def test_a_word_that_its_interval_does_not_say_has_a_footnote(made):
    verdict = made.Verdict(made.Ruling.WAIT, None, ("look",))
    text = render(made.Page(stepwise(made), verdict), Look(100))
    assert ".031  better [2]" in text
    assert "[2] the word goes by p adj, step by step; the interval is Bonferroni's, wider, and may hold 0" in text
    assert "[1] not tested: no primary has opened its gate, whatever the interval" in text


def test_a_winner_of_several_has_its_shrunken_estimate(made):
    found = stepwise(made)
    best = dataclasses.replace(found.metrics[0].comparisons[0], shrunken=0.21)
    metric = dataclasses.replace(found.metrics[0], comparisons=(best, *found.metrics[0].comparisons[1:]))
    page = made.Page(dataclasses.replace(found, metrics=(metric,)), made.Verdict(made.Ruling.SHIP, "b", ("won",)))
    assert "[1] best of 3, so likely flattered; shrunken estimate +5.0%" in render(page, Look(80))


def test_a_look_that_stops_is_corrected_in_a_footnote_and_the_foot_says_where_it_stands(made):
    look = Planned(0.4, made.NOON, (0.2,))
    looking = Looking(planned=5, viewers=10_000, seen=4_100, look=look, new=False, next_at=6_000)
    found = stepwise(made)
    method = dataclasses.replace(found.method, reading="group sequential", looking=looking)
    lift = Estimate(0.055, Interval(0.015, 0.095))
    stop = AtStop(Estimate(0.011, Interval(0.003, 0.019)), lift, 0.012)
    best = dataclasses.replace(found.metrics[0].comparisons[0], at_stop=stop)
    metric = dataclasses.replace(found.metrics[0], comparisons=(best, *found.metrics[0].comparisons[1:]))
    page = made.Page(
        dataclasses.replace(found, metrics=(metric,), method=method), made.Verdict(made.Ruling.SHIP, "b", ("won",))
    )
    text = render(page, Look(120))
    assert "[2] b, corrected for stopping at look 2 of 5: +5.5% (+1.5% to +9.5%), p .012" in text
    assert "5 looks planned to 10,000 viewers, 4,100 there; look 2 is shown, next at 6,000" in text


def test_views_longer_than_their_cut_are_said_where_there_are_any(pages):
    for count, said in ((0, False), (2001, True)):
        check = Check("beyond_length", Status.OK, f"{count:,} views longer than their cut", figures={"count": count})
        result = pages["ship"].result
        page = dataclasses.replace(pages["ship"], result=dataclasses.replace(result, checks=(*result.checks, check)))
        assert ("longer than their cut" in render(page, Look(80)).replace("\n", " ")) is said


def test_a_word_that_is_the_whole_reason_has_no_footnote(made):
    nobody = Undetermined(Reason.NO_VIEWERS)
    rows = [made.row("b", 0.0, nobody, Reads.UNKNOWN)]
    result = made.result(made.arms(["a", "b"], 0), [made.metric("cta_rate", made.Role.PRIMARY, 0.1, rows)])
    told = render(made.Page(result, made.Verdict(made.Ruling.WAIT, None, ("nobody yet",)), "24h"), Look(80))
    assert "no viewers" in told
    assert "[1]" not in told
