"""What each factor does: its levels on one axis, and pairs of factors that may depend on one another."""

from __future__ import annotations

from abstory import digits
from abstory.experiment import Role
from abstory.metrics import Unit
from abstory.report import cells
from abstory.report.draft import Draft
from abstory.report.factors import bends, effect_p, interactions, level_said, ordered, sentences
from abstory.report.html.drawn import drawn
from abstory.report.html.figures.curves import STROKES, Line, Point, curves, plane
from abstory.report.html.parts import TONES, Column, Figure, Kind, Part, Prose, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.results import FactorEffect, FactorResult, Interaction
from abstory.stats.estimate import Effect, Estimate


def factors(sheet: Sheet) -> list[Section]:
    """Every primary metric; every metric where everything is asked for."""
    page = sheet.page
    shown = [one for one in page.result.factors if page.everything or one.outcome.role is Role.PRIMARY]
    told = [one for one in shown if any(isinstance(e.effect, Effect) for e in one.effects)]
    return [_section(sheet, one, at) for at, one in enumerate(told, 1)]


def _section(sheet: Sheet, told: FactorResult, number: int) -> Section:
    name = told.outcome.metric.name
    say = sheet.draft.look.say
    parts: list[Part] = [_table(sheet, told)]
    if said := interactions(sheet.draft, told):
        parts.append(Prose(say(f"Interactions: {'; '.join(said)}.")))
    parts += [Prose(say(f"{line}.")) for line in bends(sheet.draft, told)]
    parts += [_grid(sheet, told, one) for one in _pairs(told)]
    lead = "; ".join(sentences(told)) or "no level is clear of 0 yet"
    return Section(f"factors-{number}", f"Factors: {name}", parts, say(f"{lead}."))


def _table(sheet: Sheet, told: FactorResult) -> Table:
    draft, unit = sheet.draft, told.outcome.metric.unit
    lift = any(isinstance(e.effect, Effect) and isinstance(e.effect.lift, Estimate) for e in told.effects)
    rows = list(ordered(told))
    found = [cells.on_scale(row.effect, lift=lift) for row in rows]
    points = [cells.point(draft, e, unit, lift=lift) for e in found]
    ends = [cells.ends(draft, e, unit, lift=lift) for e in found]
    alpha = sheet.page.result.method.alpha
    columns = [
        Column(
            "level", [f"{'' if row.given else f'{row.factor}: '}{level_said(draft, row)}" for row in rows], Kind.NAME
        ),
        Column("lift" if lift else "difference", points),
        drawn(found, None if lift else unit),
        Column(cells.confidence(alpha), ends),
        Column("p adj" if told.family > 1 else "p", [effect_p(row, alpha) for row in rows]),
        Column("reads as", [row.reads.value for row in rows], Kind.WORD),
    ]
    caption = f"Effect of every level on {told.outcome.metric.name}, over the other factors"
    return Table(caption, columns, [TONES[row.reads] for row in rows], narrow=True)


def _named(draft: Draft, row: FactorEffect) -> str:
    told = level_said(draft, row)
    return told if row.given else f"{draft.look.say(row.factor)}: {told}"


def _pairs(told: FactorResult) -> list[Interaction]:
    """Those found, or where none was the pair that comes nearest to it."""
    pairs = [one for one in told.interactions if len(one.factors) == 2 and one.means]
    known = sorted((one for one in pairs if one.p_value is not None), key=lambda one: one.p_value or 0.0)
    return [one for one in pairs if one.found] or known[:1]


def _grid(sheet: Sheet, told: FactorResult, test: Interaction) -> Figure:
    """The means of every combination: a line a level of the first factor, over the levels of the second."""
    say, unit = sheet.draft.look.say, told.outcome.metric.unit
    first, second = test.factors
    means = {(dict(cell.levels)[first], dict(cell.levels)[second]): cell.value for cell in test.means}
    rows, columns = (list(dict.fromkeys(pair[at] for pair in means)) for at in (0, 1))
    lines = [
        Line(say(row), [Point(float(x), means[row, column]) for x, column in enumerate(columns)], 1 + at % STROKES)
        for at, row in enumerate(rows)
    ]
    shown = plane(lines, zero=False)
    title = f"{told.outcome.metric.name} by {first} and {second}"
    caption = f"{title}; lines that run alike are factors that do not depend on one another"
    return Figure(
        curves(title, f"one line a level of {first}, over the levels of {second}", shown, lines),
        say(f"{caption}: {'found to depend' if test.found else 'no dependence found'}"),
        _means(sheet, test, means, unit),
        high=digits.value(shown.top, unit),
        low=digits.value(shown.bottom, unit),
        along=[say(f"{second} {column}") for column in columns],
        small=True,
        legend=[(line.style, say(f"{first} {line.name}")) for line in lines],
    )


def _means(sheet: Sheet, test: Interaction, means: dict[tuple[str, str], float], unit: Unit) -> Table:
    say = sheet.draft.look.say
    first, second = test.factors
    rows, columns = (list(dict.fromkeys(pair[at] for pair in means)) for at in (0, 1))
    each = [Column(say(f"{second} {c}"), [digits.value(means[row, c], unit) for row in rows]) for c in columns]
    return Table(
        say(f"Means by {first} and {second}"), [Column(say(first), [say(row) for row in rows], Kind.NAME), *each]
    )
