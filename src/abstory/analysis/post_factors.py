"""What each factor does to posts: its levels exchanged among posts that are alike in all else, as the calendar allows.

Where a factor does nothing, a post with its level would have had the same value with the reference, whatever the other
factors do; so the calendar is drawn again within pairs of variants that differ in this factor alone (`paired`). That
uses every post of the two levels, and the comparison of two variants is its special case. Whether factors depend on one
another cannot be asked so, for what other factors do is then unknown: that is a regression's answer, and called so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from abstory.analysis import factor_cells, readings
from abstory.analysis import factors as families
from abstory.analysis.factor_terms import Terms
from abstory.analysis.redrawing import Draws, Pairs
from abstory.experiment import Experiment
from abstory.metrics import Total
from abstory.results import CellMean, FactorEffect, FactorResult, Interaction, Part, Trend
from abstory.results.factors import Levels
from abstory.stats.cluster_robust import slot_contrast
from abstory.stats.coefficient import Coefficient
from abstory.stats.estimate import Effect, Estimate, Reason, Undetermined
from abstory.stats.factorial_layout import Layout, Term, saturated
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import Reading

_FEWEST_FACTORS = 2
_TELLING = {Reason.ALIASED, Reason.TOO_FEW_SLOTS}
"""Why there is no section of factors, where that is not said elsewhere."""


def factors(
    experiment: Experiment, draws: Draws, withheld: Mapping[Total, Undetermined | None]
) -> tuple[FactorResult, ...]:
    """Every metric, in declared order; nothing where variants differ in one factor only.

    Args:
        experiment: of the slot design.
        draws: of its calendar.
        withheld: by metric, why no effect of it may be shown now.
    """
    laid = factor_cells.layout(experiment)
    if laid is None or len(laid.factors) < _FEWEST_FACTORS:
        return ()
    model = saturated(laid)
    told = zip(experiment.outcomes, draws.metrics, strict=True)
    each = (Terms(experiment, replace(outcome, metric=own), model, withheld[own]) for outcome, own in told)
    return families.settled([Asked(terms, draws) for terms in each])


def notes(told: Sequence[FactorResult]) -> Iterator[str]:
    """How factors were read, for the foot of a report."""
    yield from families.notes(told)
    effects = [one.effect for one in told[0].effects] if told else []
    if not any(isinstance(effect, Effect) for effect in effects):
        lacking = (effect for effect in effects if isinstance(effect, Undetermined) and effect.reason in _TELLING)
        yield from (f"what a factor does is not known: {why}" for why in dict.fromkeys(map(str, lacking)))
    if any(test.p_value is not None for one in told for test in one.interactions):
        yield "whether factors depend on one another is a regression's answer (HC2), not that of drawing again"


@dataclass(frozen=True, eq=False)
class Asked:
    """One metric of posts, asked what factors do to it.

    Attributes:
        terms: what is asked; the metric as the platform allows it.
        draws: of the calendar.
    """

    terms: Terms
    draws: Draws
    weights = "overlap"
    flagged: tuple[str, ...] = ()
    adjusted = False

    @property
    def base(self) -> Reading:
        """One look, at the calendar's end."""
        return readings.base(self.terms.experiment)

    @property
    def layout(self) -> Layout:
        return self.terms.layout

    @property
    def metric(self) -> Total:
        if not isinstance(self.terms.outcome.metric, Total):
            raise TypeError(f"{self.terms.outcome.metric.name} is no metric of posts")
        return self.terms.outcome.metric

    def effect(self, factor: str, level: str, reading: Reading, given: Levels = ()) -> FactorEffect:
        """A main effect, or with `given` a simple one."""
        effect = self.terms.unread((factor,), (factor, *dict(given))) or self._drawn(factor, level, reading, given)
        aliases = self.terms.aliases((factor,))
        reference = self.layout.factors[factor][0]
        return FactorEffect(factor, level, reference, effect, self.terms.word(effect), given, (), aliases)

    def _drawn(self, factor: str, level: str, reading: Reading, given: Levels) -> Effect | Undetermined:
        pairs = self.pairs(factor, level, given)
        if not pairs:
            return Undetermined(Reason.ALIASED, f"no two variants differ in {factor} alone")
        lacking = self.draws.apart(self.metric, pairs)
        if lacking and self.terms.experiment.analysis.interactions != "none":
            return Undetermined(Reason.TOO_FEW_SLOTS, f"{' and '.join(lacking[0])} share no block")
        return self.draws.effect(self.metric, pairs, reading)

    def pairs(self, factor: str, level: str, given: Levels = ()) -> Pairs:
        """Variants with the level and with the reference that are alike in all other factors.

        Of variants that are the same creative (an A/A pair in the calendar) as many take part as have a partner.
        """
        found: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
        for variant in self.terms.experiment.variants:
            own = {name: variant.creative[name] for name in self.layout.factors}
            at = own.pop(factor)
            if at in (level, self.layout.factors[factor][0]) and all(own[name] == held for name, held in given):
                found.setdefault(tuple(own.values()), ([], []))[at != level].append(variant.name)
        return tuple(pair for both in found.values() for pair in zip(*both, strict=False))

    def trends(self, reading: Reading) -> tuple[Trend, ...]:  # noqa: ARG002 (a line has three labels or more to draw)
        """None: levels are read one by one against the first."""
        return ()

    def odds_p(self, term: Term) -> float | None:  # noqa: ARG002 (values of posts have no odds)
        """None: a post has a value, not an outcome."""
        return None

    def interaction(self, term: Term) -> Interaction:
        """By its smallest p times their number (Bonferroni), with the largest t², and not adjusted yet."""
        found = self.terms.unread(term, term) or self._contrasts(term)
        aliases, df = self.terms.aliases(term), self.layout.df(term)
        if isinstance(found, Undetermined):
            return Interaction(term, df, found, None, None, found=False, aliases=aliases)
        statistic = max(one.statistic**2 for one in found.values())
        p = min(1.0, df * min(one.p_value for one in found.values()))
        return Interaction(term, df, statistic, p, None, found=False, means=self._means(term), aliases=aliases)

    def parts(self, term: Term, reading: Reading) -> tuple[Part, ...]:
        """Every contrast of an interaction's levels with their references."""
        found = self._contrasts(term)
        if isinstance(found, Undetermined):
            return ()
        alpha = reading.alpha / (reading.family if isinstance(reading, Bonferroni) else 1)
        return tuple(Part(levels, Estimate(one.value, one.interval(alpha))) for levels, one in found.items())

    def _contrasts(self, term: Term) -> dict[Levels, Coefficient] | Undetermined:
        found = {levels: self._contrast(levels) for levels in self.terms.combined(term, 1)}
        known = {levels: one for levels, one in found.items() if not isinstance(one, Undetermined)}
        return known if len(known) == len(found) else next(o for o in found.values() if isinstance(o, Undetermined))

    def _contrast(self, levels: Levels) -> Coefficient | Undetermined:
        values, cells, blocks = self._known
        names = (".".join(cell) for cell in self.layout.cells)
        return slot_contrast(values, cells, blocks, dict(zip(names, self.terms.apart(levels).tolist(), strict=True)))

    @cached_property
    def _known(self) -> tuple[list[float], list[str], list[str]]:
        """Values, cells and blocks of posts that have a value."""
        variants = {variant.name: variant.creative for variant in self.terms.experiment.variants}
        cells = {name: ".".join(creative[one] for one in self.layout.factors) for name, creative in variants.items()}
        rows = [(slot.value(self.metric), cells[slot.variant], slot.slot.block) for slot in self.draws.slots]
        known = [(value, cell, block) for value, cell, block in rows if value is not None]
        return [row[0] for row in known], [row[1] for row in known], [row[2] for row in known]

    def _means(self, term: Term) -> tuple[CellMean, ...]:
        """Of all combinations of the term's levels; none where a cell has no post."""
        import numpy as np

        by_cell: dict[str, list[float]] = {".".join(cell): [] for cell in self.layout.cells}
        for value, cell, _ in zip(*self._known, strict=True):
            by_cell[cell].append(value)
        if not all(by_cell.values()):
            return ()
        means, model = np.array([np.mean(values) for values in by_cell.values()]), self.terms.model
        return tuple(CellMean(at, float(model.at(dict(at)) @ means)) for at in self.terms.combined(term))
