"""Do viewers arrive as declared: in the declared proportions, in one variant each, under the declared file?"""

from __future__ import annotations

from collections.abc import Sequence

from abstory import digits
from abstory.experiment import Experiment
from abstory.quality.evidence import ALARM_BELOW, SMALLEST_GAP, Evidence
from abstory.results import Check, Status
from abstory.stats.sample_ratio import SampleRatio, srm_chisq, srm_sequential

MOST_CROSSOVER = 0.01
MOST_UNKNOWN = 0.001


def srm(evidence: Evidence) -> Check:
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


def crossover(evidence: Evidence) -> Check:
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


def drift(evidence: Evidence) -> Check:
    """Exposures stamped with another file; a smaller traffic share is not drift, for a ramp is allowed."""
    stamped = {stamp: n for stamp, n in evidence.stored.items() if stamp}
    others = {stamp: n for stamp, n in stamped.items() if stamp != evidence.experiment.fingerprint}
    if others:
        ramp = smaller_shares(evidence.experiment)
        others = {stamp: n for stamp, n in others.items() if stamp not in ramp}
    figures = {"other": sum(others.values()), "stamped": sum(stamped.values())}
    if others:
        said = (
            f"the file changed after {digits.counted(sum(others.values()), 'exposure was', 'exposures were')} recorded"
        )
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


def unknown_variant(evidence: Evidence) -> Check:
    """Exposures that name a variant the file does not have: a few are a typo, many an app that runs something else."""
    unknown = sum(evidence.answer.unknown_variants.values())
    if not unknown:
        return Check("unknown_variant", Status.OK, "every variant declared", figures={"exposures": 0})
    total = unknown + evidence.viewers + sum(arm.immature for arm in evidence.arms)
    names = ", ".join(sorted(evidence.answer.unknown_variants)[:3])
    status = Status.FAIL if unknown / total > MOST_UNKNOWN else Status.WARN
    said = f"{digits.counted(unknown, 'exposure')} of undeclared variants ({names})"
    figures = {"exposures": unknown, "share": unknown / total}
    return Check("unknown_variant", status, said, "declare them, or find what logs them", figures)


def mismatch(evidence: Evidence) -> Check:
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
