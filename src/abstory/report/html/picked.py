"""One treatment against control on everything that informs or protects: secondaries and guardrails."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from abstory.experiment import Role
from abstory.report import cells, picked
from abstory.report.html.drawn import drawn
from abstory.report.html.figures import intervals
from abstory.report.html.parts import TONES, Column, Kind, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.results import Comparison, MetricResult
from abstory.stats.estimate import Undetermined

_CAPTIONS = {Role.SECONDARY: "Secondary metrics", Role.GUARDRAIL: "Guardrails"}

Rows = Sequence[tuple[MetricResult, Comparison]]


def secondary(sheet: Sheet) -> list[Section]:
    """The secondary metrics of the treatment to look at; of every one where everything is asked for."""
    lead = "Exploratory: corrected among themselves, and not decided by."
    return _section(sheet, Role.SECONDARY, lead)


def guardrails(sheet: Sheet) -> list[Section]:
    """The guardrails of the treatment to look at; of every one where everything is asked for."""
    lead = "How bad it could be, beside how bad it may be."
    return _section(sheet, Role.GUARDRAIL, lead, "The dashed line is what is allowed.")


def _section(sheet: Sheet, role: Role, lead: str, drawn: str = "") -> list[Section]:
    page = sheet.page
    metrics = [] if page.only else page.of(role)
    variants = page.treatments if page.everything else [page.pick] if page.pick else []
    lay = _informing if role is Role.SECONDARY else _protecting
    tables = [lay(sheet, [(m, m.against(v)) for m in metrics], v) for v in variants if metrics]
    return [Section(role.value, _CAPTIONS[role], tables, lead, drawn)] if tables else []


def _informing(sheet: Sheet, rows: Rows, variant: str) -> Table:
    draft = sheet.draft
    told = [(*picked.change(told), metric.outcome.metric.unit) for metric, told in rows]
    points = [cells.point(draft, e, unit, lift=lift) for e, lift, unit in told]
    ends = [cells.ends(draft, e, unit, lift=lift) for e, lift, unit in told]
    known = any(e for e, _, _ in told)
    level = cells.confidence(sheet.page.result.method.alpha)
    effects = [Column("lift", points), *_drawn(rows), Column(level, ends)]
    return _table(sheet, rows, variant, effects if known else [])


def _drawn(rows: Rows) -> list[Column]:
    """Every lift on one axis; a metric that has only a difference has no place on it."""
    told = [cells.estimate(comparison, lift=True) for _, comparison in rows]
    return [drawn(told, None)] if any(told) else []


def _protecting(sheet: Sheet, rows: Rows, variant: str) -> Table:
    bounds = [picked.worst(*row) for row in rows]
    margins = [cells.declared(m.outcome.margin, upward=not cells.upward(m.outcome)) for m, _ in rows]
    reach = [
        _reach(row, f"could be {bound}, allowed {margin}")
        for row, bound, margin in zip(rows, bounds, margins, strict=True)
    ]
    shown = [Column("of what is allowed", reach, Kind.DRAWN, ("better", "0", "worse"))] if any(reach) else []
    return _table(
        sheet,
        rows,
        variant,
        [
            Column("change", [picked.moved(*row) for row in rows]),
            *shown,
            Column("could be", bounds),
            Column("allowed", margins),
        ],
    )


def _reach(row: tuple[MetricResult, Comparison], said: str) -> str | Markup:
    """The change and its bound as shares of the margin, worse to the right."""
    metric, comparison = row
    margin, bound = metric.outcome.margin, comparison.bound
    told = cells.estimate(comparison, lift=picked.relative(metric))
    if margin is None or bound is None or isinstance(bound, Undetermined) or told is None:
        return ""
    scale = (-1 if cells.upward(metric.outcome) else 1) / margin.value
    return intervals.reach(told.value * scale, bound * scale, said)


def _table(sheet: Sheet, rows: Rows, variant: str, effects: Sequence[Column]) -> Table:
    draft = sheet.draft
    units = [metric.outcome.metric.unit for metric, _ in rows]
    control = [cells.value(draft, m.control, u) for (m, _), u in zip(rows, units, strict=True)]
    treated = [cells.value(draft, told.value, u) for (_, told), u in zip(rows, units, strict=True)]
    title, short = picked.titles(draft, variant)
    words = [f"{cells.word(draft, *row)}{picked.elsewhere(draft, *row)}" for row in rows]
    facts = [Column("control", control), Column(short, treated)]
    names = Column("metric", [draft.look.say(m.outcome.metric.name) for m, _ in rows], Kind.NAME)
    columns = [names, *facts, *effects, Column("reads as", words, Kind.WORD)]
    caption = f"{_CAPTIONS[rows[0][0].outcome.role]} of {draft.name(variant)}{title} against control"
    return Table(caption, columns, [TONES[told.reads] for _, told in rows], narrow=True)
