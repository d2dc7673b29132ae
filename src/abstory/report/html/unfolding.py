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
from abstory.results import Accrual, Daily
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
        return cells.on_scale(self.effect, lift=lift)


@dataclass(frozen=True, slots=True)
class Course:
    """One comparison step by step, on the scale that its last step has."""

    sheet: Sheet
    title: str
    by: str
    unit: Unit
    steps: Sequence[Step]

    @property
    def lift(self) -> bool:
        return self.steps[-1].estimate(lift=True) is not None

    @property
    def told(self) -> list[tuple[Step, Estimate]]:
        return [(step, found) for step in self.steps if (found := step.estimate(lift=self.lift))]


def by_day(sheet: Sheet) -> list[Section]:
    """Each primary metric, day by day."""
    lead = "Everyone first exposed up to that day. The band holds on all days together, so it may be looked at on each."
    courses = [_days(sheet, one) for one in sheet.page.result.daily if one.variant in _shown(sheet)]
    return _section("days", "Effect over time", courses, lead)


def by_hour(sheet: Sheet) -> list[Section]:
    """Each primary metric over the hours of its stories, where the file says when they went up."""
    lead = "Everyone first exposed within so many hours of their story. The band holds at all hours together."
    courses = [_hours(sheet, one) for one in sheet.page.result.accruals if one.variant in _shown(sheet)]
    return _section("hours", "Effect over the hours of the story", courses, lead)


def _shown(sheet: Sheet) -> list[str]:
    """The treatment to look at; every one where everything is asked for."""
    page = sheet.page
    return page.treatments if page.everything else [page.pick] if page.pick else []


def _section(name: str, title: str, courses: Sequence[Course], lead: str) -> list[Section]:
    figures = [_figure(course) for course in courses if len(course.told) > 1]
    return [Section(name, title, figures, lead)] if figures else []


def _days(sheet: Sheet, told: Daily) -> Course:
    steps = [
        Step(one.day, (_EPOCH + timedelta(days=one.day)).isoformat(), one.viewers, one.effect) for one in told.points
    ]
    return Course(sheet, f"{told.metric} of {sheet.draft.name(told.variant)}", "by day", told.unit, steps)


def _hours(sheet: Sheet, told: Accrual) -> Course:
    steps = [Step(one.hour, f"{one.hour} h", one.viewers, one.effect) for one in told.points]
    return Course(sheet, f"{told.metric} of {sheet.draft.name(told.variant)}", "by hour", told.unit, steps)


def _figure(course: Course) -> Figure:
    told = course.told
    line = Line(course.title, [Point(s.at, e.value, e.interval.low, e.interval.high) for s, e in told], 1)
    shown = plane([line], zero=True)
    first, last = told[0][0].name, told[-1][0].name
    desc = f"from {first} to {last}; at the end {_said(course, told[-1][1])}"
    return Figure(
        curves(f"{'Lift' if course.lift else 'Difference'} of {course.title}, {course.by}", desc, shown, [line]),
        f"{course.title}: {_said(course, told[-1][1])} at the end",
        _behind(course),
        high=_size(course, shown.top),
        low=_size(course, shown.bottom),
        along=[first, last],
    )


def _behind(course: Course) -> Table:
    found = [step.estimate(lift=course.lift) for step in course.steps]
    draft, unit, lift = course.sheet.draft, course.unit, course.lift
    return Table(
        f"{course.title}, {course.by}",
        [
            Column("up to", [step.name for step in course.steps], Kind.NAME),
            Column("viewers", [digits.count(step.viewers) for step in course.steps]),
            Column("lift" if lift else "difference", [cells.point(draft, e, unit, lift=lift) for e in found]),
            Column(
                cells.confidence(course.sheet.page.result.method.alpha),
                [cells.ends(draft, e, unit, lift=lift) for e in found],
            ),
        ],
    )


def _said(course: Course, told: Estimate) -> str:
    return f"{_size(course, told.value)} ({digits.between(told.interval, None if course.lift else course.unit)})"


def _size(course: Course, value: float) -> str:
    return cells.size(value, course.unit, lift=course.lift)
