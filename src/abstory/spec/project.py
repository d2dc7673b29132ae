"""The experiment files of a project folder, found by key."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from abstory.errors import SpecError, UnknownExperiment, UsageError
from abstory.experiment import Experiment
from abstory.spec.diagnostics import Diagnostic
from abstory.spec.load import check_file
from abstory.spec.translate import summary

FOLDER = "experiments"
SUFFIXES = {".yaml", ".yml"}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file: its experiment where it is valid, and what was said of it."""

    path: Path
    experiment: Experiment | None
    diagnostics: tuple[Diagnostic, ...]


def files(root: Path) -> tuple[Path, ...]:
    """The experiment files of a project, by name; files whose name begins with a dot are not looked at."""
    return within(root / FOLDER)


def within(folder: Path) -> tuple[Path, ...]:
    """The YAML files that lie directly in a folder, by name; none where there is no folder."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and not p.name.startswith(".")))


def survey(paths: Iterable[Path]) -> tuple[Loaded, ...]:
    """Every file with its experiment or its diagnostics; goes on after a bad file, and finds keys used twice."""
    loaded = tuple(_loaded(path) for path in dict.fromkeys(paths))
    _LOG.info("checked %d experiment file%s", len(loaded), "" if len(loaded) == 1 else "s")
    first: dict[str, Path] = {}
    for one in loaded:
        if one.experiment:
            first.setdefault(one.experiment.key, one.path)
    return tuple(_unless_twice(one, first) for one in loaded)


def _loaded(path: Path) -> Loaded:
    try:
        return Loaded(path, *check_file(path))
    except UsageError as error:
        return Loaded(path, None, (Diagnostic("E101", "error", str(path), 1, 1, "", error.message),))


def _unless_twice(one: Loaded, first: dict[str, Path]) -> Loaded:
    key = one.experiment.key if one.experiment else None
    if key is None or first[key] == one.path:
        return one
    hint = "a key is used once, for ever"
    message = f"the key {key} is already used in {first[key]}"
    line, column = _key_place(one.path)
    twice = Diagnostic("E501", "error", str(one.path), line, column, "key", message, hint=hint)
    return replace(one, experiment=None, diagnostics=(*one.diagnostics, twice))


def _key_place(path: Path) -> tuple[int, int]:
    from abstory.spec.reader import read
    from abstory.spec.translate import locate

    spot = locate(read(path.read_bytes()).root, ("key",))
    return (spot.node.place.line, spot.node.place.column) if spot.node else (1, 1)


def find_all(root: Path) -> tuple[Experiment, ...]:
    """The valid experiments of a project, by file name; `survey(files(root))` has the diagnostics of the others."""
    return tuple(one.experiment for one in survey(files(root)) if one.experiment)


def find(root: Path, key: str) -> Experiment:
    """The experiment of that key.

    Raises:
        UnknownExperiment: no valid file declares the key.
        SpecError: the file that should declare it is invalid, or two files declare it.
    """
    return find_with_text(root, key)[0]


def find_with_text(root: Path, key: str) -> tuple[Experiment, str]:
    """As `find`, with the text of the file."""
    loaded = load(root, key)
    if loaded.experiment is None:
        raise UnknownExperiment(f"no experiment is called {key} in {root / FOLDER}")
    return loaded.experiment, loaded.path.read_text(encoding="utf-8-sig")


def load(root: Path, key: str) -> Loaded:
    """As `find`, with the path and the warnings; only files that may declare the key are checked, unless none does."""
    if found := _declaring(survey(path for path in files(root) if _may_declare(path, key)), key):
        return found
    everything = survey(files(root))
    if found := _declaring(everything, key):
        return found
    raise _unknown(root, key, everything)


def _may_declare(path: Path, key: str) -> bool:
    """Whether the key stands in the file, or may stand there in escapes; what cannot be read may be anything."""
    try:
        data = path.read_bytes()
    except OSError:
        return True
    word = re.compile(rb"(?<![\w-])" + re.escape(key.encode()) + rb"(?![\w-])")
    return path.stem == key or b"\\" in data or word.search(data) is not None


def _declaring(everything: tuple[Loaded, ...], key: str) -> Loaded | None:
    for one in everything:
        if any(d.code == "E501" and f"the key {key} is" in d.message for d in one.diagnostics):
            raise SpecError(f"{one.path}: {one.diagnostics[-1].message}", one.diagnostics)
    for one in everything:
        if one.experiment and one.experiment.key == key:
            return one
    for one in everything:
        if one.experiment is None and one.path.stem == key:
            raise summary(str(one.path), one.diagnostics)
    return None


def _unknown(root: Path, key: str, everything: tuple[Loaded, ...]) -> UnknownExperiment:
    from difflib import get_close_matches

    keys = [one.experiment.key for one in everything if one.experiment]
    near = get_close_matches(key[:64], keys, n=1)
    hint = f"did you mean {near[0]}?" if near else "abstory validate shows which files there are and what is wrong"
    return UnknownExperiment(f"no experiment is called {key} in {root / FOLDER}", hint=hint)
