"""Exposures of a story that nobody could have seen then, and of stories that are not the experiment's."""

from __future__ import annotations

from collections.abc import Callable

from abstory import digits
from abstory.quality.evidence import Evidence
from abstory.results import Check, Status

MOST_OFF_AIR = 0.01


def off_air(evidence: Evidence) -> Check:
    """Before publication or after the story's end; above 1 % a clock or a publication time is wrong."""
    advice = "exposures off air are left out: is every story published when the file says, offset included?"
    found = _left_out(evidence, evidence.answer.off_air, "outside the life of their story", advice)
    return Check("off_air", *found)


def elsewhere(evidence: Evidence) -> Check:
    """Of stories that the file does not list; above 1 % one is missing from it."""
    advice = "exposures of other stories are left out: list the story, or find what logs it under this key"
    found = _left_out(evidence, evidence.answer.elsewhere, "of stories not listed", advice)
    return Check("other_story", *found)


_Parts = tuple[Status, str, str, dict[str, float | int | str | None]]


def _left_out(evidence: Evidence, count: int, what: str, advice: str) -> _Parts:
    total = count + evidence.viewers + sum(arm.immature for arm in evidence.arms)
    share = count / total if total else 0.0
    figures: dict[str, float | int | str | None] = {"exposures": count, "share": share}
    if not count:
        return Status.OK, f"no exposures {what}", "", figures
    said = f"{digits.counted(count, 'exposure')} ({digits.rate(share)}) {what}"
    return (Status.WARN, said, advice, figures) if share > MOST_OFF_AIR else (Status.OK, said, "", figures)


AIRTIME: tuple[Callable[[Evidence], Check], ...] = (off_air, elsewhere)
