"""How the roll-up tells stories apart: which exposures were on air, when a window closes, and the hour of the story.

Parts for the templates under `sql/`; a question without airings gets the plain text.
"""

from __future__ import annotations

from collections.abc import Mapping

from abstory.warehouse.base import RollUp
from abstory.warehouse.parts import Airing

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
BEFORE_ALL = -1
"""The hour of a viewer whose first exposure names no story, or one of which no publication is known."""


def codes(question: RollUp) -> int:
    """How many pairs of arm and story are packed beside the time of an exposure."""
    return len(question.arms) * _places(question)


def first_parts(question: RollUp) -> Mapping[str, object]:
    """What `first.sql` needs beside the arms."""
    places = _places(question)
    told = bool(question.airings)
    return {
        "codes": codes(question),
        "code": f"arm * {places} + place" if told else "arm",
        "place": f",\n        {_place(question)} AS place" if told else "",
        "arm": f"earliest % {codes(question)} // {places}" if told else f"earliest % {codes(question)}",
        "story": f"\n            CAST(earliest % {places} AS INTEGER) AS story," if told else "",
        "aired": f"\n        AND {_aired(question)}" if told else "",
        "closes": closes(question),
        "day": _hour(question)
        if question.hourly
        else f"(first_at - (first_at % {DAY_US} + {DAY_US}) % {DAY_US}) // {DAY_US}",
    }


def excluded_parts(question: RollUp) -> Mapping[str, str]:
    """What `excluded.sql` says of exposures of another story, or of one that was not on air."""
    if not question.airings:
        return {"off_air": "", "unaired": ""}
    return {
        "off_air": f"WHEN story_id NOT IN ({_named(question)}) THEN 'elsewhere'\n            ELSE 'off_air'",
        "unaired": f" OR NOT {_aired(question)}",
    }


def mine(question: RollUp) -> str:
    """1 for an event of the experiment's stories."""
    if question.airings:
        return f"CASE WHEN logged.story_id IN ({_named(question)}) THEN 1 ELSE 0 END"
    return "1" if question.story is None else "CASE WHEN logged.story_id = $story THEN 1 ELSE 0 END"


def story_names(question: RollUp) -> Mapping[str, str]:
    """The stories as bound parameters."""
    return {f"story{i}": airing.story for i, airing in enumerate(question.airings)}


def _places(question: RollUp) -> int:
    """One a story, and one more for exposures that name none of several."""
    return len(question.airings) + 1 if len(question.airings) > 1 else 1


def _named(question: RollUp) -> str:
    return ", ".join(f"${name}" for name in story_names(question))


def _place(question: RollUp) -> str:
    if len(question.airings) == 1:
        return "0"
    known = " ".join(f"WHEN ${name} THEN {i}" for i, name in enumerate(story_names(question)))
    return f"CASE story_id {known} ELSE {len(question.airings)} END"


def _aired(question: RollUp) -> str:
    """Never NULL. An exposure that names no story is of the only one, or of any."""
    if len(question.airings) == 1:
        return f"((story_id IS NULL OR story_id = $story0){_during(question.airings[0])})"
    each = (f"(story_id = $story{i}{_during(airing)})" for i, airing in enumerate(question.airings))
    return f"(story_id IS NULL OR {' OR '.join(each)})"


def _during(airing: Airing) -> str:
    if airing.from_us is None or airing.until_us is None:
        return ""
    return f" AND exposed_at >= {airing.from_us} AND exposed_at < {airing.until_us}"


def closes(question: RollUp) -> str:
    """When the window of a viewer closes whose first exposure, at `first_at`, was of `story`."""
    ends = _by_story(question, {i: airing.until_us for i, airing in enumerate(question.airings)})
    if not question.ends_with_story or ends is None:
        return "first_at + $window"
    return f"LEAST(first_at + $window, {ends} ELSE first_at + $window END)"


def _hour(question: RollUp) -> str:
    hours = _by_story(
        question, {i: airing.from_us for i, airing in enumerate(question.airings)}, "(first_at - {}) // {}"
    )
    return f"{hours} ELSE {BEFORE_ALL} END" if hours else str(BEFORE_ALL)


def _by_story(question: RollUp, times: Mapping[int, int | None], form: str = "{}") -> str | None:
    """A CASE of the viewer's first story, without its ELSE; None where no time is known."""
    known = {i: us for i, us in times.items() if us is not None}
    whens = " ".join(f"WHEN {i} THEN {form.format(us, HOUR_US)}" for i, us in known.items())
    return f"CASE story {whens}" if known and question.airings else None
