"""What was counted, left out or is still waited for, and how fresh it is."""

from __future__ import annotations

from collections.abc import Callable

from abstory import digits
from abstory.experiment import HOUR_US
from abstory.quality.evidence import Evidence
from abstory.results import Check, Status
from abstory.warehouse.base import Answer

STALE_HOURS = 48
MOST_IMMATURE = 0.5


def silent(evidence: Evidence) -> Check:
    """Viewers and not one event: nearly always the wrong story or the wrong ids, and never a rate of 0."""
    measured = {measure.name for outcome in evidence.experiment.outcomes for measure in outcome.metric.measures}
    seen = any(arm.moments.means.get(name) for arm in evidence.arms for name in measured)
    if not evidence.viewers or seen:
        return Check("no_events", Status.OK, "events found")
    elsewhere = evidence.answer.not_attributed
    stories = ", ".join(evidence.experiment.story_ids)
    advice = (
        f"is the story {stories} right? of others there are {digits.counted(elsewhere, 'event')}"
        if elsewhere and stories
        else ""
    )
    said = "no event counts in any viewer's window"
    return Check("no_events", Status.WARN, said, advice or "are events loaded, with the same viewer ids?")


def immature(evidence: Evidence) -> Check:
    """Viewers whose window is open enter no metric; above half, what is shown is of the early ones alone."""
    waiting = sum(arm.immature for arm in evidence.arms)
    share = waiting / (waiting + evidence.viewers) if waiting else 0.0
    said = (
        f"{digits.counted(waiting, 'viewer')} ({digits.share(share)}) still in their window"
        if waiting
        else "every window closed"
    )
    figures = {"viewers": waiting, "share": share}
    if share > MOST_IMMATURE:
        return Check("immature", Status.WARN, said, "most viewers are not counted yet: look again later", figures)
    return Check("immature", Status.OK, said, "", figures)


def age(evidence: Evidence) -> Check:
    """From the last stored event to the instant of asking."""
    if evidence.age_us is None:
        return Check("age", Status.UNKNOWN, "age of events not known")
    age = max(0, evidence.age_us)
    said, figures = f"events {digits.age(age)} old" if digits.age(age) != "now" else "events new", {"age_us": age}
    if age > STALE_HOURS * HOUR_US and not evidence.over:
        return Check("age", Status.WARN, said, "load what has come in since", figures)
    return Check("age", Status.OK, said, "", figures)


def counted(name: str, what: str, advice: str, of: Callable[[Answer], int]) -> Callable[[Evidence], Check]:
    """A count that is shown, and warned of where there is advice; `what` begins with the noun of one."""
    noun, _, rest = what.partition(" ")

    def check(evidence: Evidence) -> Check:
        count = of(evidence.answer)
        status = Status.WARN if count and advice else Status.OK
        return Check(name, status, f"{digits.counted(count, noun)} {rest}", advice if count else "", {"count": count})

    return check


COUNTS = (
    counted(
        "views_without_time",
        "view without watch time",
        "they count as 0 s watched: log watch_ms with every view",
        lambda answer: answer.views_without_time,
    ),
    counted(
        "outside_schedule",
        "exposure outside the schedule",
        "they are left out: is the schedule right?",
        lambda answer: answer.outside_schedule,
    ),
    counted("not_attributed", "event of other stories", "", lambda answer: answer.not_attributed),
    counted("before_exposure", "event before the first exposure", "", lambda answer: answer.before_exposure),
    counted("beyond_length", "view longer than their cut", "", lambda answer: answer.watch_beyond_length),
    counted("forced", "exposure forced and left out", "", lambda answer: answer.forced),
)
