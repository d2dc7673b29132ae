"""What a report is made of: the result, its verdict, and what the reader asked to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.experiment import Role
from abstory.metrics import Direction
from abstory.results import Check, Comparison, ExperimentResult, MetricResult, Ruling, Status, Verdict
from abstory.stats.estimate import Effect

if TYPE_CHECKING:
    from abstory.analysis.beliefs import Belief

_ALWAYS = {"srm", "crossover", "age", "drift", "unread", "as_drawn"}
_IF_ANY = {"immature": "viewers", "beyond_length": "count"}


@dataclass(frozen=True, slots=True)
class Page:
    """Everything a renderer may show.

    Attributes:
        result: of the analysis.
        verdict: the rule's word on it.
        window: the attribution window as written in the file, such as `24h`; empty when unknown.
        only: metrics asked for by name, each shown over all variants; empty for the usual page.
        everything: whether long tables are shown whole, and every check of the data.
        beliefs: the Bayesian view, where it was asked for; it stands beside the verdict and is not part of it.
        source: the text of the experiment file as it was read; empty where it is not known.
    """

    result: ExperimentResult
    verdict: Verdict
    window: str = ""
    only: tuple[str, ...] = ()
    everything: bool = False
    beliefs: tuple[Belief, ...] = ()
    source: str = ""

    @property
    def said(self) -> tuple[str, ...]:
        """What the data line says: what every reader wants to know, and whatever is not well."""
        told = (self._said(check) for check in self.result.checks if self.everything or _worth_saying(check))
        return tuple(told) or ("nothing was checked",)

    def _said(self, check: Check) -> str:
        return f"{check.said} of {self.window}" if check.id == "immature" and self.window else check.said

    def of(self, role: Role) -> tuple[MetricResult, ...]:
        """The metrics of one role, in declared order."""
        return tuple(m for m in self.result.metrics if m.outcome.role is role)

    @property
    def treatments(self) -> list[str]:
        """Every variant but control, as declared."""
        return [arm.variant for arm in self.result.arms if arm.variant != self.result.control]

    @property
    def pick(self) -> str | None:
        """The treatment to look at closely: the verdict's, else the one with the best primary so far."""
        treatments = self.treatments
        if self.verdict.variant in treatments:
            return self.verdict.variant
        first = [c.variant for metric in self.of(Role.PRIMARY)[:1] for c in ranked(metric)]
        return next(iter(first or treatments), None)

    def name(self, variant: str) -> str:
        """A variant as a report calls it: the control is `control` unless another variant has that name."""
        taken = any(arm.variant == "control" for arm in self.result.arms)
        return "control" if variant == self.result.control and not taken else variant

    @property
    def shipped(self) -> bool:
        return self.verdict.ruling is Ruling.SHIP


def _worth_saying(check: Check) -> bool:
    counts = _IF_ANY.get(check.id)
    return check.status is not Status.OK or check.id in _ALWAYS or bool(counts and (check.figures or {}).get(counts))


def ranked(metric: MetricResult) -> list[Comparison]:
    """Comparisons from best to worst by their point estimate; what is not known comes last, as declared."""
    sign = -1.0 if metric.outcome.metric.direction is Direction.INCREASE else 1.0
    known = [c for c in metric.comparisons if isinstance(c.effect, Effect)]
    rest = [c for c in metric.comparisons if not isinstance(c.effect, Effect)]
    return sorted(known, key=lambda c: sign * _size(c)) + rest


def _size(comparison: Comparison) -> float:
    # By difference, which every effect has: lifts and differences have one sign and one order within a metric.
    return comparison.effect.difference.value if isinstance(comparison.effect, Effect) else 0.0
