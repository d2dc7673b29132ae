"""Whether the cuts that experiments name are there."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from abstory.experiment import Experiment, Variant
from abstory.experiment.draft import Fault
from abstory.spec.diagnostics import Diagnostic
from abstory.spec.project import Loaded
from abstory.spec.reader import read
from abstory.spec.translate import diagnostic


def with_cuts(loaded: Iterable[Loaded], root: Path) -> tuple[Loaded, ...]:
    """Every file, with an error for each cut of a valid experiment that is not in the project folder `root`."""
    return tuple(_with_cuts(one, root) for one in loaded)


def asset_of(experiment: Experiment, variant: Variant, story: str) -> str | None:
    """The path of a variant's cut of a story, its blanks filled; None where the experiment names none."""
    text = experiment.asset
    blanks = {"key": experiment.key, "story": story, "variant": variant.name, **variant.creative}
    for blank, value in blanks.items() if text else ():
        text = str(text).replace(f"{{{blank}}}", value)
    return text


def _with_cuts(one: Loaded, root: Path) -> Loaded:
    missing = tuple(_missing(one, root))
    return replace(one, experiment=None, diagnostics=(*one.diagnostics, *missing)) if missing else one


def _missing(one: Loaded, root: Path) -> Iterator[Diagnostic]:
    if one.experiment is None or one.experiment.asset is None:
        return
    document = read(one.path.read_bytes())
    stories = one.experiment.story_ids or ("",)
    for variant, story in itertools.product(one.experiment.variants, stories):
        name = asset_of(one.experiment, variant, story)
        if name and not _is_there(root / name):
            message = f"no cut of {variant.name}: {name}"
            fault = Fault("E502", ("asset",), message, "render it, or correct asset; paths begin at the project folder")
            yield diagnostic(document, str(one.path), fault)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
