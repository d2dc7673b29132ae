"""What each factor does: a sentence, a table of levels, and whether factors depend on one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from abstory import digits
from abstory.experiment import Role
from abstory.metrics import Unit
from abstory.report import bars, cells
from abstory.report.draft import STYLES, Draft
from abstory.report.tables import Column, Drawing
from abstory.results import FactorEffect, FactorResult, Interaction, Reads
from abstory.stats.estimate import Effect, Estimate, Reason, Undetermined

_SIMPLE = "  "
_WIDE = 100
_TELLING = {Reads.BETTER, Reads.WORSE}


def factors(draft: Draft) -> list[Text]:
    """Every primary metric (with --all every metric); nothing while effects are withheld."""
    shown = [one for one in draft.page.result.factors if draft.page.everything or one.outcome.role is Role.PRIMARY]
    told = [_metric(draft, one) for one in shown if any(isinstance(e.effect, Effect) for e in one.effects)]
    return [line for at, block in enumerate(told) for line in ([Text()] if at else []) + block]


def _metric(draft: Draft, told: FactorResult) -> list[Text]:
    text = "; ".join(sentences(told)) or "no level is clear of 0 yet"
    said = draft.paragraph("FACTORS  ", f"{told.outcome.metric.name}: {text}.", style="bold")
    return said + _table(draft, told) + _interactions(draft, told)


def sentences(told: FactorResult) -> list[str]:
    """What the effects say: whatever the others, or at which of their levels.

    A level that does something whatever the others is one whose effect is clear of 0 and in no interaction found;
    where none was tested, that is not said.
    """
    named = [one for one in told.effects if one.reads in _TELLING and not one.differs_by]
    whatever = [f"{one.level} {_does(told, one)}" for one in named]
    others = [
        name for name in dict.fromkeys(one.factor for one in told.effects) if name not in {n.factor for n in named}
    ]
    free = (
        f"whatever the {' and '.join(others)}"
        if others and len({one.factor for one in named}) == 1
        else "each whatever the others"
    )
    tested = told.tests and not told.untold
    plain = [", ".join([*whatever, *([free] if tested else [])])] if whatever else []
    return plain + [line for test in told.found for line in _depending(told, test)]


def _does(told: FactorResult, one: FactorEffect) -> str:
    """`adds 9.4%`, `takes 0.31 s`."""
    effect = one.effect
    if not isinstance(effect, Effect):
        return str(effect)
    lift = isinstance(effect.lift, Estimate)
    size = effect.lift.value if isinstance(effect.lift, Estimate) else effect.difference.value
    return f"{'adds' if size > 0 else 'takes'} {cells.size(abs(size), told.outcome.metric.unit, lift=lift).lstrip('+')}"


def _depending(told: FactorResult, test: Interaction) -> Iterator[str]:
    """Of a found interaction: each level of its first factor, at the levels of the others where it does something."""
    levels = dict.fromkeys(one.level for one in test.simple if one.factor == test.factors[0])
    for level in levels:
        rows = [one for one in test.simple if (one.factor, one.level) == (test.factors[0], level)]
        telling = [one for one in rows if one.reads in _TELLING]
        only = "only " if len(telling) == 1 and len(rows) > 1 else ""
        said = " and ".join(f"{_does(told, one)} {only}with {_given(one)}" for one in telling)
        yield f"{level} {said}" if said else f"{level} depends on the {' and '.join(test.factors[1:])}"


def _given(one: FactorEffect) -> str:
    return " and ".join(f"{factor} {level}" if level == "none" else level for factor, level in one.given)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A metric's rows: main effects, each followed by its simple ones, and slopes."""

    draft: Draft
    told: FactorResult
    rows: Sequence[FactorEffect]
    lift: bool

    @property
    def unit(self) -> Unit:
        return self.told.outcome.metric.unit

    @property
    def estimates(self) -> list[Estimate | None]:
        return [cells.on_scale(row.effect, lift=self.lift) for row in self.rows]


def _table(draft: Draft, told: FactorResult) -> list[Text]:
    lift = any(isinstance(e.effect, Effect) and isinstance(e.effect.lift, Estimate) for e in told.effects)
    table = _Rows(draft, told, tuple(ordered(told)), lift)
    alpha = draft.page.result.method.alpha
    styles = tuple(STYLES[row.reads] for row in table.rows)
    points = (cells.point(draft, e, table.unit, lift=lift) for e in table.estimates)
    ends = (cells.ends(draft, e, table.unit, lift=lift) for e in table.estimates)
    return draft.table(
        [
            Column("factor", tuple(draft.look.say(row.factor) if not row.given else "" for row in table.rows)),
            Column("level", tuple(level_said(draft, row) for row in table.rows), own=True),
            Column("lift" if lift else "diff", tuple(points), right=True, styles=styles),
            Column(cells.confidence(alpha), tuple(ends), right=True, drop=4, name="factor intervals"),
            _drawn(table),
            *_p_values(table),
            *_beside(table),
        ]
    )


def ordered(told: FactorResult) -> Iterator[FactorEffect]:
    """Factor by factor: each level, what it does at levels of the others where that differs, and the slope."""
    for name in dict.fromkeys(one.factor for one in told.effects):
        for effect in (one for one in told.effects if one.factor == name):
            yield effect
            simple = (one for test in told.found for one in test.simple)
            yield from (one for one in simple if (one.factor, one.level) == (name, effect.level))
        yield from (trend.slope for trend in told.trends if trend.slope.factor == name)


def level_said(draft: Draft, row: FactorEffect) -> str:
    """A level against its reference, or where it is looked at, with the marks of its footnotes."""
    if row.given:
        return _SIMPLE + draft.look.say(f"with {', '.join(f'{name} {level}' for name, level in row.given)}")
    text = row.level if row.level.startswith("per ") else f"{row.level} vs {row.reference}"
    marks = [draft.note(note) for note in _remarks(row)]
    return " ".join([draft.look.say(text), *marks])


def _remarks(row: FactorEffect) -> Iterator[str]:
    if isinstance(row.effect, Undetermined):
        yield f"{row.factor}: {row.effect}"
    elif isinstance(row.effect.lift, Undetermined):
        yield f"{row.factor} {row.level}: {row.effect.lift}"
    if row.aliases and isinstance(row.effect, Effect):
        others = " or ".join(" x ".join(term) for term in row.aliases)
        yield f"these variants cannot tell {row.factor} from {others}: this is its effect where there is none of that"


def _p_values(table: _Rows) -> Iterator[Column]:
    """Where there is room to spare: the interval says as much."""
    page, look = table.draft.page, table.draft.look
    if look.width >= _WIDE:
        told = tuple(look.plain(effect_p(row, page.result.method.alpha)) for row in table.rows)
        yield Column("p adj" if table.told.family > 1 else "p", told, right=True, drop=1, name="factor p")


def effect_p(row: FactorEffect, alpha: float) -> str:
    """The p value of an effect."""
    return digits.p_value(row.effect.p_value, alpha) if isinstance(row.effect, Effect) else digits.NOTHING


def _drawn(table: _Rows) -> Drawing:
    limit = bars.limit_for([e for e in table.estimates if e])
    low, high = (digits.level(x) if table.lift else digits.difference(x, table.unit) for x in (-limit, limit))
    plain = table.draft.look.plain

    def draw(width: int) -> Column:
        axis = bars.Axis(limit, width - 1 + width % 2)
        return Column(plain(axis.head(low, high)), tuple(plain(bars.draw(axis, e)) for e in table.estimates))

    least = max(bars.LEAST, 2 * max(len(low), len(high)) + 3)
    return Drawing(draw, least, max(least, bars.MOST), drop=3, name="drawn factor intervals")


def _beside(table: _Rows) -> Iterator[Column]:
    """The same effects on the first other metric, sizes alone: what a level costs or brings elsewhere."""
    result = table.draft.page.result
    other = next((one for one in result.factors if one.outcome.role is Role.SECONDARY), None)
    if other is None or other is table.told or table.draft.page.everything:
        return
    found = {(one.factor, one.level): one for one in (*other.effects, *(trend.slope for trend in other.trends))}
    same = [None if row.given else found.get((row.factor, row.level)) for row in table.rows]
    told = (
        cells.point(table.draft, cells.on_scale(one.effect, lift=True), other.outcome.metric.unit, lift=True)
        if one
        else ""
        for one in same
    )
    name = table.draft.look.say(other.outcome.metric.name)
    yield Column(name.partition("_")[0], tuple(told), right=True, drop=2, name=f"{name} by factor")


def interactions(draft: Draft, told: FactorResult) -> list[str]:
    """Which combinations of factors depend on one another, and which were looked at in vain."""
    untold = ", ".join(" x ".join(term) for term in told.untold)
    return [*_found(draft, told), *_tested(draft, told), *([f"these variants cannot tell {untold}"] if untold else [])]


def _interactions(draft: Draft, told: FactorResult) -> list[Text]:
    said = interactions(draft, told)
    lines = draft.listed("interactions: ", said, joint=";") if said else []
    return lines + [line for text in bends(draft, told) for line in draft.paragraph("", text)]


def _found(draft: Draft, told: FactorResult) -> Iterator[str]:
    alpha = draft.page.result.method.alpha
    for one in told.found:
        notes = [f"p adj {digits.p_value(one.p_adjusted or 0.0, alpha)}"]
        if one.odds_p is not None and one.odds_p >= alpha:
            notes.append(f"on the scale of odds p {digits.p_value(one.odds_p, alpha)}")
        if one.aliases:
            notes.append(f"or {' or '.join(' x '.join(term) for term in one.aliases)}: not to be told apart")
        yield f"{' x '.join(one.factors)} ({', '.join(notes)})"


def _tested(draft: Draft, told: FactorResult) -> Iterator[str]:
    rest = [one for one in told.interactions if not one.found]
    known = [one.p_adjusted for one in rest if one.p_adjusted is not None]
    kind = "pair" if all(len(one.factors) == 2 for one in rest) else "combination"
    noun = f"{len(known)} {kind}{'' if len(known) == 1 else 's'}"
    if known:
        none = "none else found" if told.found else "none found"
        least = digits.p_value(min(known), draft.page.result.method.alpha)
        yield f"{none} ({noun}, smallest adjusted p {least})"
    unknown = {str(one.statistic) for one in rest if isinstance(one.statistic, Undetermined)}
    yield from (f"not tested: {reason}" for reason in sorted(unknown))


def bends(draft: Draft, told: FactorResult) -> Iterator[str]:
    """Whether an ordered factor's levels lie on its line."""
    alpha = draft.page.result.method.alpha
    for trend in told.trends:
        p = trend.lack_of_fit
        if isinstance(p, Undetermined) and p.reason is Reason.NOT_COMPARABLE:
            continue
        if isinstance(p, Undetermined):
            yield f"{trend.slope.factor}: whether a line fits is not known: {p}"
        elif p < alpha:
            yield f"{trend.slope.factor}: no straight line fits (p {digits.p_value(p, alpha)}); go by the levels"
        else:
            yield f"{trend.slope.factor}: nothing speaks against a straight line (p {digits.p_value(p, alpha)})"
