"""A declared experiment with the verbs of an app and of a notebook: assign, posts, report, gate, simulate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import PrivateAttr

from abstory.assignment.assign import Assigner, Decide, Explanation
from abstory.assignment.bucket import viewer_bytes
from abstory.assignment.eligibility import Attributes, known
from abstory.errors import UsageError
from abstory.experiment import Experiment as Declared
from abstory.face.recording import BUFFERED, Assignment, Recorder, now_us

if TYPE_CHECKING:
    from abstory.face.gating import Gate
    from abstory.face.posting import Posts
    from abstory.face.reporting import Report
    from abstory.face.simulating import Simulation


class Experiment(Declared):
    """A declared experiment with the verbs of an app.

    Examples:
        >>> with Experiment.load("experiments/launch.yaml", store="abstory.duckdb") as launch:  # doctest: +SKIP
        ...     launch.assign("viewer-1", {"country": "DE"}).variant
    """

    _recorder: Recorder | None = PrivateAttr(default=None)
    _text: str = PrivateAttr(default="")

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        store: str | Path | None = None,
        clock: Callable[[], int] = now_us,
        buffer: int = BUFFERED,
    ) -> Experiment:
        """Read an experiment file.

        Args:
            path: the YAML file.
            store: the DuckDB file that exposures go to; without one, assigning works and nothing is recorded.
            clock: microseconds UTC; when an exposure happened.
            buffer: exposures held in memory before they are written; 1 writes each at once.

        Raises:
            SpecError: the file is invalid.
        """
        from abstory.spec.load import load_file

        declared = load_file(Path(path))
        fields = {name: getattr(declared, name) for name in Declared.model_fields}
        experiment = cls.model_construct(declared.model_fields_set, **fields)
        experiment._text = Path(path).read_text(encoding="utf-8-sig")  # noqa: SLF001 ours
        if store is not None:
            experiment._recorder = Recorder(Path(store), declared, clock=clock, limit=buffer)  # noqa: SLF001 ours
        return experiment

    def assign(self, viewer_id: str | int, attributes: Attributes | None = None) -> Assignment:
        """The viewer's assignment; nothing is recorded until its variant or creative is read.

        Args:
            viewer_id: 1 to 256 bytes of UTF-8 text as given, or an int.
            attributes: what is known of the viewer, by name; a viewer lacking one the audience names is not eligible.

        Raises:
            InvalidViewerId: the id is refused.
            UsageError: an attribute the audience names is neither text, int nor bool.
            NotYet: the experiment asks for a layer, a range or a holdout.
        """
        decide, used, asked = self._ready
        data = viewer_bytes(viewer_id)
        text = viewer_id if type(viewer_id) is str else data.decode()
        outcome = decide(data, attributes)
        if asked and used and attributes and outcome.variant is not None:
            used = partial(used, known=known(asked, attributes))
        return Assignment(text, outcome, used)

    def explain(self, viewer_id: str | int, attributes: Attributes | None = None) -> Explanation:
        """Every step of the decision; records nothing. Raises as `assign`."""
        return self._assigner.explain(viewer_id, attributes)

    def flush(self, *, wait: float = 0.0) -> int:
        """Write the exposures held so far; returns how many were new.

        Raises:
            StoreError: the database cannot be written; the exposures are held still.
        """
        return self._recorder.flush(wait=wait) if self._recorder else 0

    def close(self) -> None:
        """Write the exposures held so far, for the last time. Raises as `flush`."""
        if self._recorder:
            self._recorder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def _assigner(self) -> Assigner:
        return Assigner(self)

    @cached_property
    def _ready(self) -> tuple[Decide, Callable[..., None] | None, tuple[str, ...]]:
        # One look-up a call: a private attribute of a pydantic model costs more than the hash.
        recorder = self._recorder
        return self._assigner.outcome, recorder.add if recorder else None, recorder.asked if recorder else ()

    def posts(self) -> Posts:
        """The posting calendar of a slot design: what `abstory calendar` prints.

        Raises:
            UsageError: the experiment randomises viewers.
        """
        from abstory.face.posting import Posts
        from abstory.report.calendar.drawn import Drawn

        return Posts(Drawn.of(self))

    def report(self, *, as_of: str | None = None, beliefs: bool = False, by: Sequence[str] = ()) -> Report:
        """What happened, and what to do: what `abstory report` shows.

        Args:
            as_of: ISO 8601 with an offset, or a date; None for the end of the data.
            beliefs: whether to add the Bayesian view.
            by: attributes to show segments by, such as `["country"]`; exploratory.

        Raises:
            UsageError: the experiment was loaded without a store, `as_of` is no instant of the past, or an attribute
                has no value from before the first exposures.
            StoreError: the database cannot be read.
        """
        from abstory.face.reporting import report

        return report(self, self._database, as_of=as_of, beliefs=beliefs, source=self._text, by=by)

    def gate(
        self,
        *,
        variant: str | None = None,
        require: str = "ship",
        max_age: str | None = None,
        as_of: str | None = None,
    ) -> Gate:
        """May it ship? The answer of `abstory gate`, kept in the decision ledger as every call is.

        Args:
            variant: the treatment asked about; None for the experiment as a whole.
            require: `ship`, or `not-worse`.
            max_age: how old the data may be, such as `24h`.
            as_of: as in `report`.

        Raises: as `report`; UsageError for a variant the experiment has not.
        """
        from abstory.face.gating import Asked, gate

        return gate(self, self._database, Asked.of(variant=variant, require=require, max_age=max_age, as_of=as_of))

    def simulate(self, runs: int = 1000, *, truth: str = "null", seed: int = 0) -> Simulation:
        """The declared design many times on an audience whose truth is known: what `abstory simulate` shows.

        Args:
            runs: at least 1.
            truth: `null` plants nothing, `mde` the declared MDE in every treatment.
            seed: another seed, other runs.

        Raises:
            UsageError: the design cannot be simulated, and why.
        """
        from abstory.face.simulating import simulate

        return simulate(self, runs, truth=truth, seed=seed)

    @property
    def _database(self) -> Path:
        if self._recorder is None:
            raise UsageError("the experiment was loaded without a store", hint='load(path, store="abstory.duckdb")')
        self._recorder.flush()
        return self._recorder.store


def load(path: str | Path, *, store: str | Path | None = None) -> Experiment:
    """Read an experiment file; `store` names the DuckDB file for exposures, reports and gates. As `Experiment.load`."""
    return Experiment.load(path, store=store)
