"""A gate asked and its answer kept: one way for scripts and the command line."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abstory.errors import NotWritable, UsageError
from abstory.face.reading import analysed, instant
from abstory.face.recording import now_us
from abstory.results import GateReport, Require

if TYPE_CHECKING:
    from abstory.experiment import Experiment
    from abstory.warehouse import DuckDBStore

    Opened = Callable[[bool], AbstractContextManager[DuckDBStore]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a gate is asked.

    Attributes:
        variant: the treatment asked about; None for the experiment as a whole.
        require: what must be shown.
        max_age_us: how old the newest event may be; None for any age.
        as_of: the instant as its asker wrote it; None for the end of the data.
    """

    variant: str | None = None
    require: Require = Require.SHIP
    max_age_us: int | None = None
    as_of: str | None = None

    @classmethod
    def of(
        cls, *, variant: str | None = None, require: str = "ship", max_age: str | None = None, as_of: str | None = None
    ) -> Asked:
        """From words. Raises UsageError for a requirement or an age that cannot be read."""
        from abstory.experiment import Duration

        if require not in set(Require):
            raise UsageError(f"require {require!r}: write one of {', '.join(Require)}")
        try:
            age = None if max_age is None else Duration.parse(max_age).us
        except ValueError as error:
            raise UsageError(f"--max-age {max_age}: {error}") from None
        return cls(variant, Require(require), age, as_of)


@dataclass(frozen=True, slots=True)
class Gate:
    """The answer of a gate.

    Attributes:
        report: outcome, verdict and checks.
        recorded: whether the decision ledger holds this call.
    """

    report: GateReport
    recorded: bool

    def __repr__(self) -> str:
        from abstory.report.gate import lines
        from abstory.report.look import Look

        return "".join(f"{line.plain}\n" for line in lines(self.report, Look()))

    def __bool__(self) -> bool:
        return self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """0 open, 3 closed, 4 undecided, 5 untrusted."""
        return int(self.report.exit_code)

    def to_dict(self) -> dict[str, Any]:
        """The `gate/1` document as plain values."""
        from abstory.report.gate import document

        return document(self.report, recorded=self.recorded)


def gate(experiment: Experiment, database: Path, asked: Asked) -> Gate:
    """Ask once; what `Experiment.gate` returns."""
    from abstory.warehouse import open_store

    return ask(experiment, asked, lambda writable: open_store(database, read_only=not writable))


def ask(experiment: Experiment, asked: Asked, opened: Opened) -> Gate:
    """Ask, and keep the answer in the ledger; where the database cannot be written it is given all the same.

    Args:
        experiment: as the file declares it.
        asked: the question.
        opened: opens the store, writable or not.
    """
    try:
        with opened(True) as store:
            report, now = _answered(store, experiment, asked, take=True)
            if _kept(store, report, now):
                return Gate(report, recorded=True)
    except NotWritable:
        pass
    # A planned look that cannot be kept is not taken.
    with opened(False) as store:
        return Gate(_answered(store, experiment, asked, take=False)[0], recorded=False)


def _answered(store: DuckDBStore, experiment: Experiment, asked: Asked, *, take: bool) -> tuple[GateReport, int]:
    from abstory import decision

    now = now_us()
    as_of = instant(asked.as_of, experiment, now=now) if asked.as_of else None
    report = decision.gate(
        experiment,
        analysed(store, experiment, now=now, as_of_us=as_of, take=take),
        variant=asked.variant,
        require=asked.require,
        now_us=now,
        max_age_us=asked.max_age_us,
    )
    return report, now


def _kept(store: DuckDBStore, report: GateReport, now: int) -> bool:
    from abstory import ledger

    try:
        ledger.keep(store, report, asked_at_us=now, asked_by=_user())
    except NotWritable:
        return False
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
