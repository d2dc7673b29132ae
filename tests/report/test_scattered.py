"""Posts on one axis: every post is counted once, where it lies."""

import pytest

from abstory.analysis.posts import analyse
from abstory.decision import decide
from abstory.report.draft import Draft
from abstory.report.look import Look
from abstory.report.page import Page
from abstory.report.scattered import scattered, scatters

HOUR = 3_600_000_000


@pytest.fixture
def page(reels, posted):
    def page(completions, **changes):
        experiment = reels(**changes)
        data = posted(experiment, lambda slot, v: {"views": 1000, "completions": completions(slot, v)})
        result = analyse(experiment, data, as_of_us=experiment.closes_us + HOUR)
        return Page(result, decide(experiment, result), "24h")

    return page


def rows(page, width):
    """Name to strip of the table, whose first column ends where the axis begins."""
    lines = [line.plain for line in scattered(Draft(page, Look(width)))]
    head = next(line for line in lines if line.startswith("variant"))
    start, end = head.index("%") - 4, head.index("lowest") - 1
    body = lines[lines.index(head) + 2 :]
    return {line.split()[0]: line[start:end] for line in body}


def test_every_post_is_counted_once(page):
    made = page(lambda slot, v: 300 + 100 * (v == "buy") + slot.scheduled_us // HOUR % 37)
    for width in (60, 80, 120):
        counts = {
            name: sum(map(int, strip.split() and strip.replace(" ", ""))) for name, strip in rows(made, width).items()
        }
        assert counts == {"control": 8, "buy": 8}


def test_where_all_lie_in_one_place_they_are_one_step(page):
    strips = rows(page(lambda *_: 400), 80)
    assert {strip.strip() for strip in strips.values()} == {"8"}


def test_more_than_nine_in_one_step_are_many(page):
    made = page(lambda *_: 400, calendar={"weeks": 4})
    assert {strip.strip() for strip in rows(made, 80).values()} == {"+"}


def test_the_ends_of_the_axis_are_the_ends_of_the_posts(page):
    (told,) = scatters(page(lambda _, v: 600 if v == "buy" else 300))
    assert (told.low, told.high) == (0.3, 0.6)
    assert [name for name, _ in told.values] == ["none", "buy"]


def test_viewers_have_no_such_section(pages):
    assert scattered(Draft(pages["ship"], Look())) == []
