"""What abstory asks of the place where exposures and events lie: a few frozen questions and answers.

Times are integer microseconds UTC everywhere; windows are half open, [first exposure, first exposure + window).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from abstory.metrics import Measure
from abstory.stats.moments import Moments, Pair, Triple
from abstory.warehouse.parts import Airing, Late, Met, Occasions
from abstory.warehouse.slots import SlotData
from abstory.warehouse.split import Split


@dataclass(frozen=True, slots=True)
class Arm:
    """A variant as the roll-up sees it.

    Attributes:
        variant: its name.
        length_ms: length of its cut in milliseconds; None where the file names none, then only
            `complete` events complete a story.
        frames: how many frames its story has; None where the file names none.
    """

    variant: str
    length_ms: int | None
    frames: int | None = None


@dataclass(frozen=True, slots=True)
class RollUp:
    """One question for all metrics of one experiment.

    Attributes:
        experiment: key.
        arms: in declared order; ties in time between variants go to the earlier arm.
        start_us, end_us: only exposures in [start, end) count.
        window_us: events count in [first exposure, first exposure + window).
        as_of_us: only viewers with first exposure + window <= as_of enter the moments.
        story: only events of this story are attributed; None attributes every story.
        measures: what to build per viewer, without repeats.
        pairs: the covariances wanted, by measure name.
        triples: the third moments wanted, of measures that are not attributes; their pairs are wanted too.
        assigned_sql: an SQL expression over `viewer_id` that gives the variant assignment gives, or NULL;
            trusted text, made by assignment. None leaves `mismatched` unchecked.
        quantiles: shares of views in (0, 1) whose watch time is asked for; some measure must read views.
        airings: the stories by name, instead of `story`: then only exposures of one of them, while it was on air, count
            (one that names no story is of the only one, or of any).
        ends_with_story: a window closes no later than the story of its first exposure ends.
        crossed: names of measures that are also summed by story and by pair of stories.
        repeated: names of measures that are also asked for exposure by exposure.
        hourly: `days` are whole hours from the publication of the first exposure's story instead (−1 where that is not
            known); for the roll-up's own use.
        by: attributes by which viewers are to be counted apart, without repeats.
    """

    experiment: str
    arms: tuple[Arm, ...]
    start_us: int
    end_us: int
    window_us: int
    as_of_us: int
    story: str | None
    measures: tuple[Measure, ...]
    pairs: tuple[Pair, ...]
    assigned_sql: str | None = None
    quantiles: tuple[float, ...] = ()
    triples: tuple[Triple, ...] = ()
    airings: tuple[Airing, ...] = ()
    ends_with_story: bool = False
    crossed: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    hourly: bool = False
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """How long one variant's views were watched.

    Attributes:
        views: by milliseconds.
        shares: by quantile asked for: moments of the viewers with views, of `at or below` (their views no longer than
            the quantile) and `rows` (their views), with all covariances.
    """

    views: Mapping[int, int]
    shares: Mapping[float, Moments]


Ending = tuple[int, bool]
"""The whole second at which a view ended, and whether it was still watching then."""


@dataclass(frozen=True, slots=True)
class Endings:
    """Where one variant's views ended, of mature viewers inside their windows.

    A view that reaches the length of its cut is still watching in the last second; so is one whose end a `complete`
    event tells, there or, where no length is declared, in the second it stopped at.

    Attributes:
        viewers: who have a view whose end is known.
        untimed: views left out: without a watch time, and without a `complete` event that tells their end.
        views: by ending.
        milliseconds: watched in all, by ending, no view longer than its cut.
        together: over viewers, Σ (views of one ending) x (views of another), by two endings in order.
    """

    viewers: int
    untimed: int
    views: Mapping[Ending, int]
    milliseconds: Mapping[Ending, int]
    together: Mapping[tuple[Ending, Ending], int]


@dataclass(frozen=True, slots=True)
class FrameData:
    """How far one variant's mature viewers came in the story, and what they did on each frame (from 1).

    Attributes:
        ended: viewers by the furthest frame that any event names (the last one for who completed) and by what ended it:
            `complete`, `swipe`, `exit` (a leaving event on that very frame), or empty. Viewers without events are
            not in it.
        done: by frame and event: viewers who did so there at least once, and how often it was done.
        beyond: events on frames that the variant does not have; they count nowhere else.
        unframed: exits, swipes and taps that name no frame.
    """

    ended: Mapping[tuple[int, str], int]
    done: Mapping[tuple[int, str], tuple[int, int]]
    beyond: int
    unframed: int


@dataclass(frozen=True, slots=True)
class ArmData:
    """What one variant's exposures and events say at `as_of`.

    Attributes:
        moments: of mature viewers by first exposure, zeros kept, crossovers included (intention to treat),
            in stored integer units.
        immature: viewers first exposed whose window is still open.
        crossovers: mature viewers of this arm that also saw another variant.
        without_crossovers: the moments without them.
        mismatched: of the `checked` viewers, those whose first logged variant is not the one assignment gives;
            None where not checked.
        checked: all mature viewers up to 200,000 over all variants, beyond that a fixed subset of about so many.
        days: `moments` by day of first exposure (days since 1970-01-01 UTC), only days with a mature viewer; they pool
            to `moments`. Empty where a warehouse does not keep days apart.
        watched: of mature viewers' views; None where no quantile is asked for.
        stories: by places of two stories among the airings, the first not after the second; empty where not asked.
        occasions: exposure by exposure; None where not asked.
        hours: `moments` by whole hours from the publication of the first exposure's story; empty where no story says
            when it was published.
        frames: None where the variant's story has no frames.
    """

    moments: Moments
    immature: int
    crossovers: int
    without_crossovers: Moments
    mismatched: int | None = None
    checked: int = 0
    days: Mapping[int, Moments] = field(default_factory=dict)
    watched: Watched | None = None
    hours: Mapping[int, Moments] = field(default_factory=dict)
    frames: FrameData | None = None
    stories: Mapping[tuple[int, int], Met] = field(default_factory=dict)
    occasions: Occasions | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """Where a measure's values are cut.

    Attributes:
        value: in stored integer units; larger ones count as this.
        above: mature viewers with larger values, by variant.
    """

    value: int
    above: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """The roll-up's answer, with what was left out and why.

    Exposures after `as_of` count nowhere, as if they were not yet there. An excluded exposure is counted once:
    as forced, else as outside the schedule, else by its unknown variant. Events are counted for mature viewers,
    and only those that some measure reads.

    Attributes:
        arms: by variant name, every declared arm, even with no viewer.
        unknown_variants: exposures that name a variant the file does not declare, by name.
        outside_schedule: exposures before start or from end on.
        forced: exposures recorded as forced, never analysed.
        not_attributed: events of exposed viewers inside their window that belong to another story (or to none).
        before_exposure: events of the story (of any, where none is asked) from the schedule's start on, but
            before their viewer's first exposure.
        views_without_time: attributed views that carry no watch time (counted as 0 s).
        watch_beyond_length: attributed views longer than the cut (capped for nothing; counted).
        exposures_by_day: day (days since 1970-01-01 UTC) and variant -> viewers first exposed, immature ones included.
        caps: of the measures that are winsorised, by name; none where no value is above 0.
        late: what came behind; None where no stored row says when it arrived.
        off_air: exposures of a story before it went up or after it was gone.
        elsewhere: exposures of stories that are not the experiment's.
        splits: viewers by each attribute asked for that is stored at all; counts alone, `later` left at 0.
    """

    arms: Mapping[str, ArmData]
    unknown_variants: Mapping[str, int]
    outside_schedule: int
    forced: int
    not_attributed: int
    before_exposure: int
    views_without_time: int
    watch_beyond_length: int
    exposures_by_day: Mapping[tuple[int, str], int]
    caps: Mapping[str, Cap] = field(default_factory=dict)
    late: Late | None = None
    off_air: int = 0
    elsewhere: int = 0
    splits: Mapping[str, Split] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """First and last instant of what is stored for an experiment; None where there is nothing.

    Attributes:
        first_exposure_us, last_exposure_us: over the experiment's exposures.
        last_event_us: over all events.
    """

    first_exposure_us: int | None
    last_exposure_us: int | None
    last_event_us: int | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """One viewer met one variant.

    Attributes:
        attributes: (name, value) of what decided that the viewer takes part, as it was known then: before the
            exposure, and kept as measured one microsecond before it.
    """

    experiment: str
    viewer_id: str
    variant: str
    exposed_at_us: int
    story_id: str | None = None
    fingerprint: str | None = None
    forced: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that was set aside: where, why, and the first 80 characters of it, made safe to show."""

    line: int
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one file. stored + duplicate + quarantined == read, always.

    Attributes:
        file: name as given.
        kind: `events`, `exposures`, `attributes`, `posts` or `totals`.
        read, stored, duplicate, quarantined: rows; one with several totals is stored where any of them is new.
        conflicts: how often a row told something else of what is the same by its identity; the smaller is kept.
        already: the very same bytes were ingested before; nothing was read again.
        reasons: quarantined rows by reason, most frequent first.
        first: the first few quarantined rows.
        warnings: sentences a user should see (unused event names, two spellings of one id, ...).
    """

    file: str
    kind: str
    read: int
    stored: int
    duplicate: int
    quarantined: int
    conflicts: int = 0
    already: bool = False
    reasons: Mapping[str, int] = ()  # type: ignore[assignment]
    first: tuple[Quarantined, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a file is to be read.

    Attributes:
        mapping: their column name -> ours.
        kind: `events`, `exposures`, `attributes`, `posts` or `totals`; None to go by the columns.
        experiment: key for rows that name none; None where nothing is said.
        events: the event names that are known.
        frames: how many frames a story has, by its id, where a file declares it.
    """

    mapping: Mapping[str, str]
    kind: str | None
    experiment: str | None
    events: frozenset[str]
    frames: Mapping[str, int] = field(default_factory=dict)


class Progress(Protocol):
    """Told how far a long job is; `done` and `total` in bytes or rows."""

    def __call__(self, done: int, total: int) -> None: ...


class Warehouse(Protocol):
    """The verbs of a store. Implementations are context managers and belong to one thread."""

    def record(self, exposures: Sequence[Exposure]) -> int:
        """Append exposures durably; returns how many were new (the same row twice is one)."""
        ...

    def ingest(self, path: Path, wishes: Wishes, *, now_us: int, progress: Progress | None = None) -> Ingested:
        """Load one file in one transaction, or nothing of it; `now_us` is noted in the manifest."""
        ...

    def span(self, experiment: str) -> Span: ...

    def roll_up(self, question: RollUp) -> Answer: ...

    def endings(self, question: RollUp) -> Mapping[str, Endings]:
        """Where views ended, by variant, of the viewers and windows of a roll-up; its measures do not matter.

        What describes and never decides is asked for on its own, by who shows it.
        """
        ...

    def split(self, question: RollUp) -> Mapping[str, Split]:
        """Moments by segment of each attribute that `question.by` names and that is stored at all."""
        ...

    def attributes(self) -> Sequence[str]:
        """Names of the attributes that are stored, sorted."""
        ...

    def slots(self, experiment: str, as_of_us: int) -> SlotData:
        """What was posted in the slots of an experiment, and every total of these stories, as of an instant."""
        ...

    def viewers_per_variant(self, experiment: str) -> Mapping[str, int]:
        """Distinct viewers by logged variant: the cheap count for `status`."""
        ...

    def fingerprints(self, experiment: str) -> Mapping[str, int]:
        """Exposures by the fingerprint they were recorded under (empty text where none was logged)."""
        ...
