"""Segments take two queries: viewers by level, then the sums of every segment of every attribute in one pass.

Values are bound like every name, never written into the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from abstory.stats.moments import Moments
from abstory.warehouse.base import RollUp
from abstory.warehouse.rollup import cut_at
from abstory.warehouse.rollup_text import Query, Text, Value, template
from abstory.warehouse.split import Segment, SegmentKind, Split

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN = 8
"""Levels of an attribute that are segments of their own; the smaller ones are pooled."""


@dataclass(frozen=True, slots=True)
class _Levels:
    """Values of one attribute, largest first, and how many there are in all.

    Attributes:
        values: those that are segments of their own.
        count: of all values.
        viewers: by place of the value and of the arm; the place after the last is all other values'.
    """

    values: tuple[str, ...] = ()
    count: int = 0
    viewers: Mapping[tuple[int, int], int] = field(default_factory=dict)

    @property
    def segments(self) -> list[tuple[SegmentKind, str]]:
        """As the query numbers them."""
        kinds = [(SegmentKind.LEVEL, value) for value in self.values]
        return [*kinds, (SegmentKind.OTHER, "other"), (SegmentKind.UNKNOWN, "unknown")]


class _Segmented(Text):
    """The queries of one question, viewers told apart by the attributes it names."""

    def __init__(
        self,
        question: RollUp,
        levels: Mapping[str, _Levels],
        *,
        caps: Mapping[str, int] | None = None,
        wide: bool = False,
    ) -> None:
        super().__init__(question, caps=caps, wide=wide)
        self.levels = [levels.get(name, _Levels()) for name in question.by]
        self._names = {f"by{at}": name for at, name in enumerate(question.by)}
        self._texts = {
            f"level{at}x{place}": value
            for at, found in enumerate(self.levels)
            for place, value in enumerate(found.values)
        }

    def largest(self) -> Query:
        """Name, value (none for the smaller ones), number of levels, arm and viewers."""
        return self._query("levels", first=self._first(), told=self._told(), most=SHOWN)

    def later(self) -> Query:
        """Viewers by attribute who have later values alone."""
        return self._query("later", first=self._first(), names=_listed(self._names))

    def sums(self) -> Query:
        """Viewers and sums by attribute, segment and arm."""
        tags = [f"MAX({self._tag(at)}) AS t{at}" for at in range(len(self.levels))]
        return self._query(
            "segments",
            first=self._first(),
            viewer=self._viewer(),
            told=self._told(),
            tags=_stacked(tags),
            parts="\nUNION ALL\n".join(self._parts()),
        )

    def moments(self, rows: Sequence[Sequence[int]], viewers: int) -> Moments:
        """Of one cell, from its rows of sums."""
        names = [measure.name for measure in self.question.measures]
        width = len(names) + self.width
        totals = [sum(column) for column in zip(*(row[:width] for row in rows), strict=True)] or [0] * width
        sums = dict(zip(names, totals, strict=False))
        return Moments.from_sums(viewers, sums, *self.products(totals[len(names) :]))

    def _told(self) -> str:
        return template("told").format(names=_listed(self._names))

    def _tag(self, at: int) -> str:
        values = self.levels[at].values
        whens = " ".join(f"WHEN $level{at}x{place} THEN {place}" for place in range(len(values)))
        level = f"CASE value {whens} ELSE {len(values)} END" if whens else str(len(values))
        return f"CASE WHEN name = $by{at} THEN {level} END"

    def _parts(self) -> Iterator[str]:
        sums = self._sums(prior=False)
        for at, found in enumerate(self.levels):
            yield template("segment").format(
                at=at, unknown=len(found.values) + 1, sums=_stacked(sums), zeros=_stacked("0" for _ in sums)
            )

    def _values(self) -> dict[str, Value]:
        return {**super()._values(), **self._names, **self._texts}


def split(connection: DuckDBPyConnection, question: RollUp) -> dict[str, Split]:
    """Analysed viewers by each attribute the question names; exact integer sums. What is not stored is left out.

    Args:
        connection: on a store of the current schema; belongs to the calling thread.
        question: `by` names the attributes, its measures are told by segment; those made of attributes are left out.
    """
    asked = _of_events(_stored(connection, question))
    if not asked.by:
        return {}
    first = _Segmented(asked, {})
    levels = _levels(_fetch(connection, first.largest()))
    later = {str(name): int(viewers) for name, viewers in _fetch(connection, first.later())}
    text, rows = _summed(connection, asked, levels)
    return {name: _split(text, rows, at, later.get(name, 0)) for at, name in enumerate(asked.by)}


def counted(connection: DuckDBPyConnection, question: RollUp, viewers: Sequence[int]) -> dict[str, Split]:
    """The same in numbers of viewers alone, by one query; whose values are too late is not asked.

    Args:
        connection: as for `split`.
        question: `by` names the attributes.
        viewers: analysed ones of every arm, in the question's order.
    """
    bare = replace(_stored(connection, question), measures=(), pairs=(), triples=())
    if not bare.by:
        return {}
    text = _Segmented(bare, {})
    levels = _levels(_fetch(connection, text.largest()))
    return {name: _counts(bare, levels.get(name, _Levels()), viewers) for name in bare.by}


def names(connection: DuckDBPyConnection) -> list[str]:
    """Of all attributes that are stored, sorted."""
    found = connection.execute("SELECT DISTINCT name FROM attributes ORDER BY name").fetchall()
    return [str(name) for (name,) in found]


def _stored(connection: DuckDBPyConnection, question: RollUp) -> RollUp:
    stored = set(names(connection)) if question.by else set()
    return replace(question, by=tuple(name for name in question.by if name in stored))


def _of_events(question: RollUp) -> RollUp:
    measures = tuple(measure for measure in question.measures if not measure.attribute)
    kept = {measure.name for measure in measures}
    return replace(
        question,
        measures=measures,
        pairs=tuple(p for p in question.pairs if kept.issuperset(p)),
        triples=tuple(t for t in question.triples if kept.issuperset(t)),
    )


def _levels(rows: Iterable[Sequence[Any]]) -> dict[str, _Levels]:
    found: dict[str, _Levels] = {}
    for name, value, count, arm, viewers in rows:
        before = found.get(name, _Levels())
        new = value is not None and value not in before.values
        values = (*before.values, value) if new else before.values
        place = len(values) if value is None else values.index(value)
        found[name] = _Levels(values, int(count), {**before.viewers, (place, int(arm)): int(viewers)})
    return found


def _counts(question: RollUp, levels: _Levels, viewers: Sequence[int]) -> Split:
    """Whoever is on no level is unknown."""
    known = range(len(levels.values) + 1)
    rest = [n - sum(levels.viewers.get((place, arm), 0) for place in known) for arm, n in enumerate(viewers)]
    made = []
    for place, (kind, name) in enumerate(levels.segments):
        own = rest if kind is SegmentKind.UNKNOWN else [levels.viewers.get((place, a), 0) for a in range(len(viewers))]
        arms = {arm.variant: Moments(n, {}, {}) for arm, n in zip(question.arms, own, strict=True)}
        made.append(Segment(kind, name, arms))
    return Split(tuple(one for one in made if one.viewers), levels.count - len(levels.values))


def _summed(
    connection: DuckDBPyConnection, question: RollUp, levels: Mapping[str, _Levels]
) -> tuple[_Segmented, list[_Row]]:
    from duckdb import DataError

    caps = cut_at(connection, question)
    text = _Segmented(question, levels, caps=caps)
    try:
        return text, _rows(_fetch(connection, text.sums()))
    except DataError:  # as the roll-up of the whole: products beyond 38 digits are summed in limbs
        text = _Segmented(question, levels, caps=caps, wide=True)
        return text, _rows(_fetch(connection, text.sums()))


@dataclass(frozen=True, slots=True)
class _Row:
    """Viewers of one cell, or sums over those of them with events."""

    part: str
    attribute: int
    segment: int
    arm: int
    count: int
    sums: tuple[int, ...]


def _rows(found: Iterable[Sequence[Any]]) -> list[_Row]:
    rows = []
    for part, *numbers in found:
        attribute, segment, arm, count, *sums = map(int, numbers)
        rows.append(_Row(part, attribute, segment, arm, count, tuple(sums)))
    return rows


def _split(text: _Segmented, rows: Iterable[_Row], at: int, later: int) -> Split:
    levels, arms = text.levels[at], [arm.variant for arm in text.question.arms]
    own = [row for row in rows if row.attribute == at]
    made = (
        Segment(kind, name, {arm: _cell(text, own, place, i) for i, arm in enumerate(arms)})
        for place, (kind, name) in enumerate(levels.segments)
    )
    return Split(tuple(one for one in made if one.viewers), levels.count - len(levels.values), later)


def _cell(text: _Segmented, rows: Iterable[_Row], segment: int, arm: int) -> Moments:
    own = [row for row in rows if (row.segment, row.arm) == (segment, arm)]
    viewers = sum(row.count for row in own if row.part == "viewers")
    return text.moments([row.sums for row in own if row.part == "sums"], viewers)


def _fetch(connection: DuckDBPyConnection, query: Query) -> list[tuple[Any, ...]]:
    return connection.execute(query.text, dict(query.values)).fetchall()


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(f"${key}" for key in keys)


def _stacked(columns: Iterable[str]) -> str:
    return "".join(f",\n        {column}" for column in columns)
