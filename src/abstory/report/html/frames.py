"""Where viewers leave a story of several frames: who comes to each, and where a treatment parts from control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from abstory import digits
from abstory.metrics import EXIT, SWIPE, Unit
from abstory.report import cells
from abstory.report.frames import headline
from abstory.report.html.drawn import drawn
from abstory.report.html.figures.curves import Line, Plane, Point, curves
from abstory.report.html.parts import TONES, Behind, Column, Figure, Kind, Part, Section, Table
from abstory.report.html.sheet import Sheet
from abstory.results import FrameContrast, FrameFunnel, FrameResult
from abstory.stats.estimate import Effect, Undetermined
from abstory.stats.moments import Tally


@dataclass(frozen=True, slots=True)
class Pair:
    """A treatment beside control."""

    sheet: Sheet
    told: FrameResult
    control: FrameFunnel
    pick: FrameFunnel

    @property
    def steps(self) -> range:
        return range(1, max(self.control.funnel.steps, self.pick.funnel.steps) + 1)

    @property
    def name(self) -> str:
        return self.sheet.draft.name(self.pick.variant)

    @property
    def frames(self) -> list[str]:
        return [self.sheet.draft.look.say(self.told.names[step - 1]) for step in self.steps]

    @property
    def left(self) -> list[FrameContrast | None]:
        found = {one.frame: one for one in self.told.of(self.pick.variant, "left")}
        return [found.get(step) for step in self.steps]

    def shares(self, tally: Callable[[FrameFunnel, int], Tally]) -> list[Column]:
        """Control's and the treatment's shares of all exposed viewers, frame by frame."""
        both = (("control", self.control), (self.name, self.pick))
        return [Column(head, [self._share(one, step, tally) for step in self.steps]) for head, one in both]

    def _share(self, one: FrameFunnel, step: int, tally: Callable[[FrameFunnel, int], Tally]) -> str:
        return digits.rate(tally(one, step).mean) if step <= one.funnel.steps else ""


def frames(sheet: Sheet) -> list[Section]:
    """The treatment to look at against control, every one where everything is asked for."""
    page = sheet.page
    told, control = page.result.frames, page.result.control
    if told is None or control not in told.funnels:
        return []
    shown = page.treatments if page.everything else [page.pick]
    pairs = [Pair(sheet, told, told.funnels[control], told.funnels[v]) for v in shown if v and v in told.funnels]
    lead = "; ".join(f"{pair.name} and control {headline(told, pair.pick.variant)}" for pair in pairs)
    parts = [part for pair in pairs for part in _parts(pair)]
    return [Section("frames", "Frame by frame", parts, f"{lead}. Exploratory.")] if parts else []


def _parts(pair: Pair) -> list[Part]:
    return [
        _reached(pair),
        _leaving(pair),
        Behind(f"What was done on each frame, {pair.name} and control", _acts(pair)),
    ]


def _reached(pair: Pair) -> Figure:
    both = ((1, "control", pair.control), (2, pair.name, pair.pick))
    lines = [
        Line(name, [Point(at, one.funnel.reached(at).mean) for at in range(1, one.funnel.steps + 1)], stroke)
        for stroke, name, one in both
    ]
    shown, last = Plane(1, pair.steps[-1], 0, 1), pair.frames[-1]
    title = f"Share of viewers who come to each frame, {pair.name} and control"
    columns = [Column("frame", pair.frames, Kind.NAME), *pair.shares(lambda one, step: one.funnel.reached(step))]
    return Figure(
        curves(title, f"from {pair.frames[0]} to {last}", shown, lines),
        title,
        Table(title, columns),
        high=digits.rate(1.0),
        low=digits.rate(0.0),
        along=pair.frames,
        legend=[(line.style, line.name) for line in lines],
    )


def _leaving(pair: Pair) -> Table:
    contrasts = pair.left
    found = [one.effect.difference if one and isinstance(one.effect, Effect) else None for one in contrasts]
    draft = pair.sheet.draft
    columns = [
        Column("frame", pair.frames, Kind.NAME),
        *pair.shares(lambda one, step: one.funnel.left(step)),
        Column("difference", [cells.point(draft, e, Unit.RATE, lift=False) for e in found]),
        *([drawn(found, Unit.RATE)] if any(found) else []),
        Column("reads as", [_word(pair, one) for one in contrasts], Kind.WORD),
    ]
    tones = [TONES[one.reads] if one else "dim" for one in contrasts]
    return Table(f"Who leaves on each frame, {pair.name} and control", columns, tones, narrow=True)


def _word(pair: Pair, one: FrameContrast | None) -> str:
    if one is None:
        return ""
    if isinstance(one.effect, Undetermined):
        return f"{digits.unknown(one.effect)} {pair.sheet.draft.note(str(one.effect))}"
    return one.reads.value


def _acts(pair: Pair) -> Table:
    told: list[tuple[str, Callable[[FrameFunnel, int], Tally]]] = [
        ("forward", lambda one, step: one.forward[step - 1]),
        ("back", lambda one, step: one.back[step - 1]),
        ("exit", lambda one, step: one.funnel.left(step, EXIT)),
        ("swipe", lambda one, step: one.funnel.left(step, SWIPE)),
    ]
    each = [Column(f"{act}, {one.head}", one.cells) for act, tally in told for one in pair.shares(tally)]
    title = f"What was done on each frame, {pair.name} and control: shares of all exposed viewers"
    return Table(title, [Column("frame", pair.frames, Kind.NAME), *each])
