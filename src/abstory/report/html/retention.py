"""Where viewers leave: the share still watching by second, each variant's curve with its band."""

from __future__ import annotations

from collections.abc import Sequence

from abstory import digits
from abstory.metrics import Unit
from abstory.report import cells
from abstory.report.html.drawn import drawn
from abstory.report.html.figures.curves import Line, Point, curves, plane
from abstory.report.html.parts import Column, Figure, Kind, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.report.retained import seconds, share, steepest
from abstory.results import Curve, Retention
from abstory.stats.estimate import Effect, Estimate, Interval, Undetermined

_MOST = 4


def retention(sheet: Sheet) -> list[Section]:
    """Curves of control and the treatment to look at, of all variants where they are few; means of every one."""
    told = sheet.page.result.retention
    if told is None or not any(curve.seconds for curve in told.curves):
        return []
    lead = f"Share of views that last longer; the band holds a whole curve at {_level(sheet)}. Exploratory."
    return [Section("retention", "Retention by second", [_figure(sheet, told), _table(sheet, told)], lead)]


def _level(sheet: Sheet) -> str:
    return cells.confidence(sheet.page.result.method.alpha).removesuffix(" CI")


def _figure(sheet: Sheet, told: Retention) -> Figure:
    shown = _shown(sheet, told)
    lines = [Line(sheet.draft.name(curve.variant), _points(curve), at) for at, curve in enumerate(shown, 1)]
    drawn = plane(lines, zero=True)
    last = drawn.right
    names = " and ".join(line.name for line in lines)
    return Figure(
        curves("Share still watching, by second", f"{names}, from 0 s to {last:g} s", drawn, lines),
        f"{names}; every cut has {told.horizon} s, means are compared up to there",
        _behind(sheet, shown),
        high=digits.rate(drawn.top),
        low=digits.rate(drawn.bottom),
        along=_along(last),
        legend=[(line.style, line.name) for line in lines],
    )


def _along(last: float) -> list[str]:
    """Whole seconds where they divide the axis evenly, else its ends alone."""
    parts = next((n for n in (5, 4, 3, 2) if last % n == 0), 1)
    return [f"{last * at / parts:g} s" for at in range(parts + 1)]


def _shown(sheet: Sheet, told: Retention) -> list[Curve]:
    page = sheet.page
    known = [curve for curve in told.curves if curve.seconds]
    picked = [curve for curve in known if curve.variant in {page.result.control, page.pick}]
    return known if len(known) <= _MOST else picked or known[:1]


def _points(curve: Curve) -> list[Point]:
    return [Point(0.0, 1.0), *(Point(s.at, s.watching, *_ends(s.band)) for s in curve.seconds)]


def _ends(band: Interval | Undetermined) -> tuple[float, float] | tuple[()]:
    return (band.low, band.high) if isinstance(band, Interval) else ()


def _behind(sheet: Sheet, shown: Sequence[Curve]) -> Table:
    times = sorted({second.at for curve in shown for second in curve.seconds})
    each = [Column(sheet.draft.name(curve.variant), [_at(curve, at) for at in times]) for curve in shown]
    return Table("Share still watching, by second", [Column("second", [f"{at:g}" for at in times], Kind.NAME), *each])


def _at(curve: Curve, at: float) -> str:
    found = next((second for second in curve.seconds if second.at == at), None)
    return share(found.watching) if found else ""


def _table(sheet: Sheet, told: Retention) -> Table:
    """Every variant: how many pass the hook and the horizon, where most leave, and seconds watched against control."""
    compared = {one.variant: one.mean for one in told.comparisons}
    shown = sheet.cut(told.curves)
    changes = [_change(compared.get(curve.variant)) for curve in shown]
    ends = [cells.ends(sheet.draft, e, Unit.SECONDS, lift=False) if e else "" for e in changes]
    draft, unit = sheet.draft, Unit.SECONDS
    columns = [
        Column("variant", [draft.name(curve.variant) for curve in shown], Kind.NAME),
        *[Column(f"{at} s", [share(curve.watching_at(at)) for curve in shown]) for at in _marks(told)],
        Column("most leave", [steepest(curve) for curve in shown]),
        Column(f"mean to {told.horizon} s", [seconds(curve.mean) for curve in shown]),
        Column("change", [cells.point(draft, e, unit, lift=False) if e else "" for e in changes]),
        *([drawn(changes, unit)] if any(changes) else []),
        Column(cells.confidence(sheet.page.result.method.alpha), ends),
    ]
    rest = (
        f"and {digits.counted(len(told.curves) - len(shown), 'more variant')}" if len(shown) < len(told.curves) else ""
    )
    return Table("How long views last, by variant", columns, rest=rest, narrow=True)


def _marks(told: Retention) -> list[int]:
    return sorted({told.hook, told.horizon})


def _change(mean: Effect | Undetermined | None) -> Estimate | None:
    return mean.difference if isinstance(mean, Effect) else None
