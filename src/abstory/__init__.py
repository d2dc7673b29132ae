"""abstory: A/B testing for short-form video stories.

The face is lazy: importing abstory costs nothing until one of its names is used.
"""

from __future__ import annotations

# Known to type checkers by its name; importing typing for it would be the dearest thing here.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from abstory.assignment.assign import Explanation, Reason
    from abstory.errors import (
        AbstoryError,
        InputRefused,
        InvalidViewerId,
        NotYet,
        SpecError,
        StoreError,
        StoreLocked,
        UnknownExperiment,
        UsageError,
    )
    from abstory.face import Assignment, Experiment, load
    from abstory.face.gating import Gate
    from abstory.face.posting import Posts
    from abstory.face.reporting import Report
    from abstory.face.simulating import Simulation

    __version__: str

__all__ = [
    "AbstoryError",
    "Assignment",
    "Experiment",
    "Explanation",
    "Gate",
    "InputRefused",
    "InvalidViewerId",
    "NotYet",
    "Posts",
    "Reason",
    "Report",
    "Simulation",
    "SpecError",
    "StoreError",
    "StoreLocked",
    "UnknownExperiment",
    "UsageError",
    "__version__",
    "load",
]

_HOMES = {
    "Assignment": "abstory.face",
    "Experiment": "abstory.face",
    "Explanation": "abstory.assignment.assign",
    "Gate": "abstory.face.gating",
    "Posts": "abstory.face.posting",
    "Reason": "abstory.assignment.assign",
    "Report": "abstory.face.reporting",
    "Simulation": "abstory.face.simulating",
    "load": "abstory.face",
}


def __getattr__(name: str) -> object:
    """The named part of the face, imported now."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module 'abstory' has no attribute '{name}'")
    found = _version() if name == "__version__" else getattr(import_module(_HOMES.get(name, "abstory.errors")), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))


def _version() -> str:
    from importlib.metadata import version

    return version("abstory")
