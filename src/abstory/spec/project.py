"""The experiment files of a project folder, found by key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from abstory.errors import SpecError, UnknownExperiment
from abstory.experiment import Experiment
from abstory.spec.diagnostics import Diagnostic
from abstory.spec.load import check_file, refusal

FOLDER = "experiments"
SUFFIXES = {".yaml", ".yml"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file of the project: its experiment where it is valid, and what was said of it."""

    path: Path
    experiment: Experiment | None
    diagnostics: tuple[Diagnostic, ...]


def files(root: Path) -> tuple[Path, ...]:
    """The experiment files of a project, by name; files whose name begins with a dot are not looked at."""
    folder = root / FOLDER
    if not folder.is_dir():
        return ()
    return tuple(sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and not p.name.startswith(".")))


def survey(root: Path) -> tuple[Loaded, ...]:
    """Every experiment file of a project, the broken ones with their diagnostics; never raises for a bad file."""
    return tuple(Loaded(path, *check_file(path)) for path in files(root))


def find_all(root: Path) -> tuple[Experiment, ...]:
    """The valid experiments of a project, by file name; `survey` has the diagnostics of the others."""
    return tuple(loaded.experiment for loaded in survey(root) if loaded.experiment)


def find(root: Path, key: str) -> Experiment:
    """The experiment of that key.

    Raises:
        UnknownExperiment: no valid file declares the key.
        SpecError: the file that should declare it is invalid, or two files declare it.
    """
    experiment = load(root, key).experiment
    assert experiment is not None  # noqa: S101 `load` refuses a broken file
    return experiment


def load(root: Path, key: str) -> Loaded:
    """As `find`, with the path and the warnings."""
    everything = survey(root)
    named = [one for one in everything if one.experiment and one.experiment.key == key]
    if len(named) > 1:
        both = " and ".join(str(one.path) for one in named)
        raise SpecError(f"two files declare the experiment {key}: {both}", hint="a key is used once, for ever")
    if named:
        return named[0]
    for one in everything:
        if one.experiment is None and one.path.stem == key:
            raise refusal(one.path, one.diagnostics)
    raise _unknown(root, key, everything)


def _unknown(root: Path, key: str, everything: tuple[Loaded, ...]) -> UnknownExperiment:
    from difflib import get_close_matches

    keys = [one.experiment.key for one in everything if one.experiment]
    near = get_close_matches(key, keys, n=1)
    hint = f"did you mean {near[0]}?" if near else f"abstory new {key} writes a file to start from"
    return UnknownExperiment(f"no experiment is called {key} in {root / FOLDER}", hint=hint)
