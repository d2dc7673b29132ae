"""Posts of pairs of variants beside the calendars that could have been drawn for them, once for all metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from abstory.experiment import Calendar
from abstory.metrics import Total
from abstory.results import PostedSlot
from abstory.stats.estimate import Effect, Estimate, Undetermined
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import Reading
from abstory.stats.redraws import DRAWS, Redrawn, together
from abstory.stats.slot_effects import compare_slots, log1p_lift
from abstory.stats.slots import Slots
from abstory.stats.timeline import Timeline, compared, paired

Pairs = tuple[tuple[str, str], ...]
"""Treatment and control by name; no variant in two of them."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Calendars drawn again, for whoever asks about some pairs of variants.

    Attributes:
        calendar: whose law it is.
        slots: what became of each of its slots.
        metrics: that are read.
        redraws: as `draws` of `redraws.by_blocks`.
    """

    calendar: Calendar
    slots: tuple[PostedSlot, ...]
    metrics: tuple[Total, ...]
    redraws: int = DRAWS
    _kept: dict[Pairs, dict[Total, tuple[Slots, Redrawn]]] = field(default_factory=dict, compare=False)

    def effect(self, metric: Total, pairs: Pairs, reading: Reading) -> Effect | Undetermined:
        """Treatments of pairs against their controls, by one reading.

        Args:
            metric: one of `metrics`.
            pairs: exchanged each within itself; one pair is the comparison of two variants.
            reading: one look at its alpha, or a part of it by Bonferroni.
        """
        size = reading.family if isinstance(reading, Bonferroni) else 1
        return compare_slots(*self.of(metric, pairs), reading.alpha, family=size)

    def logged(self, metric: Total, pairs: Pairs, alpha: float) -> Estimate | Undetermined:
        """The lift of a total where a post that went viral weighs less (`log1p_lift`), of the same calendars."""
        return log1p_lift(self._lines(metric, pairs), alpha=alpha, **self._law)

    def of(self, metric: Total, pairs: Pairs) -> tuple[Slots, Redrawn]:
        """The posts of pairs that have a value, and the calendars they are held against."""
        if pairs not in self._kept:
            self._kept[pairs] = self._drawn(pairs)
        return self._kept[pairs][metric]

    def apart(self, metric: Total, pairs: Pairs) -> Pairs:
        """Those of the pairs that can tell nothing: no block has a post with a value of either side."""
        return tuple(pair for pair in pairs if not compared(self._lines(metric, (pair,))).both)

    def _drawn(self, pairs: Pairs) -> dict[Total, tuple[Slots, Redrawn]]:
        lines = [self._lines(metric, pairs) for metric in self.metrics]
        found = together(lines, **self._law)
        return {
            metric: (compared(own), redrawn) for metric, own, redrawn in zip(self.metrics, lines, found, strict=True)
        }

    @property
    def _law(self) -> dict[str, int]:
        """By what the calendar is drawn again."""
        return {"no_repeat": self.calendar.no_repeat, "seed": self.calendar.seed, "draws": self.redraws}

    def _lines(self, metric: Total, pairs: Pairs) -> list[Timeline]:
        """The calendar seen from pairs, account by account."""
        accounts: dict[str, list[PostedSlot]] = {}
        for slot in self.slots:
            accounts.setdefault(slot.slot.account, []).append(slot)
        return [line for own in accounts.values() for line in _seen(own, metric, pairs)]


def _seen(slots: Sequence[PostedSlot], metric: Total, pairs: Pairs) -> tuple[Timeline, ...]:
    variants, blocks = [slot.variant for slot in slots], [slot.slot.block for slot in slots]
    return paired(variants, blocks, pairs, [slot.value(metric) for slot in slots])
