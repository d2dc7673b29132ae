"""Where viewers leave: each variant's curve by second, and the seconds watched up to one that every cut has.

variant  0    5    10   15    3 s   12 s    end  most leave
15s      █▇▆▅▅▄▄▄▃▃▃▃▂▂▂▂    71%    41%    21%  0–1 s, 16%
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from abstory import digits
from abstory.experiment import Role
from abstory.metrics import Unit
from abstory.report import cells
from abstory.report.draft import Draft
from abstory.report.page import ranked
from abstory.report.tables import Column, Drawing
from abstory.results import Curve, Lasting, Retention
from abstory.stats.estimate import Effect, Estimate, Undetermined

_BARS = "▁▂▃▄▅▆▇█"
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_LEAST = 8
_SHOWN = 2


def retained(draft: Draft) -> list[Text]:
    """Curves, then what is compared of them; nothing where nobody counted where views ended."""
    told = draft.page.result.retention
    if told is None or not any(curve.views for curve in told.curves):
        return []
    shown = _shown(draft, told)
    table = _Table(draft, told, shown)
    lead = "share of views still watching, by second: describes, never decides."
    return [
        *draft.listed("RETENTION  ", [lead], style="bold", joint=""),
        *draft.table(_curves(table)),
        Text(),
        *draft.table(_means(table)),
        *draft.paragraph("", _rest(draft, told, shown)),
    ]


@dataclass(frozen=True, slots=True)
class _Table:
    """Retention, and the variants shown of it."""

    draft: Draft
    told: Retention
    shown: Sequence[Curve]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.draft.name(curve.variant) for curve in self.shown)

    def column(self, head: str, cells: Sequence[str], *, drop: int, name: str = "") -> Column:
        plain = self.draft.look.plain
        return Column(plain(head), tuple(map(plain, cells)), right=True, drop=drop, name=plain(name or head))


def _shown(draft: Draft, told: Retention) -> list[Curve]:
    """Control, then the treatments, the best ones first; long tables are cut at whole rows."""
    primary = next(iter(draft.page.of(Role.PRIMARY)), None)
    order = [one.variant for one in ranked(primary)] if primary else draft.page.treatments
    kept = order if draft.page.everything else order[:_SHOWN]
    curves = {curve.variant: curve for curve in told.curves}
    return [curves[name] for name in (draft.page.result.control, *kept)]


def _curves(table: _Table) -> list[Column | Drawing]:
    told, shown = table.told, table.shown
    at = [
        table.column(f"{second} s", [share(curve.watching_at(second)) for curve in shown], drop=drop)
        for second, drop in dict.fromkeys(((told.hook, 3), (told.horizon, 0)))
        if second != told.horizon or not drop
    ]
    ends = [share(curve.seconds[-1].watching if curve.length and curve.seconds else None) for curve in shown]
    return [
        Column("variant", table.names),
        _drawn(table),
        *at,
        table.column("end", ends, drop=2, name="share at the end"),
        table.column("most leave", [steepest(curve) for curve in shown], drop=1, name="where most leave"),
    ]


def share(value: float | None) -> str:
    """Of views, as a rate."""
    return digits.NOTHING if value is None else digits.rate(value)


def steepest(curve: Curve) -> str:
    """The second in which the largest share of those still watching leaves."""
    worst = curve.steepest
    if worst is None or not worst.leaving:
        return digits.NOTHING
    return f"{math.ceil(worst.at) - 1}–{worst.at:g} s, {digits.rate(worst.leaving)}"


def _drawn(table: _Table) -> Drawing:
    longest = max(curve.seconds[-1].at for curve in table.shown if curve.seconds)
    marks = math.floor(longest) + 1

    def draw(width: int) -> Column:
        step = next((step for step in _STEPS if -(-marks // step) <= width), _STEPS[-1])
        rows = [sparkline(curve, step, ascii_only=table.draft.look.ascii_only) for curve in table.shown]
        return Column(_axis(-(-marks // step), step, width), tuple(rows))

    return Drawing(draw, min(_LEAST, marks), marks + len(str(marks)) - 1, drop=4, name="drawn curves")


def sparkline(curve: Curve, step: int, *, ascii_only: bool) -> str:
    """One mark every `step` seconds from 0 on: views still watching then, in eighths, or tenths in ASCII."""
    if not curve.seconds:
        return ""
    shares = (curve.watching_at(second) for second in range(0, math.floor(curve.seconds[-1].at) + 1, step))
    return "".join(_mark(share, ascii_only=ascii_only) for share in shares if share is not None)


def _mark(share: float, *, ascii_only: bool) -> str:
    return str(min(9, int(share * 10))) if ascii_only else _BARS[min(7, int(share * 8))]


def _axis(marks: int, step: int, width: int) -> str:
    """Seconds over every fifth mark, as far as they fit."""
    head = ""
    for at in range(0, marks, 5):
        label = str(at * step)
        if at + len(label) <= width and (not head or len(head) < at):
            head = head.ljust(at) + label
    return head


def _means(table: _Table) -> list[Column | Drawing]:
    draft, told = table.draft, table.told
    result = draft.page.result
    found = {one.variant: one for one in told.comparisons}
    rows = [found.get(curve.variant) for curve in table.shown]
    means = [seconds(curve.mean) for curve in table.shown]
    known = any(one and isinstance(one.mean, Effect) for one in rows)
    effects = [
        table.column("change", [_change(one) for one in rows], drop=0),
        table.column(cells.confidence(result.method.alpha), [_ends(one) for one in rows], drop=3, name="its interval"),
        table.column("p", [_p(one, draft) for one in rows], drop=1, name="p"),
        table.column("log-rank p", [_ranks(one, draft) for one in rows], drop=2, name="log-rank p"),
    ]
    return [
        Column("variant", table.names),
        table.column(f"seconds to {told.horizon}", means, drop=0),
        *(effects if known else [Column("change", tuple(_unknown(one, draft) for one in rows))]),
    ]


def seconds(mean: Estimate | Undetermined) -> str:
    """A mean in seconds."""
    return digits.NOTHING if isinstance(mean, Undetermined) else digits.value(mean.value, Unit.SECONDS)


def _effect(one: Lasting | None) -> Effect | None:
    return one.mean if one and isinstance(one.mean, Effect) else None


def _change(one: Lasting | None) -> str:
    found = _effect(one)
    unknown = digits.NOTHING if one else ""
    return digits.difference(found.difference.value, Unit.SECONDS) if found else unknown


def _ends(one: Lasting | None) -> str:
    found = _effect(one)
    return digits.between(found.difference.interval, Unit.SECONDS) if found else ""


def _p(one: Lasting | None, draft: Draft) -> str:
    found = _effect(one)
    return digits.p_value(found.p_value, draft.page.result.method.alpha) if found else ""


def _ranks(one: Lasting | None, draft: Draft) -> str:
    return digits.p_value(one.p_value, draft.page.result.method.alpha) if one and one.p_value is not None else ""


def _unknown(one: Lasting | None, draft: Draft) -> str:
    if one is None or not isinstance(one.mean, Undetermined):
        return "baseline" if one is None else ""
    return f"{digits.unknown(one.mean)} {draft.note(str(one.mean))}"


def _rest(draft: Draft, told: Retention, shown: Sequence[Curve]) -> str:
    """How to read it, and what is not in it."""
    reading = draft.page.result.method.reading
    said = [f"Seconds watched to {told.horizon}, which every cut has, by viewer: exploratory, {reading}, in no family."]
    if draft.look.ascii_only:
        said.insert(0, "Each digit of a curve: tenths of the views still watching.")
    if hidden := len(told.curves) - len(shown):
        said.append(f"{digits.counted(hidden, 'more variant')} with --all.")
    if untimed := sum(curve.untimed for curve in told.curves):
        said.append(f"Left out for want of a watch time: {digits.counted(untimed, 'view')}.")
    if any(curve.length is None for curve in told.curves):
        said.append("Where no length is declared, only `complete` events tell an end from an exit.")
    return " ".join(said)
