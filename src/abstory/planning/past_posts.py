"""How posts of control are expected to be, from posts that are stored: all variants pooled, within their blocks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from abstory.analysis.posted import posted, told
from abstory.analysis.posts import mixed
from abstory.experiment import Experiment
from abstory.metrics import Total
from abstory.planning.post_target import PostBaseline
from abstory.results import PostedSlot
from abstory.warehouse.base import Warehouse

FEWEST = 6
"""Posts beyond one a block that a standard deviation is measured on: its own error is then below 30 %."""


@dataclass(frozen=True, slots=True)
class SeenPosts:
    """What stored posts show.

    Attributes:
        source: key of the experiment they were posted for.
        baselines: by metric; one that cannot be measured is not there.
        reasons: by metric, why not.
    """

    source: str
    baselines: Mapping[str, PostBaseline]
    reasons: Mapping[str, str]

    def lacking(self, names: Iterable[str]) -> str:
        """Why these are not known, in words."""
        return f"stored posts of {self.source} show none: " + "; ".join(
            f"{name}: {self.reasons[name]}" for name in names if name in self.reasons
        )


def seen_posts(experiment: Experiment, source: Experiment, warehouse: Warehouse, *, now_us: int) -> SeenPosts:
    """Baselines of an experiment's metrics from the stored posts of a calendar, its own or another one.

    Pooling the variants keeps the planning blind: no difference between them enters.

    Args:
        experiment: whose metrics they are.
        source: whose posts they are.
        warehouse: open.
        now_us: the clock; windows that are not over are left out.

    Raises:
        UsageError: the source randomises viewers.
    """
    slots = posted(source, warehouse.slots(source.key, now_us), as_of_us=now_us)
    metrics = [told(o.metric, slots) for o in experiment.outcomes if isinstance(o.metric, Total)]
    found = {metric.name: _measured(metric, slots, source.key) for metric in metrics}
    return SeenPosts(
        source.key,
        {name: one for name, one in found.items() if isinstance(one, PostBaseline)},
        {name: one for name, one in found.items() if isinstance(one, str)},
    )


def _measured(metric: Total, slots: Sequence[PostedSlot], source: str) -> PostBaseline | str:
    """The baseline, or why there is none."""
    if ways := mixed(metric, slots):
        return f"counted in several ways, {ways}"
    known = [slot for slot in slots if slot.value(metric) is not None]
    values = [slot.value(metric) or 0.0 for slot in known]
    blocks: dict[str, list[float]] = {}
    for slot, value in zip(known, values, strict=True):
        blocks.setdefault(slot.slot.block, []).append(value)
    spare = len(values) - len(blocks)
    if spare < FEWEST:
        return f"{len(values)} posts with a value in {len(blocks)} blocks, where {len(blocks) + FEWEST} are needed"
    mean = math.fsum(values) / len(values)
    variance = math.fsum(_squares(own) for own in blocks.values()) / spare
    if not variance > 0:
        return "all posts are alike"
    base = PostBaseline(mean, variance, len(values), source=source)
    return _with_reach(base, metric, known) if metric.below and max(values) <= 1 and 0 < mean < 1 else base


def _squares(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values)


def _with_reach(base: PostBaseline, metric: Total, slots: Sequence[PostedSlot]) -> PostBaseline:
    """The same with the correlation that a rate's variance amounts to at the reach these posts had, where there is one.

    With m the harmonic mean of what the rate is per, variance = p(1 − p)(1 + (m − 1)ICC)/m.
    """
    reach = len(slots) / math.fsum(1 / slot.totals[metric.below] for slot in slots)
    icc = (base.variance * reach / (base.mean * (1 - base.mean)) - 1) / (reach - 1) if reach > 1 else -1.0
    return replace(base, icc=icc, reach=reach) if 0 <= icc <= 1 else base
