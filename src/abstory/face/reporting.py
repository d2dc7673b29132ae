"""A report as a value: it shows itself in a console and in a notebook, and can be kept as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abstory.face.reading import analysed, described, instant, segmented
from abstory.face.recording import now_us
from abstory.report.look import Look
from abstory.report.page import Page

if TYPE_CHECKING:
    import polars as pl

    from abstory.experiment import Experiment
    from abstory.results import ExperimentResult, Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """What happened in an experiment, and what to do.

    Attributes:
        page: what renderers show.
    """

    page: Page

    def __repr__(self) -> str:
        return self.text()

    @property
    def result(self) -> ExperimentResult:
        """Every number, unrounded."""
        return self.page.result

    @property
    def verdict(self) -> Verdict:
        """What to do, and why."""
        return self.page.verdict

    def text(self, *, width: int = 80, ascii_only: bool = False) -> str:
        """As `abstory report` prints it, in `width` columns (at least 40)."""
        from abstory.report.terminal import render

        return render(self.page, Look(width, ascii_only))

    def to_dict(self) -> dict[str, Any]:
        """The `report/1` document as plain values."""
        from abstory.report.json import document

        return document(self.page)

    def _repr_html_(self) -> str:
        from abstory.report.html import fragment

        return fragment(self.page)

    def to_polars(self) -> pl.DataFrame:
        """The comparisons, a row a metric and variant, unrounded; null for what is not known."""
        from abstory.report.rows import comparisons

        return comparisons(self.page).frame()

    def frames(self) -> dict[str, pl.DataFrame]:
        """The data behind it as `abstory export` writes them: comparisons, moments, exposures and checks."""
        from abstory.report.rows import tables

        return {table.name: table.frame() for table in tables(self.page)}

    def save(self, path: str | Path) -> Path:
        """Write it in the format that the name's suffix asks for, such as `report.json`; returns the path.

        Raises:
            UsageError: no format has that suffix.
        """
        from abstory.errors import UsageError
        from abstory.report import SUFFIXES, renderer

        file = Path(path)
        if file.suffix.lower() not in SUFFIXES:
            raise UsageError(
                f"no format is written as {file.suffix or file.name}", hint=f"one of {', '.join(SUFFIXES)}"
            )
        content = renderer(SUFFIXES[file.suffix.lower()])(self.page, Look())
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file


def report(
    experiment: Experiment, database: Path, *, as_of: str | None, beliefs: bool, source: str, by: Sequence[str] = ()
) -> Report:
    """Read a store and rule on it; what `Experiment.report` returns."""
    from abstory import decision
    from abstory.analysis.beliefs import beliefs as believed
    from abstory.warehouse import open_store

    now = now_us()
    given = instant(as_of, experiment, now=now) if as_of else None
    with open_store(database, read_only=True) as store:
        result = described(store, experiment, analysed(store, experiment, now=now, as_of_us=given))
        verdict = decision.decide(experiment, result)
        result = segmented(store, experiment, result, by)
    window = experiment.analysis.window.text
    return Report(Page(result, verdict, window, beliefs=believed(result) if beliefs else (), source=source))
