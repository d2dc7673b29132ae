"""At which level each comparison is read: the declared way of looking, the family, and what may not be compared.

Always valid (the default): AlwaysValid(alpha, planned), `planned` being twice `decision.min_per_variant`: the viewers
of a compared pair at which its interval is tightest, declared before any data as the guarantee demands. The family is
every treatment on every primary metric and shares alpha by Bonferroni. Fixed: one look at the schedule's end, Dunnett
over the treatments of a primary metric and Bonferroni over several primaries. Guardrails are one-sided at alpha (the
end on the bad side of a two-sided interval at 2 alpha) and secondaries are read at alpha; neither is in the family.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from abstory.errors import NotYet
from abstory.experiment import Experiment, Outcome, Role, Variant
from abstory.metrics import Metric
from abstory.results import Method
from abstory.stats.dunnett import Dunnett, loadings
from abstory.stats.estimate import Undetermined
from abstory.stats.moments import Moments
from abstory.stats.multiplicity import Bonferroni
from abstory.stats.reading import FixedHorizon, Reading
from abstory.stats.sequential import AlwaysValid

_LARGEST_LEVEL = 0.999


def fixed(experiment: Experiment) -> bool:
    """Whether there is one look only, at the end."""
    return experiment.analysis.looks == "fixed"


def closes_us(experiment: Experiment) -> int:
    """When the last window of the schedule closes."""
    return experiment.end_us + experiment.analysis.window.us


def over(experiment: Experiment, as_of_us: int) -> bool:
    """Whether the last window is closed."""
    return as_of_us >= closes_us(experiment)


def planned(experiment: Experiment) -> int:
    """Viewers of a compared pair that the always-valid reading is tuned to."""
    return 2 * experiment.decision.min_per_variant


def reading(experiment: Experiment, outcome: Outcome, moments: Mapping[str, Moments]) -> Reading:
    """How one metric's comparisons are read.

    Raises:
        NotYet: the file declares group sequential looks.
    """
    base = _base(experiment)
    if outcome.role is Role.GUARDRAIL:
        return base.at(min(2 * base.alpha, _LARGEST_LEVEL))
    if outcome.role is Role.SECONDARY or experiment.analysis.multiplicity == "none":
        return base
    if not _dunnett(experiment):
        return _shared(base, len(family(experiment, moments)))
    compared = [variant for metric, variant in family(experiment, moments) if metric == outcome.metric.name]
    if not compared:
        return base
    return _shared(_dunnett_reading(experiment, outcome.metric, compared, moments), _primaries(experiment, moments))


def family(experiment: Experiment, moments: Mapping[str, Moments]) -> tuple[tuple[str, str], ...]:
    """Every (primary metric, treatment) that shares alpha: those that can be compared and have a viewer.

    Who leaves is decided by declared lengths and by exposure counts, never by outcomes.
    """
    return tuple(
        (outcome.metric.name, variant.name)
        for outcome in experiment.outcomes
        if outcome.role is Role.PRIMARY
        for variant in experiment.treatments
        if moments[variant.name].n and not lengths_apart(experiment, outcome.metric, variant)
    )


def lengths_apart(experiment: Experiment, metric: Metric, variant: Variant) -> str:
    """Both lengths, where they differ from control's and the metric is tied to length; else empty."""
    mine, controls = variant.length, experiment.control.length
    if metric.across_lengths or (mine and mine.us) == (controls and controls.us):
        return ""
    return " and ".join(length.text if length else "unknown" for length in (mine, controls))


def instant(us: int) -> str:
    """An instant as a reader sees it."""
    return f"{datetime.fromtimestamp(us // 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"


def method(
    experiment: Experiment, moments: Mapping[str, Moments], *, as_of_us: int, now_us: int | None = None
) -> Method:
    """How the numbers were made, for the line that says so."""
    return Method(
        reading=_base(experiment).name,
        multiplicity=_words(experiment, moments),
        family=max(1, len(family(experiment, moments))),
        alpha=experiment.analysis.alpha,
        planned=None if fixed(experiment) else planned(experiment),
        notes=(*_time_notes(experiment, as_of_us, now_us), *_notes(experiment, moments)),
    )


def _base(experiment: Experiment) -> FixedHorizon | AlwaysValid:
    alpha, looks = experiment.analysis.alpha, experiment.analysis.looks
    if looks == "fixed":
        return FixedHorizon(alpha)
    if looks == "always_valid":
        return AlwaysValid(alpha, planned(experiment))
    raise NotYet("group sequential looks are not built yet", hint="use looks: always_valid or looks: fixed")


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
    if size <= 1:
        return ""
    if experiment.analysis.multiplicity == "none":
        return f"no adjustment over {size}"
    if not _dunnett(experiment):
        return f"Bonferroni over {size}"
    within = f"Dunnett over {size // several}" if size > several else ""
    return ", ".join(filter(None, (within, f"Bonferroni over {several} primaries" if several > 1 else "")))


def _time_notes(experiment: Experiment, as_of_us: int, now_us: int | None) -> Iterator[str]:
    if over(experiment, as_of_us):
        return
    if fixed(experiment):
        yield "a fixed horizon has one look: effects are withheld until the last window of the schedule is closed"
    if now_us is not None and over(experiment, now_us):
        end = instant(closes_us(experiment))
        yield f"the stored data end before the last window closes ({end}): once all are loaded, ask --as-of then"


def _notes(experiment: Experiment, moments: Mapping[str, Moments]) -> Iterator[str]:
    if experiment.metrics.secondary:
        yield "secondary metrics are exploratory, not adjusted"
    if experiment.metrics.guardrails:
        yield "guardrails are read one-sided at alpha, outside the family"
    yield from _not_compared(experiment)
    empty = [variant.name for variant in experiment.variants if not moments[variant.name].n]
    if empty:
        yield f"no analysed viewers: {', '.join(empty)}"


def _not_compared(experiment: Experiment) -> Iterator[str]:
    for outcome in experiment.outcomes:
        apart = [v.name for v in experiment.treatments if lengths_apart(experiment, outcome.metric, v)]
        if apart:
            name = outcome.metric.name
            yield f"{name} depends on the length of the cut: shown for {', '.join(apart)}, not compared with control"
