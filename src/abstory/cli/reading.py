"""What every reading command does first: find the experiment, open the store, analyse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from abstory.cli.settings import Settings
from abstory.face.reading import analysed, described, instant, needs_ledger, segmented
from abstory.face.recording import now_us

if TYPE_CHECKING:
    from abstory.warehouse import DuckDBStore

__all__ = ["analysed", "described", "instant", "needs_ledger", "now_us", "opened", "segmented", "store"]


@contextmanager
def store(settings: Settings, *, writable: bool = False) -> Iterator[DuckDBStore]:
    """The project's database, with a bar where reading it takes long. Raises StoreError."""
    from abstory.cli.patience import while_reading

    with opened(settings, writable=writable) as found, while_reading(settings, found):
        yield found


def opened(settings: Settings, *, writable: bool = False) -> DuckDBStore:
    """The project's database, to be closed by the caller. Raises StoreError."""
    from abstory.warehouse import open_store

    return open_store(settings.database, read_only=not writable, wait=settings.wait, memory=settings.memory)
