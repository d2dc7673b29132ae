"""Log odds of slot counts that scatter more than binomially, by one factor: a sensitivity row, no verdict from it.

Impressions weigh here, where the slot average counts every slot once.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from abstory.stats.coefficient import Coefficient
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.moments import Tally
from abstory.stats.roots import crossing

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class QuasiBinomial:
    """Log odds ratio of treatment to control, with t by residual degrees of freedom.

    Attributes:
        log_odds_ratio: read with errors times √dispersion.
        dispersion: Pearson's φ = Σ(x − n p̂)²/(n p̂(1 − p̂)) over residual degrees of freedom; 1 is binomial.
    """

    log_odds_ratio: Coefficient
    dispersion: float


@dataclass(frozen=True, slots=True)
class _Block:
    """One block's slots, by arm."""

    treatment: tuple[Tally, ...]
    control: tuple[Tally, ...]

    @property
    def arms(self) -> tuple[Tally, Tally]:
        return _sum(self.treatment), _sum(self.control)

    @property
    def told(self) -> bool:
        """Whether some completed and some did not: else the block's own level explains it whatever the arm does."""
        both = _sum(self.arms)
        return 0 < both.successes < both.n


def quasibinomial(
    tallies: Sequence[Tally], treated: Sequence[int], blocks: Sequence[Hashable] | None = None
) -> QuasiBinomial | Undetermined:
    """Logistic regression on arm, and block if given, variance φ n p(1 − p) (McCullagh & Nelder 1989, section 4.5).

    For an odds ratio the block's level that keeps its total is the root of a quadratic; the likeliest ratio is the one
    at which the treatment's successes come to what they were. Slots without impressions, and blocks where all or none
    completed, say nothing of the arm and are left out.

    Args:
        tallies: completions of impressions, by slot.
        treated: whether the slot had the treatment.
        blocks: of each slot; without, all slots are one block.

    Returns:
        TOO_FEW_SLOTS where no block has both arms or no degrees of freedom are left; NO_VARIATION where the odds ratio
        is 0 or infinite, or the model leaves nothing over.
    """
    found = _blocks(tallies, treated, blocks)
    paired = [block.arms for block in found if block.treatment and block.control]
    slots = sum(len(block.treatment) + len(block.control) for block in found)
    df = slots - 1 - len(found)
    if not paired or df < 1:
        return Undetermined(Reason.TOO_FEW_SLOTS, f"{slots} slots that tell")
    seen = sum(t.successes for t, _ in paired)
    least = sum(max(0, t.successes + c.successes - c.n) for t, c in paired)
    if not least < seen < sum(min(t.n, t.successes + c.successes) for t, c in paired):
        return Undetermined(Reason.NO_VARIATION, "all or none completed")
    value = _likeliest(paired, seen)
    dispersion = math.fsum(_scatter(block, value) for block in found) / df
    if not dispersion > _ROUNDING:
        return Undetermined(Reason.NO_VARIATION)
    error = math.sqrt(dispersion / math.fsum(_information(t, c, value) for t, c in paired))
    return QuasiBinomial(Coefficient(value, error, df), dispersion)


def _blocks(tallies: Sequence[Tally], treated: Sequence[int], blocks: Sequence[Hashable] | None) -> list[_Block]:
    within = (0,) * len(tallies) if blocks is None else blocks
    rows = [(tally, bool(arm), own) for tally, arm, own in zip(tallies, treated, within, strict=True) if tally.n]
    every = (
        _Block(*(tuple(tally for tally, arm, own in rows if own == block and arm is side) for side in (True, False)))
        for block in dict.fromkeys(own for _, _, own in rows)
    )
    return [block for block in every if block.told]


def _likeliest(paired: Sequence[tuple[Tally, Tally]], seen: int) -> float:
    """The log odds ratio at which expected successes of the treatment are those seen; they rise with it."""

    def lead(log_ratio: float) -> float:
        return math.fsum(_rates(t, c, log_ratio)[0] * t.n for t, c in paired) - seen

    reach = 1.0
    while not lead(-reach) <= 0 <= lead(reach):
        reach *= 2
    return crossing(lead, -reach, reach)


def _rates(treatment: Tally, control: Tally, log_ratio: float) -> tuple[float, float]:
    """Fitted rates of a block's arms: a(n_c − x + a) = r(n_t − a)(x − a), treatment having a of x successes."""
    ratio, total = math.exp(log_ratio), treatment.successes + control.successes
    if not treatment.n or not control.n:
        return (total / max(treatment.n, control.n),) * 2
    linear = control.n - total + ratio * (treatment.n + total)
    product = ratio * treatment.n * total
    root = math.sqrt(max(0.0, linear * linear + 4 * (1 - ratio) * product))
    own = 2 * product / (linear + root) if linear > 0 else (root - linear) / (2 * (1 - ratio))
    return own / treatment.n, (total - own) / control.n


def _scatter(block: _Block, log_ratio: float) -> float:
    """Σ(x − n p̂)²/(n p̂(1 − p̂)) of a block's slots."""
    rates = _rates(*block.arms, log_ratio)
    return math.fsum(
        tally.n * (tally.mean - rate) ** 2 / (rate * (1 - rate))
        for arm, rate in zip((block.treatment, block.control), rates, strict=True)
        for tally in arm
    )


def _information(treatment: Tally, control: Tally, log_ratio: float) -> float:
    """Of the log odds ratio at φ = 1, the block's level being estimated too."""
    return 1 / math.fsum(
        1 / (arm.n * rate * (1 - rate))
        for arm, rate in zip((treatment, control), _rates(treatment, control, log_ratio), strict=True)
    )


def _sum(tallies: Sequence[Tally]) -> Tally:
    return Tally(sum(tally.n for tally in tallies), sum(tally.successes for tally in tallies))
