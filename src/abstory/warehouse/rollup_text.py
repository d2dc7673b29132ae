"""The text of the roll-up's queries: a question is written into the templates under `sql/`, nothing is run here.

Numbers are written as digits; every name (experiment, story, variant, event) is a bound parameter.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import product

from abstory.metrics import COMPLETE, VIEW, Measure, MeasureKind
from abstory.stats.moments import Pair, Triple, pair, triple
from abstory.warehouse.base import RollUp
from abstory.warehouse.rollup_airing import codes, excluded_parts, first_parts, mine, story_names

LIMBS = {2: 2**48, 3: 2**32}
"""By the number of factors: so that a product of limbs leaves room for a thousand million viewers."""
MILLION = 1_000_000
LARGEST_NUMBER = 10**18
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
        caps: by measure, what its values are cut to.
        wide: whether products are summed in limbs; slower, and no input can overflow them.
    """

    def __init__(self, question: RollUp, *, caps: Mapping[str, int] | None = None, wide: bool = False) -> None:
        self.question = question
        self.caps = caps or {}
        self.pairs: tuple[Pair, ...] = tuple(dict.fromkeys(pair(*p) for p in question.pairs))
        self.triples: tuple[Triple, ...] = tuple(dict.fromkeys(triple(*t) for t in question.triples))
        self.wide = wide
        self._columns = {measure.name: f"m{i}" for i, measure in enumerate(question.measures)}
        self._prior = {measure.name: measure for measure in question.measures if measure.attribute}
        names = dict.fromkeys(measure.attribute for measure in self._prior.values())
        self._attributes = {f"attribute{i}": name for i, name in enumerate(names)}
        self._variants = {f"variant{i}": arm.variant for i, arm in enumerate(question.arms)}
        self._events = {f"event{i}": name for i, name in enumerate(wanted(question.measures))}

    def rollup(self) -> Query:
        """Sums by arm, crossing and day, viewers by maturity too, and events left out.

        After the measures, the pairs and the triples come viewers above each cap.
        """
        return self._query(
            "rollup",
            first=self._first(),
            viewer=self._viewer(),
            known=self._known(),
            beside="\nLEFT JOIN known ON known.viewer_id = viewer.viewer_id" if self._prior else "",
            alone="\n" + template("alone").format(sums=_lines(self._sums(prior=True))) if self._prior else "",
            sums=_lines(self._sums(prior=False)),
            zeros=_lines("0" for _ in self._sums(prior=False)),
        )

    def capped(self) -> Query:
        """The two values around each quantile that a measure is cut at, over viewers above 0."""
        counted = (
            template("counted").format(measure=i, column=f"m{i}", share=round(measure.winsorize * MILLION))
            for i, measure in enumerate(self.question.measures)
            if measure.winsorize
        )
        return self._query("caps", first=self._first(), viewer=self._viewer(), counted="\nUNION ALL\n".join(counted))

    def histogram(self) -> Query:
        """Views by arm and watch time in milliseconds."""
        return self._query("histogram", first=self._first(), seen=self._seen())

    def shares(self, values: Mapping[int, int]) -> Query:
        """Sums and products of views watched at most `values[arm]` and of views, by arm."""
        whens = " ".join(f"WHEN {arm} THEN {value}" for arm, value in values.items())
        return self._query("shares", first=self._first(), seen=self._seen(), values=whens)

    def excluded(self) -> Query:
        """Exposures left out, by reason and, where it is not declared, variant."""
        return self._query("excluded", variants=_listed(self._variants), **excluded_parts(self.question))

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
            integer=_integer((question.as_of_us - question.start_us + 1) * codes(question)),
            **first_parts(question),
        )

    def _viewer(self) -> str:
        measures = [measure for measure in self.question.measures if not measure.attribute]
        values = [f"{self._measure(measure)} AS {self._columns[measure.name]}" for measure in measures]
        above = [f"{self._above(measure)} AS a{self._columns[measure.name]}" for measure in self._cut()]
        return template("viewer").format(seen=self._seen(), measures=_lines(values + above))

    def _seen(self) -> str:
        return template("seen").format(
            mine=self._mine(),
            length=self._length(),
            events=self._named_events(),
        )

    def _length(self, arm: str = "first.arm") -> str:
        lengths = [(i, one.length_ms) for i, one in enumerate(self.question.arms) if one.length_ms is not None]
        known = " ".join(f"WHEN {i} THEN {length}" for i, length in lengths)
        return f"CASE {arm} {known} END" if known else "CAST(NULL AS BIGINT)"

    def _mine(self) -> str:
        return mine(self.question)

    def _named_events(self) -> str:
        return _listed(self._events) or "NULL"

    def _known(self) -> str:
        """The tables of attributes, or nothing where none is asked for."""
        if not self._prior:
            return ""
        found = [
            part.format(name=f"${key}", key=key, offset=LARGEST_NUMBER, span=2 * LARGEST_NUMBER)
            for key in self._attributes
            for part in _FOUND
        ]
        keys = {name: key for key, name in self._attributes.items()}
        columns = (
            f"{_PRIOR[m.kind].format(key=keys[m.attribute], offset=LARGEST_NUMBER, span=2 * LARGEST_NUMBER)}"
            f" AS {self._columns[name]}"
            for name, m in self._prior.items()
        )
        return ",\n" + template("known").format(
            found=_lines(found), columns=_lines(columns), attributes=_listed(self._attributes)
        )

    def _cut(self) -> list[Measure]:
        return [measure for measure in self.question.measures if measure.name in self.caps]

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
        }
        names = {"experiment": question.experiment, "story": question.story or "", "view": VIEW, "complete": COMPLETE}
        clamped = {key: max(-_INT64, min(_INT64, value)) for key, value in times.items()}
        return {**names, **clamped, **story_names(self.question), **self._variants, **self._events, **self._attributes}

    def _measure(self, measure: Measure) -> str:
        value = self._value(measure)
        return f"LEAST({value}, {self.caps[measure.name]})" if measure.name in self.caps else value

    def _above(self, measure: Measure) -> str:
        return f"CASE WHEN {self._value(measure)} > {self.caps[measure.name]} THEN 1 ELSE 0 END"

    def _value(self, measure: Measure) -> str:
        among = ", ".join(f"${key}" for key, name in self._events.items() if name in measure.events)
        return _MEASURES[measure.kind].format(
            events=among or "NULL",
            top=measure.threshold_ms,
            step=measure.threshold_ms + 1,
            late=self.question.window_us * (measure.threshold_ms + 1),
            integer=_integer((self.question.window_us + 1) * (measure.threshold_ms + 1)),
        )

    def _sums(self, *, prior: bool) -> list[str]:
        """One column each for measures, products and viewers above caps: of attributes alone, or of all with events.

        Attributes alone are summed over every viewer that has one; products with what viewers did, over those with
        events: each product is summed once.
        """
        sums = [
            f"SUM(CAST({column} AS {_DECIMAL}))" if (name in self._prior) is prior else "0"
            for name, column in self._columns.items()
        ]
        for names in (*self.pairs, *self.triples):
            alone = all(name in self._prior for name in names)
            products = self._products([self._side(name, alone=alone) for name in names])
            sums += [f"SUM({text})" if alone is prior else "0" for text in products]
        return sums + ["0" if prior else f"SUM(a{self._columns[measure.name]})" for measure in self._cut()]

    def _side(self, name: str, *, alone: bool) -> str:
        """A measure in a product; a viewer with events may have no attribute."""
        column = self._columns[name]
        return f"COALESCE({column}, 0)" if name in self._prior and not alone else column

    @property
    def width(self) -> int:
        """How many columns products take."""
        return len(self.pairs) * len(self._weights(2)) + len(self.triples) * len(self._weights(3))

    def _weights(self, factors: int) -> tuple[int, ...]:
        return tuple(LIMBS[factors] ** high for high in range(factors, -1, -1)) if self.wide else (1,)

    def products(self, totals: Sequence[int]) -> tuple[dict[Pair, int], dict[Triple, int]]:
        """Sums of products, from their columns."""
        columns = iter(totals)

        def summed(factors: int) -> int:
            return sum(weight * next(columns) for weight in self._weights(factors))

        return {key: summed(2) for key in self.pairs}, {key: summed(3) for key in self.triples}

    def _products(self, factors: Sequence[str]) -> list[str]:
        """The columns of one product: of whole numbers, or of their high and low limbs by how many are low."""
        if not self.wide:
            return [_times(*factors)]
        limb, by_low = LIMBS[len(factors)], defaultdict(list)
        for ops in product(("//", "%"), repeat=len(factors)):
            limbs = (f"{factor} {op} {limb}" for factor, op in zip(factors, ops, strict=True))
            by_low[ops.count("%")].append(_times(*limbs))
        return [" + ".join(by_low[low]) for low in sorted(by_low)]


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

# The last value and its time in one integer, and whether there is a later one.
_FOUND = (
    (
        "MAX(CASE WHEN logged.name = {name} AND logged.measured_at < first.first_at "
        "THEN CAST(logged.measured_at AS HUGEINT) * {span} + logged.number + {offset} END) AS last_{key}"
    ),
    "MAX(CASE WHEN logged.name = {name} AND logged.measured_at >= first.first_at THEN 1 ELSE 0 END) AS later_{key}",
)
_PRIOR: Mapping[MeasureKind, str] = {
    MeasureKind.BEFORE: "COALESCE(CAST(last_{key} % {span} AS BIGINT) - {offset}, 0)",
    MeasureKind.KNOWN: "CASE WHEN last_{key} IS NULL THEN 0 ELSE 1 END",
    MeasureKind.AFTER: "CASE WHEN last_{key} IS NULL THEN later_{key} ELSE 0 END",
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


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"${name}" for name in names)


def _lines(columns: Iterable[str]) -> str:
    return "".join(f",\n        {column}" for column in columns)


def _times(*factors: str) -> str:
    return " * ".join(f"CAST({factor} AS {_DECIMAL})" for factor in factors)
