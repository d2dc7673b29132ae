"""What to do, and the answer of a gate: the ruling, its reasons, and the checks behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from abstory.errors import ExitCode
from abstory.results.data import Status
from abstory.results.method import Look


class Ruling(StrEnum):
    """The word of a verdict."""

    SHIP = "SHIP"
    KEEP = "KEEP"
    WAIT = "WAIT"
    REVIEW = "REVIEW"
    INVALID = "INVALID"
    NO_DATA = "NO DATA"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, for which variant, and why.

    Attributes:
        ruling: the word.
        variant: the variant to ship (SHIP), the one looked at by a gate for one variant, the control (KEEP), else None.
        reasons: sentences, most important first.
        days_left: for WAIT, about how many days at the observed traffic; None where it cannot be told.
    """

    ruling: Ruling
    variant: str | None
    reasons: tuple[str, ...]
    days_left: int | None = None


class GateOutcome(StrEnum):
    """What a gate says to a pipeline."""

    OPEN = "open"
    CLOSED = "closed"
    UNDECIDED = "undecided"
    UNTRUSTED = "untrusted"

    @property
    def exit_code(self) -> ExitCode:
        """The process's exit code: 0, 3, 4 or 5."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    GateOutcome.OPEN: ExitCode.DONE,
    GateOutcome.CLOSED: ExitCode.CLOSED,
    GateOutcome.UNDECIDED: ExitCode.UNDECIDED,
    GateOutcome.UNTRUSTED: ExitCode.UNTRUSTED,
}


class Require(StrEnum):
    """What a gate is asked for: a winner, or only that nothing gets worse by more than its MDE."""

    SHIP = "ship"
    NOT_WORSE = "not-worse"


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One line of a gate.

    Attributes:
        id: `data`, `runtime`, `primary`, `secondary`, `guardrail`, `novelty` or `age`; a metric's line has its name in
            `figures`.
        status: OK; FAIL, the answer is no; UNKNOWN, not decided yet.
        text: what was compared with what, figures included.
        figures: the numbers behind it as fractions, for JSON: of a metric line `metric`, `scale` (`lift` or
            `difference`), `estimate`, `low`, `high`, `p`, `threshold`; None for what is not known.
    """

    id: str
    status: Status
    text: str
    figures: Mapping[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class GateReport:
    """The answer of a gate: one outcome, one exit code, and the checks behind it.

    Attributes:
        experiment, fingerprint, as_of_us, data_hash: of the result it was made from.
        asked: the variant the gate was asked about; None for the experiment as a whole.
        variant: the variant the checks speak of: the one asked, else the recommended or the leading one.
        recommended: the variant to ship; None where there is none (yet).
        require: what was asked for.
        outcome: open, closed, undecided or untrusted; `outcome.exit_code` is the process's.
        verdict: the ruling behind it, with its sentences and days left.
        checks: in the order to read them.
        look: the planned look that this call took, for the ledger to keep; None where it took none.
        unit: what is randomised, `viewer` or `post`.
    """

    experiment: str
    fingerprint: str
    as_of_us: int
    data_hash: str
    asked: str | None
    variant: str | None
    recommended: str | None
    require: Require
    outcome: GateOutcome
    verdict: Verdict
    checks: tuple[GateCheck, ...]
    look: Look | None = None
    unit: str = "viewer"

    @property
    def exit_code(self) -> ExitCode:
        """0 open, 3 closed, 4 undecided, 5 untrusted."""
        return self.outcome.exit_code
