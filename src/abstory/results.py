"""What an analysis found: frozen values that know nothing of how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from abstory.errors import ExitCode
from abstory.experiment import HOUR_US, Outcome, Role
from abstory.stats.estimate import AtStop, Effect, Undetermined
from abstory.stats.moments import Sample, Tally


class Reads(StrEnum):
    """The word for a comparison, from its interval; where p is adjusted step by step, from that p.

    BETTER / WORSE: the interval excludes 0, on the good / bad side of the metric's direction.
    UNCLEAR: it holds 0. EQUIVALENT: it holds 0 and, at 1 − 2 alpha, lies inside the declared margins.
    HOLDS: a guardrail's bound lies inside its margin. NOT_SHOWN_SAFE: it does not.
    HARMED: a guardrail is shown to be beyond its margin. UNKNOWN: Undetermined.
    """

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"
    EQUIVALENT = "equivalent"
    HOLDS = "holds"
    NOT_SHOWN_SAFE = "not shown safe"
    HARMED = "harmed"
    UNKNOWN = "unknown"
    DESCRIPTIVE = "not compared"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One treatment against control on one metric.

    Attributes:
        variant: the treatment.
        value: the treatment's rate, mean or ratio; Undetermined with no viewer.
        effect: difference, lift, interval and p of one reading, or why not.
        reads: the word.
        bound: guardrails only: the one-sided bound on the bad side, on the scale of the margin
            (a lift for a relative margin, a difference for an absolute one).
        p_adjusted: where a procedure goes step by step (Holm, Hochberg, gatekeeping): the p that `reads` follows;
            interval and p of `effect` are then Bonferroni's. None where the p of `effect` is the adjusted one.
        at_stop: of a group sequential look that stops on this comparison; None elsewhere.
        shrunken: of a primary metric with several treatments: the treatment's value drawn towards the others'.
    """

    variant: str
    value: float | Undetermined
    effect: Effect | Undetermined
    reads: Reads
    bound: float | Undetermined | None = None
    p_adjusted: float | None = None
    at_stop: AtStop | None = None
    shrunken: float | None = None

    @property
    def p_value(self) -> float | None:
        """The p that the word follows; None where there is no effect."""
        own = self.effect.p_value if isinstance(self.effect, Effect) else None
        return own if self.p_adjusted is None else self.p_adjusted


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric over all variants.

    Attributes:
        outcome: the metric in its role, with its MDE or margin.
        control: the control's value.
        comparisons: every treatment, in declared order.
        samples: the evidence of each variant whose value is known, control included, untouched by covariates.
    """

    outcome: Outcome
    control: float | Undetermined
    comparisons: tuple[Comparison, ...]
    samples: Mapping[str, Tally | Sample] = field(default_factory=dict)

    def against(self, variant: str) -> Comparison:
        """The comparison of one treatment. Raises KeyError for control or an unknown name."""
        for comparison in self.comparisons:
            if comparison.variant == variant:
                return comparison
        raise KeyError(variant)


@dataclass(frozen=True, slots=True)
class ArmCount:
    """Viewers of one variant.

    Attributes:
        viewers: mature, analysed; the n of every metric.
        immature: window still open.
        crossovers: analysed viewers that saw another variant too.
        expected_share: by the declared weights, in (0, 1).
    """

    variant: str
    viewers: int
    immature: int
    crossovers: int
    expected_share: float


class Status(StrEnum):
    """Of one data-quality check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One data-quality check.

    Attributes:
        id: stable name, such as `srm`, `crossover`, `drift`, `immature`, `unknown_variant`, `not_attributed`.
        status: FAIL withholds every effect and makes the verdict INVALID; WARN is shown.
        said: one phrase with the figures, such as `SRM p=0.99`.
        advice: what to do; empty when ok.
        figures: the numbers behind it, for JSON.
    """

    id: str
    status: Status
    said: str
    advice: str = ""
    figures: Mapping[str, float | int | str | None] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a group sequential design.

    Attributes:
        share: of the plan's viewers, at this look; 1 or more at the last.
        as_of_us: the instant it reads.
        earlier: shares of the looks before it, as they were recorded.
        crossed: `metric variant` of what crossed its boundary at the looks before; of a kept look, at itself too.
    """

    share: float
    as_of_us: int
    earlier: tuple[float, ...] = ()
    crossed: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """1-based."""
        return len(self.earlier) + 1

    @property
    def last(self) -> bool:
        """Whether nothing is left to look for."""
        return self.share >= 1


@dataclass(frozen=True, slots=True)
class Looking:
    """Where a group sequential experiment stands between its looks.

    Attributes:
        planned: number of looks declared.
        viewers: of all variants together, at the planned end.
        seen: viewers there are now.
        look: the one whose numbers are shown; None before the first.
        new: whether this very call took it.
        next_at: viewers at which the next look is due; None after the last.
        taken: number of looks so far, this one among them.
    """

    planned: int
    viewers: int
    seen: int
    look: Look | None
    new: bool
    next_at: int | None
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Method:
    """How the numbers were made: the chain the `how` line prints.

    Attributes:
        reading: `always valid`, `fixed horizon` or `group sequential`.
        multiplicity: such as `Bonferroni over 7`, or empty for a family of one.
        family: number of comparisons the primary alpha is shared by.
        alpha: of the file.
        planned: viewers of a pair that the always-valid reading is tuned to; None otherwise.
        notes: further sentences (why a metric was not compared, what was withheld).
        looking: group sequential only: the looks taken and to come.
    """

    reading: str
    multiplicity: str
    family: int
    alpha: float
    planned: int | None
    notes: tuple[str, ...] = ()
    looking: Looking | None = None


class AsOf(StrEnum):
    """How the instant of a result came about."""

    GIVEN = "as given"
    NOW = "now"
    LAST_EVENT = "last event stored"
    LAST_EXPOSURE = "last exposure stored"
    LAST_LOOK = "the last planned look"


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """Everything a verdict, a report and a gate need, computed once.

    Attributes:
        key, title, hypothesis, fingerprint: of the file.
        control: name of the control variant.
        as_of_us: the instant this is the state of.
        first_exposure_us: None with no exposure in the schedule.
        day, days: running day (1-based, of the schedule where there is one) and planned days (None without schedule).
        arms: every declared variant, declared order, control included.
        metrics: every outcome, in declared order.
        checks: data quality, most important first.
        method: how.
        as_of_from: how `as_of_us` came about.
        data_end_us: instant of the last stored event (of the last exposure where there is no event); None with neither.
        exposures_by_day: day (days since 1970-01-01 UTC) and variant -> viewers first exposed.
        data_hash: sha256 of the evidence behind the numbers (64 hex digits): equal exactly when a second look
            saw the same data at the same instant under the same file.
        without_crossovers: every outcome again without the viewers who saw several variants, to hold beside `metrics`;
            never decided by, for leaving them out selects on behaviour. Empty where there are none.
    """

    key: str
    title: str | None
    hypothesis: str | None
    fingerprint: str
    control: str
    as_of_us: int
    first_exposure_us: int | None
    day: int
    days: int | None
    arms: tuple[ArmCount, ...]
    metrics: tuple[MetricResult, ...]
    checks: tuple[Check, ...]
    method: Method
    as_of_from: AsOf = AsOf.GIVEN
    data_end_us: int | None = None
    exposures_by_day: Mapping[tuple[int, str], int] = field(default_factory=dict)
    data_hash: str = ""
    without_crossovers: tuple[MetricResult, ...] = ()

    @property
    def viewers(self) -> int:
        """Analysed viewers over all variants."""
        return sum(arm.viewers for arm in self.arms)

    @property
    def runtime_us(self) -> int:
        """From the first exposure to `as_of`, to the next whole hour: a day's last event is never at midnight."""
        first = self.first_exposure_us
        return 0 if first is None else -(-(self.as_of_us - first) // HOUR_US) * HOUR_US

    @property
    def trusted(self) -> bool:
        """No check failed."""
        return all(check.status is not Status.FAIL for check in self.checks)


def crossed(found: ExperimentResult) -> tuple[str, ...]:
    """What has crossed its boundary by this look: `metric variant` of each primary comparison, earlier ones first."""
    look = found.method.looking.look if found.method.looking else None
    now = (
        f"{told.outcome.metric.name} {one.variant}"
        for told in found.metrics
        if told.outcome.role is Role.PRIMARY
        for one in told.comparisons
        if isinstance(one.effect, Effect) and one.effect.difference.interval.excludes(0.0)
    )
    return tuple(dict.fromkeys((*(look.crossed if look else ()), *now)))


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
        id: `data`, `runtime`, `primary`, `secondary`, `guardrail` or `age`; a metric's line has its name in `figures`.
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

    @property
    def exit_code(self) -> ExitCode:
        """0 open, 3 closed, 4 undecided, 5 untrusted."""
        return self.outcome.exit_code
