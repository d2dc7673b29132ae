"""Events that came behind: a report of before could have counted their viewer as complete, and was short of them."""

from __future__ import annotations

from abstory import digits
from abstory.quality.evidence import Evidence
from abstory.results import Check, Status

MOST_LATE = 0.01


def arrived_late(evidence: Evidence) -> Check:
    """Viewers, of those analysed, with an event that came when the store already held later ones than their window.

    Above 1 % an effect that was read on the day it could be read was read too early.
    """
    late = evidence.answer.late
    if late is None:
        return Check("arrived_late", Status.OK, "times of arrival not known")
    share = late.viewers / evidence.viewers if evidence.viewers else 0.0
    figures = {"events": late.events, "viewers": late.viewers, "share": share, "longest_us": late.longest_us}
    if not late.events:
        return Check("arrived_late", Status.OK, "no event came late", "", figures)
    who = f"{digits.counted(late.events, 'event')} of {digits.counted(late.viewers, 'viewer')}"
    said = f"{who} ({digits.rate(share)}) came late, up to {digits.age(late.longest_us)}"
    if share <= MOST_LATE:
        return Check("arrived_late", Status.OK, said, "", figures)
    advice = "a report on the day was short of them: read later than the last event, or find what delays them"
    return Check("arrived_late", Status.WARN, said, advice, figures)
