"""What a simulation found: a page for people, the `simulation/1` document for programs.

`simulation/1`: `abstory`, `experiment`, `design` {unit, viewers, posts, looks, seed, draws, feed, planted}, `runs`,
`road`, `rates`, `rulings`, `days` {p10, p50, p90} and `comparisons`; a rate is {rate, error, low, high, level, side,
holds, hits, of}, the interval at 99.9 %; null for what is not known, or not of this design.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.text import Text

from abstory import digits
from abstory.experiment import Role
from abstory.report.json import Plain
from abstory.report.look import Look
from abstory.report.prose import paragraph
from abstory.report.tables import Column, lay
from abstory.simulate.design import Design
from abstory.simulate.feed import Feed
from abstory.simulate.post_design import PostDesign
from abstory.simulate.rates import Fares, Rate, Simulated

FORMAT = "simulation/1"
MOST_ROWS = 14
_READ = {"always_valid": "always valid, read every day", "fixed": "one look at the end"}
_LEAD = 11
_MOST = 1.645
"""Standard deviations from the mean within which nine of ten normal values lie."""
_WHOLE = 80
_COLUMNS = (
    "excludes 0: intervals that show a difference{look}: false positives where nothing is planted,"
    " power elsewhere. difference, lift: intervals that hold the planted value. ± is the Monte Carlo error."
)


def lines(found: Simulated, look: Look) -> list[Text]:
    """What was simulated, the promises kept or broken, every comparison, the verdicts, and what the columns mean."""
    shown, left = _shown(found.fares)
    return [
        *_opening(found, look),
        Text(),
        *_promises(found, look),
        Text(),
        *_table(shown, look),
        Text(),
        *_closing(found, look, left),
    ]


def document(found: Simulated) -> Plain:
    """The `simulation/1` document as plain values."""
    by_day = found.design.unit == "viewer"
    return {
        "abstory": FORMAT,
        "experiment": found.design.experiment.key,
        "design": _design(found.design),
        "runs": found.runs,
        "road": str(found.road),
        "rates": {
            "wrong_at_last_look": _plain(found.wrong),
            "wrong_at_any_look": _plain(found.ever_wrong),
            "shipped_without_merit": _plain(found.unearned),
            "data_checks_failed": _plain(found.untrusted),
        },
        "rulings": {str(ruling): _plain(rate) for ruling, rate in found.rulings.items()},
        "days": {f"p{part}": found.day(part / 100) if by_day else None for part in (10, 50, 90)},
        "comparisons": [_comparison(fare, by_day=by_day) for fare in found.fares],
    }


def _design(design: Design | PostDesign) -> Plain:
    wish = design.wish
    return {
        "unit": design.unit,
        "viewers": None if isinstance(design, PostDesign) else design.viewers,
        "looks": len(design.looks_us),
        "seed": design.seed,
        "planted": {"metric": wish.metric, "size": wish.size, "relative": wish.relative} if wish else None,
        **(_posts(design) if isinstance(design, PostDesign) else dict.fromkeys(("posts", "draws", "feed"))),
    }


def _posts(design: PostDesign) -> Plain:
    feed = {name: getattr(design.feed, name) for name in ("reach", "spread", "icc", "luck", "missed")}
    return {"posts": design.posts, "draws": design.draws, "feed": feed}


def _comparison(fare: Fares, *, by_day: bool) -> Plain:
    return {
        "metric": fare.outcome.metric.name,
        "role": str(fare.outcome.role.value),
        "variant": fare.treatment,
        "planted": {"control": fare.control, "treatment": fare.planted},
        "excludes_zero": _plain(fare.apart),
        "covers_difference": _plain(fare.covers),
        "covers_lift": _plain(fare.covers_lift),
        "unknown": _plain(fare.unknown),
        "wrong_at_any_look": _plain(fare.ever_missed),
        "fixed_test_rejects_at_any_look": _plain(fare.misread) if by_day else None,
        "test_of_all_views_rejects": None if by_day else _plain(fare.misread),
        "reads": {str(word): _plain(rate) for word, rate in fare.reads.items()},
    }


def _plain(rate: Rate | None) -> Plain | None:
    if rate is None or rate.interval is None:
        return None
    return {
        "rate": rate.value,
        "error": rate.error,
        "low": rate.interval.low,
        "high": rate.interval.high,
        "level": rate.level,
        "side": str(rate.side) if rate.side else None,
        "holds": rate.holds,
        "hits": rate.hits,
        "of": rate.of,
    }


def _opening(found: Simulated, look: Look) -> Iterator[Text]:
    design = found.design
    yield Text(look.say(f"SIMULATED  {design.experiment.key}"), "bold")
    said = f"{digits.counted(found.runs, 'run')} of {_played(design)}; {_path(found)}; seed {design.seed}"
    yield from paragraph("", look.say(said), look.width)
    if isinstance(design, PostDesign):
        yield from paragraph("posts".ljust(_LEAD), look.say(_feed(design.feed)), look.width)
    yield from paragraph("planted".ljust(_LEAD), look.say(_planted(found)), look.width)


def _played(design: Design | PostDesign) -> str:
    if isinstance(design, PostDesign):
        return f"{design.posts:,} posts, each run with a calendar of its own, one look at its end"
    reading = _READ.get(str(design.experiment.analysis.looks), "planned looks, taken when they are due")
    return f"{design.viewers:,} viewers over {digits.counted(len(design.looks_us), 'daily look')}, {reading}"


def _path(found: Simulated) -> str:
    if isinstance(found.design, PostDesign):
        road = "from totals" if found.road == "moments" else "as files through ingest, store and analysis"
        return f"{road}, {found.design.draws:,} calendars drawn again"
    return "from moments" if found.road == "moments" else "as rows through assignment, store and analysis"


def _feed(feed: Feed) -> str:
    """How posts of a simulation do, in words."""
    low, high = (float(f"{feed.reach * math.exp(side * _MOST * feed.spread):.2g}") for side in (-1, 1))
    told = [
        f"reach {feed.reach:,.0f} at the median, {low:,.0f} to {high:,.0f} for nine in ten",
        f"rates scatter by {feed.scatter:.0%} of themselves (ICC {feed.icc:g})",
    ]
    if feed.luck:
        told.append(f"days and accounts up to {100 * feed.luck:g}% better or worse")
    if feed.missed:
        told.append(f"{100 * feed.missed:g}% of slots missed")
    return "; ".join(told)


def _planted(found: Simulated) -> str:
    wish = found.design.wish
    if wish is None:
        return "no effect (A/A): every difference found is false"
    size = digits.level(wish.size) if wish.relative else f"{100 * wish.size:+g} pp".replace("-", digits.MINUS)
    before = ", before large values are cut" if wish.metric in found.design.cut else ""
    return f"{wish.metric} {size} in every treatment{before}"


def _promises(found: Simulated, look: Look) -> Iterator[Text]:
    several, by_day = sum(fare.outcome.role is Role.PRIMARY for fare in found.fares) > 1, found.design.unit == "viewer"
    primary = "any primary interval" if several else "primary interval"
    yield from _promise(f"{primary} wrong{' at the last look' if by_day else ''}", found.wrong, look)
    if by_day:
        yield from _promise(f"{primary} wrong at any daily look", found.ever_wrong, look)
    if (misread := found.fares[0].misread) is not None and misread.of:
        what = "a fixed test read daily" if by_day else "all views as if independent"
        yield from _promise(f"{what}, for contrast", misread, look)
    if found.unearned is not None:
        yield from _promise("shipped without merit", found.unearned, look)
    yield from _promise("data checks failed on sound data", found.untrusted, look)


def _promise(name: str, rate: Rate, look: Look) -> Iterator[Text]:
    level = f"  {rate.side} {100 * rate.level:g}%: {_kept(rate)}" if rate.level is not None else ""
    style = "red" if rate.holds is False else ""
    if look.width < _WHOLE:
        yield from (
            Text(line.plain, style) for line in paragraph("", look.plain(f"{name}: {_said(rate)}{level}"), look.width)
        )
    else:
        yield Text(look.plain(f"{name:<44}{_said(rate):>13}{level}"), style)


def _kept(rate: Rate) -> str:
    return "kept" if rate.holds else "BROKEN"


def _said(rate: Rate) -> str:
    """`4.9% ±0.7`: the share and its Monte Carlo error in points."""
    if rate.value is None or rate.error is None:
        return digits.NOTHING
    return f"{100 * rate.value:.1f}% ±{100 * rate.error:.1f}"


def _shown(fares: Sequence[Fares]) -> tuple[list[Fares], int]:
    """All comparisons, or those of the first treatment where all would be a wall; and how many are left out."""
    if len(fares) <= MOST_ROWS:
        return list(fares), 0
    first = [fare for fare in fares if fare.treatment == fares[0].treatment]
    return first, len(fares) - len(first)


def _table(fares: Sequence[Fares], look: Look) -> Sequence[Text]:
    def cells(rates: Sequence[Rate | None]) -> tuple[str, ...]:
        return tuple(look.plain(_said(rate) if rate else digits.NOTHING) for rate in rates)

    several = len({fare.treatment for fare in fares}) > 1
    columns = [
        Column("metric", tuple(look.say(fare.outcome.metric.name) for fare in fares)),
        Column("variant", tuple(look.say(fare.treatment) for fare in fares), drop=0 if several else 1, name="variant"),
        Column("planted", tuple(look.plain(_lift(fare)) for fare in fares), right=True),
        Column("excludes 0", cells([fare.apart for fare in fares]), right=True),
        Column("difference", cells([fare.covers for fare in fares]), right=True),
        Column("lift", cells([fare.covers_lift for fare in fares]), right=True, drop=3, name="coverage of the lift"),
        Column("unknown", tuple(_percent(fare.unknown) for fare in fares), right=True, drop=2, name="unknown"),
    ]
    return lay(columns, look.width, look.plain("─")).lines


def _lift(fare: Fares) -> str:
    if fare.null:
        return "0"
    return digits.lift(fare.planted / fare.control - 1) if fare.control else digits.NOTHING


def _percent(rate: Rate) -> str:
    return digits.NOTHING if rate.value is None else f"{100 * rate.value:.1f}%"


def _closing(found: Simulated, look: Look, left: int) -> Iterator[Text]:
    rulings = " · ".join(f"{ruling} {_said(rate)}" for ruling, rate in found.rulings.items())
    yield from paragraph("verdict".ljust(_LEAD), look.plain(rulings), look.width)
    if by_day := found.design.unit == "viewer":
        yield from paragraph("decided".ljust(_LEAD), look.plain(_days(found)), look.width)
    yield Text()
    columns = _COLUMNS.format(look=" at the last look" if by_day else "")
    yield from paragraph("", look.plain(columns), look.width, style="dim")
    if left:
        yield from paragraph("", f"{digits.counted(left, 'more comparison')} in --json.", look.width, style="dim")


def _days(found: Simulated) -> str:
    last = len(found.design.looks_us)
    ends = [found.day(share) for share in (0.1, 0.5, 0.9)]
    if ends[1] is None:
        return f"fewer than half of the runs decided within {last} looks"
    early, middle, late = ends
    return f"half of the runs by day {middle}, a tenth by day {early}, nine tenths by day {late or f'> {last}'}"
