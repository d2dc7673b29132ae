"""One file to an `Experiment`, or to everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from abstory.errors import SpecError
from abstory.experiment import Experiment
from abstory.spec.diagnostics import Diagnostic
from abstory.spec.reader import plain, read

Checked = tuple[Experiment | None, tuple[Diagnostic, ...]]


def load_file(path: Path) -> Experiment:
    """The experiment a file declares.

    Raises:
        SpecError: the file is invalid; it carries every diagnostic.
    """
    experiment, found = check_file(path)
    if experiment is None:
        raise refusal(path, found)
    return experiment


def refusal(path: Path, found: tuple[Diagnostic, ...]) -> SpecError:
    """The one-line error that sums up a file's diagnostics and carries them."""
    errors = [one for one in found if one.severity == "error"]
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    message = f"{path}:{first.line}:{first.column}: {first.message}{more}"
    return SpecError(message, found, hint="abstory validate shows every error with its place")


def check_file(path: Path) -> Checked:
    """The experiment of a file where it is valid, and its errors and warnings in file order; never raises."""
    data = path.read_bytes()
    return check_bytes(data, str(path))


def check_bytes(data: bytes, name: str) -> Checked:
    """As `check_file`, of the bytes of a file called `name`."""
    from pydantic import ValidationError

    document = read(data)
    if document.problems or document.root is None:
        return None, tuple(
            Diagnostic(p.code, "error", name, p.place.line, p.place.column, "", p.message, p.found, p.hint)
            for p in document.problems
        )
    try:
        return Experiment.model_validate(plain(document.root)), ()
    except ValidationError as error:
        return None, tuple(
            Diagnostic("E200", "error", name, 1, 1, ".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()
        )
