"""Standard streams that the caller closed: their places are filled, so that no file of ours is opened in them."""

from __future__ import annotations

import os
import sys

_FLAGS = (os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)
"""Of stdin, stdout, stderr: what is said on a closed stderr is lost, but what is written on a closed stdout fails."""


def fill() -> None:
    """Open the null device wherever a standard stream is missing.

    Unfilled, the first file opened takes its place, be it the database, and Python's own stream is None.
    """
    for place, flags in enumerate(_FLAGS):
        if not _open(place):
            os.open(os.devnull, flags)
    for place, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(place, "w", encoding="utf-8", closefd=False))


def silence() -> None:
    """Nothing more comes out of stdout, and nothing more fails on it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open(place: int) -> bool:
    try:
        os.fstat(place)
    except OSError:
        return False
    return True
