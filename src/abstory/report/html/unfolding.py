"""How an effect came about: its interval after every day, and after every hour of the stories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from abstory import digits
from abstory.metrics import Unit
from abstory.report import cells
from abstory.report.html.figures.curves import Line, Point, curves, plane
from abstory.report.html.parts import Column, Figure, Kind, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.results import Daily
from abstory.stats.estimate import Effect, Estimate, Undetermined

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Step:
    """An effect so far: when, of how many viewers, and what it was."""

    at: float
    name: str
    viewers: int
    effect: Effect | Undetermined

    def estimate(self, *, lift: bool) -> Estimate | None:
        if isinstance(self.effect, Undetermined):
            return None
        told = self.effect.lift if lift else self.effect.difference
        return told if isinstance(told, Estimate) else None


@dataclass(frozen=True, slots=True)
class Story:
    """One comparison step by step, on the scale that its last step has."""

    sheet: Sheet
    title: str
    unit: Unit
    steps: Sequence[Step]

    @property
    def lift(self) -> bool:
        return self.steps[-1].estimate(lift=True) is not None

    @property
    def told(self) -> list[tuple[Step, Estimate]]:
        return [(step, found) for step in self.steps if (found := step.estimate(lift=self.lift))]


def by_day(sheet: Sheet) -> list[Section]:
    """Of the treatment to look at, of every one where everything is asked for: each primary metric, day by day."""
    page = sheet.page
    shown = page.treatments if page.everything else [page.pick]
    stories = [_days(sheet, one) for one in page.result.daily if one.variant in shown]
    figures = [_figure(story) for story in stories if len(story.told) > 1]
    lead = "Everyone first exposed up to that day. The band holds on all days together, so it may be looked at on each."
    return [Section("days", "Effect over time", figures, lead)] if figures else []


def _days(sheet: Sheet, told: Daily) -> Story:
    steps = [
        Step(one.day, (_EPOCH + timedelta(days=one.day)).isoformat(), one.viewers, one.effect) for one in told.points
    ]
    return Story(sheet, f"{told.metric} of {sheet.draft.name(told.variant)}", told.unit, steps)


def _figure(story: Story) -> Figure:
    told = story.told
    line = Line(story.title, [Point(s.at, e.value, e.interval.low, e.interval.high) for s, e in told], 1)
    shown = plane([line], zero=True)
    first, last = told[0][0].name, told[-1][0].name
    desc = f"from {first} to {last}; at the end {_said(story, told[-1][1])}"
    return Figure(
        curves(f"{'Lift' if story.lift else 'Difference'} of {story.title} so far", desc, shown, [line]),
        f"{story.title}: {_said(story, told[-1][1])} at the end",
        _behind(story),
        high=_size(story, shown.top),
        low=_size(story, shown.bottom),
        along=[first, last],
    )


def _behind(story: Story) -> Table:
    found = [step.estimate(lift=story.lift) for step in story.steps]
    draft, unit, lift = story.sheet.draft, story.unit, story.lift
    return Table(
        f"{story.title} so far",
        [
            Column("up to", [step.name for step in story.steps], Kind.NAME),
            Column("viewers", [digits.count(step.viewers) for step in story.steps]),
            Column("lift" if lift else "difference", [cells.point(draft, e, unit, lift=lift) for e in found]),
            Column(
                cells.confidence(story.sheet.page.result.method.alpha),
                [cells.ends(draft, e, unit, lift=lift) for e in found],
            ),
        ],
    )


def _said(story: Story, told: Estimate) -> str:
    return f"{_size(story, told.value)} ({digits.between(told.interval, None if story.lift else story.unit)})"


def _size(story: Story, value: float) -> str:
    return cells.size(value, story.unit, lift=story.lift)
