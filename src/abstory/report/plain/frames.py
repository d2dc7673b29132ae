"""`frames` of the `report/1` document: where viewers leave a story of several frames.

{names, variants, contrasts, families, beyond, unframed}. A variant: {variant, viewers, frames}, a frame of it: {frame,
name, reached, left, left_by {exit, swipe, no_event}, incidence {the same, up to and with this frame}, forward, back
(shares of all exposed viewers), hazard (left, of those who reached it), taps_forward, taps_back (in all)}. A contrast:
{variant, frame, what (`left`, `reached`, `forward` or `back`), reads} with difference, lift, statistic, p, critical,
standard_error and method as of a comparison. `families`: comparisons that share alpha, by `what`.
"""

from __future__ import annotations

from abstory.metrics import EXIT, SWIPE
from abstory.report.page import Page
from abstory.report.plain.values import Plain, effect, finite
from abstory.results import NO_WORD, FrameContrast, FrameFunnel, FrameResult

_CAUSES = {"exit": EXIT, "swipe": SWIPE, "no_event": NO_WORD}


def frames(page: Page) -> Plain:
    """Empty where the file names no frames."""
    told = page.result.frames
    if told is None:
        return {}
    return {
        "names": list(told.names),
        "variants": [_variant(told, one) for one in told.funnels.values()] if page.result.trusted else [],
        "contrasts": [_contrast(one) for one in told.contrasts],
        "families": dict(told.families),
        "beyond": told.beyond,
        "unframed": told.unframed,
    }


def _variant(told: FrameResult, one: FrameFunnel) -> Plain:
    steps = range(1, one.funnel.steps + 1)
    return {
        "variant": one.variant,
        "viewers": one.funnel.viewers,
        "frames": [_frame(one, step, told.names[step - 1]) for step in steps],
    }


def _frame(one: FrameFunnel, step: int, name: str) -> Plain:
    funnel, (forward, back) = one.funnel, one.times[step - 1]
    return {
        "frame": step,
        "name": name,
        "reached": funnel.reached(step).mean,
        "left": funnel.left(step).mean,
        "left_by": {name: funnel.left(step, cause).mean for name, cause in _CAUSES.items()},
        "incidence": {name: funnel.incidence(step, cause).mean for name, cause in _CAUSES.items()},
        "forward": one.forward[step - 1].mean,
        "back": one.back[step - 1].mean,
        "hazard": finite(funnel.hazard(step).mean),
        "taps_forward": forward,
        "taps_back": back,
    }


def _contrast(one: FrameContrast) -> Plain:
    named = {"variant": one.variant, "frame": one.frame, "what": one.what, "reads": one.reads.value}
    return named | effect(one.effect)
