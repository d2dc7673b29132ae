"""May the data be trusted? Checks that come before any lift; one that fails withholds every effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from abstory import digits
from abstory.experiment import HOUR_US, Experiment
from abstory.results import Check, Status
from abstory.stats.sample_ratio import SampleRatio, srm_chisq, srm_sequential
from abstory.warehouse.base import Answer, ArmData

MOST_CROSSOVER = 0.01
ALARM_BELOW = 0.001
SMALLEST_GAP = 0.001
MOST_UNKNOWN = 0.001
STALE_HOURS = 48


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the checks look at.

    Attributes:
        experiment: as the file declares it.
        answer: of the roll-up.
        stored: exposures by the fingerprint they were recorded under, empty text where none was logged.
        age_us: from the last stored event to now; None without an event or a clock.
        over: the last window of the schedule is closed: nothing more is waited for, and the one look of a fixed
            horizon has the plain chi-square test for SRM.
    """

    experiment: Experiment
    answer: Answer
    stored: Mapping[str, int]
    age_us: int | None = None
    over: bool = False

    @property
    def arms(self) -> Sequence[ArmData]:
        """In declared order."""
        return [self.answer.arms[variant.name] for variant in self.experiment.variants]

    @property
    def viewers(self) -> int:
        return sum(arm.moments.n for arm in self.arms)


def checks(evidence: Evidence) -> tuple[Check, ...]:
    """Every check, most important first."""
    return tuple(check(evidence) for check in _CHECKS)


def _srm(evidence: Evidence) -> Check:
    """Of analysed viewers, variants without any included, so that n here is the n of every metric."""
    counts = [arm.moments.n for arm in evidence.arms]
    if not evidence.viewers:
        return Check("srm", Status.UNKNOWN, "SRM not known: no viewers")
    weights = [float(variant.weight) for variant in evidence.experiment.variants]
    one_look = evidence.over and evidence.experiment.analysis.looks == "fixed"
    found = (srm_chisq if one_look else srm_sequential)(counts, weights)
    advice = "find what loses or doubles viewers of one variant; effects are withheld" if found.alarm else ""
    status = Status.FAIL if found.alarm else Status.OK
    return Check("srm", status, f"SRM {digits.p_said(found.p_value)}", advice, _ratio_figures(found))


def _ratio_figures(found: SampleRatio) -> dict[str, float | int | str | None]:
    return {"p": found.p_value, "deviation": found.deviation, "method": found.method}


def _crossover(evidence: Evidence) -> Check:
    """First exposure decides the arm; with too many who saw another one, or more in one arm, it no longer does."""
    seen, viewers = [arm.crossovers for arm in evidence.arms], [arm.moments.n for arm in evidence.arms]
    if not evidence.viewers:
        return Check("crossover", Status.UNKNOWN, "crossover not known: no viewers")
    share, p = sum(seen) / evidence.viewers, differs(seen, viewers)
    rates = [x / n for x, n in zip(seen, viewers, strict=True) if n]
    uneven = p < ALARM_BELOW and max(rates) - min(rates) >= SMALLEST_GAP
    figures = {"share": share, "p": p, "viewers": sum(seen)}
    said = f"{digits.share(share)} saw >1 variant"
    if share <= MOST_CROSSOVER and not uneven:
        return Check("crossover", Status.OK, said, figures=figures)
    why = f"unevenly between variants, {digits.p_said(p)}" if uneven else "more than 1% is too many"
    return Check("crossover", Status.FAIL, f"{said} ({why})", "keep one variant per viewer when showing it", figures)


def differs(seen: Sequence[int], of: Sequence[int]) -> float:
    """The p value of equal shares over arms: Pearson's chi-square of the k x 2 table; arms with no one leave it.

    Args:
        seen: counts by arm, each at most that of `of`.
        of: sizes by arm.
    """
    arms = [(x, n) for x, n in zip(seen, of, strict=True) if n]
    total, all_seen = sum(n for _, n in arms), sum(x for x, _ in arms)
    if len(arms) < 2 or all_seen in {0, total}:
        return 1.0
    from scipy.special import chdtrc

    rate = all_seen / total
    square = sum((x - n * rate) ** 2 / (n * rate * (1 - rate)) for x, n in arms)
    return float(chdtrc(len(arms) - 1, square))


def _drift(evidence: Evidence) -> Check:
    """Exposures stamped with another file; a smaller traffic share is not drift, for a ramp is allowed."""
    stamped = {stamp: n for stamp, n in evidence.stored.items() if stamp}
    others = {stamp: n for stamp, n in stamped.items() if stamp != evidence.experiment.fingerprint}
    if others:
        ramp = smaller_shares(evidence.experiment)
        others = {stamp: n for stamp, n in others.items() if stamp not in ramp}
    figures = {"other": sum(others.values()), "stamped": sum(stamped.values())}
    if others:
        said = f"the file changed after {sum(others.values()):,} exposures were recorded"
        return Check("drift", Status.FAIL, said, "restore the file, or start a new experiment under a new key", figures)
    return Check(
        "drift", Status.OK, "file unchanged" if stamped else "exposures carry no stamp of the file", "", figures
    )


def smaller_shares(experiment: Experiment) -> frozenset[str]:
    """The fingerprints the file had at every smaller traffic share (in basis points): about 0.3 s, only under doubt."""
    fields = {name: getattr(experiment, name) for name in type(experiment).model_fields}
    shares = range(experiment.traffic.share)
    ramps = (experiment.traffic.model_copy(update={"share": share}) for share in shares)
    return frozenset(Experiment.model_construct(**fields | {"traffic": ramp}).fingerprint for ramp in ramps)


def _unknown_variant(evidence: Evidence) -> Check:
    """Exposures that name a variant the file does not have: a few are a typo, many an app that runs something else."""
    unknown = sum(evidence.answer.unknown_variants.values())
    if not unknown:
        return Check("unknown_variant", Status.OK, "every variant declared", figures={"exposures": 0})
    total = unknown + evidence.viewers + sum(arm.immature for arm in evidence.arms)
    names = ", ".join(sorted(evidence.answer.unknown_variants)[:3])
    status = Status.FAIL if unknown / total > MOST_UNKNOWN else Status.WARN
    said = f"{unknown:,} exposures of undeclared variants ({names})"
    figures = {"exposures": unknown, "share": unknown / total}
    return Check("unknown_variant", status, said, "declare them, or find what logs them", figures)


def _mismatch(evidence: Evidence) -> Check:
    """Logged variants that assignment does not give: a few leaked, or as many as another system gives by chance."""
    checked = sum(arm.checked for arm in evidence.arms)
    wrong = sum(arm.mismatched or 0 for arm in evidence.arms)
    figures = {"checked": checked, "mismatched": wrong}
    if not wrong:
        return Check("mismatch", Status.OK, "variants as assigned" if checked else "variants not checked", "", figures)
    weights = [variant.weight for variant in evidence.experiment.variants]
    by_chance = 1 - sum(weight**2 for weight in weights) / sum(weights) ** 2
    if wrong / checked > by_chance / 2:
        return Check("mismatch", Status.OK, "variants were drawn by another system", "", figures)
    said = f"{wrong:,} of {checked:,} viewers saw a variant that assignment does not give"
    return Check("mismatch", Status.WARN, said, "find what overrides it: an old build, a cache, a tester", figures)


def _silent(evidence: Evidence) -> Check:
    """Viewers and not one event: nearly always the wrong story or the wrong ids, and never a rate of 0."""
    if not evidence.viewers or any(any(arm.moments.means.values()) for arm in evidence.arms):
        return Check("no_events", Status.OK, "events found")
    elsewhere = evidence.answer.not_attributed
    story = evidence.experiment.story
    advice = f"is `story: {story}` right? {elsewhere:,} events name another" if elsewhere and story else ""
    said = "no event counts in any viewer's window"
    return Check("no_events", Status.WARN, said, advice or "are events loaded, with the same viewer ids?")


def _immature(evidence: Evidence) -> Check:
    waiting = sum(arm.immature for arm in evidence.arms)
    share = waiting / (waiting + evidence.viewers) if waiting else 0.0
    said = f"{waiting:,} viewers ({digits.share(share)}) still in their window" if waiting else "every window closed"
    return Check("immature", Status.OK, said, "", {"viewers": waiting, "share": share})


def _age(evidence: Evidence) -> Check:
    if evidence.age_us is None:
        return Check("age", Status.UNKNOWN, "age of events not known")
    age = max(0, evidence.age_us)
    said, figures = f"events {digits.age(age)} old" if digits.age(age) != "now" else "events new", {"age_us": age}
    if age > STALE_HOURS * HOUR_US and not evidence.over:
        return Check("age", Status.WARN, said, "load what has come in since", figures)
    return Check("age", Status.OK, said, "", figures)


def _counted(name: str, what: str, advice: str, of: Callable[[Answer], int]) -> Callable[[Evidence], Check]:
    """A count that is shown, and warned of where there is advice."""

    def check(evidence: Evidence) -> Check:
        count = of(evidence.answer)
        status = Status.WARN if count and advice else Status.OK
        return Check(name, status, f"{count:,} {what}", advice if count else "", {"count": count})

    return check


_CHECKS: tuple[Callable[[Evidence], Check], ...] = (
    _srm,
    _crossover,
    _drift,
    _unknown_variant,
    _mismatch,
    _silent,
    _age,
    _immature,
    _counted(
        "views_without_time",
        "views without watch time",
        "they count as 0 s watched: log watch_ms with every view",
        lambda answer: answer.views_without_time,
    ),
    _counted(
        "outside_schedule",
        "exposures outside the schedule",
        "they are left out: is the schedule right?",
        lambda answer: answer.outside_schedule,
    ),
    _counted("not_attributed", "events of other stories", "", lambda answer: answer.not_attributed),
    _counted("before_exposure", "events before the first exposure", "", lambda answer: answer.before_exposure),
    _counted("beyond_length", "views longer than the cut", "", lambda answer: answer.watch_beyond_length),
    _counted("forced", "forced exposures left out", "", lambda answer: answer.forced),
)
