"""Who was counted in each variant, and whether the data may be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ArmCount:
    """Viewers of one variant.

    Attributes:
        viewers: mature, analysed; the n of every metric.
        immature: window still open.
        crossovers: analysed viewers that saw another variant too.
        expected_share: by the declared weights, in (0, 1).
    """

    variant: str
    viewers: int
    immature: int
    crossovers: int
    expected_share: float


class Status(StrEnum):
    """Of one data-quality check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One data-quality check.

    Attributes:
        id: stable name, such as `srm`, `crossover`, `drift`, `immature`, `unknown_variant`, `not_attributed`.
        status: FAIL withholds every effect and makes the verdict INVALID; WARN is shown.
        said: one phrase with the figures, such as `SRM p=0.99`.
        advice: what to do; empty when ok.
        figures: the numbers behind it, for JSON.
    """

    id: str
    status: Status
    said: str
    advice: str = ""
    figures: Mapping[str, float | int | str | None] | None = None
