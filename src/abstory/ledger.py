"""The decision ledger: every gate call is kept, so that looks are counted and no answer can be shopped for.

Two looks are one when they saw the same data at the same instant under the same file: then the answer is the same too.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from abstory.results import GateReport, Look
from abstory.warehouse.base import Answer
from abstory.warehouse.decisions import Decided, append, listed
from abstory.warehouse.slots import SlotData

if TYPE_CHECKING:
    from abstory.warehouse import DuckDBStore

Plain = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None


def data_hash(answer: Answer | SlotData, *, as_of_us: int, fingerprint: str, stored: Mapping[str, int]) -> str:
    """sha256 (64 hex digits) over the canonical JSON of everything a verdict rests on.

    Args:
        answer: counts and exact moments; the order of its variants and measures does not matter.
        as_of_us: the instant it was read at.
        fingerprint: of the experiment's file.
        stored: exposures by the fingerprint they were recorded under.
    """
    evidence = [_plain(answer), as_of_us, fingerprint, _plain(stored)]
    return hashlib.sha256(_canonical(evidence).encode()).hexdigest()


def entry(report: GateReport, *, asked_at_us: int, asked_by: str) -> Decided:
    """The ledger's row of one gate call.

    Args:
        report: the gate's answer.
        asked_at_us: the clock.
        asked_by: a name to find the asker by, such as a user or a pipeline's.
    """
    return Decided(
        experiment=report.experiment,
        asked_at_us=asked_at_us,
        asked_by=asked_by,
        as_of_us=report.as_of_us,
        fingerprint=report.fingerprint,
        data_hash=report.data_hash,
        variant=report.asked,
        outcome=str(report.outcome),
        document=_canonical(_plain(report)),
    )


def keep(store: DuckDBStore, report: GateReport, *, asked_at_us: int, asked_by: str) -> Decided:
    """Append one gate call to the store. Raises StoreError when the database cannot be written."""
    decided = entry(report, asked_at_us=asked_at_us, asked_by=asked_by)
    append(store, decided)
    return decided


def history(store: DuckDBStore, experiment: str | None) -> tuple[Decided, ...]:
    """Every gate call of one experiment (of all for None), oldest first."""
    return listed(store, experiment)


def taken(decided: Iterable[Decided]) -> tuple[Look, ...]:
    """The planned looks of a group sequential experiment, in the order they were taken."""
    documents = (json.loads(row.document).get("look") for row in decided)
    found = (_look(told) for told in documents if told)
    return tuple(sorted(found, key=lambda look: look.as_of_us))


def _look(told: dict[str, Any]) -> Look:
    return Look(told["share"], told["as_of_us"], tuple(told["earlier"]), tuple(told["crossed"]))


def looks(decided: Iterable[Decided]) -> int:
    """How often different data were looked at: a repeated call on the same data is no new look."""
    return len({row.data_hash for row in decided})


def _canonical(value: Plain) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: object) -> Plain:
    """Any of our frozen values as plain JSON; floats keep every digit, infinities become null as JSON knows none."""
    if isinstance(value, float):
        return value if abs(value) < math.inf else None
    if value is None or isinstance(value, int):
        return value
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _names(value.__class__)}
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else str(value)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    """Of a dataclass's fields."""
    return tuple(field.name for field in fields(kind))


@lru_cache(maxsize=4096, typed=True)
def _key(key: Hashable) -> str:
    return json.dumps(key) if isinstance(key, tuple) else str(key)
