"""The text of the roll-up's queries: a question is written into the templates under `sql/`, nothing is run here.

Numbers are written as digits; every name (experiment, story, variant, event) is a bound parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from abstory.metrics import COMPLETE, VIEW, Measure, MeasureKind
from abstory.stats.moments import Pair, pair
from abstory.warehouse.base import Arm, RollUp

DAY_US = 86_400_000_000
LIMB = 2**48
_INT64 = 2**63 - 1
_DECIMAL = "DECIMAL(38,0)"

Value = str | int


@dataclass(frozen=True, slots=True)
class Query:
    """A statement and what is bound to it."""

    text: str
    values: Mapping[str, Value]


class Text:
    """The queries of one question.

    Args:
        question: what is asked.
        wide: whether products are summed in limbs of 48 bits; slower, and no input can overflow them.
    """

    def __init__(self, question: RollUp, *, wide: bool = False) -> None:
        self.question = question
        self.pairs: tuple[Pair, ...] = tuple(dict.fromkeys(pair(*p) for p in question.pairs))
        self.weights = (LIMB * LIMB, LIMB, 1) if wide else (1,)
        self._columns = {measure.name: f"m{i}" for i, measure in enumerate(question.measures)}
        self._variants = {f"variant{i}": arm.variant for i, arm in enumerate(question.arms)}
        self._events = {f"event{i}": name for i, name in enumerate(wanted(question.measures))}

    def rollup(self) -> Query:
        """Sums by arm, crossing and day, viewers by maturity too, and events left out."""
        sums = self._sums()
        return self._query(
            "rollup",
            first=self._first(),
            mine="1" if self.question.story is None else "CASE WHEN logged.story_id = $story THEN 1 ELSE 0 END",
            length=_length(self.question.arms),
            events=_listed(self._events) or "NULL",
            measures=_lines(f"{self._measure(m)} AS {self._columns[m.name]}" for m in self.question.measures),
            sums=_lines(f"SUM({text})" for text in sums),
            zeros=_lines("0" for _ in sums),
        )

    def excluded(self) -> Query:
        """Exposures left out, by reason and, where it is not declared, variant."""
        return self._query("excluded", variants=_listed(self._variants))

    def mismatched(self, assigned: str, shards: int) -> Query:
        """Checked and mismatched viewers by arm; `assigned` is an SQL expression over `viewer_id`."""
        names = " ".join(f"WHEN {i} THEN ${name}" for i, name in enumerate(self._variants))
        first = self._first("\n        AND hash(viewer_id) % $shards = 0")
        found = self._query("mismatched", first=first, names=names, assigned=assigned)
        return Query(found.text, {**found.values, "shards": shards})

    def _first(self, sample: str = "") -> str:
        question = self.question
        return template("first").format(
            arms=" ".join(f"WHEN ${name} THEN {i}" for i, name in enumerate(self._variants)),
            variants=_listed(self._variants),
            sample=sample,
            arm_count=len(question.arms),
            day=DAY_US,
            integer=_integer((question.as_of_us - question.start_us + 1) * len(question.arms)),
        )

    def _query(self, name: str, **parts: object) -> Query:
        text = template(name).format(**parts)
        used = set(re.findall(r"\$([a-z]\w*)", text))
        return Query(text, {key: value for key, value in self._values().items() if key in used})

    def _values(self) -> dict[str, Value]:
        question = self.question
        times = {
            "start": question.start_us,
            "end": question.end_us,
            "as_of": question.as_of_us,
            "window": question.window_us,
            "mature": question.as_of_us - question.window_us,
        }
        names = {"experiment": question.experiment, "story": question.story or "", "view": VIEW, "complete": COMPLETE}
        clamped = {key: max(-_INT64, min(_INT64, value)) for key, value in times.items()}
        return {**names, **clamped, **self._variants, **self._events}

    def _measure(self, measure: Measure) -> str:
        among = ", ".join(f"${key}" for key, name in self._events.items() if name in measure.events)
        return _MEASURES[measure.kind].format(
            events=among or "NULL",
            top=measure.threshold_ms,
            step=measure.threshold_ms + 1,
            late=self.question.window_us * (measure.threshold_ms + 1),
            integer=_integer((self.question.window_us + 1) * (measure.threshold_ms + 1)),
        )

    def _sums(self) -> list[str]:
        sums = [f"CAST({column} AS {_DECIMAL})" for column in self._columns.values()]
        return sums + [text for a, b in self.pairs for text in self._products(self._columns[a], self._columns[b])]

    def _products(self, a: str, b: str) -> list[str]:
        if len(self.weights) == 1:
            return [_times(a, b)]
        high_a, low_a, high_b, low_b = (f"{x} {op} {LIMB}" for x in (a, b) for op in ("//", "%"))
        return [_times(high_a, high_b), f"{_times(high_a, low_b)} + {_times(low_a, high_b)}", _times(low_a, low_b)]


# A row of `seen` is one event inside the viewer's window; every measure is 0 for a viewer it does not touch.
# The first view is the smallest (time, watch) packed into one integer, so ties go to the smaller watch.
_MEASURES: Mapping[MeasureKind, str] = {
    MeasureKind.COUNT: "SUM(CASE WHEN event IN ({events}) THEN 1 ELSE 0 END)",
    MeasureKind.ANY: "MAX(CASE WHEN event IN ({events}) THEN 1 ELSE 0 END)",
    MeasureKind.SUM_WATCH: "SUM(CASE WHEN event IN ({events}) THEN watch ELSE 0 END)",
    MeasureKind.SUM_VALUE: "SUM(CASE WHEN event IN ({events}) THEN value ELSE 0 END)",
    MeasureKind.COMPLETED: (
        "MAX(CASE WHEN event = $complete OR (event = $view AND watch >= length) THEN 1 ELSE 0 END)"
    ),
    MeasureKind.COMPLETE_VIEWS: (
        "GREATEST(SUM(CASE WHEN event = $complete THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN event = $view AND watch >= length THEN 1 ELSE 0 END))"
    ),
    MeasureKind.WATCHED: "MAX(CASE WHEN event = $view AND watch >= {top} THEN 1 ELSE 0 END)",
    MeasureKind.FIRST_WATCH: (
        "MIN(CASE WHEN event = $view THEN CAST(since AS {integer}) * {step} + LEAST(watch, {top}) ELSE {late} END)"
        " % {step}"
    ),
}

_FIXED: Mapping[MeasureKind, tuple[str, ...]] = {
    MeasureKind.COMPLETED: (VIEW, COMPLETE),
    MeasureKind.COMPLETE_VIEWS: (VIEW, COMPLETE),
    MeasureKind.WATCHED: (VIEW,),
    MeasureKind.FIRST_WATCH: (VIEW,),
}


def wanted(measures: Iterable[Measure]) -> tuple[str, ...]:
    """The event names that any of the measures reads, sorted."""
    return tuple(sorted({name for measure in measures for name in _FIXED.get(measure.kind, measure.events)}))


def template(name: str) -> str:
    """The text of `sql/<name>.sql`, placeholders and all."""
    return resources.files("abstory.warehouse").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8").rstrip()


def _integer(bound: int) -> str:
    return "BIGINT" if abs(bound) <= _INT64 else "HUGEINT"


def _length(arms: Sequence[Arm]) -> str:
    known = " ".join(f"WHEN {i} THEN {arm.length_ms}" for i, arm in enumerate(arms) if arm.length_ms is not None)
    return f"CASE first.arm {known} END" if known else "CAST(NULL AS BIGINT)"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"${name}" for name in names)


def _lines(columns: Iterable[str]) -> str:
    return "".join(f",\n        {column}" for column in columns)


def _times(a: str, b: str) -> str:
    return f"CAST({a} AS {_DECIMAL}) * CAST({b} AS {_DECIMAL})"
