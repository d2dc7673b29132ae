"""What stands at the head and the foot of a report, in words: for a terminal, for a page, for whoever lays it out."""

from __future__ import annotations

from abstory import digits
from abstory.experiment import Role
from abstory.report.draft import Draft
from abstory.report.page import Page
from abstory.results import Check, Looking, Ruling, Status
from abstory.stats.estimate import Effect, Estimate

WORDS = {Status.OK: "ok", Status.WARN: "warning", Status.FAIL: "untrusted", Status.UNKNOWN: "unknown"}
"""What the data line says of the worst of the checks."""

_FLATTERED = "best of"
_MOST_LIVE = 2


def headline(page: Page) -> list[str]:
    """How many viewers, variants and days."""
    result = page.result
    return [digits.counted(result.viewers, result.unit), digits.counted(len(result.arms), "variant"), day(page)]


def day(page: Page) -> str:
    """Where in its schedule the experiment stands."""
    result = page.result
    if result.days is None:
        return f"day {result.day}"
    if result.day > result.days:
        return f"ended after {digits.counted(result.days, 'day')}"
    return (
        f"day {result.day} of {result.days}" if result.day > 0 else f"not started, {digits.counted(result.days, 'day')}"
    )


def airtime(page: Page) -> str:
    """Which stories are live, for how long, and how many of the viewers are counted already; empty without a list."""
    result = page.result
    dated = [one for one in result.airtimes if one.ends_us is not None]
    live = [one for one in dated if one.live(result.as_of_us)]
    ahead = sum(1 for one in dated if not one.live(result.as_of_us) and one.hours_left(result.as_of_us))
    ended = len(dated) - len(live) - ahead
    told = [f"{one.story} live, {one.hours_left(result.as_of_us)} h left" for one in live[:_MOST_LIVE]]
    told += [f"{len(live) - _MOST_LIVE} more live"] if len(live) > _MOST_LIVE else []
    told += [f"{ended} of {digits.counted(len(dated), 'story', 'stories')} ended"] if ended else []
    told += [f"{ahead} not up yet"] if ahead else []
    mature = f": {digits.rate(result.mature)} of viewers mature" if result.mature is not None else ""
    return f"{', '.join(told)}{mature}" if told else ""


def ruled(draft: Draft) -> str:
    """The verdict in a word, with the variant it is about."""
    verdict = draft.page.verdict
    return verdict.ruling.value + (f" {draft.name(verdict.variant)}" if verdict.variant else "")


def reasons(draft: Draft) -> list[str]:
    """Why, and how long it may still take; the last one marked where the winner is likely flattered."""
    page, verdict = draft.page, draft.page.verdict
    told = [reason.rstrip(".") for reason in verdict.reasons if not reason.startswith(_FLATTERED)]
    if verdict.days_left is not None:
        told.append(f"about {digits.counted(verdict.days_left, 'day')} left{pace(page)}")
    if mark := _flattered(draft):
        told[-1:] = [f"{told[-1]} {mark}" if told else mark]
    return told


def pace(page: Page) -> str:
    """At what pace days are reckoned; a calendar has its own."""
    return " at this traffic" if page.result.unit == "viewer" else ""


def advice(page: Page, check: Check) -> str:
    """What to do about a check that is not well, unless the verdict has said it."""
    told = any(check.advice in reason for reason in page.verdict.reasons)
    return "" if check.status is Status.OK or told else check.advice


def how(draft: Draft) -> list[str]:
    """The chain of the method; empty where nothing was computed."""
    result = draft.page.result
    method = result.method
    if draft.page.verdict.ruling is Ruling.NO_DATA:
        return []
    named = draft.name(result.control) != result.control
    control = [f"control is {result.control}"] if named else []
    as_of = f"as of {digits.minute(result.as_of_us)} ({result.as_of_from.value})"
    chain = ["relative lift", method.reading, method.multiplicity, f"alpha {digits.fraction(method.alpha)}"]
    return [part for part in [*chain, *control, as_of] if part]


def notes(page: Page) -> list[str]:
    """What is to be said of the method beside its chain."""
    method = page.result.method
    return [*([_looking(method.looking)] if method.looking else []), *method.notes]


def _flattered(draft: Draft) -> str:
    """The mark of the footnote on a winner picked among several: its own reason where the rule gave one."""
    page = draft.page
    if not page.shipped or len(page.treatments) < 2:
        return ""
    usual = f"{_FLATTERED} {len(page.treatments)}, so likely flattered"
    told = next((reason for reason in page.verdict.reasons if reason.startswith(_FLATTERED)), usual)
    return draft.note("; ".join(filter(None, (told, _shrunken(page)))))


def _shrunken(page: Page) -> str:
    """The picked treatment's change on the first primary once its value is drawn towards the others'."""
    metric = next(iter(page.of(Role.PRIMARY)), None)
    if metric is None or page.pick is None:
        return ""
    told = metric.against(page.pick)
    if told.shrunken is None or not isinstance(told.effect, Effect):
        return ""
    change = told.shrunken - told.effect.control
    if isinstance(told.effect.lift, Estimate):
        return f"shrunken estimate {digits.lift(change / told.effect.control)}"
    return f"shrunken estimate {digits.difference(change, metric.outcome.metric.unit)}"


def _looking(looking: Looking) -> str:
    """Where a group sequential experiment stands between its looks."""
    viewers = digits.counted(looking.viewers, "viewer")
    plan = f"{looking.planned} looks planned to {viewers}, {digits.count(looking.seen)} there"
    taken = f"{looking.taken} taken" if looking.look is None else f"look {looking.look.number} is shown"
    if looking.next_at is None:
        return f"{plan}; {taken}, the last"
    due = (
        "one is due: abstory gate takes it"
        if looking.seen >= looking.next_at
        else f"next at {digits.count(looking.next_at)}"
    )
    return f"{plan}; {taken}, {due}"
