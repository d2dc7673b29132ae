"""Where to look when the split is off: is it as declared among viewers alike in an attribute?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from abstory import digits
from abstory.experiment import Experiment
from abstory.quality.evidence import ALARM_BELOW, Evidence
from abstory.results import Check, Status
from abstory.stats.multiplicity import holm
from abstory.stats.sample_ratio import SMALLEST_DEVIATION, srm_chisq, srm_sequential
from abstory.warehouse.split import Split, title

FEWEST_EXPECTED = 20
PLATFORM = "platform"


def watched(experiment: Experiment) -> tuple[str, ...]:
    """The attributes that every report holds the split to: those the audience names, and `platform`."""
    audience = experiment.audience
    return tuple(dict.fromkeys((*audience.include, *audience.exclude, PLATFORM)))


def segment_split(evidence: Evidence) -> Check:
    """The attributes that every report looks at."""
    return split_by(evidence.experiment, evidence.answer.splits, over=evidence.over)


def split_by(experiment: Experiment, splits: Mapping[str, Split], *, over: bool) -> Check:
    """Of analysed viewers in each segment of each attribute; Holm over all of them, alarm as for the whole.

    Args:
        experiment: as the file declares it.
        splits: by attribute.
        over: the last window of the schedule is closed.
    """
    weights = [float(variant.weight) for variant in experiment.variants]
    test = srm_chisq if over and experiment.analysis.looks == "fixed" else srm_sequential
    named = [(name, test(counts, weights)) for name, counts in _counts(experiment, splits)]
    adjusted = holm([found.p_value for _, found in named])
    off = sorted(
        (p, name)
        for (name, found), p in zip(named, adjusted, strict=True)
        if p < ALARM_BELOW and found.deviation >= SMALLEST_DEVIATION
    )
    figures: dict[str, float | int | str | None] = {
        "attributes": ", ".join(splits),
        "segments": len(named),
        "off": len(off),
        "p": min(adjusted, default=None),
    }
    if not off:
        said = (
            f"split as declared in {'each of ' * (len(named) > 1)}{digits.counted(len(named), 'segment')}"
            if named
            else "no segment to hold the split to"
        )
        return Check("segment_srm", Status.OK, said, "", figures)
    names = ", ".join(name for _, name in off[:3]) + (f" and {len(off) - 3} more" if len(off) > 3 else "")
    said = f"the split is off in {names} (Holm {digits.p_said(off[0][0])})"
    return Check("segment_srm", Status.WARN, said, "look there first for what loses or doubles viewers", figures)


def _counts(experiment: Experiment, splits: Mapping[str, Split]) -> Iterator[tuple[str, list[int]]]:
    """Viewers by variant in every segment that is large enough; an attribute with one segment is the whole."""
    weights = [variant.weight for variant in experiment.variants]
    for attribute, split in splits.items():
        for segment in split.segments if len(split.segments) > 1 else ():
            counts = [segment.arms[variant.name].n for variant in experiment.variants]
            if sum(counts) * min(weights) >= FEWEST_EXPECTED * sum(weights):
                yield f"{attribute} {title(segment.kind, segment.name)}", counts
