"""What is seen while a command takes its time: a bar on a terminal, from the second second on; nothing in a pipe."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from abstory.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress

    from abstory.cli.settings import Settings
    from abstory.warehouse import DuckDBStore

_T = TypeVar("_T")
PATIENT_SECONDS = 1.0
_EVERY_SECONDS = 0.2


@contextmanager
def while_reading(settings: Settings, store: DuckDBStore) -> Iterator[None]:
    """A bar for each long query of the block, as far as the engine says it is; the engine is asked from a thread."""
    if not _watched(settings):
        yield
        return
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(settings, store.meter(), done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def one_by_one(settings: Settings, items: Sequence[_T], what: str) -> Iterable[_T]:
    """The items, with a bar that tells how many are done once it has taken a second."""
    if not _watched(settings):
        return items
    return _told(settings, items, what)


def _watched(settings: Settings) -> bool:
    return not settings.quiet and sys.stderr.isatty()


def _watch(settings: Settings, meter: Callable[[], float], done: threading.Event) -> None:
    if done.wait(PATIENT_SECONDS):
        return
    with _bar(settings) as bar:
        task = bar.add_task("reading the log", total=100)
        while not done.wait(_EVERY_SECONDS):
            bar.update(task, completed=max(0.0, meter()))


def _told(settings: Settings, items: Sequence[_T], what: str) -> Iterator[_T]:
    import time

    start, bar = time.monotonic(), _bar(settings)
    task = bar.add_task(what, total=len(items))
    try:
        for at, item in enumerate(items):
            if time.monotonic() - start > PATIENT_SECONDS:
                bar.start()
            bar.update(task, completed=at)
            yield item
    finally:
        bar.stop()


def _bar(settings: Settings) -> Progress:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn("line"), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=output.console(settings, stderr=True), transient=True)
