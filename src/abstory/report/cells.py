"""What one cell of a table says: a number in its digits, or the words for not knowing it."""

from __future__ import annotations

from collections.abc import Sequence

from abstory import digits
from abstory.experiment import Outcome, Size
from abstory.metrics import Direction, Unit
from abstory.report import bars
from abstory.report.draft import Draft
from abstory.report.tables import Column, Drawing
from abstory.results import Comparison, MetricResult, Reads
from abstory.stats.estimate import Effect, Estimate, Undetermined


def on_lift(metric: MetricResult) -> bool:
    """Whether the metric is read as lifts: one comparison with a lift is enough."""
    effects = [c.effect for c in metric.comparisons if isinstance(c.effect, Effect)]
    return any(isinstance(effect.lift, Estimate) for effect in effects)


def estimate(comparison: Comparison, *, lift: bool) -> Estimate | None:
    """The lift, or the difference; None where it is not known."""
    return on_scale(comparison.effect, lift=lift)


def on_scale(effect: Effect | Undetermined, *, lift: bool) -> Estimate | None:
    """An effect as a lift, or as a difference; None where it is not known."""
    if isinstance(effect, Undetermined):
        return None
    told = effect.lift if lift else effect.difference
    return told if isinstance(told, Estimate) else None


def drawn(draft: Draft, found: Sequence[Estimate | None], unit: Unit | None) -> Drawing:
    """A column of intervals on one axis: differences in `unit`, lifts where it is None."""
    limit = bars.limit_for(one for one in found if one)
    low, high = (digits.level(x) if unit is None else digits.difference(x, unit) for x in (-limit, limit))

    def draw(width: int) -> Column:
        axis = bars.Axis(limit, width - 1 + width % 2)
        rows = tuple(draft.look.plain(bars.draw(axis, one)) for one in found)
        return Column(draft.look.plain(axis.head(low, high)), rows)

    least = max(bars.LEAST, 2 * max(len(low), len(high)) + 3)
    return Drawing(draw, least, max(least, bars.MOST), drop=3, name="drawn intervals")


def value(draft: Draft, number: float | Undetermined, unit: Unit) -> str:
    """A rate or a mean."""
    return draft.look.plain(digits.NOTHING if isinstance(number, Undetermined) else digits.value(number, unit))


def point(draft: Draft, told: Estimate | None, unit: Unit, *, lift: bool) -> str:
    """The size of a change."""
    return draft.look.plain(size(told.value, unit, lift=lift) if told else digits.NOTHING)


def ends(draft: Draft, told: Estimate | None, unit: Unit, *, lift: bool) -> str:
    """Its interval."""
    return draft.look.plain(digits.between(told.interval, None if lift else unit) if told else digits.NOTHING)


def size(number: float, unit: Unit, *, lift: bool) -> str:
    """A change as a lift or as a difference."""
    return digits.lift(number) if lift else digits.difference(number, unit)


def p_value(draft: Draft, comparison: Comparison) -> str:
    """The p value of a comparison."""
    p = comparison.p_value
    return draft.look.plain(digits.NOTHING if p is None else digits.p_value(p, draft.page.result.method.alpha))


def declared(told: Size | None, *, upward: bool) -> str:
    """An MDE or a margin with its sign."""
    return digits.declared(told, upward=upward) if told else "none set"


def upward(outcome: Outcome) -> bool:
    """Whether more is better."""
    return outcome.metric.direction is Direction.INCREASE


def mark(metric: MetricResult, *, lift: bool) -> float | None:
    """The MDE on the scale of the axis; a size declared on the other scale goes through the control's value."""
    mde, control = metric.outcome.mde, metric.control
    if mde is None:
        return None
    size = mde.value
    if mde.relative is not lift:
        if isinstance(control, Undetermined) or control <= 0:
            return None
        size = size / control if lift else size * control
    return size if upward(metric.outcome) else -size


def word(draft: Draft, metric: MetricResult, comparison: Comparison) -> str:
    """The word of a comparison, with a mark to the footnote on what is not known."""
    effect = comparison.effect
    if isinstance(effect, Undetermined):
        return _unknown(draft, effect)
    if comparison.reads is Reads.UNKNOWN and isinstance(comparison.bound, Undetermined):
        return _unknown(draft, comparison.bound)
    notes = [_without_lift(draft, metric, comparison, effect)] if isinstance(effect.lift, Undetermined) else []
    notes += [_by_steps(comparison, effect), _at_stop(draft, metric, comparison)]
    return " ".join([comparison.reads.value, *(draft.note(note) for note in notes if note)])


def _unknown(draft: Draft, why: Undetermined) -> str:
    """The word for a reason, with a mark where the reason says more than the word."""
    said = digits.unknown(why)
    return said if said == str(why) else f"{said} {draft.note(str(why))}"


def _by_steps(comparison: Comparison, effect: Effect) -> str:
    """Where the word follows a step-by-step p and the interval alone would say another."""
    apart = effect.difference.interval.excludes(0.0)
    if comparison.p_adjusted is None or apart is (comparison.reads in {Reads.BETTER, Reads.WORSE}):
        return ""
    if apart:
        return "not tested: no primary has opened its gate, whatever the interval"
    return "the word goes by p adj, step by step; the interval is Bonferroni's, wider, and may hold 0"


def _at_stop(draft: Draft, metric: MetricResult, comparison: Comparison) -> str:
    """What is said of the picked treatment once a planned look has stopped on it; with --all, of every one."""
    stop, looking = comparison.at_stop, draft.page.result.method.looking
    if stop is None or looking is None or looking.look is None:
        return ""
    if comparison.variant != draft.page.pick and not draft.page.everything:
        return ""
    told = stop.lift or stop.difference
    unit = metric.outcome.metric.unit
    change = (
        f"{size(told.value, unit, lift=bool(stop.lift))} ({digits.between(told.interval, None if stop.lift else unit)})"
    )
    p = digits.p_value(stop.p_value, draft.page.result.method.alpha)
    who, number = draft.page.name(comparison.variant), looking.look.number
    return f"{who}, corrected for stopping at look {number} of {looking.planned}: {change}, p {p}"


def _without_lift(draft: Draft, metric: MetricResult, comparison: Comparison, effect: Effect) -> str:
    unit, told = metric.outcome.metric.unit, effect.difference
    change = f"{digits.difference(told.value, unit)} ({digits.between(told.interval, unit)})"
    return f"{metric.outcome.metric.name}, {draft.page.name(comparison.variant)}: {effect.lift}; difference {change}"


def confidence(alpha: float) -> str:
    """The head of a column of intervals: `95% CI`."""
    return f"{digits.level(1 - alpha).removeprefix('+')} CI"
