"""Everything that can go wrong, as one tree, each leaf with the exit code a pipeline acts on.

AbstoryError
├── UsageError            2  the command or call itself is wrong
│   ├── UnknownExperiment 2  no file declares this key
│   ├── InvalidViewerId   2  an id the assignment contract refuses
│   └── NotYet            2  understood, and not built
├── SpecError             2  an experiment file is invalid (carries diagnostics)
├── InputRefused          2  a whole data file cannot be trusted
├── DriftError            5  a live experiment's file changed under its data
└── StoreError            6  the environment
    ├── StoreMissing      6
    ├── StoreLocked       6
    ├── StoreDamaged      6
    ├── StoreTooNew       6
    └── NotWritable       6

A crash must never read as a verdict: whatever is not in this tree leaves with exit code 1.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a process says to the pipeline that started it (a fixed contract)."""

    DONE = 0
    BUG = 1
    REFUSED = 2
    CLOSED = 3
    UNDECIDED = 4
    UNTRUSTED = 5
    ENVIRONMENT = 6
    INTERRUPTED = 130


class AbstoryError(Exception):
    """An expected failure: one sentence, and a hint on what to do about it.

    Args:
        message: what is wrong, one line, naming file and field where there are any.
        hint: what the user can do next; empty where there is nothing to add.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AbstoryError):
    """The command line or the call is wrong."""


class UnknownExperiment(UsageError):
    """No experiment file of the project declares this key."""


class InvalidViewerId(UsageError, ValueError):
    """A viewer id that the assignment contract refuses; the id itself is never shown."""


class NotYet(UsageError):
    """The file or the command asks for something that is understood but not built."""


class SpecError(AbstoryError):
    """An experiment file is invalid; all its diagnostics are carried, not only the first.

    Args:
        message: one line that sums the diagnostics up.
        diagnostics: what the diagnostics renderer of the spec package prints, in file order.
    """

    def __init__(self, message: str, diagnostics: tuple[object, ...] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = diagnostics


class InputRefused(AbstoryError):
    """A data file that cannot be trusted as a whole; nothing of it was loaded."""


class DriftError(AbstoryError):
    """The file of a live experiment no longer is the one its exposures were recorded under."""

    exit_code = ExitCode.UNTRUSTED


class StoreError(AbstoryError):
    """The database or the folder around it is not usable."""

    exit_code = ExitCode.ENVIRONMENT


class StoreMissing(StoreError):
    """There is no database where one was expected."""


class StoreLocked(StoreError):
    """Another process holds the database."""


class StoreDamaged(StoreError):
    """The file is not a database of ours, or cannot be read."""


class StoreTooNew(StoreError):
    """The database was written by a newer version."""


class NotWritable(StoreError):
    """A folder or file cannot be written."""
