"""Frames on the page: the share that comes to each, who leaves there, and what was done, told by hand."""

import dataclasses

import pytest

from abstory.report import renderer
from abstory.report.draft import Draft
from abstory.report.html.frames import frames
from abstory.report.html.sheet import Detail, Embedded, Sheet
from abstory.report.look import Look
from abstory.results import FrameContrast, FrameFunnel, FrameResult, Reads
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined
from abstory.stats.incidence import Funnel
from abstory.stats.moments import Tally


def funnel(variant, second):
    """Of 1,000: 200 leave on the first frame, some on the second, the rest come to the end."""
    ended = {(1, "exit"): 200, (2, "swipe"): second, (3, "complete"): 800 - second}
    taps = tuple(Tally(1000, count) for count in (50, 40, 0))
    return FrameFunnel(variant, Funnel(1000, 3, ended, frozenset({"complete"})), taps, taps[::-1], ((50, 0),) * 3)


@pytest.fixture
def section(pages):
    page = pages["ship"]
    gap = Estimate(0.1, Interval(0.07, 0.13))
    effect = Effect(0.2, 0.1, gap, gap, 6.0, 1e-6, 2.5, 0.02, "score")
    contrasts = (
        FrameContrast(page.pick, 1, "left", Undetermined(Reason.TOO_EARLY, "soon"), Reads.UNKNOWN),
        FrameContrast(page.pick, 2, "left", effect, Reads.WORSE),
    )
    control = page.result.control
    told = FrameResult(
        control,
        ("intro", "<b>price", "cta"),
        {control: funnel(control, 100), page.pick: funnel(page.pick, 200)},
        contrasts,
        {"left": 14},
    )
    shown = dataclasses.replace(page, result=dataclasses.replace(page.result, frames=told))
    assert "<b>price" not in renderer("html")(shown, Look())
    (made,) = frames(Sheet(Draft(shown, Look()), Detail(None, Embedded.ABSENT)))
    return made


def cells(table, at):
    return list(table.columns[at].cells)


def test_who_comes_to_each_frame(section):
    figure, *_ = section.parts
    assert cells(figure.behind, 0) == ["intro", "<b>price", "cta"]
    assert cells(figure.behind, 1) == ["100%", "80.0%", "70.0%"]
    assert cells(figure.behind, 2) == ["100%", "80.0%", "60.0%"]


def test_who_leaves_and_what_it_reads(section):
    table = section.parts[1]
    assert cells(table, 2) == ["20.0%", "20.0%", "0%"]
    assert cells(table, 3) == ["–", "+10.00 pp", "–"]
    assert cells(table, 5) == ["too early [1]", "worse", ""]
    assert "part at frame 2" in section.lead


def test_what_was_done(section):
    told = section.parts[2].table
    assert [column.head for column in told.columns][1:3] == ["forward, control", "forward, warm.12s.shop_now"]
    assert cells(told, 1) == ["5.00%", "4.00%", "0%"]


def test_a_story_of_one_frame_has_no_section(pages):
    assert frames(Sheet(Draft(pages["ship"], Look()), Detail(None, Embedded.ABSENT))) == []
