"""A warehouse of what is simulated: it answers from what viewers did, or posts got, without files, store or query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, Self

from abstory.errors import UsageError
from abstory.experiment import Experiment
from abstory.simulate.answers import answers, span
from abstory.simulate.play import Acts
from abstory.warehouse.base import Answer, Endings, RollUp, Span
from abstory.warehouse.slots import SlotData
from abstory.warehouse.split import Split

_NO_POSTS = SlotData((), ())


@dataclass(frozen=True, slots=True)
class Memory:
    """Keeps the protocol of `Warehouse`, at the looks it was made for.

    Attributes:
        by_look: the answer at each instant.
        everything: the span of what the viewers did.
        viewers: by variant.
        posts: what is known of them at the one look at a calendar.
    """

    by_look: Mapping[int, Answer]
    everything: Span
    viewers: Mapping[str, int]
    posts: SlotData = _NO_POSTS

    @classmethod
    def of(cls, experiment: Experiment, acts: Acts, looks_us: Sequence[int]) -> Self:
        """What viewers did, ready to be asked at every look."""
        found = dict(zip(looks_us, answers(experiment, acts, looks_us), strict=True))
        names = [variant.name for variant in experiment.variants]
        counts = {name: int((acts.variant == at).sum()) for at, name in enumerate(names)}
        return cls(found, span(experiment, acts), {name: n for name, n in counts.items() if n})

    def span(self, experiment: str) -> Span:  # noqa: ARG002 (there is only the one)
        return self.everything

    def roll_up(self, question: RollUp) -> Answer:
        return self.by_look[question.as_of_us]

    def endings(self, question: RollUp) -> Mapping[str, Endings]:  # noqa: ARG002 (a simulation shows no curves)
        return {}

    def split(self, question: RollUp) -> Mapping[str, Split]:  # noqa: ARG002 (simulated viewers have no attributes)
        return {}

    def attributes(self) -> Sequence[str]:
        return ()

    def slots(self, experiment: str, as_of_us: int) -> SlotData:  # noqa: ARG002 (there is only the one)
        return self.posts

    def viewers_per_variant(self, experiment: str) -> Mapping[str, int]:  # noqa: ARG002
        return self.viewers

    def fingerprints(self, experiment: str) -> Mapping[str, int]:  # noqa: ARG002
        total = sum(self.viewers.values())
        return {"": total} if total else {}

    def record(self, *_: object, **__: object) -> NoReturn:
        raise UsageError("simulated viewers cannot be added to")

    def ingest(self, *_: object, **__: object) -> NoReturn:
        raise UsageError("simulated viewers cannot be added to")
