"""Where viewers leave a story of several frames: the frame at which variants part, and what was done on each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text

from abstory import digits
from abstory.metrics import EXIT, SWIPE, Unit
from abstory.report import bars, cells
from abstory.report.draft import STYLES, Draft
from abstory.report.tables import Column, Drawing
from abstory.results import FrameContrast, FrameFunnel, FrameResult
from abstory.stats.estimate import Effect, Estimate, Undetermined
from abstory.stats.moments import Tally

_MOSTLY = 0.5
"""A cause of more than this share of a gap is said to be behind it."""


def frames(draft: Draft) -> list[Text]:
    """The treatment to look at closely against control (with --all every one); nothing for a story of one frame."""
    result = draft.page.result
    told, control = result.frames, result.control
    if told is None or control not in told.funnels:
        return []
    picked = draft.page.treatments if draft.page.everything else filter(None, [draft.page.pick])
    blocks = [_block(_Shown(draft, told, told.funnels[control], told.funnels[v])) for v in picked if v in told.funnels]
    return [line for at, block in enumerate(blocks) for line in ([Text()] if at else []) + block]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A treatment beside control."""

    draft: Draft
    told: FrameResult
    control: FrameFunnel
    pick: FrameFunnel

    @property
    def both(self) -> tuple[FrameFunnel, FrameFunnel]:
        return self.control, self.pick

    @property
    def steps(self) -> range:
        return range(1, max(one.funnel.steps for one in self.both) + 1)

    @property
    def left(self) -> list[FrameContrast | None]:
        found = {one.frame: one for one in self.told.of(self.pick.variant, "left")}
        return [found.get(step) for step in self.steps]


def _block(shown: _Shown) -> list[Text]:
    name = shown.draft.page.name(shown.pick.variant)
    said = shown.draft.paragraph(
        "FRAMES  ", f"{name} and control {headline(shown.told, shown.pick.variant)}.", style="bold"
    )
    return said + _leaving(shown) + [Text()] + _acting(shown)


def headline(told: FrameResult, variant: str) -> str:
    """Where a treatment parts from control, by how much, and by which way of leaving."""
    apart = told.parting(variant)
    if apart is None or not isinstance(apart.effect, Effect):
        known = any(isinstance(one.effect, Effect) for one in told.of(variant, "left"))
        return "part at no frame that can be told" if known else "cannot be told apart yet"
    effect, name = apart.effect, told.names[apart.frame - 1]
    where = f"frame {apart.frame}" + (f" ({name})" if name != str(apart.frame) else "")
    cause = _behind(told, apart)
    by = f", mostly by {cause}" if cause else ""
    return f"part at {where}: {digits.rate(effect.treatment)} leave there against {digits.rate(effect.control)}{by}"


def _behind(told: FrameResult, apart: FrameContrast) -> str:
    """The way of leaving behind more than half of the gap, where one is."""
    pick, control = (told.funnels[name].funnel for name in (apart.variant, told.control))
    gap = pick.left(apart.frame).mean - control.left(apart.frame).mean
    parts = {
        cause: (pick.left(apart.frame, cause).mean - control.left(apart.frame, cause).mean) / gap
        for cause in (EXIT, SWIPE)
    }
    return next((cause for cause, share in parts.items() if share > _MOSTLY), "")


def _leaving(shown: _Shown) -> list[Text]:
    draft, contrasts = shown.draft, shown.left
    styles = tuple(STYLES[one.reads] if one else "dim" for one in contrasts)
    estimates = [one.effect.difference if one and isinstance(one.effect, Effect) else None for one in contrasts]
    points = tuple(cells.point(draft, e, Unit.RATE, lift=False).removesuffix(" pp") for e in estimates)
    return draft.table(
        [
            _names(shown),
            _pair(shown, "reached", lambda one, step: one.funnel.reached(step), drop=2),
            _pair(shown, "leave", lambda one, step: one.funnel.left(step), drop=0),
            Column("points", points, right=True, styles=styles),
            _drawn(draft, estimates),
            Column("reads as", tuple(_word(draft, one) for one in contrasts), styles=styles),
        ]
    )


def _acting(shown: _Shown) -> list[Text]:
    """What was done on each frame, of all exposed viewers, each counted once a frame."""
    return shown.draft.table(
        [
            _names(shown),
            _pair(shown, "forward", lambda one, step: one.forward[step - 1], drop=3),
            _pair(shown, "back", lambda one, step: one.back[step - 1], drop=2),
            _pair(shown, "exit", lambda one, step: one.funnel.left(step, EXIT), drop=0),
            _pair(shown, "swipe", lambda one, step: one.funnel.left(step, SWIPE), drop=0),
        ]
    )


def _names(shown: _Shown) -> Column:
    names = (shown.told.names[step - 1] for step in shown.steps)
    told = (name if name == str(step) else f"{step} {name}" for step, name in zip(shown.steps, names, strict=True))
    return Column("frame", tuple(map(shown.draft.look.say, told)))


def _pair(shown: _Shown, head: str, tally: Callable[[FrameFunnel, int], Tally], *, drop: int) -> Column:
    """Control and the treatment under one head, so that neither is ever shown alone."""
    titles = (head, "(pick)" if shown.draft.page.shipped else "(other)")
    sides = [
        (title, *(_rate(shown, one, step, tally) for step in shown.steps))
        for title, one in zip(titles, shown.both, strict=True)
    ]
    wide = [max(map(len, side)) for side in sides]
    rows = [
        "  ".join(cell.rjust(size) for cell, size in zip(row, wide, strict=True)) for row in zip(*sides, strict=True)
    ]
    return Column(rows[0], tuple(rows[1:]), right=True, drop=drop, name=f"{head} by frame")


def _rate(shown: _Shown, one: FrameFunnel, step: int, tally: Callable[[FrameFunnel, int], Tally]) -> str:
    """Of all exposed viewers, on a frame that the variant has."""
    return shown.draft.look.plain(digits.rate(tally(one, step).mean) if step <= one.funnel.steps else digits.NOTHING)


def _drawn(draft: Draft, estimates: Sequence[Estimate | None]) -> Drawing:
    limit, plain = bars.limit_for([e for e in estimates if e]), draft.look.plain
    low, high = (f"{100 * end:+g} pp".replace("-", digits.MINUS) for end in (-limit, limit))

    def draw(width: int) -> Column:
        axis = bars.Axis(limit, width - 1 + width % 2)
        return Column(plain(axis.head(low, high)), tuple(plain(bars.draw(axis, e)) for e in estimates))

    least = max(bars.LEAST, 2 * max(len(low), len(high)) + 3)
    return Drawing(draw, least, max(least, bars.MOST), drop=1, name="drawn frame intervals")


def _word(draft: Draft, one: FrameContrast | None) -> str:
    if one is None:
        return ""
    effect = one.effect
    return (
        f"{digits.unknown(effect)} {draft.note(str(effect))}" if isinstance(effect, Undetermined) else one.reads.value
    )
