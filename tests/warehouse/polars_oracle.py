"""The roll-up read again, plainly, in polars: sort, take the first, join, filter, group. Shares no text with the SQL."""

import math
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

import numpy as np
import polars as pl

from abstory.metrics import MeasureKind
from abstory.stats.moments import Moments, pair
from abstory.warehouse.base import Answer, ArmData, Cap, Watched
from abstory.warehouse.parts import Met

HOUR_US = 60 * 60 * 1_000_000
DAY_US = 24 * HOUR_US

EXPOSURES = {
    "experiment": pl.String,
    "viewer_id": pl.String,
    "variant": pl.String,
    "exposed_at": pl.Int64,
    "story_id": pl.String,
    "fingerprint": pl.String,
    "forced": pl.Boolean,
}
EVENTS = {
    "viewer_id": pl.String,
    "story_id": pl.String,
    "event": pl.String,
    "occurred_at": pl.Int64,
    "watch_ms": pl.Int64,
    "value": pl.Int64,
    "event_id": pl.String,
}
ATTRIBUTES = {"viewer_id": pl.String, "name": pl.String, "value": pl.String, "measured_at": pl.Int64}


def answer(exposure_rows, event_rows, question, attribute_rows=()):
    known = pl.DataFrame(exposure_rows, schema=EXPOSURES, orient="row").filter(
        pl.col("experiment") == question.experiment, pl.col("exposed_at") <= question.as_of_us
    )
    names = [arm.variant for arm in question.arms]
    in_schedule = (pl.col("exposed_at") >= question.start_us) & (pl.col("exposed_at") < question.end_us)
    free = known.filter(~pl.col("forced"))
    scheduled, off_air, elsewhere = on_air(free.filter(in_schedule), names, question)
    unknown = free.filter(in_schedule, ~pl.col("variant").is_in(names))
    first = closing(first_exposures(scheduled.filter(pl.col("variant").is_in(names)), names, question), question)
    mature = first.filter(pl.col("closes_at") <= question.as_of_us)
    joined = (
        measured_events(event_rows, question)
        .join(mature, on="viewer_id")
        .with_columns(
            since=pl.col("occurred_at") - pl.col("first_at"),
            length=pl.col("variant").replace_strict(lengths(question), return_dtype=pl.Int64, default=None),
        )
    )
    stories = [airing.story for airing in question.airings] or ([question.story] if question.story is not None else [])
    ours = pl.col("story_id").is_in(stories).fill_null(value=False) if stories else pl.lit(value=True)
    in_window = (pl.col("since") >= 0) & (pl.col("occurred_at") < pl.col("closes_at"))
    attributed = joined.filter(in_window, ours)
    views = attributed.filter(pl.col("event") == "view")
    viewers = per_viewer(mature, attributed, question)
    viewers, caps = cut(with_attributes(viewers, attribute_rows, question), question)
    return Answer(
        arms={
            name: replace(
                arm_data(name, first, mature, viewers, question), watched=watched(views, name, question.quantiles)
            )
            for name in names
        },
        unknown_variants=dict(unknown.group_by("variant").len().iter_rows()),
        outside_schedule=free.filter(~in_schedule).height,
        forced=known.filter("forced").height,
        not_attributed=joined.filter(in_window, ~ours).height,
        before_exposure=joined.filter(pl.col("occurred_at") >= question.start_us, pl.col("since") < 0, ours).height,
        views_without_time=views.filter(pl.col("watch_ms").is_null()).height,
        watch_beyond_length=views.filter(pl.col("watch_ms") > pl.col("length")).height,
        exposures_by_day=by_day(first),
        caps=caps,
        off_air=off_air,
        elsewhere=elsewhere,
    )


def on_air(shown, names, question):
    """The exposures that count, row by row, and of the others with a declared variant those off air and elsewhere."""
    kept, off, elsewhere = [], 0, 0
    airings = {airing.story: airing for airing in question.airings}
    for row in shown.to_dicts():
        story = row["story_id"]
        story = next(iter(airings)) if story is None and len(airings) == 1 else story
        airing = airings.get(story)
        unseen = airing and airing.from_us is not None and not airing.from_us <= row["exposed_at"] < airing.until_us
        lost = bool(airings) and story is not None and (airing is None or unseen)
        kept.append(not lost)
        if lost and row["variant"] in names:
            off, elsewhere = off + (airing is not None), elsewhere + (airing is None)
    return shown.filter(pl.Series(kept, dtype=pl.Boolean)), off, elsewhere


def closing(first, question):
    ends = {airing.story: airing.until_us for airing in question.airings if airing.until_us is not None}
    closes = [
        min(row["first_at"] + question.window_us, *(ends[s] for s in [row["story"]] if s in ends))
        if question.ends_with_story and row["story"] in ends
        else row["first_at"] + question.window_us
        for row in first.to_dicts()
    ]
    return first.with_columns(closes_at=pl.Series(closes, dtype=pl.Int64))


def splits(exposure_rows, event_rows, attribute_rows, question, most):
    """Per attribute: (kind, name, moments by variant) of every segment, levels pooled, viewers with later values only."""
    table, stored = everyone(exposure_rows, event_rows, question), {name for _, name, _, _ in attribute_rows}
    return {name: told_apart(table, attribute_rows, name, question, most) for name in question.by if name in stored}


def everyone(exposure_rows, event_rows, question):
    """Every mature viewer with the values of the measures."""
    names = [arm.variant for arm in question.arms]
    shown = pl.DataFrame(exposure_rows, schema=EXPOSURES, orient="row").filter(
        pl.col("experiment") == question.experiment,
        pl.col("exposed_at") <= question.as_of_us,
        (pl.col("exposed_at") >= question.start_us) & (pl.col("exposed_at") < question.end_us),
        ~pl.col("forced"),
    )
    shown = on_air(shown, names, question)[0].filter(pl.col("variant").is_in(names))
    first = closing(first_exposures(shown, names, question), question)
    mature = first.filter(pl.col("closes_at") <= question.as_of_us)
    stories = [airing.story for airing in question.airings] or ([question.story] if question.story is not None else [])
    joined = (
        measured_events(event_rows, question)
        .join(mature, on="viewer_id")
        .with_columns(
            since=pl.col("occurred_at") - pl.col("first_at"),
            length=pl.col("variant").replace_strict(lengths(question), return_dtype=pl.Int64, default=None),
        )
        .filter(pl.col("since") >= 0, pl.col("occurred_at") < pl.col("closes_at"))
        .filter(pl.col("story_id").is_in(stories).fill_null(value=False) if stories else pl.lit(value=True))
    )
    return cut(per_viewer(mature, joined, question), question)[0]


def told_apart(table, rows, name, question, most):
    value, late = {}, 0
    for viewer, first_at in table.select("viewer_id", "first_at").iter_rows():
        own = [(at, text) for who, what, text, at in rows if (who, what) == (viewer, name)]
        before = [found for found in own if found[0] < first_at]
        value[viewer] = max(before)[1] if before else None
        late += bool(own) and not before
    known = [text for text in value.values() if text is not None]
    levels = sorted(set(known), key=lambda text: (-known.count(text), text.encode()))
    cells = [("level", text, {text}) for text in levels[:most]]
    cells += [("other", "other", set(levels[most:])), ("unknown", "unknown", {None})]
    found = []
    for kind, title, texts in cells:
        inside = pl.Series([value[viewer] in texts for viewer in table["viewer_id"]], dtype=pl.Boolean)
        if inside.any():
            own = table.filter(inside)
            arms = {a.variant: moments(own.filter(pl.col("variant") == a.variant), question) for a in question.arms}
            found.append((kind, title, arms))
    return found, max(0, len(levels) - most), late


def first_exposures(shown, names, question):
    order = {name: i for i, name in enumerate(names)}
    stories = {airing.story: i for i, airing in enumerate(question.airings)}
    only = question.airings[0].story if len(question.airings) == 1 else None
    return (
        shown.with_columns(arm=pl.col("variant").replace_strict(order, return_dtype=pl.Int64, default=None))
        .with_columns(story=pl.col("story_id").fill_null(only) if only else pl.col("story_id"))
        .with_columns(place=pl.col("story").replace_strict(stories, return_dtype=pl.Int64, default=len(stories)))
        .sort("viewer_id", "exposed_at", "arm", "place")
        .group_by("viewer_id", maintain_order=True)
        .agg(
            first_at=pl.col("exposed_at").first(),
            variant=pl.col("variant").first(),
            story=pl.col("story").first(),
            crossed=pl.col("variant").n_unique() > 1,
        )
    )


def measured_events(rows, question):
    names = {name for measure in question.measures for name in measure.events}
    kinds = {measure.kind for measure in question.measures}
    if kinds & {MeasureKind.COMPLETED, MeasureKind.COMPLETE_VIEWS}:
        names |= {"view", "complete"}
    if kinds & {MeasureKind.WATCHED, MeasureKind.FIRST_WATCH}:
        names |= {"view"}
    return pl.DataFrame(rows, schema=EVENTS, orient="row").filter(pl.col("event").is_in(sorted(names)))


def per_viewer(mature, attributed, question):
    table = mature
    for measure in question.measures:
        made = {
            viewer: value(measure, rows.sort("since").to_dicts())
            for (viewer,), rows in attributed.group_by("viewer_id")
        }
        column = [made.get(viewer, 0) for viewer in mature["viewer_id"]]
        table = table.with_columns(pl.Series(measure.name, column, dtype=pl.Object))
    return table


def value(measure, events):
    """One viewer's number, from their attributed events in order of time."""
    chosen = [e for e in events if e["event"] in measure.events]
    views = [e for e in events if e["event"] == "view"]
    completes = [e for e in events if e["event"] == "complete"]
    to_the_end = [e for e in views if e["length"] is not None and watch(e) >= e["length"]]
    earliest = [e for e in views if e["since"] == views[0]["since"]]
    return {
        MeasureKind.COUNT: lambda: len(chosen),
        MeasureKind.ANY: lambda: int(bool(chosen)),
        MeasureKind.SUM_WATCH: lambda: sum(watch(e) for e in chosen),
        MeasureKind.SUM_VALUE: lambda: sum(e["value"] or 0 for e in chosen),
        MeasureKind.COMPLETED: lambda: int(bool(completes or to_the_end)),
        MeasureKind.COMPLETE_VIEWS: lambda: max(len(completes), len(to_the_end)),
        MeasureKind.WATCHED: lambda: int(any(watch(e) >= measure.threshold_ms for e in views)),
        MeasureKind.FIRST_WATCH: lambda: min((min(watch(e), measure.threshold_ms) for e in earliest), default=0),
    }.get(measure.kind, lambda: 0)()


def with_attributes(viewers, rows, question):
    """The last number before the first exposure, found by going through a viewer's rows one by one."""
    for measure in question.measures:
        if measure.attribute:
            own = [
                [(at, number(v)) for who, name, v, at in rows if (who, name) == (viewer, measure.attribute)]
                for viewer in viewers["viewer_id"]
            ]
            known = [[(at, v) for at, v in some if v is not None] for some in own]
            column = [prior(measure.kind, some, first) for some, first in zip(known, viewers["first_at"], strict=True)]
            viewers = viewers.with_columns(pl.Series(measure.name, column, dtype=pl.Object))
    return viewers


def prior(kind, rows, first_at):
    before = [row for row in rows if row[0] < first_at]
    return {
        MeasureKind.BEFORE: max(before)[1] if before else 0,
        MeasureKind.KNOWN: int(bool(before)),
        MeasureKind.AFTER: int(bool(rows) and not before),
    }[kind]


def number(text):
    """In millionths, or None where the text is no number below 1e12."""
    try:
        value = Decimal(text.strip()).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return int(value * 10**6) if value.is_finite() and abs(value) < 10**12 else None


def cut(viewers, question):
    """Larger values set to numpy's own quantile (`linear` is type 7) of the values above 0."""
    caps = {}
    for measure in question.measures:
        values = viewers[measure.name].to_list() if measure.winsorize else []
        above_zero = [value for value in values if value > 0]
        if above_zero:
            cap = int(np.quantile(above_zero, measure.winsorize, method="linear"))
            above = viewers.select("variant").with_columns(over=pl.Series([value > cap for value in values]))
            counts = dict(above.group_by("variant").agg(pl.col("over").sum()).iter_rows())
            caps[measure.name] = Cap(cap, {arm.variant: counts.get(arm.variant, 0) for arm in question.arms})
            column = pl.Series(measure.name, [min(value, cap) for value in values], dtype=pl.Object)
            viewers = viewers.with_columns(column)
    return viewers, caps


def watched(views, name, shares):
    """Every view's milliseconds, and each viewer's views at or below numpy's type-1 quantile (`inverted_cdf`)."""
    own = [(row["viewer_id"], watch(row)) for row in views.to_dicts() if row["variant"] == name]
    if not shares:
        return None
    values = [value for _, value in own]
    counts = {value: values.count(value) for value in values}
    return Watched(counts, {share: counted(own, share) for share in shares if own})


def counted(own, share):
    at = np.quantile([value for _, value in own], share, method="inverted_cdf")
    rows = [[value for who, value in own if who == viewer] for viewer in sorted({who for who, _ in own})]
    low, n = [sum(value <= at for value in some) for some in rows], [len(some) for some in rows]
    columns = {"at or below": [int(x) for x in low], "rows": n}
    return exactly(columns, [("at or below", "at or below"), ("at or below", "rows"), ("rows", "rows")], len(rows))


def lengths(question):
    return {arm.variant: arm.length_ms for arm in question.arms}


def watch(event):
    return max(0, event["watch_ms"] or 0)


def arm_data(name, first, mature, viewers, question):
    own = viewers.filter(pl.col("variant") == name)
    waiting = first.filter(pl.col("variant") == name).height - mature.filter(pl.col("variant") == name).height
    return ArmData(
        moments=moments(own, question),
        immature=waiting,
        crossovers=own.filter("crossed").height,
        without_crossovers=moments(own.filter(~pl.col("crossed")), question),
        days={
            day: moments(own.filter(pl.col("first_at") // DAY_US == day), question)
            for day in (own["first_at"] // DAY_US).unique()
        },
        hours=hours(own, question),
    )


def met(exposure_rows, event_rows, question, name):
    """Viewer by viewer: the first exposure to each story, its window, and every pair of stories."""
    first = {row["viewer_id"]: row["variant"] for row in first_of(exposure_rows, question).to_dicts()}
    meetings = {}
    for row in countable(exposure_rows, question).to_dicts():
        if first[row["viewer_id"]] == name and row["story"] is not None:
            key = (row["viewer_id"], row["story"])
            meetings[key] = min(row["exposed_at"], meetings.get(key, row["exposed_at"]))
    did = {}
    for (viewer, story), at in meetings.items():
        airing = next(a for a in question.airings if a.story == story)
        closes = at + question.window_us
        if question.ends_with_story and airing.until_us is not None:
            closes = min(closes, airing.until_us)
        if closes <= question.as_of_us:
            own = [
                {**e, "since": e["occurred_at"] - at, "length": lengths(question)[name]}
                for e in measured_events(event_rows, question).to_dicts()
                if e["viewer_id"] == viewer and e["story_id"] == story and at <= e["occurred_at"] < closes
            ]
            own.sort(key=lambda e: e["since"])
            chosen = [m for m in question.measures if m.name in question.crossed]
            did.setdefault(viewer, {})[story] = {m.name: value(m, own) for m in chosen}
    return crossed_sums(did, question)


def crossed_sums(did, question):
    order = [airing.story for airing in question.airings]
    names = [m.name for m in question.measures if m.name in question.crossed]
    found = {}
    for i, one in enumerate(order):
        for j, other in enumerate(order[i:], i):
            both = [(v[one], v[other]) for v in did.values() if one in v and other in v]
            if both:
                found[i, j] = Met(
                    len(both),
                    {n: sum(a[n] for a, _ in both) for n in names},
                    {n: sum(b[n] for _, b in both) for n in names},
                    {(n, m): sum(a[n] * b[m] for a, b in both) for n in names for m in names},
                )
    return found


def countable(exposure_rows, question):
    """The exposures that count, each with its story."""
    names = [arm.variant for arm in question.arms]
    rows = pl.DataFrame(exposure_rows, schema=EXPOSURES, orient="row").filter(
        pl.col("experiment") == question.experiment,
        pl.col("exposed_at") <= question.as_of_us,
        ~pl.col("forced"),
        pl.col("exposed_at") >= question.start_us,
        pl.col("exposed_at") < question.end_us,
        pl.col("variant").is_in(names),
    )
    kept, _, _ = on_air(rows, names, question)
    only = question.airings[0].story if len(question.airings) == 1 else None
    return kept.with_columns(story=pl.col("story_id").fill_null(only) if only else pl.col("story_id"))


def first_of(exposure_rows, question):
    names = [arm.variant for arm in question.arms]
    return first_exposures(countable(exposure_rows, question).drop("story"), names, question)


def hours(own, question):
    published = {airing.story: airing.from_us for airing in question.airings if airing.from_us is not None}
    at = [
        (row["first_at"] - published[row["story"]]) // HOUR_US if row["story"] in published else None
        for row in own.to_dicts()
    ]
    own = own.with_columns(hour=pl.Series(at, dtype=pl.Int64))
    return {h: moments(own.filter(pl.col("hour") == h), question) for h in own["hour"].drop_nulls().unique()}


def moments(viewers, question):
    """Mean and covariance by their definitions, in exact fractions."""
    columns = {measure.name: viewers[measure.name].to_list() for measure in question.measures}
    return exactly(columns, question.pairs, viewers.height, question.triples)


def exactly(columns, pairs, n, triples=()):
    means = {name: Fraction(sum(column), n) if n else Fraction(0) for name, column in columns.items()}
    covariances = {}
    for a, b in pairs:
        gaps = ((x - means[a]) * (y - means[b]) for x, y in zip(columns[a], columns[b], strict=True))
        covariances[pair(a, b)] = float(sum(gaps) / (n - 1)) if n > 1 else 0.0
    thirds = {}
    for key in triples:
        cubes = (
            math.prod(x - means[name] for name, x in zip(key, row, strict=True))
            for row in zip(*(columns[name] for name in key), strict=True)
        )
        thirds[key] = float(sum(cubes, start=Fraction(0)) / n) if n else 0.0
    return Moments(n, {name: float(mean) for name, mean in means.items()}, covariances, thirds)


def by_day(first):
    days = first.group_by(day=pl.col("first_at") // DAY_US, variant="variant").len()
    return {(day, variant): count for day, variant, count in days.iter_rows()}
