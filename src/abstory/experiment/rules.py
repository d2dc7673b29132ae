"""What one part of a file demands of another; every rule yields all its faults, with the path of each.

A rule sees a `Draft`, which may lack the parts that are themselves invalid, so that one fault hides no other.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping

from abstory.experiment.clauses import WORDS
from abstory.experiment.draft import Draft, Fault, Role, near
from abstory.experiment.quantities import Duration
from abstory.experiment.sections import MOST_VARIANTS, Definition, Variant
from abstory.experiment.slot_design import SLOT_RULES
from abstory.experiment.stories import never_seen
from abstory.metrics import BUILT_IN, SLOT_METRICS, Unit, built_in, horizon_seconds

LEAST_CUT = 0.5


def faults(draft: Draft) -> tuple[Fault, ...]:
    """Every rule that the draft breaks."""
    return tuple(itertools.chain.from_iterable(rule(draft) for rule in RULES))


def _not_yet(draft: Draft) -> Iterator[Fault]:
    for field in ("layer", "range", "holdout") if draft.traffic else ():
        if getattr(draft.traffic, field):
            yield Fault("E401", ("traffic", field), f"traffic.{field} is not built yet", "delete the line")


def _winsorize(draft: Draft) -> Iterator[Fault]:
    for use in draft.uses if not draft.by_slot else ():
        share = use.metric.winsorize
        here = (*use.path, "winsorize")
        metric = draft.meant(use.metric.model_copy(update={"winsorize": None}))
        if share is not None and not LEAST_CUT <= share < 1:
            yield Fault("E318", here, "values are cut at a percentile from 50% to below 100%", "such as 99.9%")
        elif share is not None and metric and metric.kind in {"proportion", "quantile"}:
            what = "a yes or no per viewer" if metric.kind == "proportion" else "a quantile, which no large value moves"
            message = f"{use.metric.name} is {what}: there is nothing to cut"
            yield Fault("E318", here, message, "delete it, or use a mean or a ratio")


def _covariates(draft: Draft) -> Iterator[Fault]:
    names = draft.analysis.covariates if draft.analysis else ()
    for at, name in enumerate(names):
        if name in names[:at]:
            yield Fault("E319", ("analysis", "covariates", at), f"the covariate {name} is named twice", "keep one")


def _schedule(draft: Draft) -> Iterator[Fault]:
    if draft.schedule and draft.schedule.end <= draft.schedule.start:
        hint = f"end is exclusive: the first day without it, after {draft.schedule.start}"
        yield Fault("E311", ("schedule", "end"), "the experiment ends before it starts", hint)


def _fixed(draft: Draft) -> Iterator[Fault]:
    if draft.analysis and draft.analysis.looks == "fixed" and not (draft.scheduled or draft.by_slot):
        hint = "declare schedule.start and schedule.end, or use always_valid"
        yield Fault("E312", ("analysis", "looks"), "a fixed reading needs a schedule to know its end", hint)


def _stories(draft: Draft) -> Iterator[Fault]:
    ids = [story.id for story in draft.stories]
    if ids and draft.story:
        yield Fault("E320", ("stories",), "both story and stories are declared", "keep stories")
    for at, name in enumerate(ids):
        if name in ids[:at]:
            yield Fault("E321", ("stories", at), f"the story {name} is declared twice", "keep one")
    for at in never_seen(draft.stories, draft.lifetime, draft.schedule) if draft.schedule and draft.lifetime else ():
        message = f"{ids[at]} is visible at no moment of the schedule"
        yield Fault("E322", ("stories", at), message, "compare its time with schedule.start and schedule.end")
    dated = ids and all(story.published for story in draft.stories)
    if draft.analysis and draft.analysis.window_ends_with_story and not dated:
        message = "when a story ends is not known"
        hint = 'such as stories: [{id: teaser, published: "2026-11-23T18:00+01:00"}]'
        yield Fault("E323", ("analysis", "window_ends_with_story"), message, hint)


def _levels(draft: Draft) -> Iterator[Fault]:
    for name, levels in (draft.factors or {}).items():
        if name in {"weight", "frames", "name"}:
            yield Fault("E313", ("factors", name), f"a factor cannot be called {name}", "it is a word of variants")
        for at, level in enumerate(levels):
            if level in levels[:at]:
                yield Fault("E306", ("factors", name, at), f"the level {level} is declared twice", "keep one")


def _cuts(draft: Draft) -> Iterator[Fault]:
    seen: dict[int, str] = {}
    for at, level in enumerate((draft.factors or {}).get("length", ())):
        here = ("factors", "length", at)
        try:
            first = seen.setdefault(Duration.parse(level).us, level)
        except ValueError:
            yield Fault("E207", here, "a length is a duration", "write it as 15s")
        else:
            if first != level:
                yield Fault("E306", here, f"{level} is as long as {first}: the level is declared twice", "keep one")


def _cells(draft: Draft) -> Iterator[Fault]:
    if draft.variants is None or draft.factors is None:
        return
    for variant in draft.variants:
        yield from _cell(variant, draft.factors)
    if all(len(set(levels)) == len(levels) for levels in draft.factors.values()):
        yield from _namesakes(draft.variants)
    yield from _control(draft.variants, draft.factors)
    if draft.explicit and draft.design:
        yield Fault("E314", ("design",), "both a design and explicit variants are declared", "keep one of them")


def _enough(draft: Draft) -> Iterator[Fault]:
    if draft.variants is None or draft.factors is None:
        return
    where = ("variants",) if draft.explicit else ("factors",)
    cells = 1
    for levels in draft.factors.values():
        cells *= len(levels)
    count = len(draft.variants) if draft.explicit else cells
    if count > MOST_VARIANTS:
        yield Fault("E310", where, f"{count:,} variants, more than {MOST_VARIANTS}", "drop a factor or a level")
    elif len(draft.variants) < 2:
        yield Fault(
            "E310", where, "an experiment needs at least two variants", "such as factors: {cta: [none, shop_now]}"
        )


def _cell(variant: Variant, factors: Mapping[str, tuple[str, ...]]) -> Iterator[Fault]:
    here = ("variants", variant.name)
    for name, levels in factors.items():
        level = variant.creative.get(name)
        if level is None and not any(near(word, [name]) for word in variant.creative if word not in factors):
            yield Fault("E307", here, f"{variant.name} does not say its {name}", f"one of {', '.join(levels)}")
        elif level is not None and level not in levels:
            message = f"{level} is not a declared level of {name}"
            yield Fault("E308", (*here, name), message, near(level, levels) or f"declared: {', '.join(levels)}")
    for name in variant.creative:
        if name not in factors:
            hint = near(name, factors) or f"declared: {', '.join(factors)}"
            yield Fault("E308", (*here, name), f"{name} is not a declared factor", hint)


def _namesakes(variants: tuple[Variant, ...]) -> Iterator[Fault]:
    names = [variant.name for variant in variants]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault(
            "E306", ("factors",), f"two cells would both be called {name}", "rename a level that has a dot in it"
        )


def _control(variants: tuple[Variant, ...], factors: Mapping[str, tuple[str, ...]]) -> Iterator[Fault]:
    first = {name: levels[0] for name, levels in factors.items()}
    if variants and not any(all(v.creative.get(name) == level for name, level in first.items()) for v in variants):
        wanted = ", ".join(f"{name}: {level}" for name, level in first.items())
        yield Fault("E309", ("variants",), "no variant is the control, the cell of all first levels", f"{{{wanted}}}")


def _metrics(draft: Draft) -> Iterator[Fault]:
    if draft.define is None:
        return
    for use in draft.uses:
        if use.metric.name not in draft.define and not draft.meant(use.metric):
            known = SLOT_METRICS if draft.by_slot else [*BUILT_IN, *draft.define, *_horizons(draft)]
            timed = draft.by_slot and horizon_seconds(use.metric.name)
            close = near(use.metric.name, list(known))
            hint = _UNTIMED if timed else " ".join(filter(None, (close, "" if draft.by_slot else _OWN)))
            yield Fault("E301", (*use.path, "name"), "no metric has this name", hint or "see the list of metrics")


def _ruled(draft: Draft) -> Iterator[Fault]:
    """A condition may name metrics, those of this file."""
    names = [use.metric.name for use in draft.uses]
    rules = draft.decision.rule if draft.decision else ()
    for at, rule in enumerate(rules if isinstance(rules, tuple) else ()):
        for clause in rule.clauses:
            if clause.of_metric and clause.subject not in names:
                here = ("decision", "rule", at, "if")
                hint = near(clause.subject, [*names, *WORDS]) or f"used here: {', '.join(names)}"
                yield Fault("E301", here, f"the condition names {clause.subject}, which is no metric here", hint)


_OWN = "a metric of your own is declared in metrics.define"
_UNTIMED = "a story's totals tell no second: watch_seconds or completion_rate"


def _horizons(draft: Draft) -> list[str]:
    whole = math.floor(_shortest(draft) or 0)
    return [f"watched_{whole}s", f"watch_seconds_to_{whole}s"] if whole else []


def _twice(draft: Draft) -> Iterator[Fault]:
    seen: dict[str, Role] = {}
    for use in draft.uses:
        name = use.metric.name
        if name in seen:
            message = f"{name} is used twice, first as {seen[name]}"
            yield Fault("E305", (*use.path, "name"), message, "a metric has one role")
        seen.setdefault(name, use.role)


def _sizes(draft: Draft) -> Iterator[Fault]:
    for use in draft.uses:
        if use.role is Role.GUARDRAIL and use.metric.margin is None:
            yield Fault("E303", use.path, f"the guardrail {use.metric.name} has no margin", "such as margin: 20%")
        metric = draft.meant(use.metric)
        for field in ("mde", "margin"):
            size = getattr(use.metric, field)
            if size and metric and not size.relative and metric.unit is not Unit.RATE:
                message = f"{use.metric.name} is not a rate, so pp has no meaning"
                yield Fault("E304", (*use.path, field), message, f"write {size.value * 100:g}% of the baseline")


def _horizon(draft: Draft) -> Iterator[Fault]:
    shortest = _shortest(draft)
    for use in draft.uses:
        seconds = horizon_seconds(use.metric.name)
        if shortest and seconds and seconds > shortest:
            message = f"{use.metric.name} looks beyond the shortest length, {shortest:g}s"
            whole = math.floor(shortest)
            hint = f"did you mean {use.metric.name.replace(f'{seconds}s', f'{whole}s')}?" if whole else ""
            yield Fault("E302", (*use.path, "name"), message, hint)


def _shortest(draft: Draft) -> float | None:
    lengths = []
    for level in (draft.factors or {}).get("length", ()):
        try:
            lengths.append(Duration.parse(level).seconds)
        except ValueError:
            return None
    return min(lengths, default=None)


def _define(draft: Draft) -> Iterator[Fault]:
    for name, own in (draft.define or {}).items():
        here = ("metrics", "define", name)
        if built_in(name):
            yield Fault("E315", here, f"{name} is a built-in metric", "give yours another name")
        if own and (lacking := _lacking(own)):
            yield Fault("E316", here, f"a {own.kind} needs {lacking}", _EXAMPLES[own.kind])


_EXAMPLES = {
    "proportion": "such as {kind: proportion, event: save}",
    "mean": "such as {kind: mean, count: like} or {kind: mean, sum: value, event: purchase}",
    "ratio": "such as {kind: ratio, numerator: {count: like}, denominator: {count: view}}",
    "quantile": "such as {kind: quantile, quantile: 50%, of: watch}",
}


def _lacking(own: Definition) -> str:
    if own.kind == "quantile":
        return _lacking_quantile(own)
    if own.quantile is not None or own.of:
        return "neither quantile nor of"
    if own.kind == "proportion":
        extra = own.count or own.sum or own.numerator or own.denominator
        return "event, and nothing else" if own.event is None or extra else ""
    if own.kind == "mean":
        both = bool(own.count) == bool(own.sum) or bool(own.count and own.event)
        if both or own.numerator or own.denominator:
            return "either count or sum"
        return "one event to sum" if len(own.event or ()) > 1 else ""
    sides = (own.numerator, own.denominator)
    whole = all(side and bool(side.count) != bool(side.sum) for side in sides)
    return "" if whole else "numerator and denominator, each with count or sum"


def _lacking_quantile(own: Definition) -> str:
    extra = own.event or own.count or own.sum or own.numerator or own.denominator
    if own.quantile is None or not own.of or extra:
        return "quantile and of, and nothing else"
    return "" if 0 < own.quantile < 1 else "a quantile above 0% and below 100%"


def _asset(draft: Draft) -> Iterator[Fault]:
    if draft.asset is None or draft.factors is None:
        return
    known = (*draft.factors, *BLANKS)
    for blank in dict.fromkeys(_BLANK.findall(draft.asset)):
        if blank not in known:
            hint = near(blank, known) or f"known here: {', '.join(known)}"
            yield Fault("E317", ("asset",), f"{{{blank}}} is neither a factor nor one of ours", hint)
        elif blank == "story" and draft.story is None and not draft.stories:
            yield Fault("E317", ("asset",), "{story} stands for a story, and none is declared", "such as story: launch")


BLANKS = ("key", "story", "variant")
"""What `asset` may hold in braces besides the factors."""
_BLANK = re.compile(r"\{([^{}]*)\}")

RULES = (
    _not_yet,
    _schedule,
    _fixed,
    _stories,
    _levels,
    _cuts,
    _cells,
    _enough,
    _metrics,
    _ruled,
    _twice,
    _sizes,
    _horizon,
    _define,
    _winsorize,
    _covariates,
    _asset,
    *SLOT_RULES,
)
"""Every rule, once; a new one is a function above (or in `slot_design.py`) and its name here."""
