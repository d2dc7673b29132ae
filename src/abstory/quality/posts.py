"""May a calendar be read? Posts as drawn, none lost on one side, totals read in time and counted in one way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from abstory import digits
from abstory.experiment import HOUR_US, Experiment
from abstory.metrics import Total
from abstory.quality.arrival import differs
from abstory.quality.evidence import ALARM_BELOW
from abstory.results import Check, Status
from abstory.results.posted import Fate, PostedSlot
from abstory.warehouse.slots import SlotData

MOST_UNREAD = 0.05
MOST_SKIPPED = 0.2
MOST_OTHER = 0.01
OFF_HOURS = 1
CARRIED_BELOW = 0.01


@dataclass(frozen=True, slots=True)
class PostEvidence:
    """What the checks look at.

    Attributes:
        experiment: of the slot design.
        slots: what became of each.
        data: what the store knows.
        as_of_us: the instant.
        now_us: the clock; None leaves the age unknown.
    """

    experiment: Experiment
    slots: Sequence[PostedSlot]
    data: SlotData
    as_of_us: int
    now_us: int | None

    @property
    def over(self) -> bool:
        """Whether the last post's window is over."""
        return self.as_of_us >= self.experiment.closes_us

    @property
    def due(self) -> list[PostedSlot]:
        """Slots whose window is over."""
        return [slot for slot in self.slots if slot.due]

    def fate(self, *fates: Fate) -> list[PostedSlot]:
        """Slots of these fates."""
        return [slot for slot in self.slots if slot.fate in fates]

    def uneven(self, some: Sequence[PostedSlot]) -> float:
        """The p value of equal shares of some of the due slots over variants."""
        mine, all_due = (Counter(slot.variant for slot in slots) for slots in (some, self.due))
        names = [variant.name for variant in self.experiment.variants]
        return differs([mine[name] for name in names], [all_due[name] for name in names])


def unread(evidence: PostEvidence) -> Check:
    """Posts that are over and of which nothing is known yet: to be loaded before anything is read of the others."""
    due, lacking = evidence.due, evidence.fate(Fate.UNREAD, Fate.UNKNOWN)
    if not due or not evidence.data.posts:
        said = "no post's window is over yet" if not due else "no post recorded"
        return Check("unread", Status.UNKNOWN, said)
    share, figures = len(lacking) / len(due), {"posts": len(lacking), "due": len(due)}
    if not lacking:
        return Check("unread", Status.OK, f"all {_posts(len(due))} accounted for", "", figures)
    said = f"{len(lacking)} of {_posts(len(due))} without totals of after the window"
    advice = "load their posts and totals, or record that nothing was posted"
    status = Status.FAIL if share > MOST_UNREAD and evidence.over else Status.WARN
    return Check("unread", status, said, advice, figures)


def skipped(evidence: PostEvidence) -> Check:
    """Slots without a post are left out of the comparison, which is fair only where the variant did not decide."""
    due, lacking = evidence.due, evidence.fate(Fate.SKIPPED)
    share, p = len(lacking) / len(due) if due else 0.0, evidence.uneven(lacking)
    figures = {"posts": len(lacking), "share": share, "p": p}
    if not lacking:
        return Check("skipped", Status.OK, "no slot skipped", "", figures)
    said = f"{_posts(len(lacking))} of {len(due)} skipped"
    if p < ALARM_BELOW:
        why = f"{said}, unevenly between variants ({digits.p_said(p)})"
        return Check("skipped", Status.FAIL, why, "what is skipped must not depend on the variant", figures)
    advice = "the fewer are left, the less can be shown" if share > MOST_SKIPPED else ""
    return Check("skipped", Status.WARN if advice else Status.OK, said, advice, figures)


def as_drawn(evidence: PostEvidence) -> Check:
    """A post of another variant than was drawn counts for the drawn one; many of them, and it means nothing."""
    shown = [slot for slot in evidence.slots if slot.shown is not None]
    other = [slot for slot in shown if slot.shown != slot.variant]
    share = len(other) / len(shown) if shown else 0.0
    return _found(
        "as_drawn",
        len(other),
        well="posted as drawn",
        ill=f"{_posts(len(other))} of {len(shown)} of another variant than was drawn",
        advice="did the file change after posting? abstory calendar shows the draw",
        status=Status.FAIL if share > MOST_OTHER else Status.WARN,
    )


def strangers(evidence: PostEvidence) -> Check:
    """Posts recorded for slots that the calendar does not have."""
    known = {slot.slot.id for slot in evidence.slots}
    unknown = sorted(post.slot_id for post in evidence.data.posts if post.slot_id not in known)
    return _found(
        "unknown_slot",
        len(unknown),
        well="every post in a slot of the calendar",
        ill=f"{_posts(len(unknown))} in slots that the calendar does not have ({', '.join(unknown[:2])})",
        advice="restore the file as it was when posting began",
        status=Status.FAIL,
    )


def shared(evidence: PostEvidence) -> Check:
    """One story in several slots: its totals would count twice."""
    stories = Counter(slot.story for slot in evidence.slots if slot.story is not None)
    posts = sum(count for count in stories.values() if count > 1)
    return _found(
        "shared_story",
        posts,
        well="every post a story of its own",
        ill=f"{_posts(posts)} share the story of another slot",
        advice="load each slot with the id of its own post",
        status=Status.FAIL,
    )


def definitions(evidence: PostEvidence) -> Check:
    """A total that is counted in two ways cannot be compared with itself."""
    ways: dict[str, set[str]] = {}
    for slot in evidence.slots:
        for name, found in slot.definitions.items():
            ways.setdefault(name, set()).update(found)
    several = sorted(name for name, found in ways.items() if len(found) > 1)
    return _found(
        "definitions",
        len(several),
        well="every total counted in one way",
        ill=f"{' and '.join(several)} counted in more than one way",
        advice="metrics made of them are not compared: load one definition",
    )


def impossible(evidence: PostEvidence) -> Check:
    """More completions than views, or more reach: the columns are mixed up."""
    odd = [
        slot
        for slot in evidence.slots
        if any(slot.totals.get(part, 0) > slot.totals.get("views", float("inf")) for part in ("completions", "reach"))
    ]
    return _found(
        "impossible",
        len(odd),
        well="nothing too good to be true",
        ill=f"{_posts(len(odd))} with more completions or reach than views",
        advice="are the columns mapped right?",
    )


def on_time(evidence: PostEvidence) -> Check:
    """Posts that went up far from their slot still count for it; the hour is then another one."""
    went_up = ((slot.posted_us, slot.slot.scheduled_us) for slot in evidence.slots)
    off = [us for us, due in went_up if us is not None and abs(us - due) > OFF_HOURS * HOUR_US]
    return _found(
        "off_time",
        len(off),
        well="posts on time",
        ill=f"{_posts(len(off))} more than {OFF_HOURS} h off the slot",
        advice="are posted_at and the calendar's timezone right?",
    )


def read_in_time(evidence: PostEvidence) -> Check:
    """Totals go on growing: one that is read long after its window says more than the window."""
    window = evidence.experiment.analysis.window.us
    late = [slot.late_us for slot in evidence.fate(Fate.READ) if slot.late_us > window / 2]
    return _found(
        "late_reading",
        len(late),
        well="totals read as windows ended",
        ill=f"totals of {_posts(len(late))} read up to {digits.age(max(late, default=0))} after the window",
        advice="read each post's totals as its window ends",
    )


def _found(name: str, count: int, *, well: str, ill: str, advice: str, status: Status = Status.WARN) -> Check:
    """A count that should be 0."""
    figures = {"count": count}
    return Check(name, status, ill, advice, figures) if count else Check(name, Status.OK, well, "", figures)


def carried(evidence: PostEvidence) -> Check:
    """Whether a post's value depends on the one before it, on the first primary: reported, never adjusted for.

    Least squares of the value on whether the account's post before was a treatment, beside own variant and block, by
    HC2 with Satterthwaite's degrees of freedom. Asked only once the calendar is over.
    """
    if not evidence.over:
        return Check("carry_over", Status.OK, "carry-over is asked at the end")
    p = _carried(evidence)
    if p is None:
        return Check("carry_over", Status.OK, "carry-over not known: too few posts")
    if p >= CARRIED_BELOW:
        return Check("carry_over", Status.OK, "no carry-over seen", "", {"p": p})
    said = f"a post's value depends on the post before it ({digits.p_said(p)})"
    return Check("carry_over", Status.WARN, said, "leave more time between posts, or forbid repeats", {"p": p})


def _carried(evidence: PostEvidence) -> float | None:
    from abstory.stats.cluster_robust import coefficient
    from abstory.stats.estimate import Undetermined

    metric, control = evidence.experiment.outcomes[0].metric, evidence.experiment.control.name
    if not isinstance(metric, Total):
        return None
    rows = [
        (slot, value, before) for slot, before in _neighbours(evidence) if (value := slot.value(metric)) is not None
    ]
    blocks, variants = ({key(slot) for slot, _, _ in rows} for key in (_block, _variant))
    design = [
        [float(before != control), *(float(_variant(slot) == name) for name in sorted(variants))]
        + [float(_block(slot) == name) for name in sorted(blocks)]
        for slot, _, before in rows
    ]
    if not rows or len(rows) < 2 * (len(blocks) + len(variants)):
        return None
    import numpy as np

    found = coefficient(np.array(design), [value for _, value, _ in rows], range(len(rows)))
    if isinstance(found, Undetermined):
        return None
    return found.cr2.p_value


def _neighbours(evidence: PostEvidence) -> list[tuple[PostedSlot, str]]:
    """Every post with the variant of the account's post before it."""
    pairs = zip(evidence.slots, evidence.slots[1:], strict=False)
    return [(after, before.variant) for before, after in pairs if before.slot.account == after.slot.account]


def _block(slot: PostedSlot) -> str:
    return slot.slot.block


def _variant(slot: PostedSlot) -> str:
    return slot.variant


def age(evidence: PostEvidence) -> Check:
    """From the last reading to the instant of asking; once the calendar is over and read, nothing ages."""
    last = evidence.data.last_captured_us
    if last is None or evidence.now_us is None:
        return Check("age", Status.UNKNOWN, "no totals loaded" if last is None else "age of totals not known")
    age = max(0, evidence.now_us - last)
    if evidence.over:
        return Check("age", Status.OK, "the calendar is over", "", {"age_us": age})
    old = digits.age(age)
    return Check("age", Status.OK, "totals new" if old == "now" else f"totals {old} old", "", {"age_us": age})


def _posts(count: int) -> str:
    return f"{count:,} post{'' if count == 1 else 's'}"


_CHECKS: tuple[Callable[[PostEvidence], Check], ...] = (
    unread,
    skipped,
    as_drawn,
    strangers,
    shared,
    definitions,
    impossible,
    on_time,
    read_in_time,
    carried,
    age,
)


def post_checks(evidence: PostEvidence) -> tuple[Check, ...]:
    """Every check, most important first."""
    return tuple(check(evidence) for check in _CHECKS)
