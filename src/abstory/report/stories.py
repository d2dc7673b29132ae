"""One contrast in several stories: each drawn on one axis, then these stories together, then stories like these."""

from __future__ import annotations

from rich.text import Text

from abstory import digits
from abstory.report import cells
from abstory.report.draft import Draft
from abstory.report.tables import Column, Drawing
from abstory.results import AcrossStories
from abstory.stats.estimate import Effect, Estimate, Undetermined

FIXED, RANDOM = "these stories", "stories like these"


def stories(draft: Draft) -> list[Text]:
    """Of the treatment looked at closely (with --all, of each), on every primary metric."""
    shown = draft.page.treatments if draft.page.everything else [draft.page.pick]
    blocks = [_told(draft, one) for one in draft.page.result.stories if one.variant in shown]
    return [line for at, block in enumerate(blocks) for line in ([Text()] if at else []) + block]


def _told(draft: Draft, told: AcrossStories) -> list[Text]:
    effects = [*(one.effect for one in told.stories), told.fixed, told.random]
    lift = any(isinstance(e, Effect) and isinstance(e.lift, Estimate) for e in effects)
    found = [cells.on_scale(effect, lift=lift) for effect in effects]
    head = (
        f"{told.metric}, {draft.name(told.variant)}, story by story. A viewer met {digits.figures(told.met)} of them."
    )
    names = (*(draft.look.say(one.story) for one in told.stories), FIXED, RANDOM)
    viewers = (*(digits.count(one.viewers) for one in told.stories), "", "")
    points = tuple(cells.point(draft, one, told.unit, lift=lift) for one in found)
    ends = tuple(cells.ends(draft, one, told.unit, lift=lift) for one in found)
    columns: list[Column | Drawing] = [
        Column("story", names),
        Column("viewers", viewers, right=True, drop=2, name="viewers"),
        Column("lift" if lift else "change", points, right=True),
        cells.drawn(draft, found, None if lift else told.unit),
        Column(cells.confidence(draft.page.result.method.alpha), ends, right=True, drop=1, name="interval"),
    ]
    return (
        draft.paragraph("STORIES  ", head, style="bold")
        + draft.table(columns)
        + (draft.paragraph("", said) if (said := differ(told)) else [])
    )


def differ(told: AcrossStories) -> str:
    """How much the stories differ, and what stands behind the two pooled lines; empty where that is not known."""
    if isinstance(told.random, Undetermined):
        return f"{RANDOM}: {told.random}. {_apart(told)}"
    spread, ends = told.spread, told.spread_interval
    if (
        isinstance(spread, Undetermined)
        or isinstance(ends, Undetermined)
        or isinstance(told.inconsistency, Undetermined)
    ):
        return ""
    size = digits.difference(spread, told.unit).removeprefix("+")
    between = digits.between(ends, told.unit).replace("+", "")
    said = f"between stories the effect varies by {size} (SD; {between}), I² {digits.rate(told.inconsistency)}."
    df = len(told.stories) - 1
    return f"{said} {_apart(told)} {RANDOM}: t with {df} df, at one look."


def _apart(told: AcrossStories) -> str:
    if isinstance(told.scatter_p, Undetermined):
        return ""
    return f"No difference between them: {digits.p_said(told.scatter_p)}."
