"""Covariates: measured before exposure, known for the same share of every variant, and alike in all of them."""

from __future__ import annotations

from collections.abc import Iterator

from abstory.metrics import Measure, MeasureKind
from abstory.quality.arrival import differs
from abstory.quality.evidence import ALARM_BELOW, SMALLEST_GAP, Evidence
from abstory.results import Check, Status
from abstory.stats.covariates import Arms, imbalance
from abstory.stats.estimate import Undetermined

_ADVICE = {
    Status.FAIL: "measure it before exposure: what came after may be the effect itself; or delete it from the file",
    Status.WARN: "find what differs before exposure: loading, ids, or who is assigned",
}


def covariates(evidence: Evidence) -> Check:
    """A covariate that is only known from after the exposure fails; one that differs between variants is warned of."""
    found = [fault for name in _names(evidence) for fault in _faults(evidence, name)]
    unused = {f"after_{name}": sum(_viewers(evidence, MeasureKind.AFTER, name)) for name in _names(evidence)}
    if not found:
        said = "covariates alike in all variants" if unused else "no covariates"
        return Check("covariates", Status.OK, said, "", unused)
    worst = next((fault for fault in found if fault[0] is Status.FAIL), found[0])
    return Check("covariates", worst[0], worst[1], _ADVICE[worst[0]], {"count": len(found), **unused})


def _faults(evidence: Evidence, name: str) -> Iterator[tuple[Status, str]]:
    known, after = (_viewers(evidence, kind, name) for kind in (MeasureKind.KNOWN, MeasureKind.AFTER))
    if not any(known):
        if any(after):
            yield Status.FAIL, f"every value of {name} was measured after the first exposure"
        elif evidence.viewers:
            yield Status.WARN, f"no viewer has a number called {name} from before the first exposure"
        return
    viewers = [arm.moments.n for arm in evidence.arms]
    shares = [x / n for x, n in zip(known, viewers, strict=True) if n]
    if differs(known, viewers) < ALARM_BELOW and max(shares) - min(shares) >= SMALLEST_GAP:
        yield Status.WARN, f"{name} is known for unequal shares of the variants' viewers"
    yield from _unlike(evidence, name)


def _names(evidence: Evidence) -> tuple[str, ...]:
    return evidence.experiment.analysis.covariates


def _viewers(evidence: Evidence, kind: MeasureKind, name: str) -> list[int]:
    """Of whom a 0/1 measure of a covariate holds, by variant."""
    measure = Measure(kind, attribute=name).name
    return [round(arm.moments.means.get(measure, 0.0) * arm.moments.n) for arm in evidence.arms]


def _unlike(evidence: Evidence, name: str) -> Iterator[tuple[Status, str]]:
    measure = Measure(MeasureKind.BEFORE, attribute=name).name
    for variant in evidence.experiment.treatments:
        p = imbalance(Arms(evidence.answer.arms[variant.name].moments, evidence.control.moments), measure)
        if not isinstance(p, Undetermined) and p < ALARM_BELOW:
            yield Status.WARN, f"{name} differs between {variant.name} and control before the exposure"
