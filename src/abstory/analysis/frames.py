"""Frames of a story: every variant's funnel, and each treatment against control frame by frame, as exploration.

Every measure is a yes or no of an exposed viewer (left on this frame, reached it, tapped there), so viewers who come
back count once and shares differ by the score like any other rate. One kind of measure over all frames and treatments
is a family (Bonferroni); the verdict looks at none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from abstory import digits
from abstory.analysis import readings
from abstory.analysis.words import reads
from abstory.experiment import Experiment, Variant
from abstory.metrics import COMPLETE, TAP_BACK, TAP_FORWARD, Direction
from abstory.results import Look, Reads
from abstory.results.frames import NO_WORD, FrameContrast, FrameFunnel, FrameResult
from abstory.stats.estimate import Effect, Reason, Undetermined
from abstory.stats.incidence import Funnel
from abstory.stats.moments import Tally
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.proportions import compare
from abstory.stats.reading import Reading
from abstory.warehouse.base import Answer, FrameData

_KINDS: Mapping[str, Direction | None] = {
    "left": Direction.DECREASE,
    "reached": Direction.INCREASE,
    "forward": None,
    "back": None,
}


@dataclass(frozen=True, slots=True)
class Question:
    """Whose frames are asked for, and how they may be read.

    Attributes:
        experiment: as the file declares it.
        answer: of the warehouse.
        withheld: why no effect may be shown now; None where they may.
        look: of a group sequential design.
    """

    experiment: Experiment
    answer: Answer
    withheld: Undetermined | None = None
    look: Look | None = None


def frames(question: Question) -> FrameResult | None:
    """None where no variant's story has frames."""
    experiment, arms = question.experiment, question.answer.arms
    counts = {variant.name: experiment.frames_of(variant) or 0 for variant in experiment.variants}
    if not any(counts.values()):
        return None
    told = {name: data for name, arm in arms.items() if arm.moments.n and (data := arm.frames)}
    funnels = {name: _funnel(name, data, arms[name].moments.n, counts[name]) for name, data in told.items()}
    control = funnels.get(experiment.control.name)
    compared = [v for v in experiment.treatments if control and v.name in funnels]
    every = [(v, frame, what) for v in compared for what in _KINDS for frame in _frames(what, counts[v.name])]
    families = {what: sum(kind == what for _, _, kind in every) for what in _KINDS}
    reader = _Reader(question, funnels, families)
    names = experiment.frames or None
    most = max(counts.values())
    return FrameResult(
        experiment.control.name,
        tuple(names.name(frame) if names else str(frame) for frame in range(1, most + 1)),
        funnels,
        tuple(reader.contrast(*one) for one in every),
        families,
        sum(data.beyond for data in told.values()),
        sum(data.unframed for data in told.values()),
    )


def notes(told: FrameResult | None) -> Iterator[str]:
    """How frames were read, and what could not be placed on one."""
    if told is None:
        return
    if any(isinstance(one.effect, Effect) for one in told.contrasts):
        size = told.families["left"]
        yield f"frames are exploratory: shares of exposed viewers, Bonferroni over {size} frames and treatments"
    if told.unframed:
        nameless = digits.counted(told.unframed, "exit, swipe or tap", "exits, swipes and taps")
        yield f"counted on no frame: {nameless} that name none"
    if told.beyond:
        yield f"counted on no frame: {digits.counted(told.beyond, 'event')} on frames that their variant does not have"


def _frames(what: str, count: int) -> range:
    """Everybody has reached the first."""
    return range(2 if what == "reached" else 1, count + 1)


def _funnel(name: str, data: FrameData, viewers: int, count: int) -> FrameFunnel:
    """Viewers without events met the first frame, and nothing is known of how they left."""
    silent = viewers - sum(data.ended.values())
    ended = {**data.ended, (1, NO_WORD): data.ended.get((1, NO_WORD), 0) + silent}
    steps = range(1, count + 1)

    def who(event: str) -> tuple[Tally, ...]:
        return tuple(Tally(viewers, data.done.get((step, event), (0, 0))[0]) for step in steps)

    times = tuple((data.done.get((s, TAP_FORWARD), (0, 0))[1], data.done.get((s, TAP_BACK), (0, 0))[1]) for s in steps)
    funnel = Funnel(viewers, count, {key: n for key, n in ended.items() if n}, frozenset({COMPLETE}))
    return FrameFunnel(name, funnel, who(TAP_FORWARD), who(TAP_BACK), times)


@dataclass(frozen=True, slots=True)
class _Reader:
    question: Question
    funnels: Mapping[str, FrameFunnel]
    families: Mapping[str, int]

    def contrast(self, variant: Variant, frame: int, what: str) -> FrameContrast:
        effect = self._unread(variant, frame, what) or self._effect(variant, frame, what)
        return FrameContrast(variant.name, frame, what, effect, _word(effect, _KINDS[what]))

    def _effect(self, variant: Variant, frame: int, what: str) -> Effect | Undetermined:
        treatment, control = (self.funnels[name] for name in (variant.name, self.question.experiment.control.name))
        return compare(_tally(treatment, frame, what), _tally(control, frame, what), self._reading(what))

    def _reading(self, what: str) -> Reading:
        base = readings.base(self.question.experiment, self.question.look)
        alone = self.question.experiment.analysis.multiplicity == "none" or self.families[what] < 2
        return base if alone else Bonferroni(base, self.families[what])

    def _unread(self, variant: Variant, frame: int, what: str) -> Undetermined | None:
        if self.question.withheld:
            return self.question.withheld
        own, other = (self.funnels[n].funnel.steps for n in (variant.name, self.question.experiment.control.name))
        # The last frame of the one lies inside the story of the other: leaving there is not the same thing.
        if own != other and (frame > min(own, other) or (what == "left" and frame == min(own, other))):
            return Undetermined(Reason.NOT_COMPARABLE, f"{own} and {other} frames")
        return None


def _tally(told: FrameFunnel, frame: int, what: str) -> Tally:
    match what:
        case "left":
            return told.funnel.left(frame)
        case "reached":
            return told.funnel.reached(frame)
        case "forward":
            return told.forward[frame - 1]
        case _:
            return told.back[frame - 1]


def _word(effect: Effect | Undetermined, direction: Direction | None) -> Reads:
    if isinstance(effect, Undetermined):
        return Reads.DESCRIPTIVE if effect.reason is Reason.NOT_COMPARABLE else Reads.UNKNOWN
    if direction is None:
        return Reads.DESCRIPTIVE if effect.difference.interval.excludes(0.0) else Reads.UNCLEAR
    return reads(effect, direction)
