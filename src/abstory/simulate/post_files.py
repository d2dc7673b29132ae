"""The slow path of posts: a run goes through files, ingest and store, as a team's own calendar would."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from abstory.analysis import posts
from abstory.results import ExperimentResult
from abstory.simulate.post_design import PostDesign
from abstory.simulate.posting import PostRun, post_run
from abstory.warehouse.slots import SlotData

_POSTS = ("experiment", "slot_id", "account", "block", "scheduled_at", "variant", "story_id", "posted_at")


def by_files(design: PostDesign, run: int, *, whole: bool = True) -> tuple[ExperimentResult, ...]:
    """The result of a run, from files in a database of the run's own."""
    from abstory.warehouse import open_store
    from abstory.warehouse.base import Wishes

    made, (us,) = post_run(design, run), design.looks_us
    with TemporaryDirectory(prefix="abstory-") as folder:
        files = written(made, design.totals, Path(folder))
        with open_store(Path(folder) / "run.duckdb", create=True, files=files) as store:
            for file in files:
                store.ingest(file, Wishes({}, None, None, frozenset()), now_us=us)
            return (posts.run(made.experiment, store, now_us=us, as_of_us=us, redraws=design.draws, whole=whole),)


def written(made: PostRun, totals: Iterable[str], folder: Path) -> tuple[Path, ...]:
    """posts.csv as the calendar's own table with two columns filled in, and totals.csv as a platform exports it."""
    slots, names = folder / "posts.csv", tuple(totals)
    _write(slots, _POSTS, _posts(made))
    if not made.data.readings:
        return (slots,)
    said = folder / "totals.csv"
    _write(said, ("story_id", "captured_at", *names), _totals(made.data, names))
    return slots, said


def _posts(made: PostRun) -> Iterator[tuple[str, ...]]:
    known = {post.slot_id: post for post in made.data.posts}
    slots = made.experiment.calendar.all_slots if made.experiment.calendar else ()
    for slot in slots:
        post = known[slot.id]
        posted = "" if post.posted_us is None else _instant(post.posted_us)
        scheduled = _instant(slot.scheduled_us)
        yield (
            made.experiment.key,
            slot.id,
            slot.account,
            slot.block,
            scheduled,
            post.variant,
            post.story_id or "",
            posted,
        )


def _totals(data: SlotData, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    rows: dict[tuple[str, int], dict[str, int]] = {}
    for one in data.readings:
        rows.setdefault((one.story_id, one.captured_us), {})[one.metric] = one.value // 1_000_000
    for (story, captured), row in rows.items():
        yield (story, _instant(captured), *(str(row[name]) for name in names))


def _write(path: Path, header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([tuple(header), *rows])


def _instant(us: int) -> str:
    """Whole seconds, as they are drawn."""
    return f"{datetime.fromtimestamp(us // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
