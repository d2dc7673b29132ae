"""At which level each comparison is read: the declared way of looking, the family, and what may not be compared.

Always valid (the default): AlwaysValid(alpha, planned), `planned` being twice `decision.min_per_variant`: the viewers
of a compared pair at which its interval is tightest, declared before any data as the guarantee demands. The family is
every treatment on every primary metric and shares alpha by Bonferroni. Fixed: one look at the schedule's end, Dunnett
over the treatments of a primary metric and Bonferroni over several primaries. Group sequential: a few looks, each when
its share of the planned viewers is there. Guardrails are one-sided at alpha (the end on the bad side of a two-sided
interval at 2 alpha) and in no family. What needs the p values of a whole family is in `families`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from abstory.experiment import Experiment, Outcome, Role, Variant
from abstory.experiment.looks import GroupSequential as PlannedLooks
from abstory.metrics import Metric
from abstory.results import Look, Looking, Method
from abstory.stats.dunnett import Dunnett, loadings
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.group_sequential import GroupSequential
from abstory.stats.moments import Moments
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import FixedHorizon, Reading
from abstory.stats.sequential import AlwaysValid

_LARGEST_LEVEL = 0.999


def fixed(experiment: Experiment) -> bool:
    """Whether there is one look only, at the end."""
    return experiment.analysis.looks == "fixed"


def over(experiment: Experiment, as_of_us: int) -> bool:
    """Whether the last window is closed."""
    return as_of_us >= experiment.closes_us


def planned(experiment: Experiment) -> int:
    """Viewers of a compared pair that the always-valid reading is tuned to."""
    return 2 * experiment.decision.min_per_variant


def planned_looks(experiment: Experiment) -> PlannedLooks | None:
    """The group sequential looks that the file declares; None where it declares another way."""
    looks: object = experiment.analysis.looks
    return looks if isinstance(looks, PlannedLooks) else None


def withheld(experiment: Experiment, as_of_us: int, look: Look | None) -> Undetermined | None:
    """Why no effect at all may be shown now; None where they may."""
    if fixed(experiment) and not over(experiment, as_of_us):
        return Undetermined(Reason.BEFORE_END, instant(experiment.closes_us))
    if planned_looks(experiment) and look is None:
        return Undetermined(Reason.BETWEEN_LOOKS)
    return None


def way(experiment: Experiment) -> str:
    """The declared correction over several comparisons."""
    return experiment.analysis.multiplicity


def reading(
    experiment: Experiment, outcome: Outcome, moments: Mapping[str, Moments], *, look: Look | None = None
) -> Reading:
    """How one metric's comparisons are read where their level needs no p of any other.

    Args:
        experiment: as the file declares it.
        outcome: the metric in its role.
        moments: of every variant: who is compared, and Dunnett's correlations.
        look: of a group sequential design; without one it is read as at the plan's last look.
    """
    base = _base(experiment, look)
    if outcome.role is Role.GUARDRAIL:
        return doubled(base)
    if outcome.role is Role.SECONDARY or experiment.analysis.multiplicity == "none":
        return base
    if not _dunnett(experiment):
        return _shared(base, len(family(experiment, moments)))
    compared = [variant for metric, variant in family(experiment, moments) if metric == outcome.metric.name]
    if not compared:
        return base
    return _shared(_dunnett_reading(experiment, outcome.metric, compared, moments), _primaries(experiment, moments))


def base(experiment: Experiment, look: Look | None = None) -> Reading:
    """The declared way of looking at alpha, for one comparison."""
    return _base(experiment, look)


def doubled(reading: Reading) -> Reading:
    """The reading of which one end is a bound at alpha of one side."""
    return reading.at(min(2 * reading.alpha, _LARGEST_LEVEL))


def family(experiment: Experiment, moments: Mapping[str, Moments]) -> tuple[tuple[str, str], ...]:
    """Every (primary metric, treatment) that shares alpha."""
    return members(experiment, moments, Role.PRIMARY)


def members(experiment: Experiment, moments: Mapping[str, Moments], role: Role) -> tuple[tuple[str, str], ...]:
    """Every (metric of the role, treatment) that can be compared and has a viewer.

    Who leaves is decided by declared lengths and by exposure counts, never by outcomes.
    """
    return tuple(
        (outcome.metric.name, variant.name)
        for outcome in experiment.outcomes
        if outcome.role is role
        for variant in experiment.treatments
        if moments[variant.name].n and not lengths_apart(experiment, outcome.metric, variant)
    )


def lengths_apart(experiment: Experiment, metric: Metric, variant: Variant) -> str:
    """Both lengths, where they differ from control's, the metric is tied to length and the file does not ask for it."""
    return "" if experiment.analysis.compare_across_lengths else _both_lengths(experiment, metric, variant)


def _both_lengths(experiment: Experiment, metric: Metric, variant: Variant) -> str:
    mine, controls = variant.length, experiment.control.length
    if metric.across_lengths or (mine and mine.us) == (controls and controls.us):
        return ""
    return " and ".join(length.text if length else "unknown" for length in (mine, controls))


def instant(us: int) -> str:
    """An instant as a reader sees it."""
    return f"{datetime.fromtimestamp(us // 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"


def method(
    experiment: Experiment,
    moments: Mapping[str, Moments],
    *,
    as_of_us: int,
    now_us: int | None = None,
    looking: Looking | None = None,
) -> Method:
    """How the numbers were made, for the line that says so."""
    return Method(
        reading=_base(experiment, None).name,
        multiplicity=_words(experiment, moments),
        family=max(1, len(family(experiment, moments))),
        alpha=experiment.analysis.alpha,
        planned=planned(experiment) if experiment.analysis.looks == "always_valid" else None,
        notes=(*_time_notes(experiment, as_of_us, now_us), *_notes(experiment, moments)),
        looking=looking,
    )


def _base(experiment: Experiment, look: Look | None) -> FixedHorizon | AlwaysValid | GroupSequential:
    alpha, looks = experiment.analysis.alpha, planned_looks(experiment)
    if looks is not None:
        at = look or Look(1.0, 0, tuple(number / looks.looks for number in range(1, looks.looks)))
        return GroupSequential(alpha, at.share, at.earlier, looks.spending)
    return FixedHorizon(alpha) if fixed(experiment) else AlwaysValid(alpha, planned(experiment))


def _dunnett(experiment: Experiment) -> bool:
    return fixed(experiment) and experiment.analysis.multiplicity == "dunnett"


def _shared(base: Reading, size: int) -> Reading:
    return Bonferroni(base, size) if size > 1 else base


def _primaries(experiment: Experiment, moments: Mapping[str, Moments]) -> int:
    return len({metric for metric, _ in family(experiment, moments)})


def _dunnett_reading(
    experiment: Experiment, metric: Metric, compared: list[str], moments: Mapping[str, Moments]
) -> Reading:
    if len(compared) == 1:
        return FixedHorizon(experiment.analysis.alpha)
    own = [_squared_error(metric, moments[variant]) for variant in compared]
    control = _squared_error(metric, moments[experiment.control.name])
    return Dunnett(experiment.analysis.alpha, loadings(control if control < float("inf") else 0.0, own))


def _squared_error(metric: Metric, moments: Moments) -> float:
    """Of a variant's value; infinite where it is not known, which makes its comparison count as independent."""
    sample = metric.sample(moments) if moments.n > 1 else None
    return float("inf") if sample is None or isinstance(sample, Undetermined) else sample.variance / sample.n


def _words(experiment: Experiment, moments: Mapping[str, Moments]) -> str:
    size, several = len(family(experiment, moments)), _primaries(experiment, moments)
    named = way(experiment)
    if named == "gatekeeping" and (later := len(members(experiment, moments, Role.SECONDARY))):
        return f"gatekeeping from {size} to {later}"
    if size <= 1:
        return ""
    if named in _NAMED:
        return f"{_NAMED[named]} over {size}"
    if not _dunnett(experiment):
        return f"Bonferroni over {size}"
    within = f"Dunnett over {size // several}" if size > several else ""
    return ", ".join(filter(None, (within, f"Bonferroni over {several} primaries" if several > 1 else "")))


_NAMED = {
    "none": "no adjustment",
    "holm": "Holm",
    "hochberg": "Hochberg",
    "gatekeeping": "Holm",
    "bh": "Benjamini-Hochberg",
}
_BESIDE = {
    "holm": "words and p adj go by Holm's steps; intervals are Bonferroni's, which are wider",
    "hochberg": "words and p adj go by Hochberg's steps; intervals are Bonferroni's, which are wider",
    "gatekeeping": "words and p adj go through the gates, primaries first; intervals are Bonferroni's",
    "bh": "a false discovery rate: of the primaries said to differ, at most alpha are expected to be wrong",
}


def _time_notes(experiment: Experiment, as_of_us: int, now_us: int | None) -> Iterator[str]:
    if over(experiment, as_of_us):
        return
    if fixed(experiment):
        yield "a fixed horizon has one look: effects are withheld until the last window of the schedule is closed"
    if now_us is not None and over(experiment, now_us):
        end = instant(experiment.closes_us)
        yield f"the stored data end before the last window closes ({end}): once all are loaded, ask --as-of then"


def _notes(experiment: Experiment, moments: Mapping[str, Moments]) -> Iterator[str]:
    named, several = way(experiment), len(family(experiment, moments)) > 1
    if named in _BESIDE and (several or named == "gatekeeping"):
        yield _BESIDE[named]
    if experiment.metrics.secondary and named != "gatekeeping":
        yield _exploratory(len(members(experiment, moments, Role.SECONDARY)), named)
    if experiment.metrics.guardrails:
        yield "guardrails are read one-sided at alpha, outside the family"
    yield from _not_compared(experiment)
    empty = [variant.name for variant in experiment.variants if not moments[variant.name].n]
    if empty:
        yield f"no analysed {'posts' if experiment.by_slot else 'viewers'}: {', '.join(empty)}"


def _exploratory(size: int, named: str) -> str:
    if size < 2 or named == "none":
        return "secondary metrics are exploratory, not adjusted"
    return f"secondary metrics are exploratory: Benjamini-Hochberg over {size}, intervals at the level of those named"


def _not_compared(experiment: Experiment) -> Iterator[str]:
    asked = experiment.analysis.compare_across_lengths
    for outcome in experiment.outcomes:
        apart = [v.name for v in experiment.treatments if _both_lengths(experiment, outcome.metric, v)]
        if apart and asked:
            yield (
                f"{outcome.metric.name} is compared between cuts of different length, as the file asks"
                " (compare_across_lengths): a shorter cut is completed more often at equal appeal"
            )
        elif apart:
            name, shown = outcome.metric.name, ", ".join(apart)
            yield f"{name} depends on the length of the cut: shown for {shown}, not compared with control"
