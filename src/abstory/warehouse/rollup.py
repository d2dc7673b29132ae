"""From log to moments on DuckDB: one statement for all metrics, exact integer sums, nothing fetched per viewer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData, Cap, RollUp
from abstory.warehouse.rollup_frames import framed
from abstory.warehouse.rollup_late import late
from abstory.warehouse.rollup_occasions import occasions
from abstory.warehouse.rollup_quantiles import watched
from abstory.warehouse.rollup_stories import met
from abstory.warehouse.rollup_text import MILLION, Query, Text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CHECKED_AT_MOST = 200_000
_SUMMED = ("sums", "known")


@dataclass(frozen=True, slots=True)
class _Found:
    """A row of the roll-up: viewers or events counted in one cell, and the sums over them."""

    part: str
    arm: int
    crossed: bool
    mature: bool
    day: int
    count: int
    untimed: int
    overlong: int
    sums: tuple[int, ...]


def roll_up(connection: DuckDBPyConnection, question: RollUp) -> Answer:
    """Everything the metrics of one experiment need, as of one instant.

    The moments are exact: integers are summed, and divided only at the end. Where the sums of products leave
    38 digits, they are summed again in limbs.

    Args:
        connection: on a store of the current schema; belongs to the calling thread.
        question: what to build, over which exposures and events.
    """
    caps = cut_at(connection, question)
    text, rows = _rolled(connection, question, caps)
    excluded = _fetch(connection, text.excluded())
    checks = _checks(connection, question, rows)
    views = watched(lambda query: _fetch(connection, query), question)
    stories = met(lambda query: _fetch(connection, query), question)
    hourly = _hourly(connection, question, caps)
    frames = framed(lambda query: _fetch(connection, query), question)
    repeated = occasions(lambda query: _fetch(connection, query), question)
    behind = late(lambda query: _fetch(connection, query), question)
    return Answer(
        arms={
            arm.variant: replace(
                _arm(text, rows, i, checks),
                watched=views.get(i),
                hours=hourly.get(i, {}),
                frames=frames.get(i),
                stories=stories.get(i, {}),
                occasions=repeated.get(i),
            )
            for i, arm in enumerate(question.arms)
        },
        unknown_variants={variant: count for why, variant, count in sorted(excluded) if why == "unknown"},
        outside_schedule=sum(count for why, _, count in excluded if why == "outside"),
        forced=sum(count for why, _, count in excluded if why == "forced"),
        not_attributed=_count(row for row in rows if row.part == "elsewhere"),
        before_exposure=_count(row for row in rows if row.part == "before"),
        views_without_time=sum(row.untimed for row in rows),
        watch_beyond_length=sum(row.overlong for row in rows),
        exposures_by_day=_by_day(question, rows),
        caps=_capped(text, rows),
        late=behind,
        off_air=sum(count for why, _, count in excluded if why == "off_air"),
        elsewhere=sum(count for why, _, count in excluded if why == "elsewhere"),
    )


def _hourly(connection: DuckDBPyConnection, question: RollUp, caps: Mapping[str, int]) -> dict[int, dict[int, Moments]]:
    """Moments by hour of the story and arm's place; nothing where no story says when it was published."""
    if not any(airing.from_us is not None for airing in question.airings):
        return {}
    text, rows = _rolled(connection, replace(question, hourly=True), caps)
    own = {arm: _days(text, [row for row in rows if row.arm == arm]) for arm in range(len(question.arms))}
    return {arm: {hour: some for hour, some in hours.items() if hour >= 0} for arm, hours in own.items()}


def cut_at(connection: DuckDBPyConnection, question: RollUp) -> dict[str, int]:
    """Where values are cut, by measure: the quantile of type 7, rounded down to a whole unit; none without values."""
    if not any(measure.winsorize for measure in question.measures):
        return {}
    names = [measure.name for measure in question.measures]
    found = (map(int, row) for row in _fetch(connection, Text(question).capped()))
    return {names[i]: low + (high - low) * rest // MILLION for i, low, high, rest in found}


def _capped(text: Text, rows: Sequence[_Found]) -> dict[str, Cap]:
    """Each cap, with the viewers above it by variant; they stand in the last columns."""
    names = [measure.name for measure in text.question.measures if measure.name in text.caps]
    return {
        name: Cap(
            text.caps[name],
            {
                arm.variant: sum(row.sums[at - len(names)] for row in rows if row.part == "sums" and row.arm == i)
                for i, arm in enumerate(text.question.arms)
            },
        )
        for at, name in enumerate(names)
    }


def _rolled(connection: DuckDBPyConnection, question: RollUp, caps: Mapping[str, int]) -> tuple[Text, list[_Found]]:
    from duckdb import DataError

    text = Text(question, caps=caps)
    try:
        return text, list(_found(_fetch(connection, text.rollup())))
    except DataError:  # DuckDB never wraps an overflow: it refuses
        text = Text(question, caps=caps, wide=True)
        return text, list(_found(_fetch(connection, text.rollup())))


def _found(rows: Iterable[Sequence[Any]]) -> Iterator[_Found]:
    for part, *cell in rows:
        arm, crossed, mature, day, count, untimed, overlong, *sums = (int(value) for value in cell)
        yield _Found(part, arm, bool(crossed), bool(mature), day, count, untimed, overlong, tuple(sums))


def _fetch(connection: DuckDBPyConnection, query: Query) -> list[tuple[Any, ...]]:
    return connection.execute(query.text, dict(query.values)).fetchall()


def _checks(connection: DuckDBPyConnection, question: RollUp, rows: Sequence[_Found]) -> dict[int, tuple[int, int]]:
    """Checked and mismatched viewers by arm; nothing where no assignment was given."""
    if question.assigned_sql is None:
        return {}
    viewers = _count(row for row in rows if row.part == "viewers" and row.mature)
    shards = max(1, -(-viewers // CHECKED_AT_MOST))
    found = _fetch(connection, Text(question).mismatched(question.assigned_sql, shards))
    nobody = dict.fromkeys(range(len(question.arms)), (0, 0))
    return nobody | {arm: (checked, int(mismatched)) for arm, checked, mismatched in found}


def _arm(text: Text, rows: Sequence[_Found], arm: int, checks: dict[int, tuple[int, int]]) -> ArmData:
    own = [row for row in rows if row.arm == arm]
    viewers = [row for row in own if row.part == "viewers"]
    checked, mismatched = checks.get(arm, (0, None))
    return ArmData(
        moments=_moments(text, own),
        immature=_count(row for row in viewers if not row.mature),
        crossovers=_count(row for row in viewers if row.mature and row.crossed),
        without_crossovers=_moments(text, [row for row in own if not row.crossed]),
        mismatched=mismatched,
        checked=checked,
        days=_days(text, own),
    )


def _days(text: Text, own: Iterable[_Found]) -> dict[int, Moments]:
    days: dict[int, list[_Found]] = {}
    for row in own:
        if row.mature and row.part in {"viewers", *_SUMMED}:
            days.setdefault(row.day, []).append(row)
    return {day: _moments(text, days[day]) for day in sorted(days)}


def _moments(text: Text, rows: Sequence[_Found]) -> Moments:
    n = _count(row for row in rows if row.part == "viewers" and row.mature)
    names = [measure.name for measure in text.question.measures]
    width = len(names) + text.width
    columns = zip(*(row.sums[:width] for row in rows if row.part in _SUMMED), strict=True)
    totals = [sum(column) for column in columns] or [0] * width
    sums = dict(zip(names, totals, strict=False))
    return Moments.from_sums(n, sums, *text.products(totals[len(names) :]))


def _count(rows: Iterable[_Found]) -> int:
    return sum(row.count for row in rows)


def _by_day(question: RollUp, rows: Iterable[_Found]) -> dict[tuple[int, str], int]:
    days: Counter[tuple[int, str]] = Counter()
    for row in rows:
        if row.part == "viewers":
            days[row.day, question.arms[row.arm].variant] += row.count
    return dict(sorted(days.items()))
