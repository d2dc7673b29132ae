"""How an effect came about: a line that ends where the table says, hours where the stories have times, none where none."""

import dataclasses

import pytest

from abstory.metrics import Unit
from abstory.report import renderer
from abstory.report.draft import Draft
from abstory.report.html.layout import effects
from abstory.report.html.parts import Figure, Table
from abstory.report.html.sheet import Detail, Embedded, Sheet
from abstory.report.look import Look
from abstory.results import (
    Accrual,
    Accrued,
    AcrossStories,
    Airtime,
    AtExposure,
    ByExposure,
    Daily,
    DayEffect,
    StoryEffect,
)

PICK = "warm.12s.shop_now"


@pytest.fixture
def unfolded(made, pages):
    """Three days and three hours of the pick, the first hour not known yet, and two stories."""
    told = [made.effect(0.413, *ends) for ends in ((0.09, -0.02, 0.2, 0.3), (0.07, 0.01, 0.14, 0.02), made.LIFTS[-1])]
    early = made.Undetermined(made.Reason.TOO_EARLY)
    page = pages["ship"]
    result = dataclasses.replace(
        page.result,
        daily=(
            Daily(
                "watched_12s", PICK, Unit.RATE, tuple(DayEffect(20_000 + n, 900 * n, e) for n, e in enumerate(told, 1))
            ),
            Daily("watched_12s", "none.15s.shop_now", Unit.RATE, (DayEffect(20_000, 9, told[0]),)),
        ),
        accruals=(
            Accrual(
                "watched_12s", PICK, Unit.RATE, tuple(Accrued(n, 90 * n, e) for n, e in enumerate((early, *told), 1))
            ),
        ),
        airtimes=(
            Airtime("launch-1", made.NOON - 3_600_000_000, made.NOON + 3_600_000_000),
            Airtime("later", None, None),
        ),
    )
    return dataclasses.replace(page, result=result)


def named(page, name):
    sheet = Sheet(Draft(page, Look()), Detail(None, Embedded.ABSENT))
    return next((section for section in effects(sheet) if section.name == name), None)


def test_the_figure_and_its_table_say_the_same(unfolded):
    (figure,) = named(unfolded, "days").parts
    assert isinstance(figure, Figure)
    assert "+6.5% (+4.2% to +8.8%) at the end" in figure.caption
    assert figure.along == ["2024-10-05", "2024-10-07"]
    assert [list(column.cells)[-1] for column in figure.behind.columns] == [
        "2024-10-07",
        "2,700",
        "+6.5%",
        "+4.2% to +8.8%",
    ]


def test_an_hour_that_is_not_known_is_in_the_table_and_not_in_the_line(unfolded):
    (figure,) = named(unfolded, "hours").parts
    assert figure.along == ["2 h", "4 h"]
    assert list(figure.behind.columns[2].cells) == ["–", "+9.0%", "+7.0%", "+6.5%"]


def test_only_the_pick_unless_all_is_asked_for(unfolded):
    assert len(named(unfolded, "days").parts) == 1
    assert (
        named(
            dataclasses.replace(unfolded, verdict=dataclasses.replace(unfolded.verdict, variant="warm.15s.none")),
            "days",
        )
        is None
    )


def test_stories_have_their_times(unfolded):
    text = renderer("html")(unfolded, Look())
    assert "launch-1" in text
    assert "2026-12-07 11:00 UTC" in text
    assert "on air" in text


def test_nothing_is_said_of_what_is_not_there(pages):
    assert named(pages["ship"], "days") is None
    assert "Stories" not in renderer("html")(pages["ship"], Look())


def test_every_table_is_named_apart(unfolded):
    captions = [
        part.behind.caption if isinstance(part, Figure) else part.caption
        for name in ("metric-1", "secondary", "guardrail", "days", "hours")
        for part in named(unfolded, name).parts
        if isinstance(part, Figure | Table)
    ]
    assert len(captions) == len(set(captions))


def test_stories_stand_on_one_axis_with_what_they_say_together(made, unfolded):
    early = made.Undetermined(made.Reason.TOO_FEW, "two stories of three")
    one, other = (made.effect(0.4, *ends) for ends in ((0.05, 0.01, 0.09, 0.01), (0.02, -0.03, 0.07, 0.4)))
    told = AcrossStories(
        "watched_12s",
        PICK,
        Unit.RATE,
        (StoryEffect("a", 900, one), StoryEffect("<b>", 800, other)),
        1.2,
        one,
        early,
        early,
        early,
        early,
        early,
    )
    page = dataclasses.replace(unfolded, result=dataclasses.replace(unfolded.result, stories=(told,)))
    table, said = named(page, "across").parts
    assert list(table.columns[0].cells) == ["a", "<b>", "these stories", "stories like these"]
    assert list(table.columns[2].cells) == ["+5.0%", "+2.0%", "+5.0%", "–"]
    assert "too few viewers (two stories of three)" in said.text
    assert "<b>" not in renderer("html")(page, Look())


def test_exposures_are_told_one_by_one_with_the_test_within_viewers(made, pages):
    page, effect = pages["ship"], made.effect(0.413, *made.LIFTS[-1])
    early = made.Undetermined(made.Reason.TOO_EARLY)
    points = (AtExposure(1, 9000, effect), AtExposure(2, 120, early))
    told = ByExposure("watched_12s", PICK, Unit.RATE, points, 120, effect.difference, 0.031)
    other = dataclasses.replace(told, variant="none.15s.shop_now")
    page = dataclasses.replace(page, result=dataclasses.replace(page.result, by_exposure=(told, other)))
    table, prose = named(page, "fatigue").parts
    assert isinstance(table, Table)
    assert [list(column.cells) for column in table.columns[:2]] == [["1", "2"], ["9,000", "120"]]
    assert "Within 120 who came back" in prose.text
    assert "p=0.031" in prose.text
    assert "fatigue" in renderer("html")(page, Look())
    assert named(pages["ship"], "fatigue") is None
