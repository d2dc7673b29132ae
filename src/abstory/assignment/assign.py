"""From an experiment and a viewer to a variant: pure, total, and the same for ever."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

from abstory.assignment.bucket import h, hasher, viewer_bytes
from abstory.assignment.eligibility import Attributes, Condition, conditions
from abstory.errors import NotYet, UsageError
from abstory.experiment import Experiment, Variant

WHOLE = 10_000
"""All of the traffic, in basis points."""

_NOTHING_KNOWN: Attributes = MappingProxyType({})


class Reason(StrEnum):
    """Why a viewer got the variant, or none."""

    ASSIGNED = "assigned"
    NOT_ELIGIBLE = "not_eligible"
    OUTSIDE_TRAFFIC = "outside_traffic"


class Outcome(NamedTuple):
    """One of the few ways a decision can end; made once an experiment, shared by all viewers.

    Attributes:
        variant: name; None where the viewer takes no part.
        reason: why.
        creative: the variant's levels by factor; empty where there is no variant.
    """

    variant: str | None
    reason: Reason
    creative: Mapping[str, str]


class Assignment(NamedTuple):
    """What was decided for one viewer; deciding is not showing, so nothing is recorded by it.

    Attributes:
        viewer_id: as text.
        variant, reason, creative: as in `Outcome`.
    """

    viewer_id: str
    variant: str | None
    reason: Reason
    creative: Mapping[str, str]


Decide = Callable[[bytes, Attributes | None], Outcome]
"""The bytes of an id, and what is known of the viewer, to a decision."""

_NOT_ELIGIBLE = Outcome(None, Reason.NOT_ELIGIBLE, MappingProxyType({}))
_OUTSIDE_TRAFFIC = Outcome(None, Reason.OUTSIDE_TRAFFIC, MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every step of one decision. Steps that were not reached are None.

    Attributes:
        assignment: the outcome.
        failed: the attribute that made the viewer not eligible.
        traffic_bucket: h(key/traffic, id) % 10000; takes part when below `share`.
        share: basis points.
        draw: h(key/variant, id) % total_weight.
        total_weight: sum of the weights.
        ranges: variant -> [from, to) of the draw, sorted by name.
    """

    assignment: Assignment
    failed: str | None
    traffic_bucket: int | None
    share: int
    draw: int | None
    total_weight: int
    ranges: Mapping[str, tuple[int, int]]


def enrolled(hash_: int, share: int) -> bool:
    """Whether a traffic hash takes part at `share` basis points: half open, so 0 is nobody and 10000 everybody."""
    return hash_ % WHOLE < share


def by_name(variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """The order of drawing: by name, so that the order in the file does not matter."""
    return tuple(sorted(variants, key=lambda variant: variant.name))


def cumulative(variants: tuple[Variant, ...]) -> tuple[int, ...]:
    """Upper edges of the variants' ranges; the last is the total weight."""
    return tuple(accumulate(variant.weight for variant in variants))


def traffic_salt(key: str) -> str:
    """The salt that decides who takes part."""
    return f"{key}/traffic"


def variant_salt(key: str) -> str:
    """The salt that decides which variant; another one, or a small share would be all one variant."""
    return f"{key}/variant"


class Assigner:
    """One experiment made ready to assign, many times, from any thread.

    Args:
        experiment: viewer design.

    Attributes:
        outcome: the decision for the bytes of a valid id and the viewer's attributes.

    Raises:
        NotYet: the experiment asks for a layer, a range or a holdout.
        UsageError: the experiment randomises posting slots, not viewers.
    """

    __slots__ = ("_conditions", "_experiment", "outcome")

    def __init__(self, experiment: Experiment) -> None:
        refuse_unbuilt(experiment)
        self._experiment = experiment
        self._conditions = conditions(experiment.audience)
        self.outcome = _whole_path(experiment, self._conditions)

    def assign(self, viewer_id: str | int, attributes: Attributes | None = None) -> Assignment:
        """The variant of one viewer.

        Args:
            viewer_id: as `viewer_bytes` takes it.
            attributes: what is known of the viewer; only those the audience names are looked at.

        Raises:
            InvalidViewerId: the id is refused.
            UsageError: an attribute the audience names is neither text, int nor bool.
        """
        data = viewer_bytes(viewer_id)
        variant, reason, creative = self.outcome(data, attributes)
        return Assignment(data.decode(), variant, reason, creative)

    def explain(self, viewer_id: str | int, attributes: Attributes | None = None) -> Explanation:
        """The same decision with its steps. Raises as `assign` does."""
        assignment = self.assign(viewer_id, attributes)
        key, ranges = self._experiment.key, self._ranges()
        total = max(end for _, end in ranges.values())
        failed = _failed(self._conditions, attributes)
        return Explanation(
            assignment=assignment,
            failed=failed.attribute if failed else None,
            traffic_bucket=None if failed else h(traffic_salt(key), viewer_id) % WHOLE,
            share=self._experiment.traffic.share,
            draw=None if assignment.variant is None else h(variant_salt(key), viewer_id) % total,
            total_weight=total,
            ranges=ranges,
        )

    def _ranges(self) -> Mapping[str, tuple[int, int]]:
        variants = by_name(self._experiment.variants)
        ends = cumulative(variants)
        starts = (0, *ends[:-1])
        return {v.name: (start, end) for v, start, end in zip(variants, starts, ends, strict=True)}


# The three steps are closures, and one that has nothing to do is left out: they run hundreds of thousands of times
# a second, and looking up their parts on an object would cost as much as the hash.


def _whole_path(experiment: Experiment, asked: tuple[Condition, ...]) -> Decide:
    decide = _drawn(experiment)
    if experiment.traffic.share < WHOLE:
        decide = _gated(experiment, decide)
    return _of_audience(asked, decide) if asked else decide


def _drawn(experiment: Experiment) -> Decide:
    variants = by_name(experiment.variants)
    edges, outcomes = cumulative(variants), tuple(_assigned(variant) for variant in variants)
    hashed, total = hasher(variant_salt(experiment.key)), edges[-1]

    def draw(data: bytes, _: Attributes | None) -> Outcome:
        return outcomes[bisect_right(edges, hashed(data) % total)]

    return draw


def _gated(experiment: Experiment, then: Decide) -> Decide:
    hashed, share = hasher(traffic_salt(experiment.key)), experiment.traffic.share

    def gate(data: bytes, attributes: Attributes | None) -> Outcome:
        return then(data, attributes) if enrolled(hashed(data), share) else _OUTSIDE_TRAFFIC

    return gate


def _of_audience(asked: tuple[Condition, ...], then: Decide) -> Decide:
    def eligible(data: bytes, attributes: Attributes | None) -> Outcome:
        return _NOT_ELIGIBLE if _failed(asked, attributes) else then(data, attributes)

    return eligible


def _failed(asked: tuple[Condition, ...], attributes: Attributes | None) -> Condition | None:
    known = attributes or _NOTHING_KNOWN
    return next((condition for condition in asked if not condition.holds(known)), None)


def _assigned(variant: Variant) -> Outcome:
    return Outcome(variant.name, Reason.ASSIGNED, MappingProxyType(dict(variant.creative)))


def refuse_unbuilt(experiment: Experiment) -> None:
    """Refuse what this version would assign wrongly, before it assigns anybody.

    Raises:
        NotYet: layer, range or holdout.
        UsageError: posting slots.
    """
    if experiment.unit != "viewer":
        hint = f"abstory calendar {experiment.key} says which post is which variant"
        raise UsageError(f"{experiment.key} randomises posts: no viewer has a variant", hint=hint)
    traffic = experiment.traffic
    if traffic.layer or traffic.range or traffic.holdout:
        raise NotYet(f"{experiment.key}: traffic.layer, traffic.range and traffic.holdout are not built yet")
