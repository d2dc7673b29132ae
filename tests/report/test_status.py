"""A project at a glance, from entries made by hand."""

import dataclasses
import json

from rich.cells import cell_len

from abstory.report.look import Look
from abstory.report.status import Entry, State, document, lines


def entries(pages):
    ship, wait, bad, none = pages["ship"], pages["wait"], pages["invalid"], pages["no data"]
    return [
        Entry.of("launch-cta-w48", "experiments/a.yaml", State.ENDED, ship.result, ship.verdict),
        Entry.of("cta", "experiments/cta.yaml", State.RUNNING, wait.result, wait.verdict),
        Entry.of("srm", "experiments/srm.yaml", State.RUNNING, bad.result, bad.verdict),
        Entry("draft", "experiments/draft.yaml", State.DRAFT),
        Entry.of("later", "experiments/later.yaml", State.NOT_STARTED, none.result, none.verdict),
        Entry("oops", "experiments/oops.yaml", State.BROKEN, problem="oops.yaml:3:1: metrics is missing"),
        Entry("slots", "experiments/slots.yaml", State.RUNNING, problem="unit: slot is not built yet\x1b[2J"),
    ]


def test_lines(pages, snapshot):
    assert "\n".join(line.plain for line in lines(entries(pages), Look())) == snapshot


def test_narrow(pages):
    told = lines(entries(pages), Look(40))
    assert all(cell_len(line.plain) <= 40 for line in told)


def test_nothing_declared():
    assert "abstory new" in lines([], Look())[0].plain


def test_document(pages, snapshot):
    told = document(entries(pages), 1_796_644_800_000_000)
    assert json.loads(json.dumps(told, allow_nan=False)) == told == snapshot


def test_a_running_experiment_without_a_schedule_has_a_day(pages):
    page = pages["ship"]
    told = Entry.of("x", "x.yaml", State.RUNNING, dataclasses.replace(page.result, days=None, day=3), page.verdict)
    assert "day 3 " in lines([told], Look())[2].plain


def test_what_finds_no_room_is_named(pages):
    assert any(line.plain.startswith("hidden: ") for line in lines(entries(pages), Look(width=40)))
    assert not any(line.plain.startswith("hidden: ") for line in lines(entries(pages), Look(width=120)))


def test_viewers_that_no_report_counts_yet_are_said(pages):
    page = pages["ship"]
    arms = [dataclasses.replace(arm, immature=0) for arm in page.result.arms]
    for immature in (0, 5):
        seen = (*arms[:-1], dataclasses.replace(arms[-1], immature=immature))
        told = Entry.of("x", "x.yaml", State.RUNNING, dataclasses.replace(page.result, arms=seen), page.verdict)
        text = "\n".join(line.plain for line in lines([told], Look()))
        assert ("viewers: all exposed" in text) == bool(immature)
